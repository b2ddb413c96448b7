//! The chunks of a WAV file, and the length of its samples.

use super::WavError;

/// The parts of a WAV file that the decoder needs.
pub(super) struct Riff<'a> {
    /// Whether all numbers are big-endian.
    pub big_endian: bool,
    /// Content of the chunk `fmt `.
    pub format: &'a [u8],
    /// Bytes of the samples, as far as the file contains them.
    pub data: &'a [u8],
    /// Length of the samples in bytes that the header declares, or `None` if the samples end with the file.
    pub declared: Option<u64>,
}

/// Names of chunks that may follow another one directly. They tell a missing pad byte from one that is there.
const COMMON_CHUNKS: [&[u8]; 6] = [b"fmt ", b"data", b"fact", b"LIST", b"JUNK", b"bext"];

impl<'a> Riff<'a> {
    /// Finds the chunks `fmt ` and `data`, in this order; other chunks are skipped.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, WavError> {
        let file = Chunks::open(bytes)?;
        let (mut format, mut long_length) = (None, None);
        let mut next = file.chunk(12)?;
        while let Some(chunk) = next {
            match &chunk.name {
                b"data" => {
                    let format =
                        format.ok_or_else(|| damaged("the `data` chunk comes before the `fmt ` chunk"))?;
                    return file.samples(&chunk, format, long_length);
                }
                b"fmt " if format.is_none() => format = Some(file.content(&chunk)?),
                b"ds64" if file.long => {
                    let content = file.content(&chunk)?;
                    // Length of the file, then that of the samples; both have 8 bytes.
                    long_length = Some(
                        content
                            .get(8..16)
                            .map(|bytes| file.number(bytes))
                            .ok_or_else(|| damaged("the `ds64` chunk has fewer than 16 bytes"))?,
                    );
                }
                _ => {}
            }
            next = file.chunk(file.end(&chunk)?)?;
        }
        let missing = if format.is_some() { "data" } else { "fmt " };
        Err(damaged(format!("the file has no `{missing}` chunk")))
    }
}

/// The bytes of a file, with the properties that its first 12 bytes declare.
struct Chunks<'a> {
    bytes: &'a [u8],
    big_endian: bool,
    /// Whether lengths of 64 bits replace those of 32 bits.
    long: bool,
}

/// The header of a chunk.
struct Chunk {
    name: [u8; 4],
    /// Start of the content.
    start: usize,
    /// Length of the content in bytes that the header declares.
    length: u32,
}

impl<'a> Chunks<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, WavError> {
        let Some(start) = bytes.first_chunk::<12>() else {
            return Err(if bytes.is_empty() { WavError::Empty } else { not_wav(bytes) });
        };
        let (big_endian, long) = match &start[..4] {
            b"RIFF" => (false, false),
            b"RIFX" => (true, false),
            // European Broadcasting Union, Tech 3306; ITU-R BS.2088. Both have the chunk `ds64`.
            b"RF64" | b"BW64" => (false, true),
            _ => return Err(not_wav(bytes)),
        };
        if &start[8..] != b"WAVE" {
            return Err(not_wav(bytes));
        }
        Ok(Self { bytes, big_endian, long })
    }

    /// Returns the chunk at an offset, or `None` at the end of the file.
    fn chunk(&self, at: usize) -> Result<Option<Chunk>, WavError> {
        let Some(header) = self.bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) else {
            return Ok(None);
        };
        let [a, b, c, d, length @ ..] = *header;
        let name = [a, b, c, d];
        if !name.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return Err(damaged(format!("expected a chunk name at byte {at}")));
        }
        // 4 bytes are at most `u32::MAX`.
        Ok(Some(Chunk { name, start: at + 8, length: self.number(&length) as u32 }))
    }

    /// Returns the content of a chunk that must be complete.
    fn content(&self, chunk: &Chunk) -> Result<&'a [u8], WavError> {
        let content = self.bytes.get(chunk.start..).and_then(|rest| rest.get(..chunk.length as usize));
        content.ok_or_else(|| {
            damaged(format!(
                "the `{}` chunk declares {} bytes, but the file ends after {}",
                String::from_utf8_lossy(&chunk.name),
                chunk.length,
                self.bytes.len() - chunk.start
            ))
        })
    }

    /// Returns the offset of the chunk after this one, which must be complete.
    fn end(&self, chunk: &Chunk) -> Result<usize, WavError> {
        let end = chunk.start + self.content(chunk)?.len();
        // Chunks of odd length are padded to even length with a 0. Some programs omit it: then the next chunk's
        // name is there.
        let padded = !self.bytes[end..].first_chunk::<4>().is_some_and(|n| COMMON_CHUNKS.contains(&&n[..]));
        Ok(if chunk.length % 2 == 1 && padded { end + 1 } else { end })
    }

    /// Returns the samples in the chunk `data`.
    fn samples(
        &self,
        chunk: &Chunk,
        format: &'a [u8],
        long_length: Option<u64>,
    ) -> Result<Riff<'a>, WavError> {
        let rest = &self.bytes[chunk.start..];
        let length = match (self.long, chunk.length) {
            (true, u32::MAX) => long_length.ok_or_else(|| damaged("it has no `ds64` chunk"))?,
            (_, length) => length.into(),
        };
        let available = rest.len() as u64;
        let unknown =
            (length == 0 && self.ends_before(chunk.start)) || (length > available && is_open(length));
        let (data, declared) = if unknown {
            (rest, None)
        } else {
            let present = usize::try_from(length).unwrap_or(usize::MAX).min(rest.len());
            (&rest[..present], Some(length))
        };
        let riff = Riff { big_endian: self.big_endian, format, data, declared };
        if declared.is_some_and(|length| length < available) && self.has_data_after(chunk) {
            return Err(damaged("it has more than one `data` chunk"));
        }
        Ok(riff)
    }

    /// Returns whether the length of the file that its header declares excludes the bytes from `at` on.
    fn ends_before(&self, at: usize) -> bool {
        let length = self.number(&self.bytes[4..8]);
        is_open(length) || length + 8 <= at as u64
    }

    /// Returns whether another chunk `data` follows. Anything may stand at the end of a file, so the search
    /// ends at what is not a chunk.
    fn has_data_after(&self, chunk: &Chunk) -> bool {
        let mut end = self.end(chunk);
        while let Ok(Some(next)) = end.and_then(|at| self.chunk(at)) {
            if &next.name == b"data" {
                return true;
            }
            end = self.end(&next);
        }
        false
    }

    /// Decodes an unsigned number of at most 8 bytes.
    fn number(&self, bytes: &[u8]) -> u64 {
        let append = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, append) } else { bytes.iter().rev().fold(0, append) }
    }
}

/// Returns whether a length stands for an unknown one: within 64 KiB of 2^31 (SoX, arecord) or below 2^32
/// (FFmpeg), less the header in some programs; or above 2^63 in a 64-bit file.
fn is_open(length: u64) -> bool {
    const SLACK: u64 = 1 << 16;
    length.abs_diff(1 << 31) <= SLACK || ((1 << 32) - SLACK..1 << 32).contains(&length) || length >> 63 == 1
}

fn damaged(reason: impl Into<String>) -> WavError {
    WavError::Header { reason: reason.into() }
}

/// Returns the error for bytes that are not a WAV file, with the format of which they have the signature.
fn not_wav(bytes: &[u8]) -> WavError {
    const SIGNATURES: [(&[u8], &str); 9] = [
        (b"fLaC", "it is a FLAC file"),
        (b"OggS", "it is an Ogg file"),
        (b"ID3", "it is an MP3 file"),
        (b"\xff\xfb", "it is an MP3 file"),
        (b"FORM", "it is an AIFF file"),
        (b".snd", "it is an AU file"),
        (b"riff", "it is a Wave64 file"),
        (b"\0\x05\x16\x07", "it is an AppleDouble file, the metadata of another file"),
        (b"RIFF", "it starts with `RIFF`, but not with `WAVE` after it"),
    ];
    let known = SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature));
    let reason = known.map_or("it does not start with `RIFF` and `WAVE`", |(_, reason)| reason);
    WavError::NotWav { reason }
}
