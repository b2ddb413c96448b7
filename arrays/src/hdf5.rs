//! Elements of HDF5 arrays as `hdf5-pure` gives them: numbers of every size and byte order, and texts of fixed length.

use hdf5_pure::{Datatype, DatatypeByteOrder, StringPadding};

/// The type of the numbers of an array.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// Size in bytes: 1, 2, 4 or 8, of floating-point numbers 2, 4 or 8.
    pub size: usize,
    /// How the bytes are read.
    pub kind: NumberKind,
    big_endian: bool,
}

/// How the bytes of a number are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberKind {
    /// As an unsigned integer.
    Unsigned,
    /// As an integer in two's complement.
    Signed,
    /// As an IEEE 754 number of 16, 32 or 64 bits.
    Float,
}

impl Number {
    /// A byte of text.
    pub const BYTE: Self = Self { size: 1, kind: NumberKind::Unsigned, big_endian: false };

    /// Returns the numbers of a type; `None` if its elements are no numbers, or none of these sizes.
    pub fn of(datatype: &Datatype) -> Option<Self> {
        let (size, order, kind) = match datatype {
            Datatype::FixedPoint { size: size @ (1 | 2 | 4 | 8), byte_order, layout } => {
                (*size, *byte_order, if layout.signed { NumberKind::Signed } else { NumberKind::Unsigned })
            }
            Datatype::FloatingPoint { size, byte_order, layout }
                if matches!((size, layout.exponent_size), (2, 5) | (4, 8) | (8, 11)) =>
            {
                (*size, *byte_order, NumberKind::Float)
            }
            _ => return None,
        };
        let big_endian = match order {
            DatatypeByteOrder::LittleEndian => false,
            DatatypeByteOrder::BigEndian => true,
            DatatypeByteOrder::Vax => return None,
        };
        Some(Self { size: size as usize, kind, big_endian })
    }

    /// Returns the bits of a number, from its `size` bytes.
    ///
    /// # Panics
    /// Panics if there are fewer bytes.
    pub fn bits(self, bytes: &[u8]) -> u64 {
        let mut word = [0; 8];
        word[..self.size].copy_from_slice(&bytes[..self.size]);
        if self.big_endian {
            word[..self.size].reverse();
        }
        u64::from_le_bytes(word)
    }

    /// Returns a signed integer from its bits.
    pub fn signed(self, bits: u64) -> i64 {
        // Shifting up and back extends the sign.
        let unused = 64 - 8 * self.size as u32;
        (bits << unused) as i64 >> unused
    }
}

/// Returns a text of fixed length without its padding.
pub fn without_padding<'a>(bytes: &'a [u8], padding: &StringPadding) -> &'a [u8] {
    let last_other_than = |pad: u8| bytes.iter().rposition(|&byte| byte != pad).map_or(0, |last| last + 1);
    let end = match padding {
        StringPadding::NullTerminate => bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len()),
        StringPadding::NullPad => last_other_than(0),
        StringPadding::SpacePad => last_other_than(b' '),
    };
    &bytes[..end]
}
