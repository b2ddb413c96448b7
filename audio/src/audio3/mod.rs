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
//! # Arithmetic
//! Filters and spike generator compute in integers. The formulas are written once, over [`Arithmetic`]: [`Floats`]
//! stores the integers as `f64`, exactly, for vectors of 64-bit processors; [`Integers`] is for microcontrollers.
//! [`Native`] is the one that suits the processor. The 16 channels are lanes of arrays, which the compiler turns into
//! vectors of any width. Tests compare both forms with the formulas in `i64`.
//!
//! [`Resampler`] interpolates in `f64`, as Rockpool does. For 16-bit PCM, [`Resampler::for_pcm`] computes the same
//! results in integers.

mod arithmetic;
mod bank;
#[cfg(feature = "std")]
mod encode;
mod options;
mod pcm;
mod resample;
mod spikes;
mod stream;

pub use arithmetic::{Arithmetic, Floats, Integers, Native};
pub use bank::FilterBank;
#[cfg(feature = "std")]
pub use encode::{EncodeError, Encoding, MAX_STEPS, MIN_SAMPLE_RATE, encode, raster};
pub use options::{FrontEndOptions, FrontEndOptionsError, Normalization};
pub use resample::{Resampler, Sample};
pub use stream::{AudioFrontEnd, Frame};

/// Number of channels: one band-pass filter each.
pub const CHANNELS: usize = 16;

/// Sample rate of the chip's 14-bit audio, in hertz: the 50 MHz system clock over 1024.
pub const SAMPLE_RATE: f64 = 50e6 / 1024.0;

/// One value per channel.
type Lanes<T> = [T; CHANNELS];
