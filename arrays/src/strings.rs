//! Arrays of strings: NumPy's types `U` and `S`.

use npyz::{Endianness, TypeChar, TypeStr};

use crate::{Array, Error};

/// An array of numbers or of strings.
#[derive(Clone, Debug, PartialEq)]
pub enum AnyArray {
    /// Integers, floats or Booleans.
    Numbers(Array),
    /// Strings.
    Strings(StringArray),
}

/// A dense array of strings in row-major order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StringArray {
    /// Size of each axis; empty for a scalar.
    pub shape: Vec<usize>,
    /// The elements, without the zeros that fill them up; their number is the product of the shape.
    pub strings: Vec<String>,
}

/// The storage of strings.
#[derive(Clone, Copy)]
pub(crate) enum Encoding {
    /// This many bytes each.
    Bytes(u64),
    /// This many code points of 4 bytes each.
    Unicode { length: u64, big_endian: bool },
}

impl Encoding {
    /// Returns the encoding of a type, or `None` if its elements are not strings.
    pub(crate) fn of(kind: &TypeStr) -> Option<Self> {
        match kind.type_char() {
            TypeChar::ByteStr => Some(Self::Bytes(kind.size_field())),
            TypeChar::UnicodeStr => Some(Self::Unicode {
                length: kind.size_field(),
                big_endian: kind.endianness() == Endianness::Big,
            }),
            _ => None,
        }
    }

    /// Returns the number of bytes of an element.
    fn size(self) -> Option<usize> {
        match self {
            Self::Bytes(size) => usize::try_from(size).ok(),
            Self::Unicode { length, .. } => usize::try_from(length).ok()?.checked_mul(4),
        }
    }
}

/// Decodes as many strings from the start of the bytes.
pub(crate) fn decode(bytes: &[u8], count: u64, encoding: Encoding) -> Result<Vec<String>, Error> {
    let count = usize::try_from(count).map_err(|_| Error::TooLarge)?;
    let size = encoding.size().ok_or(Error::TooLarge)?;
    // Elements without bytes could have any number.
    if size == 0 && count > 0 {
        return Err(Error::AnyType("a string of length 0".into()));
    }
    let bytes = count.checked_mul(size).and_then(|total| bytes.get(..total)).ok_or(Error::Truncated)?;
    let elements = bytes.chunks_exact(size.max(1)).enumerate();
    elements
        .map(|(i, element)| match encoding {
            Encoding::Bytes(_) => {
                let end = element.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
                let text = std::str::from_utf8(&element[..end]);
                text.map(str::to_owned).map_err(|_| Error::Text(i, "UTF-8"))
            }
            Encoding::Unicode { big_endian, .. } => {
                let code = |x: &[u8]| match (x, big_endian) {
                    (&[a, b, c, d], true) | (&[d, c, b, a], false) => u32::from_be_bytes([a, b, c, d]),
                    // Never: all pieces have 4 bytes.
                    _ => 0,
                };
                let text: Option<String> = element.chunks_exact(4).map(|x| char::from_u32(code(x))).collect();
                let text = text.ok_or(Error::Text(i, "Unicode"))?;
                Ok(text.trim_end_matches('\0').to_owned())
            }
        })
        .collect()
}
