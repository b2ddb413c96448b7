//! Arrays of numbers in NumPy's `.npz` archives, read with care: sizes are bounded before memory is taken.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use npyz::npz::{NpzArchive, NpzWriter};
use npyz::zip::DateTime;
use npyz::zip::write::FileOptions;
use npyz::{DType, Deserialize, NpyFile, Order, TypeChar, WriterBuilder};

/// Most bytes of one array, unpacked.
const LIMIT: u64 = 64 << 20;
/// Longest header of an array of plain numbers; NumPy pads to 128.
const HEADER_LIMIT: usize = 1024;

/// An array of integers in row-major order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Vec<i64>,
}

impl Array {
    pub(crate) fn new(shape: &[usize], data: impl IntoIterator<Item = i64>) -> Self {
        Self { shape: shape.into(), data: data.into_iter().collect() }
    }
}

/// An archive whose arrays are unpacked on demand.
pub(crate) struct Archive<'a> {
    npz: NpzArchive<Cursor<&'a [u8]>>,
}

impl<'a> Archive<'a> {
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let npz = NpzArchive::new(Cursor::new(bytes)).map_err(|e| format!("not an `.npz` archive: {e}"))?;
        Ok(Self { npz })
    }

    /// Names of the arrays, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.npz.array_names().map(str::to_string).collect();
        names.sort();
        names.dedup();
        names
    }

    /// One array, or why it is not an array of integers.
    pub(crate) fn array(&mut self, name: &str) -> Result<Array, String> {
        let member = self
            .npz
            .zip_archive()
            .by_name(&npyz::npz::file_name_from_array_name(name))
            .map_err(|e| format!("cannot be unpacked: {e}"))?;
        let mut bytes = Vec::new();
        member.take(LIMIT + 1).read_to_end(&mut bytes).map_err(|e| format!("cannot be unpacked: {e}"))?;
        if bytes.len() as u64 > LIMIT {
            return Err(format!("has more than {} MiB", LIMIT >> 20));
        }
        parse(&bytes)
    }
}

/// The bytes of an archive. The same arrays give the same bytes, whatever the clock says.
pub(crate) fn write(arrays: &BTreeMap<&str, Array>) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    {
        let mut npz = NpzWriter::new(&mut bytes);
        let options = FileOptions::default().last_modified_time(DateTime::default());
        for (name, array) in arrays {
            let shape: Vec<u64> = array.shape.iter().map(|&n| n as u64).collect();
            let mut writer = npz
                .array(name, options)
                .and_then(|builder| builder.default_dtype().shape(&shape).begin_nd())
                .expect("memory can be written to");
            writer.extend(&array.data).expect("memory can be written to");
            writer.finish().expect("an array has as many values as its shape says");
        }
        npz.zip_writer().finish().expect("memory can be written to");
    }
    bytes.into_inner()
}

fn parse(bytes: &[u8]) -> Result<Array, String> {
    check_header(bytes)?;
    let file = NpyFile::new(bytes).map_err(|e| format!("is not in NumPy's format: {e}"))?;
    let shape: Vec<usize> = file.shape().iter().map(|&n| n as usize).collect();
    let order = file.order();
    let data = integers(file)?;
    let data = if order == Order::Fortran { row_major(&shape, &data) } else { data };
    Ok(Array { shape, data })
}

/// Refuses headers that a reader could choke on: long or odd ones, and shapes beyond the bytes at hand.
fn check_header(bytes: &[u8]) -> Result<(), String> {
    let odd = || "is not an array of plain numbers in NumPy's format".to_string();
    let (start, length) = match bytes {
        [0x93, b'N', b'U', b'M', b'P', b'Y', 1, _, a, b, ..] => (10, u16::from_le_bytes([*a, *b]) as usize),
        [0x93, b'N', b'U', b'M', b'P', b'Y', 2 | 3, _, a, b, c, d, ..] => {
            (12, u32::from_le_bytes([*a, *b, *c, *d]) as usize)
        }
        _ => return Err(odd()),
    };
    if length > HEADER_LIMIT {
        return Err(odd());
    }
    let header =
        bytes.get(start..start + length).and_then(|h| std::str::from_utf8(h).ok()).ok_or_else(odd)?;
    if header.contains(['\\', '[']) || header.matches("shape").count() != 1 {
        return Err(odd());
    }
    let (_, shape) = header.split_once("shape").ok_or_else(odd)?;
    let (_, shape) = shape.split_once('(').ok_or_else(odd)?;
    let (shape, _) = shape.split_once(')').ok_or_else(odd)?;
    let mut elements: usize = 1;
    for extent in shape.split(',').map(str::trim).filter(|extent| !extent.is_empty()) {
        let extent: usize = extent.trim_end_matches('L').parse().map_err(|_| odd())?;
        // Extents of 0 must not hide an overflow of the others.
        elements = elements
            .max(1)
            .checked_mul(extent.max(1))
            .filter(|&n| n <= bytes.len())
            .ok_or_else(|| "is shorter than its shape says".to_string())?;
    }
    Ok(())
}

fn integers(file: NpyFile<&[u8]>) -> Result<Vec<i64>, String> {
    let DType::Plain(kind) = file.dtype() else { return Err("holds records, not numbers".into()) };
    match (kind.type_char(), kind.size_field()) {
        (TypeChar::Int, 1) => read::<i8>(file, |x| Some(x.into())),
        (TypeChar::Int, 2) => read::<i16>(file, |x| Some(x.into())),
        (TypeChar::Int, 4) => read::<i32>(file, |x| Some(x.into())),
        (TypeChar::Int, 8) => read::<i64>(file, Some),
        (TypeChar::Uint, 1) => read::<u8>(file, |x| Some(x.into())),
        (TypeChar::Uint, 2) => read::<u16>(file, |x| Some(x.into())),
        (TypeChar::Uint, 4) => read::<u32>(file, |x| Some(x.into())),
        (TypeChar::Uint, 8) => read::<u64>(file, |x| i64::try_from(x).ok()),
        (TypeChar::Float, 4) => read::<f32>(file, |x| whole(x.into())),
        (TypeChar::Float, 8) => read::<f64>(file, whole),
        _ => Err(format!("holds `{kind}`, not integers")),
    }
}

fn read<T: Deserialize + std::fmt::Display + Copy>(
    file: NpyFile<&[u8]>,
    convert: impl Fn(T) -> Option<i64>,
) -> Result<Vec<i64>, String> {
    let values = file.into_vec::<T>().map_err(|e| format!("cannot be read: {e}"))?;
    values
        .iter()
        .enumerate()
        .map(|(i, &x)| convert(x).ok_or_else(|| format!("holds {x} at element {i}, which is not an integer")))
        .collect()
}

fn whole(x: f64) -> Option<i64> {
    (x.fract() == 0.0 && x.abs() < 2f64.powi(53)).then_some(x as i64)
}

/// Reorders column-major data.
fn row_major(shape: &[usize], data: &[i64]) -> Vec<i64> {
    let mut index = vec![0; shape.len()];
    let mut ordered = Vec::with_capacity(data.len());
    for _ in 0..data.len() {
        let mut place = 0;
        for (&i, &extent) in index.iter().zip(shape).rev() {
            place = place * extent + i;
        }
        ordered.push(data[place]);
        for (i, &extent) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if *i < extent {
                break;
            }
            *i = 0;
        }
    }
    ordered
}
