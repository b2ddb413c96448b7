//! NumPy's array files as values: `.npy` and `.npz` bytes in and out.
//!
//! Bytes may come from anywhere: what is not an array is an error, never a panic, and sizes are checked before
//! memory is taken. The same arrays give the same bytes.
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
//! // One at a time: what is not asked for is not unpacked.
//! let mut reader = NpzReader::open(&bytes)?.with_limit(1 << 20);
//! assert_eq!(reader.names(), ["output"]);
//! assert_eq!(reader.array("output")?, arrays["output"]);
//! # Ok::<(), synnet_arrays::Error>(())
//! ```

mod npy;
mod npz;

pub use npy::read_npy;
pub use npyz::AutoSerialize;
pub use npz::{DEFAULT_LIMIT, NpzReader, NpzWriter, read_npz};

/// A dense array in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Extent of each axis.
    pub shape: Vec<usize>,
    /// As many numbers as the shape says.
    pub numbers: ArrayData,
}

/// Numbers, integers kept apart so that they stay exact.
#[derive(Clone, Debug, PartialEq)]
pub enum ArrayData {
    /// From integers and booleans.
    Integers(Vec<i64>),
    /// From floating-point numbers.
    Floats(Vec<f64>),
}

/// Why bytes are not an array, or an array could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not in NumPy's format.
    #[error("not a NumPy array (.npy): {0}")]
    Npy(String),
    /// Not an archive of arrays.
    #[error("not an archive of NumPy arrays (.npz): {0}")]
    Npz(String),
    /// An array of an archive cannot be read.
    #[error("array `{name}`: {error}")]
    Member {
        /// Name of the array.
        name: String,
        /// What is wrong with it.
        error: Box<Error>,
    },
    /// Text, records, complex numbers.
    #[error("the array has type `{0}`; expected integers, floats or booleans")]
    Type(String),
    /// Fewer bytes than the header promises.
    #[error("the file is shorter than its header says")]
    Truncated,
    /// More numbers than can be counted.
    #[error("the shape has more elements than fit in memory")]
    TooLarge,
    /// An array of an archive is larger than its reader allows.
    #[error("it has more than {0} bytes, unpacked")]
    Limit(u64),
    /// An unsigned number that `i64` does not hold.
    #[error("element {0} is {1}; integers above {max} are not supported", max = i64::MAX)]
    Integer(usize, u64),
    /// An array that cannot be written.
    #[error("cannot write the array `{0}`: {1}")]
    Write(String, String),
}

impl Array {
    /// The numbers as f64.
    pub fn to_floats(&self) -> Vec<f64> {
        match &self.numbers {
            ArrayData::Integers(numbers) => numbers.iter().map(|&x| x as f64).collect(),
            ArrayData::Floats(numbers) => numbers.clone(),
        }
    }

    /// The numbers as integers, or `None` where [`first_fraction`](Self::first_fraction) finds one that is not.
    pub fn to_integers(&self) -> Option<Vec<i64>> {
        match &self.numbers {
            ArrayData::Integers(numbers) => Some(numbers.clone()),
            ArrayData::Floats(numbers) if self.first_fraction().is_none() => {
                Some(numbers.iter().map(|&x| x as i64).collect())
            }
            ArrayData::Floats(_) => None,
        }
    }

    /// Index and value of the first number that is not an integer, or beyond 2^53, up to which `f64` holds all of them.
    pub fn first_fraction(&self) -> Option<(usize, f64)> {
        let ArrayData::Floats(numbers) = &self.numbers else { return None };
        let whole = |x: f64| x.fract() == 0.0 && x.abs() <= 2f64.powi(53);
        numbers.iter().copied().enumerate().find(|&(_, x)| !whole(x))
    }
}
