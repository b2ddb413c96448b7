//! Binning: events in continuous time to rasters of time steps.

use synnet_ir::Raster;

use crate::resolution::Resolution;

/// The conversion of events to a raster.
///
/// An event at time `x` is counted in step `floor(x * unit / dt)`. Channel `c` of a sample becomes channel
/// `c / pool` of the raster.
///
/// # Times on the grid
///
/// Stored times are rounded, so the start of a step may be stored as a slightly earlier time: with a `dt` of
/// 1/3 ms, step 4 starts at 4/3 ms, stored as 1.333333. Therefore an event belongs to a step if its stored time
/// equals the start of that step, rounded as follows:
///
/// | type of the times | rounding |
/// |---|---|
/// | float of 16 or 32 bits | the nearest number of the type; in a tie, the even one |
/// | float of 64 bits | any time earlier by a relative error below 2^-38, about the rounding error of a sum of 100,000 steps |
/// | integer | the nearest one; a time that is half a unit earlier is not moved |
/// | text with `k` decimals | the nearest number with `k` decimals; a time that is half a unit of the last decimal earlier is not moved |
///
/// The number of decimals is that of the longest time in the file, since programs omit zeros at the end.
/// A time that is a whole unit in the last place earlier is never moved. Integers and text move by at most an
/// eighth of a step and by less than half a unit in the last place, and not at all if that unit is longer than a
/// step.
///
/// A type that is too coarse for the steps cannot be on
/// their grid: the event is in the step of the stored time. Floats of 16 bits have 11 bits, so they resolve
/// steps of 1 ms up to 2 s, and of 10 ms up to 16 s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Binning {
    /// Number of channels of the raster.
    pub channels: usize,
    /// Number of neighboring channels of the sample per channel of the raster, 1 or more.
    pub pool: usize,
    /// Duration of a time step, in seconds.
    pub dt: f64,
    /// Maximum number of time steps of a raster; later events are dropped.
    pub steps: usize,
    /// Unit of the sample's times, in seconds.
    pub unit: f64,
}

/// An event outside the raster or with an invalid time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct InvalidEvent {
    /// Index of the event, from 0.
    pub(crate) index: usize,
    /// The end of a sentence that begins with the event.
    pub(crate) reason: String,
}

impl Binning {
    /// Converts events `(channel, time)`, in any order, to a raster that ends with the step of the last
    /// event. `resolution` is that of the times.
    pub(crate) fn raster(
        &self,
        events: impl Iterator<Item = (f64, f64)>,
        resolution: Resolution,
    ) -> Result<Raster, InvalidEvent> {
        let mut placed = Vec::new();
        let mut steps = 0;
        for (index, (channel, time)) in events.enumerate() {
            let (step, channel) =
                self.place(channel, time, resolution).map_err(|reason| InvalidEvent { index, reason })?;
            if let Some(step) = step {
                placed.push((step, channel));
                steps = steps.max(step + 1);
            }
        }
        Raster::from_events(self.channels, steps, placed)
            .map_err(|e| InvalidEvent { index: 0, reason: e.to_string() })
    }

    /// Returns step and channel of an event; no step if the event is later than the last one.
    fn place(
        &self,
        channel: f64,
        time: f64,
        resolution: Resolution,
    ) -> Result<(Option<usize>, usize), String> {
        let pool = self.pool.max(1);
        if !(channel >= 0.0 && channel.fract() == 0.0) {
            return Err(format!("is on channel {channel}; channels must be integers from 0"));
        }
        if channel >= self.channels as f64 * pool as f64 {
            let pooled = if pool > 1 { format!(", {pool} of the recording each") } else { String::new() };
            return Err(format!(
                "is on channel {channel}, but the raster has {} channels{pooled}; use a network with more input \
                 channels, or pool more channels",
                self.channels
            ));
        }
        if !(time >= 0.0 && time.is_finite()) {
            return Err(format!("is at time {time}; times must be finite and 0 or more"));
        }
        let step = resolution.step(time, self.dt / self.unit);
        let step = (step < self.steps as f64).then_some(step as usize);
        Ok((step, channel as usize / pool))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BINNING: Binning = Binning { channels: 3, pool: 1, dt: 0.01, steps: 20, unit: 1.0 };

    #[test]
    fn events_fall_into_their_steps() {
        for (time, step) in [(0.0, 0), (0.0099, 0), (0.01, 1), (0.03, 3), (0.07, 7), (0.0299, 2), (0.199, 19)]
        {
            assert_eq!(BINNING.place(1.0, time, Resolution::DOUBLE), Ok((Some(step), 1)), "{time}");
        }
        assert_eq!(BINNING.place(0.0, 0.2, Resolution::DOUBLE), Ok((None, 0)));
        assert_eq!(BINNING.place(0.0, 1e300, Resolution::DOUBLE), Ok((None, 0)));
        let pooled = Binning { pool: 5, unit: 1e-6, ..BINNING };
        assert_eq!(pooled.place(14.0, 10_000.0, Resolution::INTEGER), Ok((Some(1), 2)));
    }

    #[test]
    fn rasters_end_with_their_last_event() {
        let events = [(2.0, 0.05), (0.0, 0.01), (2.0, 0.052), (1.0, 9.0)];
        let raster = BINNING.raster(events.into_iter(), Resolution::DOUBLE).unwrap();
        assert_eq!(raster.steps(), 6);
        assert_eq!(raster.to_dense()[5 * 3 + 2], 2.0);
        assert_eq!(BINNING.raster(std::iter::empty(), Resolution::DOUBLE).unwrap().steps(), 0);
    }

    #[test]
    fn misplaced_events_are_named() {
        for (channel, time, says) in [
            (3.0, 0.0, "channel 3, but the raster has 3 channels"),
            (-1.0, 0.0, "integers from 0"),
            (0.5, 0.0, "integers from 0"),
            (f64::NAN, 0.0, "integers from 0"),
            (f64::INFINITY, 0.0, "integers from 0"),
            (0.0, -0.1, "at time -0.1"),
            (0.0, f64::NAN, "at time NaN"),
            (0.0, f64::INFINITY, "at time inf"),
        ] {
            let events = [(0.0, 0.0), (channel, time)];
            let reason = BINNING.raster(events.into_iter(), Resolution::DOUBLE).unwrap_err();
            assert!(reason.index == 1 && reason.reason.contains(says), "{reason:?}");
        }
    }
}
