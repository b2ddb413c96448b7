//! The digital front end of Xylo Audio 3 (SYNS65302): 14-bit audio to spike counts of 16 channels.
//!
//! ```text
//! recording -> Resampler -> 14-bit audio -> FilterBank -> |y| -> integrate-and-fire -> count -> frame
//!  any rate     linear      48,828.125 Hz    16 bands             thresholds           per step
//! ```
//!
//! Bit-exact against Rockpool's `AFESimExternal` path (`ChipButterworth`, the spike generator of
//! `DivisiveNormalization`, `Raster`), started from zero states. Rockpool's simulator first runs the
//! time-reversed signal through filters and normalization and drops that part; a stream has no such
//! past, so neither has this.
//!
//! # Integers in floating point
//! All quantities are integers, and all are kept as `f64`: every value and every product that occurs
//! stays below 2^53 in steps of its last bit, so the arithmetic is exact. The reason is speed on any
//! machine: baseline x86-64 has no 64-bit arithmetic shift and no signed widening multiplication in its
//! vectors, but it has `f64`; the same holds for NEON. The 16 channels are lanes of arrays, which the
//! compiler turns into vectors of any width. The tests hold this against plain `i64` arithmetic.

mod bank;
mod options;
mod resample;
mod spikes;
mod stream;

pub use bank::FilterBank;
pub use options::{Normalization, Options, OptionsError};
pub use resample::Resampler;
pub use stream::{AudioFrontEnd, Frame};

use synnet_ir::Raster;

use crate::Wav;

/// Number of channels: one band-pass filter each.
pub const CHANNELS: usize = 16;

/// Sample rate of the chip's 14-bit audio, in hertz: the 50 MHz system clock over 1024.
pub const SAMPLE_RATE: f64 = 50e6 / 1024.0;

/// The most time steps that [`raster`] gives: a gibibyte of counts, or 7.7 days of 10 ms.
pub const MAX_STEPS: u64 = (1 << 30) / CHANNELS as u64;

/// One value per channel.
type Lanes = [f64; CHANNELS];

/// Why a recording has no raster.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// An option is outside its range.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// The raster would be larger than [`MAX_STEPS`].
    #[error(
        "the recording lasts {seconds:.0} s, which makes {steps} time steps; \
         at most {MAX_STEPS} are possible: cut it, or use longer time steps"
    )]
    TooLong {
        /// Duration of the recording.
        seconds: f64,
        /// Steps that it would make.
        steps: u64,
    },
}

/// Returns the raster of a recording, from zero states: the spike counts that the network sees, none above
/// [`cap`](Options::cap), in steps of [`Options::dt`].
///
/// Audio left over after the last whole step is dropped; a recording shorter than one step gives a
/// raster without steps.
///
/// # Errors
/// An option is outside its range, or the recording would give more than [`MAX_STEPS`] steps.
pub fn raster(wav: &Wav, options: &Options) -> Result<Raster, EncodeError> {
    let mut front_end = AudioFrontEnd::new(options)?;
    let seconds = wav.duration();
    let steps = (seconds / options.dt()) as u64;
    if steps > MAX_STEPS {
        return Err(EncodeError::TooLong { seconds, steps });
    }
    let mut resampler = Resampler::new(wav.sample_rate());
    let mut audio = Vec::new();
    let mut frames = Vec::with_capacity(steps as usize);
    // In blocks of a second: at low rates the audio would be far larger than the recording and the raster.
    for block in wav.samples().chunks(wav.sample_rate().get() as usize) {
        resampler.push(block, &mut audio);
        front_end.push(&audio, &mut frames);
        audio.clear();
    }
    resampler.finish(&mut audio);
    front_end.push(&audio, &mut frames);
    Ok(frames.into())
}

/// The largest integer not above `value + 0.5 - 2^-(k + 1)`, where `value` has `k` fractional bits:
/// the floor of what was meant, if the caller took that offset off beforehand (see [`floor_offset`]).
///
/// Adding and taking away 1.5 * 2^52 rounds to the nearest integer; the offset turns nearest into
/// floor and keeps ties from occurring. Exact for magnitudes below 2^51. `f64::floor` is a library
/// call on baseline x86-64.
#[inline(always)]
fn round(value: f64) -> f64 {
    const MAGIC: f64 = 1.5 * (1_u64 << 52) as f64;
    (value + MAGIC) - MAGIC
}

/// What to add to a number of `fractional_bits` fractional bits so that [`round`] gives its floor.
const fn floor_offset(fractional_bits: u32) -> f64 {
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
