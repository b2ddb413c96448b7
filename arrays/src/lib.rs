//! NumPy array files: `.npy` and `.npz` bytes to arrays and back. With the feature `hdf5`, also the elements of HDF5
//! arrays.
//!
//! Bytes may come from any source: invalid data is an error, never a panic, and sizes are checked before
//! memory is allocated. The same arrays give the same bytes.
//!
//! ```
//! use synnet_arrays::{NpzWriter, NpzReader, read_npz};
//!
//! let mut archive = NpzWriter::new();
//! archive.add("output", &[1, 3], &[0i64, 2, 1])?;
//! let bytes = archive.finish()?;
//! let arrays = read_npz(&bytes)?;
//! assert_eq!(arrays["output"].shape, [1, 3]);
//! assert_eq!(arrays["output"].to_integers(), Some(vec![0, 2, 1]));
//!
//! // One at a time: other arrays are not decompressed.
//! let mut reader = NpzReader::open(&bytes)?.with_limit(1 << 20);
//! assert_eq!(reader.names(), ["output"]);
//! assert_eq!(reader.array("output")?, arrays["output"]);
//! # Ok::<(), synnet_arrays::Error>(())
//! ```

#[cfg(feature = "hdf5")]
pub mod hdf5;
mod npy;
mod npz;
mod strings;

pub use npy::{ByteArray, read_any_npy, read_npy, write_npy};
pub use npyz::AutoSerialize;
pub use npz::{DEFAULT_LIMIT, NpzReader, NpzWriter, read_npz};
pub use strings::{AnyArray, StringArray};

/// A dense array in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Size of each axis; empty for a scalar.
    pub shape: Vec<usize>,
    /// The elements; their number is the product of the shape.
    pub numbers: ArrayData,
}

/// The elements of an array. Integers are stored as such, since f64 is exact only up to 2^53.
#[derive(Clone, Debug, PartialEq)]
pub enum ArrayData {
    /// Elements of an integer or Boolean type.
    Integers(Vec<i64>),
    /// Elements of a floating-point type.
    Floats {
        /// The values, which f64 represents exactly.
        values: Vec<f64>,
        /// Number of bits of an element in the file: 16, 32 or 64.
        bits: u8,
    },
}

/// An error while reading or writing arrays.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are not a `.npy` file.
    #[error("not a NumPy array (.npy): {0}")]
    Npy(String),
    /// The bytes are not a `.npz` file.
    #[error("not an archive of NumPy arrays (.npz): {0}")]
    Npz(String),
    /// An array of an archive cannot be read.
    #[error("array `{name}`: {error}")]
    Member {
        /// Name of the array.
        name: String,
        /// The error of the array.
        error: Box<Error>,
    },
    /// The elements are not numbers: strings, records, complex numbers.
    #[error("the array has type `{0}`; expected integers, floats or Booleans")]
    Type(String),
    /// The elements are neither numbers nor strings.
    #[error("the array has type `{0}`; expected integers, floats, Booleans or strings")]
    AnyType(String),
    /// The elements are Python objects.
    #[error(
        "the array has type `|O` (Python objects): it is pickled, and unpickling can execute code; \
         save numbers or fixed-width strings, for example with `array.astype(str)`"
    )]
    Objects,
    /// An element is not text: its index, and the encoding.
    #[error("element {0} is not valid {1}")]
    Text(usize, &'static str),
    /// The file has fewer bytes than its header declares.
    #[error("the file is shorter than its header says")]
    Truncated,
    /// The number of elements overflows.
    #[error("the shape has more elements than fit in memory")]
    TooLarge,
    /// An array of an archive is larger than the limit of its reader, in bytes.
    #[error("it has more than {0} bytes, unpacked")]
    Limit(u64),
    /// An unsigned integer exceeds `i64`: its index and value.
    #[error("element {0} is {1}; integers above {max} are not supported", max = i64::MAX)]
    Integer(usize, u64),
    /// An array cannot be written: its name, and the reason.
    #[error("cannot write the array `{0}`: {1}")]
    Write(String, String),
}

impl Array {
    /// Returns the elements as f64.
    pub fn to_floats(&self) -> Vec<f64> {
        match &self.numbers {
            ArrayData::Integers(numbers) => numbers.iter().map(|&x| x as f64).collect(),
            ArrayData::Floats { values, .. } => values.clone(),
        }
    }

    /// Returns the elements as integers, or `None` if [`first_fraction`](Self::first_fraction) finds one that
    /// is not.
    pub fn to_integers(&self) -> Option<Vec<i64>> {
        match &self.numbers {
            ArrayData::Integers(numbers) => Some(numbers.clone()),
            ArrayData::Floats { values, .. } if self.first_fraction().is_none() => {
                Some(values.iter().map(|&x| x as i64).collect())
            }
            ArrayData::Floats { .. } => None,
        }
    }

    /// Returns index and value of the first element that is not an integer, or whose magnitude exceeds 2^53,
    /// up to which f64 represents every integer.
    pub fn first_fraction(&self) -> Option<(usize, f64)> {
        let ArrayData::Floats { values, .. } = &self.numbers else { return None };
        let whole = |x: f64| x.fract() == 0.0 && x.abs() <= 2f64.powi(53);
        values.iter().copied().enumerate().find(|&(_, x)| !whole(x))
    }
}
