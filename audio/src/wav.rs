//! WAV files: bytes to samples.

use std::num::NonZeroU32;

use hound::{SampleFormat, WavReader};

/// A recording: one channel of samples and their rate.
#[derive(Clone, Debug, PartialEq)]
pub struct Wav {
    samples: Vec<f64>,
    sample_rate: NonZeroU32,
}

/// Why bytes are not a recording that can be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WavError {
    /// There are no bytes.
    #[error("the file is empty")]
    Empty,
    /// The bytes do not start as a WAV file does.
    #[error("not a WAV file: it does not start with `RIFF` and `WAVE`")]
    NotWav,
    /// The header contradicts itself or the standard.
    #[error("the WAV header is damaged: {reason}")]
    Header {
        /// What is wrong with it.
        reason: String,
    },
    /// The file ends before its samples do.
    #[error("the file is cut off: its header announces {announced} samples, and {found} are there")]
    Truncated {
        /// Samples of all channels that the header announces.
        announced: u32,
        /// Samples of all channels that the file holds.
        found: u32,
    },
    /// The samples are stored in a way that is not decoded here.
    #[error(
        "the encoding {encoding} is not supported; \
         convert the file to PCM of 8, 16, 24 or 32 bits or to 32-bit float"
    )]
    Encoding {
        /// Name of the encoding.
        encoding: String,
    },
    /// There is a header and no sample.
    #[error("the recording has no samples")]
    NoSamples,
    /// The header gives no sample rate.
    #[error("the sample rate is 0")]
    NoSampleRate,
    /// A sample is not a number between -1 and 1.
    #[error("sample {index} is {value}; samples must lie between -1 and 1: scale the recording down")]
    Range {
        /// Number of the first such sample, from 0.
        index: usize,
        /// Its value.
        value: f64,
    },
}

impl Wav {
    /// A recording from its samples.
    ///
    /// # Errors
    /// There is no sample, the rate is 0, or a sample is not a number between -1 and 1.
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
    /// Integers of `b` bits are divided by `2^(b - 1)`, so that a 16-bit sample `x` becomes exactly
    /// `x / 32768`; several channels are averaged.
    ///
    /// # Errors
    /// The bytes are not a whole WAV file, its encoding is not among those above, or a float sample is
    /// not a number between -1 and 1.
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

    /// The samples, -1 to 1.
    pub fn samples(&self) -> &[f64] {
        &self.samples
    }

    /// Samples per second.
    pub fn sample_rate(&self) -> NonZeroU32 {
        self.sample_rate
    }

    /// Seconds.
    pub fn duration(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.sample_rate.get())
    }
}

/// Reads all samples and averages the channels.
///
/// The room to reserve comes from the bytes that are there, not from what the header announces.
fn read<S: hound::Sample>(
    mut reader: WavReader<&[u8]>,
    bytes: usize,
    scale: impl Fn(S) -> f64,
) -> Result<Vec<f64>, WavError> {
    let spec = reader.spec();
    let channels = usize::from(spec.channels);
    let announced = reader.len();
    let mut samples = Vec::with_capacity(bytes / (usize::from(spec.bits_per_sample / 8) * channels));
    let mut sum = 0.0;
    for (found, sample) in (0_u32..).zip(reader.samples::<S>()) {
        // The header has been accepted, so the bytes must have run out.
        sum += scale(sample.map_err(|_| WavError::Truncated { announced, found })?);
        if (found as usize + 1).is_multiple_of(channels) {
            samples.push(sum / channels as f64);
            sum = 0.0;
        }
    }
    Ok(samples)
}

/// The error for a header that the decoder refuses.
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

/// Names the encoding in the `fmt ` chunk, if it is none that is decoded here.
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
