//! NumPy's array files as values: `.npy` and `.npz` bytes in and out.
//!
//! ```
//! use synnet_arrays::{Archive, read_npz};
//!
//! let mut archive = Archive::new();
//! archive.add("output", &[1, 3], &[0i64, 2, 1])?;
//! let arrays = read_npz(&archive.finish()?)?;
//! assert_eq!(arrays["output"].shape, [1, 3]);
//! assert_eq!(arrays["output"].to_integers(), Some(vec![0, 2, 1]));
//! # Ok::<(), synnet_arrays::Error>(())
//! ```

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

pub use npyz::AutoSerialize;
use npyz::{DType, NpyFile, Order, TypeChar, WriterBuilder};
use zip::write::SimpleFileOptions;

/// Arrays larger than this are refused: a damaged header must not exhaust the memory.
const MAX_BYTES: u64 = 1 << 34;

/// A dense array in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Extent of each axis.
    pub shape: Vec<usize>,
    /// As many numbers as the shape says.
    pub numbers: Numbers,
}

/// Numbers, integers kept apart so that they stay exact.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
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
    /// More numbers than can be held.
    #[error("the array of shape {0:?} is too large")]
    TooLarge(Vec<u64>),
    /// A failure to write.
    #[error("cannot write the array `{0}`: {1}")]
    Write(String, String),
}

impl Array {
    /// The numbers as f64.
    pub fn to_floats(&self) -> Vec<f64> {
        match &self.numbers {
            Numbers::Integers(numbers) => numbers.iter().map(|&x| x as f64).collect(),
            Numbers::Floats(numbers) => numbers.clone(),
        }
    }

    /// The numbers as integers, or `None` where one of them is not whole.
    pub fn to_integers(&self) -> Option<Vec<i64>> {
        match &self.numbers {
            Numbers::Integers(numbers) => Some(numbers.clone()),
            Numbers::Floats(numbers) => {
                let whole = |x: f64| x.fract() == 0.0 && x.abs() < 9.0e15;
                numbers.iter().all(|&x| whole(x)).then(|| numbers.iter().map(|&x| x as i64).collect())
            }
        }
    }
}

/// Reads a `.npy` file of any numeric type and either memory order.
///
/// # Errors
/// Where the bytes are not such a file.
pub fn read_npy(bytes: &[u8]) -> Result<Array, Error> {
    let file = NpyFile::new(bytes).map_err(|e| Error::Npy(e.to_string()))?;
    let header_shape = file.shape().to_vec();
    let too_large = || Error::TooLarge(header_shape.clone());
    let count =
        header_shape.iter().try_fold(1u64, |n, &extent| n.checked_mul(extent)).ok_or_else(too_large)?;
    let shape = header_shape.iter().map(|&n| usize::try_from(n)).collect::<Result<Vec<_>, _>>();
    let shape = shape.map_err(|_| too_large())?;
    let order = file.order();
    let dtype = file.dtype();
    let DType::Plain(kind) = &dtype else { return Err(Error::Type("record".into())) };
    if count.checked_mul(kind.size_field()).is_none_or(|size| size > MAX_BYTES) {
        return Err(too_large());
    }
    if count * kind.size_field() > bytes.len() as u64 {
        return Err(Error::Truncated);
    }
    let numbers = read_numbers(file, kind.type_char(), kind.size_field(), &kind.to_string())?;
    let numbers = match (order, numbers) {
        (Order::C, numbers) => numbers,
        (Order::Fortran, Numbers::Integers(x)) => Numbers::Integers(from_fortran(&shape, &x)),
        (Order::Fortran, Numbers::Floats(x)) => Numbers::Floats(from_fortran(&shape, &x)),
    };
    Ok(Array { shape, numbers })
}

/// Reads every array of a `.npz` archive, by name.
///
/// # Errors
/// Where the bytes are not such an archive, or one of its arrays cannot be read.
pub fn read_npz(bytes: &[u8]) -> Result<BTreeMap<String, Array>, Error> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| Error::Npz(e.to_string()))?;
    let mut arrays = BTreeMap::new();
    for i in 0..zip.len() {
        let file = zip.by_index(i).map_err(|e| Error::Npz(e.to_string()))?;
        let path = file.name().map_err(|e| Error::Npz(e.to_string()))?.into_owned();
        let Some(name) = path.strip_suffix(".npy").map(str::to_owned) else {
            return Err(Error::Npz(format!("it holds `{path}`, which is not an array")));
        };
        let mut content = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut content).map_err(|e| Error::Npz(e.to_string()))?;
        let array = read_npy(&content)
            .map_err(|error| Error::Member { name: name.clone(), error: Box::new(error) })?;
        arrays.insert(name, array);
    }
    Ok(arrays)
}

/// A `.npz` archive under construction. The same arrays in the same order give the same bytes.
#[derive(Default)]
pub struct Archive {
    zip: Option<zip::ZipWriter<Cursor<Vec<u8>>>>,
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").finish_non_exhaustive()
    }
}

impl Archive {
    /// An archive without arrays.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an array in row-major order.
    ///
    /// # Errors
    /// Where the shape does not hold as many numbers as there are.
    pub fn add<T>(&mut self, name: &str, shape: &[usize], numbers: &[T]) -> Result<(), Error>
    where
        T: AutoSerialize + Copy,
    {
        let failed = |why: String| Error::Write(name.to_owned(), why);
        if shape.iter().product::<usize>() != numbers.len() {
            return Err(failed(format!("{} numbers do not have the shape {shape:?}", numbers.len())));
        }
        let zip = self.zip.get_or_insert_with(|| zip::ZipWriter::new(Cursor::new(Vec::new())));
        let options = SimpleFileOptions::default()
            .last_modified_time(zip::DateTime::default())
            .large_file(size_of_val(numbers) > u32::MAX as usize / 2);
        zip.start_file(format!("{name}.npy"), options).map_err(|e| failed(e.to_string()))?;
        let shape: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
        let write = || -> std::io::Result<()> {
            let mut writer =
                npyz::WriteOptions::new().default_dtype().shape(&shape).writer(zip).begin_nd()?;
            writer.extend(numbers.iter().copied())?;
            writer.finish()
        };
        write().map_err(|e| failed(e.to_string()))
    }

    /// The bytes of the archive.
    ///
    /// # Errors
    /// Where the archive cannot be completed.
    pub fn finish(self) -> Result<Vec<u8>, Error> {
        let zip = self.zip.unwrap_or_else(|| zip::ZipWriter::new(Cursor::new(Vec::new())));
        let cursor = zip.finish().map_err(|e| Error::Write("archive".into(), e.to_string()))?;
        Ok(cursor.into_inner())
    }
}

fn read_numbers(file: NpyFile<&[u8]>, letter: TypeChar, size: u64, kind: &str) -> Result<Numbers, Error> {
    macro_rules! numbers {
        ($variant:ident, $type:ty, $convert:expr) => {{
            let numbers = file.into_vec::<$type>().map_err(|_| Error::Truncated)?;
            Numbers::$variant(numbers.into_iter().map($convert).collect())
        }};
    }
    Ok(match (letter, size) {
        (TypeChar::Bool, _) => numbers!(Integers, bool, i64::from),
        (TypeChar::Int, 1) => numbers!(Integers, i8, i64::from),
        (TypeChar::Int, 2) => numbers!(Integers, i16, i64::from),
        (TypeChar::Int, 4) => numbers!(Integers, i32, i64::from),
        (TypeChar::Int, 8) => numbers!(Integers, i64, |x| x),
        (TypeChar::Uint, 1) => numbers!(Integers, u8, i64::from),
        (TypeChar::Uint, 2) => numbers!(Integers, u16, i64::from),
        (TypeChar::Uint, 4) => numbers!(Integers, u32, i64::from),
        (TypeChar::Uint, 8) => numbers!(Integers, u64, |x| i64::try_from(x).unwrap_or(i64::MAX)),
        (TypeChar::Float, 2) => numbers!(Floats, npyz::half::f16, f64::from),
        (TypeChar::Float, 4) => numbers!(Floats, f32, f64::from),
        (TypeChar::Float, 8) => numbers!(Floats, f64, |x| x),
        _ => return Err(Error::Type(kind.to_owned())),
    })
}

fn from_fortran<T: Copy>(shape: &[usize], numbers: &[T]) -> Vec<T> {
    let mut strides = vec![1; shape.len()];
    for axis in 1..shape.len() {
        strides[axis] = strides[axis - 1] * shape[axis - 1];
    }
    let place = |mut i: usize| {
        let mut offset = 0;
        for axis in (0..shape.len()).rev() {
            offset += i % shape[axis] * strides[axis];
            i /= shape[axis];
        }
        offset
    };
    (0..numbers.len()).map(|i| numbers[place(i)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy<T: AutoSerialize + Copy>(shape: &[u64], order: Order, numbers: &[T]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let options = npyz::WriteOptions::new().default_dtype().shape(shape).order(order);
        let mut writer = options.writer(&mut bytes).begin_nd().unwrap();
        writer.extend(numbers.iter().copied()).unwrap();
        writer.finish().unwrap();
        bytes
    }

    #[test]
    fn every_numeric_type_is_read() {
        let expected = Numbers::Integers(vec![1, 0, 1]);
        assert_eq!(read_npy(&npy(&[3], Order::C, &[true, false, true])).unwrap().numbers, expected);
        assert_eq!(read_npy(&npy(&[3], Order::C, &[1i8, 0, 1])).unwrap().numbers, expected);
        assert_eq!(read_npy(&npy(&[3], Order::C, &[1u16, 0, 1])).unwrap().numbers, expected);
        assert_eq!(read_npy(&npy(&[3], Order::C, &[1u64, 0, 1])).unwrap().numbers, expected);
        let expected = Numbers::Floats(vec![0.5, -2.0]);
        assert_eq!(read_npy(&npy(&[2], Order::C, &[0.5f32, -2.0])).unwrap().numbers, expected);
        assert_eq!(read_npy(&npy(&[2], Order::C, &[0.5f64, -2.0])).unwrap().numbers, expected);
    }

    #[test]
    fn fortran_order_becomes_row_major() {
        let array = read_npy(&npy(&[2, 3], Order::Fortran, &[0i64, 3, 1, 4, 2, 5])).unwrap();
        assert_eq!(array.numbers, Numbers::Integers(vec![0, 1, 2, 3, 4, 5]));
    }

    #[test]
    fn damaged_files_are_errors() {
        let whole = npy(&[4], Order::C, &[1i32, 2, 3, 4]);
        for end in 0..whole.len() {
            assert!(read_npy(&whole[..end]).is_err(), "cut at byte {end}");
        }
        let mut archive = Archive::new();
        archive.add("x", &[2], &[1.0f32, 2.0]).unwrap();
        let whole = archive.finish().unwrap();
        assert!(read_npz(&whole).is_ok());
        for end in 0..whole.len() {
            assert!(read_npz(&whole[..end]).is_err(), "cut at byte {end}");
        }
    }

    #[test]
    fn fractions_are_no_integers() {
        let array = Array { shape: vec![2], numbers: Numbers::Floats(vec![1.0, 1.5]) };
        assert_eq!(array.to_integers(), None);
    }
}
