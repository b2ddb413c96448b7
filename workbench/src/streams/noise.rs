//! Background noise as a stream of samples with a mean power of 1.

use synnet_random::Stream;

use super::words::Words;
use crate::error::Error;

/// Voices that speak at once in babble.
const VOICES: usize = 4;
/// Sources of pink noise.
const SOURCES: usize = 16;

/// A source of noise.
pub(super) enum Noise<'a> {
    /// Independent Gaussian samples.
    White,
    /// Voss' algorithm: the sum of sources, of which source `k` is renewed every `2^k` samples.
    Pink {
        /// Current values of the sources.
        sources: [f64; SOURCES],
        /// Number of samples so far.
        count: u64,
    },
    /// Voices that speak words of a list without pauses.
    Babble {
        /// The words.
        words: &'a Words,
        /// The rest of the word of each voice, last sample first.
        voices: Vec<Vec<f64>>,
    },
    /// A recording, which is repeated.
    Recording {
        /// Its samples.
        samples: Vec<f64>,
        /// Index of the next one.
        next: usize,
    },
}

impl<'a> Noise<'a> {
    pub(super) fn pink(stream: &mut Stream) -> Self {
        let mut sources = [0.0; SOURCES];
        sources.iter_mut().for_each(|source| *source = stream.normal());
        Self::Pink { sources, count: 0 }
    }

    pub(super) fn babble(words: &'a Words) -> Self {
        Self::Babble { words, voices: vec![Vec::new(); VOICES] }
    }

    /// Takes a recording from a random place on. A silent one stays silent.
    pub(super) fn recording(mut samples: Vec<f64>, stream: &mut Stream) -> Self {
        let power = samples.iter().map(|x| x * x).sum::<f64>() / samples.len().max(1) as f64;
        if power > 0.0 {
            samples.iter_mut().for_each(|x| *x /= power.sqrt());
        }
        let next = stream.below(samples.len() as u64) as usize;
        Self::Recording { samples, next }
    }

    /// Returns the next sample.
    ///
    /// # Errors
    /// Returns an error if a word cannot be read.
    pub(super) fn next(&mut self, stream: &mut Stream) -> Result<f64, Error> {
        Ok(match self {
            Self::White => stream.normal(),
            Self::Pink { sources, count } => {
                *count += 1;
                // Each sample renews one source: that of the number of trailing zeros.
                if let Some(source) = sources.get_mut(count.trailing_zeros() as usize) {
                    *source = stream.normal();
                }
                sources.iter().sum::<f64>() / (SOURCES as f64).sqrt()
            }
            Self::Babble { words, voices } => {
                let mut sum = 0.0;
                for voice in voices {
                    if voice.is_empty() {
                        *voice = words.draw(stream)?.samples;
                        voice.reverse();
                    }
                    sum += voice.pop().unwrap_or_default();
                }
                sum / (VOICES as f64).sqrt()
            }
            Self::Recording { samples, next } => {
                let sample = samples.get(*next).copied().unwrap_or_default();
                *next += 1;
                if *next >= samples.len() {
                    *next = 0;
                }
                sample
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use synnet_random::Purpose;

    use super::*;

    #[test]
    fn generated_noise_has_unit_power() {
        let mut stream = Stream::new(1, Purpose::Detection, 0, 0);
        let mut pink_stream = stream.clone();
        let pink = Noise::pink(&mut pink_stream);
        let recording = Noise::recording((0..1000).map(|i| 0.1 * f64::from(i % 7)).collect(), &mut stream);
        for (mut noise, tolerance) in [(Noise::White, 0.03), (pink, 0.5), (recording, 0.01)] {
            let samples: Vec<f64> = (0..50_000).map(|_| noise.next(&mut stream).unwrap()).collect();
            let power = samples.iter().map(|x| x * x).sum::<f64>() / 50_000.0;
            assert!((power - 1.0).abs() < tolerance, "{power}");
        }
    }
}
