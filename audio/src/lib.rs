//! Audio front ends of neuromorphic chips: sound to spikes, bit-exact.
//!
//! [`Wav`] decodes recordings; [`audio3`] is the digital front end of SynSense's Xylo Audio 3.
//! [`audio3::raster`] encodes a whole recording. For streams, [`audio3::Resampler`] and
//! [`audio3::AudioFrontEnd`] keep their state between pushes, and return the same frames.
//!
//! Without the feature `std`, which is on by default, the crate needs only `core`, and has no dependencies: the streams
//! of [`audio3`] are there, with [`push_with`](audio3::AudioFrontEnd::push_with) in place of `push`.
//!
//! ```
//! use synnet_audio::{Wav, audio3};
//!
//! // One second of a tone of 1,503 Hz, the center of filter 8.
//! let phase = |i| std::f64::consts::TAU * 1503.0 * f64::from(i) / 8000.0;
//! let tone = (0..8000).map(|i| 0.5 * phase(i).sin()).collect();
//! let wav = Wav::new(tone, 8000)?;
//!
//! let options = audio3::FrontEndOptions::default().with_decimation(488);
//! let raster = audio3::raster(&wav, &options)?;
//! assert_eq!((raster.steps(), raster.channels()), (100, 16));
//!
//! let counts = raster.counts()?;
//! let total = |channel| counts.iter().skip(channel).step_by(16).map(|&n| u32::from(n)).sum::<u32>();
//! assert!((0..16).all(|channel| total(channel) <= total(8)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The crate performs no I/O: it takes bytes and samples, and returns values.

#![cfg_attr(not(feature = "std"), no_std)]

pub mod audio3;
#[cfg(feature = "std")]
mod wav;

#[cfg(feature = "std")]
pub use wav::{Wav, WavDecoder, WavError};
