//! The words of a set, decoded when they are spoken.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use synnet_audio::Wav;
use synnet_random::Stream;

use crate::error::Error;
use crate::files;

/// A recording of a word.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    /// The file.
    pub(crate) path: PathBuf,
    /// Index of its class.
    pub(crate) class: usize,
}

/// Recordings of words, which are read when they are drawn.
pub(crate) struct Words {
    recordings: Vec<Recording>,
    /// Sample rate of the stream, to which words are resampled.
    rate: NonZeroU32,
}

/// A spoken word.
pub(crate) struct Word {
    /// Index of its class.
    pub(crate) class: usize,
    /// The file.
    pub(crate) path: PathBuf,
    /// Its samples at the rate of the stream, with a mean power of 1; silence stays silent.
    pub(crate) samples: Vec<f64>,
}

impl Words {
    pub(crate) fn new(recordings: Vec<Recording>, rate: NonZeroU32) -> Self {
        Self { recordings, rate }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.recordings.is_empty()
    }

    /// Draws a word; all are equally likely.
    ///
    /// # Errors
    /// Returns an error if its file cannot be read.
    pub(crate) fn draw(&self, stream: &mut Stream) -> Result<Word, Error> {
        let drawn = &self.recordings[stream.below(self.recordings.len() as u64) as usize];
        let wav = read(&drawn.path)?;
        let mut samples = resampled(&wav, self.rate);
        let power = samples.iter().map(|x| x * x).sum::<f64>() / samples.len().max(1) as f64;
        if power > 0.0 {
            samples.iter_mut().for_each(|x| *x /= power.sqrt());
        }
        Ok(Word { class: drawn.class, path: drawn.path.clone(), samples })
    }
}

/// Reads a recording.
pub(super) fn read(path: &Path) -> Result<Wav, Error> {
    Wav::decode(&files::read(path)?).map_err(|why| Error::file(path, why))
}

/// Returns the samples of a recording at another rate, by linear interpolation.
pub(crate) fn resampled(wav: &Wav, rate: NonZeroU32) -> Vec<f64> {
    let samples = wav.samples();
    if wav.sample_rate() == rate {
        return samples.to_vec();
    }
    let ratio = f64::from(wav.sample_rate().get()) / f64::from(rate.get());
    let count = (samples.len() as f64 / ratio).floor().max(1.0) as usize;
    let last = samples.len() - 1;
    let at = |i: usize| {
        let position = i as f64 * ratio;
        let before = (position as usize).min(last);
        let after = (before + 1).min(last);
        samples[before] + position.fract() * (samples[after] - samples[before])
    };
    (0..count).map(at).collect()
}
