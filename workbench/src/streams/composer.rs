//! Streams that are composed of words and noise, chunk by chunk.

use std::num::NonZeroU32;
use std::path::PathBuf;

use synnet_random::{Purpose, Stream};

use super::noise::Noise;
use super::words::{self, Recording, Word, Words};
use crate::error::Error;
use crate::recipe::{ComposedStreams, NoiseKind};

/// Level of words: their root mean square, of full scale 1. It is the nominal level of speech, -26 dB (ITU-T P.56).
const LEVEL: f64 = 0.05;

/// A set of streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Set {
    Validation,
    Test,
    /// The training set before augmentation.
    Train,
    /// The training set of an epoch.
    Epoch {
        /// Seed of the training run.
        seed: u64,
        /// The first epoch with these streams.
        epoch: u64,
    },
}

/// What random numbers of a stream are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Draws {
    Words,
    Noise,
    /// The places of segments.
    Segments,
}

impl Set {
    /// Returns the random numbers of a stream. `seed` is that of the recipe's streams.
    pub(crate) fn draws(self, seed: u64, draws: Draws, stream: usize) -> Stream {
        let stream = stream as u64;
        // The numbers are part of every result: they must not change.
        let [words, noise, segments] = match self {
            Self::Validation => [0, 1, 6],
            Self::Test => [2, 3, 7],
            Self::Train => [4, 5, 8],
            Self::Epoch { seed, epoch } => {
                return Stream::new(seed, Purpose::TrainingStreams, 4 * epoch + draws as u64, stream);
            }
        };
        let first = match draws {
            Draws::Words => words,
            Draws::Noise => noise,
            Draws::Segments => segments,
        };
        Stream::new(seed, Purpose::Detection, first, stream)
    }
}

/// A span of time, in seconds from the start of a stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The start.
    pub start: f64,
    /// The end, after the start.
    pub end: f64,
}

/// A word of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct SpokenWord {
    /// Label of its class, or of the table.
    pub label: String,
    /// Index of the keyword, if it is one.
    pub keyword: Option<usize>,
    /// When it is spoken, in seconds from the start of the stream.
    pub interval: Interval,
    /// The file that it comes from.
    pub file: String,
}

/// The words and noises of a set, from which its streams are composed.
pub(crate) struct Material<'a> {
    options: &'a ComposedStreams,
    set: Set,
    keywords: Words,
    others: Words,
    /// Class names, and for each class the index of its keyword.
    classes: &'a [String],
    keyword_of_class: &'a [Option<usize>],
    noise: &'a [PathBuf],
    pub(crate) rate: NonZeroU32,
}

/// Returns the durations of streams of `length` seconds, of which only the last one may be shorter.
pub(crate) fn durations(total: f64, length: f64) -> Vec<f64> {
    let count = (total / length).ceil().max(1.0) as usize;
    (0..count).map(|i| (total - i as f64 * length).min(length)).collect()
}

impl<'a> Material<'a> {
    /// Collects the words of a set, of which there is at least one. `noise` are the recordings of noise for this set.
    ///
    /// # Errors
    /// Returns an error if the first recording, which gives the sample rate, cannot be read.
    pub(crate) fn new(
        options: &'a ComposedStreams,
        set: Set,
        recordings: &[Recording],
        classes: &'a [String],
        keyword_of_class: &'a [Option<usize>],
        noise: &'a [PathBuf],
    ) -> Result<Self, Error> {
        let first = recordings.first().ok_or_else(|| Error::Input("a set has no recordings".into()))?;
        let rate = words::read(&first.path)?.sample_rate();
        let is_keyword =
            |recording: &Recording| keyword_of_class.get(recording.class).copied().flatten().is_some();
        let (keywords, others) = recordings.iter().cloned().partition(is_keyword);
        Ok(Self {
            options,
            set,
            keywords: Words::new(keywords, rate),
            others: Words::new(others, rate),
            classes,
            keyword_of_class,
            noise,
            rate,
        })
    }

    /// Starts the stream of an index. Its draws depend on the seed, the set and the index alone.
    ///
    /// # Errors
    /// Returns an error if a noise recording cannot be read.
    pub(crate) fn compose(&'a self, index: usize, duration: f64) -> Result<Composer<'a>, Error> {
        let draws = |draws| self.set.draws(self.options.seed, draws, index);
        let (mut words, mut noises) = (draws(Draws::Words), draws(Draws::Noise));
        let kinds = self.options.noise.len() + usize::from(!self.noise.is_empty());
        let kind = noises.below(kinds as u64) as usize;
        let noise = match self.options.noise.get(kind) {
            Some(NoiseKind::White) => Noise::White,
            Some(NoiseKind::Pink) => Noise::pink(&mut noises),
            // Without other words, babble is white noise.
            Some(NoiseKind::Babble) if self.others.is_empty() => Noise::White,
            Some(NoiseKind::Babble) => Noise::babble(&self.others),
            None => {
                let path = &self.noise[noises.below(self.noise.len() as u64) as usize];
                Noise::recording(words::resampled(&words::read(path)?, self.rate), &mut noises)
            }
        };
        let [low, high] = self.options.snr;
        let snr = low + (high - low) * noises.unit();
        let rate = f64::from(self.rate.get());
        let next = self.pause(&mut words, rate);
        Ok(Composer {
            material: self,
            draws: words,
            noises,
            noise,
            amplitude: LEVEL * 10_f64.powf(-snr / 20.0),
            position: 0,
            length: (duration * rate) as u64,
            next,
            word: None,
        })
    }

    /// Draws a pause, in samples.
    fn pause(&self, draws: &mut Stream, rate: f64) -> u64 {
        let [low, high] = self.options.pause;
        ((low + (high - low) * draws.unit()) * rate) as u64
    }

    fn draw(&self, draws: &mut Stream) -> Result<Word, Error> {
        let is_keyword = draws.unit() < self.options.keyword_share;
        let drawn_from = if self.others.is_empty() || is_keyword && !self.keywords.is_empty() {
            &self.keywords
        } else {
            &self.others
        };
        drawn_from.draw(draws)
    }
}

/// A stream in progress.
pub(crate) struct Composer<'a> {
    material: &'a Material<'a>,
    draws: Stream,
    noises: Stream,
    noise: Noise<'a>,
    /// Root mean square of the noise.
    amplitude: f64,
    /// Samples so far, and in total.
    position: u64,
    length: u64,
    /// Sample at which the next word starts.
    next: u64,
    /// The current word, and the index of its next sample.
    word: Option<(Word, usize)>,
}

impl Composer<'_> {
    /// Appends up to `count` samples to `samples`, and the words that start in them to `words`. Appends none at the end
    /// of the stream.
    ///
    /// # Errors
    /// Returns an error if a recording cannot be read.
    pub(crate) fn next_chunk(
        &mut self,
        count: usize,
        samples: &mut Vec<f64>,
        words: &mut Vec<SpokenWord>,
    ) -> Result<(), Error> {
        let end = self.length.min(self.position + count as u64);
        while self.position < end {
            if self.word.is_none() && self.position >= self.next {
                self.start_word(words)?;
            }
            let mut sample = self.amplitude * self.noise.next(&mut self.noises)?;
            if let Some((word, i)) = &mut self.word {
                sample += LEVEL * word.samples.get(*i).copied().unwrap_or_default();
                *i += 1;
                if *i >= word.samples.len() {
                    self.word = None;
                    let rate = f64::from(self.material.rate.get());
                    self.next = self.position + 1 + self.material.pause(&mut self.draws, rate);
                }
            }
            samples.push(sample.clamp(-1.0, 1.0));
            self.position += 1;
        }
        Ok(())
    }

    /// Starts a word, unless it would be cut off by the end of the stream.
    fn start_word(&mut self, words: &mut Vec<SpokenWord>) -> Result<(), Error> {
        let word = self.material.draw(&mut self.draws)?;
        let rate = f64::from(self.material.rate.get());
        // A second is left for the detection.
        let end = self.position + word.samples.len() as u64;
        if end + u64::from(self.material.rate.get()) > self.length {
            self.next = u64::MAX;
            return Ok(());
        }
        let material = self.material;
        words.push(SpokenWord {
            label: material.classes.get(word.class).cloned().unwrap_or_default(),
            keyword: material.keyword_of_class.get(word.class).copied().flatten(),
            interval: Interval { start: self.position as f64 / rate, end: end as f64 / rate },
            file: word.path.display().to_string(),
        });
        self.word = Some((word, 0));
        Ok(())
    }
}
