//! The chunk `fmt ` of a WAV file: channels, rate and encoding.

use synnet_ir::display::pluralize;

use super::WavError;

/// The content of the chunk `fmt `.
pub(super) struct Format {
    /// Number of channels, 1 or more.
    pub channels: u16,
    /// Sample rate in hertz.
    pub sample_rate: u32,
    /// Encoding of a sample.
    pub encoding: Encoding,
}

/// The encoding of one sample.
#[derive(Clone, Copy, Debug)]
pub(super) enum Encoding {
    /// Unsigned integers of 8 bits, of which 128 is silence.
    Unsigned,
    /// Signed integers of this many bytes, 2 to 4.
    Signed(usize),
    /// IEEE 754 numbers of 4 bytes.
    Float,
    /// IEEE 754 numbers of 8 bytes.
    Double,
    /// ITU-T G.711, A-law.
    ALaw,
    /// ITU-T G.711, mu-law.
    MuLaw,
}

/// The tag of `WAVEFORMATEXTENSIBLE`, which keeps the actual tag at the start of an identifier of 16 bytes.
const EXTENSIBLE: u16 = 0xFFFE;

/// The rest of that identifier: of Microsoft's formats, and of ambisonic B-format, whose samples are the same.
const EXTENSIBLE_SUFFIXES: [[u8; 14]; 2] =
    [*b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71", *b"\0\0\x21\x07\xd3\x11\x86\x44\xc8\xc1\xca\0\0\0"];

impl Format {
    /// Decodes the content of the chunk.
    pub(super) fn parse(content: &[u8], big_endian: bool) -> Result<Self, WavError> {
        let damaged = |reason: String| WavError::Header { reason };
        let short = |needed: usize| {
            damaged(format!("the `fmt ` chunk has {} bytes, but needs at least {needed}", content.len()))
        };
        let Some(fields) = content.first_chunk::<16>() else { return Err(short(16)) };
        let word = |at: usize| {
            let bytes = [fields[at], fields[at + 1]];
            if big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
        };
        let (channels, frame, bits) = (word(2), word(12), word(14));
        let (low, high) = if big_endian { (word(6), word(4)) } else { (word(4), word(6)) };
        let sample_rate = u32::from(high) << 16 | u32::from(low);
        let tag = match word(0) {
            EXTENSIBLE => {
                // The number of valid bits and the positions of the channels do not change the samples.
                let identifier = content.get(24..40).and_then(|bytes| bytes.first_chunk::<16>());
                let mut identifier = *identifier.ok_or_else(|| short(40))?;
                if big_endian {
                    // An identifier starts with a number of 4 bytes and two of 2.
                    identifier[..4].reverse();
                    identifier[4..6].reverse();
                    identifier[6..8].reverse();
                }
                if !EXTENSIBLE_SUFFIXES.iter().any(|suffix| identifier.ends_with(suffix)) {
                    let digits: String = identifier.iter().map(|byte| format!("{byte:02x}")).collect();
                    return Err(WavError::Encoding { encoding: format!("with the identifier {digits}") });
                }
                u16::from_le_bytes([identifier[0], identifier[1]])
            }
            tag => tag,
        };
        let encoding = Encoding::of(tag, bits).map_err(|encoding| WavError::Encoding { encoding })?;
        if channels == 0 {
            return Err(damaged("it has 0 channels".into()));
        }
        let expected = encoding.size() * usize::from(channels);
        if usize::from(frame) != expected {
            let channels = pluralize(channels.into(), "channel");
            return Err(damaged(format!(
                "it declares {frame}-byte frames, but {channels} of {bits} bits need {expected} bytes"
            )));
        }
        Ok(Self { channels, sample_rate, encoding })
    }
}

impl Encoding {
    /// Returns the encoding with this tag and number of bits, or the name of one that is not supported.
    fn of(tag: u16, bits: u16) -> Result<Self, String> {
        match (tag, bits) {
            (0x0001, 1..=8) => Ok(Self::Unsigned),
            (0x0001, 9..=32) => Ok(Self::Signed(usize::from(bits.div_ceil(8)))),
            (0x0001, _) => Err(format!("{bits}-bit PCM")),
            (0x0003, 32) => Ok(Self::Float),
            (0x0003, 64) => Ok(Self::Double),
            (0x0003, _) => Err(format!("{bits}-bit float")),
            (0x0006, _) => Ok(Self::ALaw),
            (0x0007, _) => Ok(Self::MuLaw),
            (0x0002, _) => Err("Microsoft ADPCM".into()),
            (0x0011, _) => Err("IMA ADPCM".into()),
            (0x0031, _) => Err("GSM 6.10".into()),
            (0x0045 | 0x0064, _) => Err("G.726 ADPCM".into()),
            (0x0050, _) => Err("MPEG audio".into()),
            (0x0055, _) => Err("MP3".into()),
            (0x00FF, _) => Err("AAC".into()),
            (0x0160..=0x0163, _) => Err("Windows Media Audio".into()),
            _ => Err(format!("with the format tag 0x{tag:04X}")),
        }
    }

    /// Returns the number of bytes of a sample.
    pub(super) fn size(self) -> usize {
        match self {
            Self::Unsigned | Self::ALaw | Self::MuLaw => 1,
            Self::Signed(bytes) => bytes,
            Self::Float => 4,
            Self::Double => 8,
        }
    }

    /// Decodes a sample of [`size`](Self::size) bytes.
    pub(super) fn decode(self, bytes: &[u8], big_endian: bool) -> f64 {
        let append = |word: u64, byte: &u8| word << 8 | u64::from(*byte);
        let word = if big_endian { bytes.iter().fold(0, append) } else { bytes.iter().rev().fold(0, append) };
        match self {
            Self::Unsigned => (word as f64 - 128.0) / 128.0,
            Self::Signed(bytes) => {
                let bits = 8 * bytes as u32;
                // Shifting up and back extends the sign.
                let number = (word << (64 - bits)) as i64 >> (64 - bits);
                number as f64 / (1_u64 << (bits - 1)) as f64
            }
            Self::Float => f32::from_bits(word as u32).into(),
            Self::Double => f64::from_bits(word),
            Self::ALaw => f64::from(a_law(word as u8)) / 32768.0,
            Self::MuLaw => f64::from(mu_law(word as u8)) / 32768.0,
        }
    }
}

/// Decodes A-law: 13 bits, scaled to 16. Every second bit is inverted on the line.
fn a_law(byte: u8) -> i32 {
    let byte = byte ^ 0x55;
    let (exponent, mantissa) = (byte >> 4 & 7, i32::from(byte & 15) << 4);
    let magnitude = if exponent == 0 { mantissa + 8 } else { (mantissa + 0x108) << (exponent - 1) };
    if byte & 0x80 == 0 { -magnitude } else { magnitude }
}

/// Decodes mu-law: 14 bits, scaled to 16. All bits are inverted on the line.
fn mu_law(byte: u8) -> i32 {
    let byte = !byte;
    let magnitude = (((i32::from(byte & 15) << 3) + 0x84) << (byte >> 4 & 7)) - 0x84;
    if byte & 0x80 == 0 { magnitude } else { -magnitude }
}
