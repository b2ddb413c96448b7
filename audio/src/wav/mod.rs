//! WAV files: bytes to mono samples.

mod format;
mod riff;

use std::iter::Enumerate;
use std::num::NonZeroU32;
use std::slice::ChunksExact;

use format::{Encoding, Format};
use riff::Riff;

/// A mono recording: samples from -1 to 1, and their rate. It is not empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Wav {
    samples: Vec<f64>,
    sample_rate: NonZeroU32,
}

/// An error in a WAV file or in the samples of a recording.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WavError {
    /// There are no bytes.
    #[error("the file is empty")]
    Empty,
    /// The bytes do not start with the signature of a WAV file.
    #[error("not a WAV file: {reason}")]
    NotWav {
        /// What the bytes are, or what they lack.
        reason: &'static str,
    },
    /// The header contradicts itself, the standard or the size of the file.
    #[error("the WAV header is damaged: {reason}")]
    Header {
        /// Description of the damage.
        reason: String,
    },
    /// The file ends before its samples do.
    #[error("the file is truncated: its header declares {declared} samples, but the file has {found}")]
    Truncated {
        /// Number of samples of all channels that the header declares.
        declared: u64,
        /// Number of samples of all channels in the file.
        found: u64,
    },
    /// The encoding of the samples is not supported.
    #[error(
        "the encoding {encoding} is not supported; \
         convert the file to PCM of 8, 16, 24 or 32 bits, or to float of 32 or 64 bits"
    )]
    Encoding {
        /// Name of the encoding.
        encoding: String,
    },
    /// The recording has no samples.
    #[error("the recording has no samples")]
    NoSamples,
    /// The sample rate is 0.
    #[error("the sample rate is 0")]
    NoSampleRate,
    /// A sample is NaN or not between -1 and 1.
    #[error("sample {index} is {value}; samples must lie between -1 and 1: scale the recording down")]
    Range {
        /// Index of the first such sample, from 0.
        index: usize,
        /// Value of the sample.
        value: f64,
    },
}

impl Wav {
    /// Creates a recording from samples and their rate, in hertz.
    ///
    /// # Errors
    /// Returns an error if there are no samples, if the rate is 0, or if a sample is NaN or not between -1
    /// and 1.
    pub fn new(samples: Vec<f64>, sample_rate: u32) -> Result<Self, WavError> {
        let sample_rate = NonZeroU32::new(sample_rate).ok_or(WavError::NoSampleRate)?;
        if samples.is_empty() {
            return Err(WavError::NoSamples);
        }
        match samples.iter().enumerate().find(|(_, sample)| !(-1.0..=1.0).contains(*sample)) {
            Some((index, &value)) => Err(WavError::Range { index, value }),
            None => Ok(Self { samples, sample_rate }),
        }
    }

    /// Decodes the bytes of a WAV file of any rate, to the numbers that `libsndfile` reads.
    ///
    /// | encoding | sample |
    /// |---|---|
    /// | PCM of 9 to 32 bits | an integer `x` in a container of `b` = 16, 24 or 32 bits is `x / 2^(b - 1)` |
    /// | PCM of up to 8 bits | `(x - 128) / 128` |
    /// | float of 32 or 64 bits | itself; must lie between -1 and 1 |
    /// | A-law, mu-law (G.711) | the 16-bit integer of the standard, divided by 2^15 |
    ///
    /// A container may have fewer valid bits than it has bits; they are its upper ones. Several channels are
    /// averaged. The file may be little-endian (`RIFF`), big-endian (`RIFX`), or 64-bit (`RF64`, `BW64`).
    ///
    /// A program that writes to a pipe does not know the number of samples. It declares 0, or a length near
    /// 2^31 or 2^32 bytes. Such a recording ends with the file; an incomplete last frame is dropped.
    ///
    /// # Errors
    /// Returns an error if the bytes are not a complete WAV file, if its encoding is not supported, or if a
    /// float sample is NaN or not between -1 and 1.
    pub fn decode(bytes: &[u8]) -> Result<Self, WavError> {
        let decoder = WavDecoder::new(bytes)?;
        let sample_rate = decoder.sample_rate();
        // The bytes that exist bound the memory, whatever the header declares.
        Ok(Self { samples: decoder.collect::<Result<_, _>>()?, sample_rate })
    }

    /// Returns the samples, from -1 to 1.
    pub fn samples(&self) -> &[f64] {
        &self.samples
    }

    /// Returns the sample rate, in hertz.
    pub fn sample_rate(&self) -> NonZeroU32 {
        self.sample_rate
    }

    /// Returns the duration, in seconds.
    pub fn duration(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.sample_rate.get())
    }
}

/// The samples of a WAV file, decoded as they are needed: the same numbers as those of [`Wav::decode`], in the memory of
/// the file alone.
#[derive(Clone, Debug)]
pub struct WavDecoder<'a> {
    frames: Enumerate<ChunksExact<'a, u8>>,
    encoding: Encoding,
    channels: usize,
    big_endian: bool,
    sample_rate: NonZeroU32,
}

impl<'a> WavDecoder<'a> {
    /// Reads the header of a WAV file.
    ///
    /// # Errors
    /// As [`Wav::decode`], except for the values of float samples.
    pub fn new(bytes: &'a [u8]) -> Result<Self, WavError> {
        let riff = Riff::parse(bytes)?;
        let format = Format::parse(riff.format, riff.big_endian)?;
        let (size, channels) = (format.encoding.size(), usize::from(format.channels));
        let frame = size * channels;
        let count = |bytes: u64| bytes / size as u64;
        let available = riff.data.len() as u64;
        match riff.declared {
            Some(declared) if declared > available => {
                return Err(WavError::Truncated { declared: count(declared), found: count(available) });
            }
            Some(declared) if declared % frame as u64 != 0 => {
                let reason =
                    format!("its samples have {declared} bytes, which are not whole frames of {frame} bytes");
                return Err(WavError::Header { reason });
            }
            _ => {}
        }
        let sample_rate = NonZeroU32::new(format.sample_rate).ok_or(WavError::NoSampleRate)?;
        let frames = riff.data.chunks_exact(frame).enumerate();
        if frames.len() == 0 {
            return Err(WavError::NoSamples);
        }
        Ok(Self { frames, encoding: format.encoding, channels, big_endian: riff.big_endian, sample_rate })
    }

    /// Returns the sample rate, in hertz.
    pub fn sample_rate(&self) -> NonZeroU32 {
        self.sample_rate
    }

    /// Returns the duration of the samples that are left, in seconds.
    pub fn duration(&self) -> f64 {
        self.frames.len() as f64 / f64::from(self.sample_rate.get())
    }
}

impl Iterator for WavDecoder<'_> {
    type Item = Result<f64, WavError>;

    /// Decodes the next sample. The only error is a float sample that is NaN or not between -1 and 1.
    fn next(&mut self) -> Option<Self::Item> {
        let (index, frame) = self.frames.next()?;
        let samples = frame.chunks_exact(self.encoding.size());
        let sum: f64 = samples.map(|bytes| self.encoding.decode(bytes, self.big_endian)).sum();
        let value = sum / self.channels as f64;
        Some(if (-1.0..=1.0).contains(&value) { Ok(value) } else { Err(WavError::Range { index, value }) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.frames.size_hint()
    }
}
