//! The digital front end of Xylo Audio 3 (SYNS65302): 14-bit audio to spike counts in 16 channels.
//!
//! ```text
//! recording -> Resampler -> 14-bit audio -> FilterBank -> |y| -> integrate-and-fire -> count -> frame
//!  any rate     linear      48,828.125 Hz    16 bands             thresholds           per step
//! ```
//!
//! The result equals that of Rockpool's `AFESimExternal` (`ChipButterworth`, the spike generator of
//! `DivisiveNormalization`, `Raster`), bit for bit, from states of zero. Rockpool's simulator first runs the
//! time-reversed signal through filters and normalization, and discards the result. A stream cannot do this,
//! so this module does not.
//!
//! # Integers in floating point
//! All quantities are integers, stored as `f64`: every value and every product stays below 2^53 units of its
//! last bit, so the arithmetic is exact. The reason is speed: vectors of baseline x86-64 have neither a
//! 64-bit arithmetic shift nor a signed widening multiplication, but they have `f64`; the same holds for
//! NEON. The 16 channels are lanes of arrays, which the compiler turns into vectors of any width. Tests
//! compare all of it with `i64` arithmetic.

mod bank;
mod options;
mod resample;
mod spikes;
mod stream;

pub use bank::FilterBank;
pub use options::{FrontEndOptions, FrontEndOptionsError, Normalization};
pub use resample::Resampler;
pub use stream::{AudioFrontEnd, Frame};

use synnet_ir::Raster;

use crate::Wav;

/// Number of channels: one band-pass filter each.
pub const CHANNELS: usize = 16;

/// Sample rate of the chip's 14-bit audio, in hertz: the 50 MHz system clock over 1024.
pub const SAMPLE_RATE: f64 = 50e6 / 1024.0;

/// Maximum number of time steps that [`raster`] returns: a gibibyte of counts, or 7.7 days in steps of 10 ms.
pub const MAX_STEPS: u64 = (1 << 30) / CHANNELS as u64;

/// The events of a recording, as [`encode`] returns them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Encoding {
    /// Spike counts, `[steps, CHANNELS]`, from 0 to [`FrontEndOptions::cap`].
    pub raster: Raster,
    /// Number of spikes that the raster lacks, because they exceed the cap of their channel and step.
    pub dropped_spikes: u64,
}

/// One value per channel.
type Lanes = [f64; CHANNELS];

/// An error of [`raster`].
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// An option is outside its range.
    #[error(transparent)]
    FrontEndOptions(#[from] FrontEndOptionsError),
    /// The raster would be larger than [`MAX_STEPS`].
    #[error(
        "the recording of {seconds:.0} s has {steps} time steps, but the maximum is {MAX_STEPS}; \
         cut it, or use longer time steps"
    )]
    TooLong {
        /// Duration of the recording, in seconds.
        seconds: f64,
        /// Number of time steps of the recording.
        steps: u64,
    },
}

/// Encodes a recording, from states of zero: spike counts from 0 to [`cap`](FrontEndOptions::cap), in steps of
/// [`FrontEndOptions::dt`].
///
/// Audio after the last whole step is dropped. The raster of a recording shorter than one step has no steps.
///
/// # Errors
/// Returns an error if an option is outside its range, or if the raster would have more than [`MAX_STEPS`]
/// steps.
pub fn raster(wav: &Wav, options: &FrontEndOptions) -> Result<Raster, EncodeError> {
    encode(wav, options).map(|encoding| encoding.raster)
}

/// Like [`raster`], and also counts the spikes that exceed the cap.
///
/// # Errors
/// Returns an error under the conditions of [`raster`].
pub fn encode(wav: &Wav, options: &FrontEndOptions) -> Result<Encoding, EncodeError> {
    let mut front_end = AudioFrontEnd::new(options)?;
    let seconds = wav.duration();
    let steps = (seconds / options.dt()) as u64;
    if steps > MAX_STEPS {
        return Err(EncodeError::TooLong { seconds, steps });
    }
    let mut resampler = Resampler::new(wav.sample_rate());
    let mut audio = Vec::new();
    let mut frames = Vec::with_capacity(steps as usize);
    // In blocks of one second: at low sample rates, the resampled audio is much larger than recording and
    // raster.
    for block in wav.samples().chunks(wav.sample_rate().get() as usize) {
        resampler.push(block, &mut audio);
        front_end.push(&audio, &mut frames);
        audio.clear();
    }
    resampler.finish(&mut audio);
    front_end.push(&audio, &mut frames);
    Ok(Encoding { raster: frames.into(), dropped_spikes: front_end.dropped_spikes() })
}

/// Rounds to the nearest integer, for magnitudes below 2^51. With [`floor_offset`] added to `value`, this is
/// the floor.
#[inline(always)]
fn round(value: f64) -> f64 {
    // From 2^52 to 2^53, the unit in the last place is 1. `f64::floor` is a library call on baseline x86-64.
    const MAGIC: f64 = 1.5 * (1_u64 << 52) as f64;
    (value + MAGIC) - MAGIC
}

/// Returns what to add to a number of `fractional_bits` fractional bits so that [`round`] gives its floor.
const fn floor_offset(fractional_bits: u32) -> f64 {
    // -1/2 turns rounding to nearest into the floor; half a unit of the last bit avoids ties.
    0.5 / (1_u64 << fractional_bits) as f64 - 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_with_the_offset_is_the_floor() {
        for bits in [0, 1, 7, 15, 20] {
            let unit = 1.0 / f64::from(1_u32 << bits);
            for base in [0.0, 1.0, -1.0, 7.0, -8.0, (1_u32 << 28) as f64, -((1_u32 << 28) as f64)] {
                for steps in [-2.0, -1.0, 0.0, 1.0, 2.0] {
                    let value: f64 = base + steps * unit;
                    assert_eq!(round(value + floor_offset(bits)), value.floor(), "{value} with {bits} bits");
                }
            }
        }
    }
}
