//! Whole recordings: a WAV file's samples to a raster.

use synnet_ir::Raster;

use super::{AudioFrontEnd, CHANNELS, FrontEndOptions, FrontEndOptionsError, Resampler};
use crate::Wav;

/// Maximum number of time steps that [`raster`] returns: a gibibyte of counts, or 7.7 days in steps of 10 ms.
pub const MAX_STEPS: u64 = (1 << 30) / CHANNELS as u64;

/// Minimum sample rate that [`raster`] takes, in hertz. At lower ones, the audio would be so much longer than the recording
/// that a small file takes hours.
pub const MIN_SAMPLE_RATE: u32 = 1000;

/// The events of a recording, as [`encode`] returns them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Encoding {
    /// Spike counts, `[steps, CHANNELS]`, from 0 to [`FrontEndOptions::cap`].
    pub raster: Raster,
    /// Number of spikes that the raster lacks, because they exceed the cap of their channel and step.
    pub dropped_spikes: u64,
}

/// An error of [`raster`].
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// An option is outside its range.
    #[error(transparent)]
    FrontEndOptions(#[from] FrontEndOptionsError),
    /// The sample rate is below [`MIN_SAMPLE_RATE`].
    #[error("the sample rate is {rate} Hz, but the minimum is {MIN_SAMPLE_RATE} Hz; resample the recording")]
    SampleRate {
        /// Sample rate of the recording, in hertz.
        rate: u32,
    },
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
/// Returns an error if an option is outside its range, if the sample rate is below [`MIN_SAMPLE_RATE`], or if the raster
/// would have more than [`MAX_STEPS`] steps.
pub fn raster(wav: &Wav, options: &FrontEndOptions) -> Result<Raster, EncodeError> {
    encode(wav, options).map(|encoding| encoding.raster)
}

/// Like [`raster`], and also counts the spikes that exceed the cap.
///
/// # Errors
/// Returns an error under the conditions of [`raster`].
pub fn encode(wav: &Wav, options: &FrontEndOptions) -> Result<Encoding, EncodeError> {
    let mut front_end = AudioFrontEnd::new(options)?;
    let rate = wav.sample_rate().get();
    if rate < MIN_SAMPLE_RATE {
        return Err(EncodeError::SampleRate { rate });
    }
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
    for block in wav.samples().chunks(rate as usize) {
        resampler.push(block, &mut audio);
        front_end.push(&audio, &mut frames);
        audio.clear();
    }
    resampler.finish(&mut audio);
    front_end.push(&audio, &mut frames);
    Ok(Encoding { raster: frames.into(), dropped_spikes: front_end.dropped_spikes() })
}
