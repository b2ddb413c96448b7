//! The `.npy` format, one array (NumPy Enhancement Proposal 1).

use std::io::Write;

use npyz::{AutoSerialize, DType, Deserialize, NpyFile, Order, TypeChar, WriterBuilder};

use crate::strings::{self, AnyArray, Encoding, StringArray};
use crate::{Array, ArrayData, Error};

/// Maximum length of a header, in bytes. That of an array of numbers has 128 bytes in NumPy.
const HEADER_LIMIT: usize = 1024;

/// Number of bytes that contain the whole header of any array that is read.
pub(crate) const HEAD: u64 = 12 + HEADER_LIMIT as u64;

/// Maximum product of the other axes of an array that has no elements because one axis is 0.
const MAX_EMPTY: u64 = 1 << 20;

/// Reads a `.npy` file of integers, floats or Booleans, in either byte and memory order.
///
/// # Errors
/// Returns an error if the bytes are not such a file, or fewer than its header declares.
pub fn read_npy(bytes: &[u8]) -> Result<Array, Error> {
    check_header(bytes)?;
    let file = NpyFile::new(bytes).map_err(|e| Error::Npy(e.to_string()))?;
    let shape = shape(&file)?;
    let order = file.order();
    let numbers = match (order, read_numbers(file, bytes.len())?) {
        (Order::C, numbers) => numbers,
        (Order::Fortran, ArrayData::Integers(x)) => ArrayData::Integers(from_fortran(&shape, &x)),
        (Order::Fortran, ArrayData::Floats { values, bits }) => {
            ArrayData::Floats { values: from_fortran(&shape, &values), bits }
        }
    };
    Ok(Array { shape, numbers })
}

/// Returns the bytes of a `.npy` file of an array, with its elements in row-major order.
///
/// # Errors
/// Returns an error if the number of elements is not the product of the shape.
pub fn write_npy<T>(shape: &[usize], numbers: &[T]) -> Result<Vec<u8>, Error>
where
    T: AutoSerialize + Copy,
{
    let failed = |why| Error::Write("array".into(), why);
    check_count(shape, numbers.len()).map_err(failed)?;
    let mut bytes = Vec::new();
    write_to(&mut bytes, shape, numbers).map_err(failed)?;
    Ok(bytes)
}

/// Checks that the number of elements is the product of the shape.
pub(crate) fn check_count(shape: &[usize], elements: usize) -> Result<(), String> {
    let count = shape.iter().try_fold(1usize, |n, &extent| n.checked_mul(extent));
    if count == Some(elements) {
        return Ok(());
    }
    Err(format!("{elements} elements cannot have the shape {shape:?}"))
}

/// Writes an array to a stream, in the format of a `.npy` file. The number of elements must be the product of the
/// shape.
pub(crate) fn write_to<T>(writer: impl Write, shape: &[usize], numbers: &[T]) -> Result<(), String>
where
    T: AutoSerialize + Copy,
{
    let shape: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
    let write = || -> std::io::Result<()> {
        let mut writer = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(writer).begin_nd()?;
        writer.extend(numbers.iter().copied())?;
        writer.finish()
    };
    write().map_err(|e| e.to_string())
}

/// Reads a `.npy` file of numbers, as [`read_npy`] does, or of strings: Unicode (`<U5`), or bytes (`|S5`) that
/// are UTF-8.
///
/// # Errors
/// Returns an error if the bytes are not such a file, or fewer than its header declares, or if an element is
/// not text.
pub fn read_any_npy(bytes: &[u8]) -> Result<AnyArray, Error> {
    let start = check_header(bytes)?;
    let file = NpyFile::new(bytes).map_err(|e| Error::Npy(e.to_string()))?;
    let DType::Plain(kind) = file.dtype() else { return Err(Error::AnyType("record".into())) };
    let any_type = |error| match error {
        Error::Type(kind) => Error::AnyType(kind),
        other => other,
    };
    let Some(encoding) = Encoding::of(&kind) else {
        return read_npy(bytes).map(AnyArray::Numbers).map_err(any_type);
    };
    let shape = shape(&file)?;
    let strings = strings::decode(&bytes[start..], file.len(), encoding)?;
    let strings = match file.order() {
        Order::C => strings,
        Order::Fortran => from_fortran(&shape, &strings),
    };
    Ok(AnyArray::Strings(StringArray { shape, strings }))
}

/// Reads the shape of an array from the first [`HEAD`] bytes of its file.
pub(crate) fn read_shape(head: &[u8]) -> Result<Vec<usize>, Error> {
    check_header(head)?;
    shape(&NpyFile::new(head).map_err(|e| Error::Npy(e.to_string()))?)
}

/// Returns whether the elements of an array are bytes in row-major order, from the first [`HEAD`] bytes of its file.
pub(crate) fn has_bytes(head: &[u8]) -> bool {
    let file = check_header(head).ok().and_then(|_| NpyFile::new(head).ok());
    file.is_some_and(|file| match file.dtype() {
        DType::Plain(kind) => {
            (kind.type_char(), kind.size_field()) == (TypeChar::Uint, 1) && file.order() == Order::C
        }
        _ => false,
    })
}

/// An array of 8-bit unsigned integers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByteArray {
    /// Extent of each axis, the slowest first.
    pub shape: Vec<usize>,
    /// Elements in row-major order, as many as the product of `shape`.
    pub data: Vec<u8>,
}

/// Reads a file for which [`has_bytes`] holds.
pub(crate) fn read_bytes(mut bytes: Vec<u8>) -> Result<ByteArray, Error> {
    let start = check_header(&bytes)?;
    let shape = read_shape(&bytes)?;
    // Without overflow: the header has been checked.
    let elements = shape.iter().product::<usize>();
    bytes.drain(..start);
    if bytes.len() < elements {
        return Err(Error::Truncated);
    }
    bytes.truncate(elements);
    Ok(ByteArray { shape, data: bytes })
}

fn shape(file: &NpyFile<&[u8]>) -> Result<Vec<usize>, Error> {
    let shape = file.shape().iter().map(|&n| usize::try_from(n)).collect::<Result<Vec<_>, _>>();
    shape.map_err(|_| Error::TooLarge)
}

/// Rejects headers that `npyz` does not handle safely. Returns the offset of the elements.
fn check_header(bytes: &[u8]) -> Result<usize, Error> {
    // `npyz` allocates as many bytes as a header declares, parses nested Python literals recursively, and
    // multiplies the sizes of a shape without overflow checks.
    let not = |why: &str| Error::Npy(why.to_owned());
    let (start, length) = match bytes {
        [0x93, b'N', b'U', b'M', b'P', b'Y', 1, _, a, b, ..] => (10, u16::from_le_bytes([*a, *b]).into()),
        [0x93, b'N', b'U', b'M', b'P', b'Y', 2 | 3, _, a, b, c, d, ..] => {
            (12, u32::from_le_bytes([*a, *b, *c, *d]))
        }
        _ => return Err(not("it does not start with NumPy's signature")),
    };
    let length = usize::try_from(length).ok().filter(|&length| length <= HEADER_LIMIT);
    let length = length.ok_or_else(|| not("its header is too long"))?;
    let header = bytes.get(start..start + length).ok_or(Error::Truncated)?;
    let header = std::str::from_utf8(header).map_err(|_| not("its header is not text"))?;
    let once = |bracket: char| header.matches(bracket).count() == 1;
    if header.contains(['\\', '[']) || !once('{') || !once('(') {
        return Err(not("its header is not that of an array of plain numbers"));
    }
    // The header has a single tuple, which must be the shape.
    let (_, shape) = header.split_once('(').ok_or_else(|| not("it has no shape"))?;
    let (shape, _) = shape.split_once(')').ok_or_else(|| not("it has no shape"))?;
    let (mut elements, mut is_empty) = (1_u64, false);
    for extent in shape.split(',').map(str::trim).filter(|extent| !extent.is_empty()) {
        let extent: u64 = extent.parse().map_err(|_| not("its shape is not a tuple of sizes"))?;
        // A size of 0 must not hide an overflow of the others.
        elements = elements.checked_mul(extent.max(1)).ok_or(Error::TooLarge)?;
        is_empty |= extent == 0;
    }
    // An array without elements has no bytes that would bound the loops over its other axes.
    if is_empty && elements > MAX_EMPTY {
        return Err(Error::TooLarge);
    }
    Ok(start + length)
}

fn read_numbers(file: NpyFile<&[u8]>, available: usize) -> Result<ArrayData, Error> {
    let DType::Plain(kind) = file.dtype() else { return Err(Error::Type("record".into())) };
    let (letter, size) = (kind.type_char(), kind.size_field());
    if letter == TypeChar::Object {
        return Err(Error::Objects);
    }
    if file.len().checked_mul(size).is_none_or(|bytes| bytes > available as u64) {
        return Err(Error::Truncated);
    }
    fn read<T: Deserialize, N>(file: NpyFile<&[u8]>, convert: impl Fn(T) -> N) -> Result<Vec<N>, Error> {
        let numbers = file.into_vec::<T>().map_err(|_| Error::Truncated)?;
        Ok(numbers.into_iter().map(convert).collect())
    }
    Ok(match (letter, size) {
        (TypeChar::Bool, 1) => ArrayData::Integers(read::<bool, _>(file, i64::from)?),
        (TypeChar::Int, 1) => ArrayData::Integers(read::<i8, _>(file, i64::from)?),
        (TypeChar::Int, 2) => ArrayData::Integers(read::<i16, _>(file, i64::from)?),
        (TypeChar::Int, 4) => ArrayData::Integers(read::<i32, _>(file, i64::from)?),
        (TypeChar::Int, 8) => ArrayData::Integers(read::<i64, _>(file, |x| x)?),
        (TypeChar::Uint, 1) => ArrayData::Integers(read::<u8, _>(file, i64::from)?),
        (TypeChar::Uint, 2) => ArrayData::Integers(read::<u16, _>(file, i64::from)?),
        (TypeChar::Uint, 4) => ArrayData::Integers(read::<u32, _>(file, i64::from)?),
        (TypeChar::Uint, 8) => {
            let numbers = read::<u64, _>(file, |x| x)?.into_iter().enumerate();
            let signed = numbers.map(|(i, x)| i64::try_from(x).map_err(|_| Error::Integer(i, x)));
            ArrayData::Integers(signed.collect::<Result<_, _>>()?)
        }
        (TypeChar::Float, 2) => {
            ArrayData::Floats { values: read::<npyz::half::f16, _>(file, f64::from)?, bits: 16 }
        }
        (TypeChar::Float, 4) => ArrayData::Floats { values: read::<f32, _>(file, f64::from)?, bits: 32 },
        (TypeChar::Float, 8) => ArrayData::Floats { values: read::<f64, _>(file, |x| x)?, bits: 64 },
        _ => return Err(Error::Type(kind.to_string())),
    })
}

/// Converts elements from column-major to row-major order.
fn from_fortran<T: Clone>(shape: &[usize], numbers: &[T]) -> Vec<T> {
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
    (0..numbers.len()).map(|i| numbers[place(i)].clone()).collect()
}
