//! The checksum of safetensors files with metadata.
//!
//! Two entries of the metadata belong to it. `checksum` is the 64-bit FNV-1a hash of the file, in which the digits of the
//! checksum count as zeros; each of its steps is invertible, so no single damaged byte keeps it. `checksummed` says that
//! the file has one: a damaged byte of the first entry's name does not make the file one without a checksum.

use std::collections::BTreeMap;

use safetensors::SafeTensors;

use crate::hash::fnv1a;
use crate::params::ReadError;

const CHECKSUM: &str = "checksum";
const MARKER: &str = "checksummed";
const PREFIX: &str = "fnv1a:";
const DIGITS: usize = 16;

/// Returns metadata with room for the checksum, which [`seal`] fills in.
pub(crate) fn with_room(metadata: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut metadata = metadata.clone();
    metadata.insert(CHECKSUM.to_owned(), format!("{PREFIX}{}", "0".repeat(DIGITS)));
    metadata.insert(MARKER.to_owned(), "true".to_owned());
    metadata
}

/// Writes the checksum of a file into the room that its metadata has for it.
pub(crate) fn seal(bytes: &mut [u8]) {
    if let Some(at) = digits_at(bytes) {
        let digits = format!("{:016x}", fnv1a(bytes));
        bytes[at..at + DIGITS].copy_from_slice(digits.as_bytes());
    }
}

/// Verifies the checksum of a file, if it has one: files of other tools do not.
///
/// # Errors
/// Returns an error if the file was changed after it was written.
pub(crate) fn verify(bytes: &[u8]) -> Result<(), ReadError> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| ReadError::format(bytes, &error))?;
    let metadata = header.metadata().as_ref();
    let has = |key| metadata.is_some_and(|metadata| metadata.contains_key(key));
    if !has(CHECKSUM) && !has(MARKER) {
        return Ok(());
    }
    let damaged = || ReadError::new("the file is damaged: its checksum does not match its content");
    let at = digits_at(bytes).ok_or_else(damaged)?;
    let mut zeroed = bytes.to_vec();
    zeroed[at..at + DIGITS].fill(b'0');
    let expected = format!("{:016x}", fnv1a(&zeroed));
    if expected.as_bytes() == &bytes[at..at + DIGITS] { Ok(()) } else { Err(damaged()) }
}

/// Returns the offset of the digits of the checksum. Quotation marks within texts are escaped in JSON, so the entry cannot
/// be mistaken for a part of another.
fn digits_at(bytes: &[u8]) -> Option<usize> {
    let entry = format!("\"{CHECKSUM}\":\"{PREFIX}");
    let start = bytes.windows(entry.len()).position(|window| window == entry.as_bytes())?;
    let at = start + entry.len();
    (bytes.get(at + DIGITS) == Some(&b'"')).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Params, Tensor};

    fn file(values: usize) -> Vec<u8> {
        let data = (0..values).map(|i| i as f32 / 7.0).collect();
        let params = Params { tensors: BTreeMap::from([("w".to_owned(), Tensor::new([values], data))]) };
        let entries = [("a", "\"checksum\":\"fnv1a:"), ("network", "Net"), ("z", "\u{e9}")];
        params.to_safetensors_with(&entries.map(|(k, v)| (k.to_owned(), v.to_owned())).into())
    }

    #[test]
    fn every_flipped_bit_is_detected() {
        let bytes = file(5);
        assert!(Params::from_safetensors(&bytes).is_ok());
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                assert!(Params::from_safetensors(&damaged).is_err(), "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn flipped_bytes_of_a_large_file_are_detected() {
        let mut bytes = file(100_000);
        let mut at = 12_345;
        for _ in 0..1000 {
            at = (at * 7_919 + 104_729) % bytes.len();
            bytes[at] ^= 0x55;
            let error = Params::from_safetensors(&bytes).expect_err("it is damaged");
            bytes[at] ^= 0x55;
            // The header is not even read if its length or its text is damaged.
            let is_named = error.to_string().contains("damaged") || at < 400;
            assert!(is_named, "byte {at}: {error}");
        }
        assert!(Params::from_safetensors(&bytes).is_ok());
    }

    #[test]
    fn files_of_other_tools_have_none() {
        assert!(verify(&Params::default().to_safetensors()).is_ok());
    }
}
