//! HDF5 files: arrays of integers and text, and ragged arrays (variable-length sequences).
//!
//! `hdf5-pure` decodes the format. For ragged arrays, it returns references into the global heap, which this
//! module reads (HDF5 File Format Specification 3.0, III.E "Global Heap").

use half::f16;
use hdf5_pure::{Dataset, Datatype, StringPadding};
use synnet_arrays::hdf5::{Number, NumberKind, without_padding};

use crate::Error;
use crate::resolution::Resolution;

/// Maximum number of elements of an array, far above that of any dataset. Larger sizes are taken for damage.
const MAX_ELEMENTS: u64 = 1 << 24;
/// Maximum size of an array of text, in bytes.
const MAX_TEXT_BYTES: u64 = 1 << 28;

/// An HDF5 file in memory.
pub(crate) struct File {
    file: hdf5_pure::File,
}

impl File {
    pub(crate) fn open(bytes: Vec<u8>) -> Result<Self, Error> {
        if !bytes.starts_with(b"\x89HDF\r\n\x1a\n") {
            let is_gzip = bytes.starts_with(&[0x1f, 0x8b]);
            let help = if is_gzip { "; it is compressed: unpack it with `gunzip`" } else { "" };
            return Err(Error::Hdf5(format!("it does not start with the HDF5 signature{help}")));
        }
        let file = hdf5_pure::File::from_bytes(bytes).map_err(|e| Error::Hdf5(e.to_string()))?;
        Ok(Self { file })
    }

    /// Returns the names of the arrays in a group, sorted; none if the group does not exist.
    pub(crate) fn names_in(&self, group: &str) -> Vec<String> {
        let names = self.file.group(group).and_then(|group| group.datasets());
        let mut names = names.unwrap_or_default();
        names.sort();
        names
    }

    /// Returns the number of elements of a one-dimensional array, without reading them.
    pub(crate) fn len(&self, path: &str) -> Result<usize, Error> {
        let shape = self.array(path)?.shape().map_err(|e| failed(path, &e))?;
        Ok(shape.iter().product::<u64>() as usize)
    }

    /// Reads a one-dimensional array of integers or strings. Integers become their digits; strings stay
    /// as they are written, without the padding of a fixed length.
    pub(crate) fn values(&self, path: &str) -> Result<Vec<String>, Error> {
        let array = self.array(path)?;
        match array.datatype().map_err(|e| failed(path, &e))? {
            Datatype::FixedPoint { size: 1 | 2 | 4 | 8, .. } => {
                let numbers = array.read_i64().map_err(|e| failed(path, &e))?;
                Ok(numbers.iter().map(i64::to_string).collect())
            }
            Datatype::String { size, padding, .. } => fixed_text(&array, path, size, &padding),
            Datatype::VariableLength { is_string: true, .. } => {
                let texts = self.heap_objects(&array, path, Number::BYTE)?;
                (0..texts.len())
                    .map(|i| text(path, i, texts.bytes(i)?, &StringPadding::NullTerminate))
                    .collect()
            }
            other => Err(Error::invalid(
                format!("`{path}`"),
                format!("contains {}; expected integers or strings", kind(&other)),
            )),
        }
    }

    /// Opens a one-dimensional array of sequences of numbers.
    pub(crate) fn ragged(&self, path: &str) -> Result<Ragged<'_>, Error> {
        let array = self.array(path)?;
        let datatype = array.datatype().map_err(|e| failed(path, &e))?;
        let wrong = |what: String| Error::invalid(format!("`{path}`"), what);
        let Datatype::VariableLength { is_string: false, base_type, .. } = &datatype else {
            return Err(wrong(format!(
                "contains {}; expected a sequence of numbers per sample",
                kind(&datatype)
            )));
        };
        let number = Number::of(base_type)
            .ok_or_else(|| wrong(format!("contains sequences of {}; expected numbers", kind(base_type))))?;
        self.heap_objects(&array, path, number)
    }

    /// Reads the references of an array whose elements are in the global heap.
    fn heap_objects(&self, array: &Dataset, path: &str, number: Number) -> Result<Ragged<'_>, Error> {
        let superblock = self.file.superblock();
        if (superblock.offset_size, superblock.length_size) != (8, 8) || superblock.base_address.get() != 0 {
            return Err(Error::Hdf5(
                "its addresses are not 8 bytes wide, relative to the start of the file".into(),
            ));
        }
        let references = array.read_raw().map_err(|e| failed(path, &e))?;
        let ragged = Ragged { path: path.to_owned(), references, heap: self.file.as_bytes(), number };
        ragged.check_total()?;
        Ok(ragged)
    }

    /// Opens a one-dimensional array after checking its size, before memory is allocated for it.
    fn array(&self, path: &str) -> Result<Dataset, Error> {
        let array = self.file.dataset(path).map_err(|e| match e {
            hdf5_pure::Error::Format(hdf5_pure::FormatError::PathNotFound(_)) => {
                let (group, _) = path.rsplit_once('/').unwrap_or(("/", path));
                Error::missing(&format!("array `{path}`"), &self.names_in(group))
            }
            other => failed(path, &other),
        })?;
        let shape = array.shape().map_err(|e| failed(path, &e))?;
        let chunk = array.chunk_shape().map_err(|e| failed(path, &e))?.unwrap_or_default();
        let [elements] = shape[..] else {
            return Err(Error::invalid(
                format!("`{path}`"),
                format!("has shape {shape:?}; expected [samples]"),
            ));
        };
        if elements > MAX_ELEMENTS || chunk.iter().any(|&extent| extent > MAX_ELEMENTS) {
            return Err(Error::invalid(format!("`{path}`"), "has more than 2^24 elements"));
        }
        Ok(array)
    }
}

/// Reads an array of text of `size` bytes each.
fn fixed_text(array: &Dataset, path: &str, size: u32, padding: &StringPadding) -> Result<Vec<String>, Error> {
    let shape = array.shape().map_err(|e| failed(path, &e))?;
    let chunk = array.chunk_shape().map_err(|e| failed(path, &e))?.unwrap_or_default();
    let elements = shape.iter().chain(&chunk).copied().max().unwrap_or(0);
    if elements.saturating_mul(size.into()) > MAX_TEXT_BYTES {
        return Err(Error::invalid(format!("`{path}`"), "has more than 2^28 bytes"));
    }
    let bytes = array.read_raw().map_err(|e| failed(path, &e))?;
    let elements = bytes.chunks_exact((size as usize).max(1)).enumerate();
    elements.map(|(i, bytes)| text(path, i, bytes, padding)).collect()
}

/// Decodes element `i` of an array of text, without its padding.
fn text(path: &str, i: usize, bytes: &[u8], padding: &StringPadding) -> Result<String, Error> {
    match std::str::from_utf8(without_padding(bytes, padding)) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(Error::invalid(format!("element {i} of `{path}`"), "is not UTF-8 text")),
    }
}

fn failed(path: &str, error: &dyn std::fmt::Display) -> Error {
    Error::invalid(format!("`{path}`"), format!("cannot be read: {error}"))
}

/// Describes the elements of a type, for messages.
fn kind(datatype: &Datatype) -> &'static str {
    match datatype {
        Datatype::FixedPoint { .. } => "integers",
        Datatype::FloatingPoint { .. } => "floating-point numbers",
        Datatype::String { .. } | Datatype::VariableLength { is_string: true, .. } => "text",
        Datatype::VariableLength { .. } => "sequences",
        Datatype::Compound { .. } => "records",
        _ => "elements of another type",
    }
}

/// Decodes the bytes of a number.
fn decode(number: Number, bytes: &[u8]) -> f64 {
    let bits = number.bits(bytes);
    match (number.kind, number.size) {
        (NumberKind::Unsigned, _) => bits as f64,
        (NumberKind::Signed, _) => number.signed(bits) as f64,
        (NumberKind::Float, 2) => f16::from_bits(bits as u16).to_f64(),
        (NumberKind::Float, 4) => f32::from_bits(bits as u32).into(),
        (NumberKind::Float, _) => f64::from_bits(bits),
    }
}

/// A one-dimensional array of sequences, which are decoded on demand.
pub(crate) struct Ragged<'a> {
    path: String,
    /// For each sequence: its length (4 bytes), the address of a heap collection (8), and the index of an
    /// object in it (4).
    references: Vec<u8>,
    /// The whole file, since addresses are relative to its start.
    heap: &'a [u8],
    number: Number,
}

/// Size of a reference, in bytes.
const REFERENCE: usize = 16;
/// Size of the header of a collection, and of that of an object, in bytes.
const HEADER: usize = 16;

impl Ragged<'_> {
    /// Returns the number of sequences.
    pub(crate) fn len(&self) -> usize {
        self.references.len() / REFERENCE
    }

    /// Returns the resolution of the numbers.
    pub(crate) fn resolution(&self) -> Resolution {
        match self.number.kind {
            NumberKind::Float => Resolution::Float(8 * self.number.size as u8),
            NumberKind::Unsigned | NumberKind::Signed => Resolution::INTEGER,
        }
    }

    /// Decodes sequence `i`.
    pub(crate) fn get(&self, i: usize) -> Result<Vec<f64>, Error> {
        let bytes = self.bytes(i)?;
        Ok(bytes.chunks_exact(self.number.size).map(|bytes| decode(self.number, bytes)).collect())
    }

    /// Returns the bytes of sequence `i`.
    fn bytes(&self, i: usize) -> Result<&[u8], Error> {
        let (length, address, index) = self.reference(i);
        if length == 0 {
            return Ok(&[]);
        }
        let bytes =
            object(self.heap, address, index).and_then(|object| object.get(..length * self.number.size));
        bytes.ok_or_else(|| {
            Error::invalid(
                format!("sample {i} of `{}`", self.path),
                "refers to a sequence that the file does not contain",
            )
        })
    }

    fn reference(&self, i: usize) -> (usize, u64, u32) {
        let bytes = &self.references[i * REFERENCE..(i + 1) * REFERENCE];
        (u32_at(bytes, 0) as usize, u64_at(bytes, 4), u32_at(bytes, 12))
    }

    /// Checks that the sequences together are not longer than the file.
    fn check_total(&self) -> Result<(), Error> {
        // The heap is not compressed and sequences are stored once, so a larger total is damage. Several
        // references to one object could otherwise require any amount of memory.
        let lengths = (0..self.len()).map(|i| self.reference(i).0 as u64);
        if lengths.sum::<u64>().saturating_mul(self.number.size as u64) > self.heap.len() as u64 {
            return Err(Error::invalid(
                format!("`{}`", self.path),
                "declares sequences that are longer than the file",
            ));
        }
        Ok(())
    }
}

/// Returns the bytes of an object of the heap, from the object's start to the end of its data; `None` if it
/// does not exist.
fn object(heap: &[u8], address: u64, index: u32) -> Option<&[u8]> {
    let start = usize::try_from(address).ok()?;
    let collection = heap.get(start..)?;
    let size = usize::try_from(u64_at(collection.get(..HEADER)?, 8)).ok()?;
    if !collection.starts_with(b"GCOL\x01") {
        return None;
    }
    let mut rest = collection.get(HEADER..size)?;
    // Objects are contiguous, padded to 8 bytes; index 0 is the free space after the last one.
    loop {
        let header = rest.get(..HEADER)?;
        let (found, size) =
            (u16::from_le_bytes([header[0], header[1]]), usize::try_from(u64_at(header, 8)).ok()?);
        if u32::from(found) == index {
            return rest.get(HEADER..HEADER.checked_add(size)?);
        }
        if found == 0 {
            return None;
        }
        rest = rest.get(HEADER.checked_add(size.checked_next_multiple_of(8)?)?..)?;
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
