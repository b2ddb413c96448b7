//! The options of the front end, and their checks.

use core::fmt;

#[cfg(feature = "std")]
use serde::{Deserialize, Serialize};

use super::SAMPLE_RATE;

/// The threshold with which a channel's energy is compared before it fires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "std", derive(Serialize, Deserialize), serde(rename_all = "snake_case"))]
pub enum Normalization {
    /// The maximum over the channels' averages: loud bands fire more than soft ones, whatever the loudness of
    /// the recording.
    #[default]
    Joint,
    /// The channel's own average: each band fires at the same mean rate, modulated in time.
    Channel,
    /// [`FrontEndOptions::fixed_threshold`]: the rate follows the amplitude.
    Fixed,
}

/// Settings of the front end. The defaults are those of Rockpool's simulator.
///
/// The reset values of the chip's registers differ in two: `eps` is 32, and `fixed_threshold` is 2^25.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "std", derive(Serialize, Deserialize), serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct FrontEndOptions {
    /// The source of the thresholds.
    pub normalization: Normalization,
    /// Threshold of [`Normalization::Fixed`], in units of the filters' output summed over samples, from 1 to
    /// 2^42 - 1; 2^27 by default.
    pub fixed_threshold: u64,
    /// The threshold is the average amplitude times `2^b1 - 2^b2`: a steady channel fires at 48,828 / (2^b1 -
    /// 2^b2) Hz. Above `b2`, at most 20; 6 by default.
    pub b1: u32,
    /// See `b1`; 0 by default.
    pub b2: u32,
    /// The average has a time constant of 2^`low_pass` audio samples, from 0 to 20; 12 by default (84 ms).
    pub low_pass: u32,
    /// Lower bound of the average amplitude, from 1 to 65,535; 1 by default. It keeps channels from firing in
    /// silence.
    pub eps: u32,
    /// Audio samples per time step, at least 1; 50 by default (1.024 ms). 488 gives 9.994 ms.
    pub decimation: u32,
    /// Maximum spike count of a channel in a step, from 1 to 15, the range of the chip's 4-bit counters; 15
    /// by default.
    pub cap: u8,
}

impl Default for FrontEndOptions {
    fn default() -> Self {
        Self {
            normalization: Normalization::Joint,
            fixed_threshold: 1 << 27,
            b1: 6,
            b2: 0,
            low_pass: 12,
            eps: 1,
            decimation: 50,
            cap: 15,
        }
    }
}

/// An option outside its range.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FrontEndOptionsError {
    /// A number is not within its limits.
    OutOfRange {
        /// Name of the option.
        name: &'static str,
        /// Value of the option.
        value: u64,
        /// Minimum, inclusive.
        min: u64,
        /// Maximum, inclusive.
        max: u64,
    },
    /// The threshold would not be positive.
    ThresholdNotPositive {
        /// The option `b1`.
        b1: u32,
        /// The option `b2`.
        b2: u32,
    },
    /// The time step is shorter than one audio sample or longer than a day.
    TimeStep {
        /// The requested time step, in seconds.
        dt: f64,
    },
}

impl fmt::Display for FrontEndOptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange { name, value, min, max } => {
                write!(f, "`{name}` is {value}; it must lie between {min} and {max}")
            }
            Self::ThresholdNotPositive { b1, b2 } => write!(
                f,
                "`b1` is {b1} and `b2` is {b2}; `b1` must be larger, or the threshold would not be positive"
            ),
            Self::TimeStep { dt } => write!(
                f,
                "a time step of {dt} s is not possible; it must lie between 20.48 us (one audio sample) and 24 hours"
            ),
        }
    }
}

impl core::error::Error for FrontEndOptionsError {}

impl FrontEndOptions {
    /// Returns the options with another normalization.
    #[must_use]
    pub fn with_normalization(self, normalization: Normalization) -> Self {
        Self { normalization, ..self }
    }

    /// Returns the options with another threshold of [`Normalization::Fixed`].
    #[must_use]
    pub fn with_fixed_threshold(self, fixed_threshold: u64) -> Self {
        Self { fixed_threshold, ..self }
    }

    /// Returns the options with other exponents of the threshold's factor, `2^b1 - 2^b2`.
    #[must_use]
    pub fn with_factor(self, b1: u32, b2: u32) -> Self {
        Self { b1, b2, ..self }
    }

    /// Returns the options with another exponent of the averaging time.
    #[must_use]
    pub fn with_low_pass(self, low_pass: u32) -> Self {
        Self { low_pass, ..self }
    }

    /// Returns the options with another lower bound of the average amplitude.
    #[must_use]
    pub fn with_eps(self, eps: u32) -> Self {
        Self { eps, ..self }
    }

    /// Returns the options with another number of audio samples per time step; see
    /// [`decimation_for`](Self::decimation_for).
    #[must_use]
    pub fn with_decimation(self, decimation: u32) -> Self {
        Self { decimation, ..self }
    }

    /// Returns the options with another maximum count per channel per step.
    #[must_use]
    pub fn with_cap(self, cap: u8) -> Self {
        Self { cap, ..self }
    }

    /// Returns the duration of a time step, in seconds.
    pub fn dt(&self) -> f64 {
        f64::from(self.decimation) / SAMPLE_RATE
    }

    /// Returns the decimation whose time step is nearest to `dt` seconds: 488 (9.994 ms) for 10 ms.
    ///
    /// # Errors
    /// Returns an error if `dt` is NaN, shorter than one audio sample (20.48 us), or longer than 24 hours.
    #[cfg(feature = "std")]
    pub fn decimation_for(dt: f64) -> Result<u32, FrontEndOptionsError> {
        let samples = (dt * SAMPLE_RATE).round();
        // A day has 4.2e9 samples, which is just within u32.
        if dt <= 86_400.0 && samples >= 1.0 {
            Ok(samples as u32)
        } else {
            Err(FrontEndOptionsError::TimeStep { dt })
        }
    }

    /// Checks every option against its range.
    ///
    /// # Errors
    /// Returns an error for the first option outside its range.
    pub fn validate(&self) -> Result<(), FrontEndOptionsError> {
        self.errors().next().map_or(Ok(()), Err)
    }

    /// Returns an error for every option outside its range.
    pub fn errors(&self) -> impl Iterator<Item = FrontEndOptionsError> + use<> {
        let ranges = [
            ("fixed_threshold", self.fixed_threshold, 1, (1 << 42) - 1),
            ("b1", self.b1.into(), 1, 20),
            ("low_pass", self.low_pass.into(), 0, 20),
            ("eps", self.eps.into(), 1, 65_535),
            ("decimation", self.decimation.into(), 1, u32::MAX.into()),
            ("cap", self.cap.into(), 1, 15),
        ];
        let out_of_range = ranges
            .into_iter()
            .filter(|(_, value, min, max)| !(min..=max).contains(&value))
            .map(|(name, value, min, max)| FrontEndOptionsError::OutOfRange { name, value, min, max });
        let (b1, b2) = (self.b1, self.b2);
        let not_positive = (b1 <= b2).then_some(FrontEndOptionsError::ThresholdNotPositive { b1, b2 });
        out_of_range.chain(not_positive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_option_out_of_range_is_named() {
        let cases = [
            (r#"{"fixed_threshold": 0}"#, "`fixed_threshold` is 0; it must lie between 1 and 4398046511103"),
            (
                r#"{"fixed_threshold": 4398046511104}"#,
                "`fixed_threshold` is 4398046511104; it must lie between 1 and 4398046511103",
            ),
            (r#"{"b1": 21}"#, "`b1` is 21; it must lie between 1 and 20"),
            (r#"{"low_pass": 21}"#, "`low_pass` is 21; it must lie between 0 and 20"),
            (r#"{"eps": 0}"#, "`eps` is 0; it must lie between 1 and 65535"),
            (r#"{"decimation": 0}"#, "`decimation` is 0; it must lie between 1 and 4294967295"),
            (r#"{"cap": 16}"#, "`cap` is 16; it must lie between 1 and 15"),
            (
                r#"{"b2": 6}"#,
                "`b1` is 6 and `b2` is 6; `b1` must be larger, or the threshold would not be positive",
            ),
        ];
        for (json, message) in cases {
            let options: FrontEndOptions = serde_json::from_str(json).unwrap();
            assert_eq!(options.validate().unwrap_err().to_string(), message);
        }
        assert_eq!(FrontEndOptions::default().validate(), Ok(()));
    }

    #[test]
    fn unknown_keys_and_values_are_refused() {
        for json in [r#"{"lowpass": 12}"#, r#"{"normalization": "divisive"}"#, r#"{"eps": -1}"#] {
            assert!(serde_json::from_str::<FrontEndOptions>(json).is_err(), "{json}");
        }
        let options: FrontEndOptions = serde_json::from_str(r#"{"normalization": "channel"}"#).unwrap();
        assert_eq!(
            options,
            FrontEndOptions { normalization: Normalization::Channel, ..FrontEndOptions::default() }
        );
    }

    #[test]
    fn the_decimation_is_the_nearest() {
        assert_eq!(FrontEndOptions::decimation_for(10e-3), Ok(488));
        assert_eq!(FrontEndOptions::decimation_for(1.024e-3), Ok(50));
        assert!(FrontEndOptions::decimation_for(86_400.0).is_ok());
        for dt in [0.0, 1e-6, -1.0, f64::NAN, f64::INFINITY, 1e6] {
            assert!(FrontEndOptions::decimation_for(dt).is_err(), "{dt}");
        }
    }
}
