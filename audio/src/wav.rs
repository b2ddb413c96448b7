//! WAV files: bytes to mono samples.

use std::num::NonZeroU32;

use hound::{SampleFormat, WavReader};

/// A mono recording: samples from -1 to 1, and their rate. It has at least one sample.
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
    #[error("not a WAV file: it does not start with `RIFF` and `WAVE`")]
    NotWav,
    /// The header contradicts itself or the standard.
    #[error("the WAV header is damaged: {reason}")]
    Header {
        /// Description of the damage.
        reason: String,
    },
    /// The file ends before its samples do.
    #[error("the file is truncated: its header declares {announced} samples, but the file has {found}")]
    Truncated {
        /// Number of samples of all channels that the header declares.
        announced: u32,
        /// Number of samples of all channels in the file.
        found: u32,
    },
    /// The encoding of the samples is not supported.
    #[error(
        "the encoding {encoding} is not supported; \
         convert the file to PCM of 8, 16, 24 or 32 bits or to 32-bit float"
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

    /// Decodes the bytes of a WAV file: PCM of 8, 16, 24 or 32 bits or 32-bit float, of any rate.
    ///
    /// Integers of `b` bits are divided by `2^(b - 1)`: a 16-bit sample `x` becomes exactly `x / 32768`.
    /// Several channels are averaged.
    ///
    /// # Errors
    /// Returns an error if the bytes are not a complete WAV file, if its encoding is not supported, or if a
    /// float sample is NaN or not between -1 and 1.
    pub fn decode(bytes: &[u8]) -> Result<Self, WavError> {
        if bytes.is_empty() {
            return Err(WavError::Empty);
        }
        if bytes.len() < 12 || &bytes[..4] != b"RIFF" || &bytes[8..12] != b"WAVE" {
            return Err(WavError::NotWav);
        }
        let reader = WavReader::new(bytes).map_err(|error| header_error(error, bytes))?;
        let spec = reader.spec();
        let samples = match (spec.sample_format, spec.bits_per_sample) {
            (SampleFormat::Int, bits @ (8 | 16 | 24 | 32)) => {
                let scale = 2_f64.powi(i32::from(bits) - 1);
                read(reader, bytes.len(), |sample: i32| f64::from(sample) / scale)?
            }
            (SampleFormat::Float, 32) => read(reader, bytes.len(), |sample: f32| f64::from(sample))?,
            (format, bits) => {
                let encoding = match format {
                    SampleFormat::Int => format!("{bits}-bit PCM"),
                    SampleFormat::Float => format!("{bits}-bit float"),
                };
                return Err(WavError::Encoding { encoding });
            }
        };
        Self::new(samples, spec.sample_rate)
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

/// Reads all samples and averages the channels.
fn read<S: hound::Sample>(
    mut reader: WavReader<&[u8]>,
    bytes: usize,
    scale: impl Fn(S) -> f64,
) -> Result<Vec<f64>, WavError> {
    let spec = reader.spec();
    let channels = usize::from(spec.channels);
    let announced = reader.len();
    // Reserve by the bytes that exist: the header may declare any number of samples.
    let mut samples = Vec::with_capacity(bytes / (usize::from(spec.bits_per_sample / 8) * channels));
    let mut sum = 0.0;
    for (found, sample) in (0_u32..).zip(reader.samples::<S>()) {
        // The header is valid, so a sample can only fail at the end of the bytes.
        sum += scale(sample.map_err(|_| WavError::Truncated { announced, found })?);
        if (found as usize + 1).is_multiple_of(channels) {
            samples.push(sum / channels as f64);
            sum = 0.0;
        }
    }
    Ok(samples)
}

/// Returns the error for a header that the decoder rejects.
fn header_error(error: hound::Error, bytes: &[u8]) -> WavError {
    if let Some(encoding) = unsupported_encoding(bytes) {
        return WavError::Encoding { encoding };
    }
    let reason = match error {
        hound::Error::FormatError(reason) => reason.into(),
        hound::Error::IoError(_) => "the file ends within it".into(),
        other => other.to_string(),
    };
    WavError::Header { reason }
}

/// Returns the name of the encoding in the `fmt ` chunk, unless it is supported.
fn unsupported_encoding(bytes: &[u8]) -> Option<String> {
    let mut chunks = bytes.get(12..)?;
    let format = loop {
        let (head, rest) = chunks.split_at_checked(8)?;
        if head.starts_with(b"fmt ") {
            break rest;
        }
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        // Chunks of odd length are padded to even.
        chunks = rest.get(length.checked_add(length % 2)?..)?;
    };
    let field = |offset: usize| Some(u16::from_le_bytes([*format.get(offset)?, *format.get(offset + 1)?]));
    let bits = field(14)?;
    // WAVEFORMATEXTENSIBLE keeps the tag at the start of a longer identifier.
    let tag = if field(0)? == 0xFFFE { field(24)? } else { field(0)? };
    match (tag, bits) {
        (0x0001, 8 | 16 | 24 | 32) | (0x0003, 32) => None,
        (0x0001, _) => Some(format!("{bits}-bit PCM")),
        (0x0002, _) => Some("Microsoft ADPCM".into()),
        (0x0003, _) => Some(format!("{bits}-bit float")),
        (0x0006, _) => Some("A-law".into()),
        (0x0007, _) => Some("mu-law".into()),
        (0x0011, _) => Some("IMA ADPCM".into()),
        (0x0031, _) => Some("GSM 6.10".into()),
        (0x0055, _) => Some("MP3".into()),
        _ => Some(format!("with tag 0x{tag:04X}")),
    }
}
