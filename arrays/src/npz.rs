//! The `.npz` format, a zip archive of `.npy` files.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use npyz::AutoSerialize;
use zip::write::SimpleFileOptions;

use crate::{AnyArray, Array, ByteArray, Error, npy, read_any_npy, read_npy};

/// Default limit of the decompressed size, in bytes: 1 GiB.
pub const DEFAULT_LIMIT: u64 = 1 << 30;

/// Reads all arrays of a `.npz` archive, by name. Their total decompressed size is limited to
/// [`DEFAULT_LIMIT`].
///
/// # Errors
/// Returns an error if the bytes are not such an archive, or if one of its arrays cannot be read.
pub fn read_npz(bytes: &[u8]) -> Result<BTreeMap<String, Array>, Error> {
    let mut reader = NpzReader::open(bytes)?;
    let mut arrays = BTreeMap::new();
    for name in reader.names().to_vec() {
        let (array, size) = reader.unpack(&name)?;
        reader.limit -= size;
        arrays.insert(name, array);
    }
    Ok(arrays)
}

/// A `.npz` archive whose arrays are decompressed one at a time, on demand.
pub struct NpzReader<'a> {
    zip: zip::ZipArchive<Cursor<&'a [u8]>>,
    names: Vec<String>,
    limit: u64,
}

impl std::fmt::Debug for NpzReader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NpzReader").field("names", &self.names).finish_non_exhaustive()
    }
}

/// Describes why bytes are not an archive, in terms of a user: the directory of an archive is at its end.
fn damage(bytes: &[u8], error: &zip::result::ZipError) -> String {
    match bytes {
        [] => "the file is empty".to_owned(),
        [b'P', b'K', ..] => format!("the archive is truncated or damaged: {error}"),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => {
            "it is a single array (`.npy`), not an archive of arrays (`.npz`)".to_owned()
        }
        _ => "it is not an archive: it does not start with `PK`".to_owned(),
    }
}

impl<'a> NpzReader<'a> {
    /// Opens an archive: reads the names of its arrays, but no array.
    ///
    /// # Errors
    /// Returns an error if the bytes are not an archive, or if it contains anything but arrays.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Error> {
        let zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| Error::Npz(damage(bytes, &e)))?;
        let mut names = Vec::with_capacity(zip.len());
        for path in zip.file_names() {
            let path = path.map_err(|e| Error::Npz(e.to_string()))?;
            let Some(name) = path.strip_suffix(".npy") else {
                return Err(Error::Npz(format!("it contains `{path}`, which is not an array")));
            };
            names.push(name.to_owned());
        }
        names.sort();
        Ok(Self { zip, names, limit: DEFAULT_LIMIT })
    }

    /// Returns the reader with another limit of the decompressed size of each array, in bytes.
    pub fn with_limit(self, limit: u64) -> Self {
        Self { limit, ..self }
    }

    /// Returns the names of the arrays, sorted.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the comment of the archive; empty if it has none.
    pub fn comment(&self) -> &[u8] {
        self.zip.comment()
    }

    /// Decompresses one array.
    ///
    /// # Errors
    /// Returns an error if there is no array of this name, or if it is too large, damaged, or not an array of
    /// numbers.
    pub fn array(&mut self, name: &str) -> Result<Array, Error> {
        self.unpack(name).map(|(array, _)| array)
    }

    /// Decompresses one array of numbers or strings.
    ///
    /// # Errors
    /// Returns an error if there is no array of this name, or if it is too large, damaged, or an array of
    /// other elements.
    pub fn any_array(&mut self, name: &str) -> Result<AnyArray, Error> {
        let bytes = self.decompress(name)?;
        read_any_npy(&bytes).map_err(|error| in_member(name, error))
    }

    /// Returns the shape of an array, without decompressing its elements.
    ///
    /// # Errors
    /// Returns an error if there is no array of this name, or if its header is damaged.
    pub fn shape(&mut self, name: &str) -> Result<Vec<usize>, Error> {
        let head = self.head(name)?;
        npy::read_shape(&head).map_err(|error| in_member(name, error))
    }

    /// Decompresses an array of 8-bit unsigned integers in row-major order; returns `None` if it is of another kind. Takes
    /// one byte per element, where [`array`](Self::array) takes eight.
    ///
    /// # Errors
    /// Returns an error if there is no array of this name, or if it is too large or damaged.
    pub fn bytes(&mut self, name: &str) -> Result<Option<ByteArray>, Error> {
        if !npy::has_bytes(&self.head(name)?) {
            return Ok(None);
        }
        let bytes = self.decompress(name)?;
        npy::read_bytes(bytes).map(Some).map_err(|error| in_member(name, error))
    }

    /// Returns the first bytes of an array, which contain its header.
    fn head(&mut self, name: &str) -> Result<Vec<u8>, Error> {
        let packed = |e: &dyn std::fmt::Display| in_member(name, Error::Npz(e.to_string()));
        let member = self.zip.by_name(&format!("{name}.npy")).map_err(|e| packed(&e))?;
        let mut bytes = Vec::new();
        member.take(npy::HEAD).read_to_end(&mut bytes).map_err(|e| packed(&e))?;
        Ok(bytes)
    }

    /// Returns one array and its decompressed size in bytes, which is at most the limit.
    fn unpack(&mut self, name: &str) -> Result<(Array, u64), Error> {
        let bytes = self.decompress(name)?;
        Ok((read_npy(&bytes).map_err(|error| in_member(name, error))?, bytes.len() as u64))
    }

    /// Returns the decompressed bytes of an array, at most as many as the limit.
    fn decompress(&mut self, name: &str) -> Result<Vec<u8>, Error> {
        let packed = |e: &dyn std::fmt::Display| in_member(name, Error::Npz(e.to_string()));
        let member = self.zip.by_name(&format!("{name}.npy")).map_err(|e| packed(&e))?;
        // The size in the archive's directory cannot be trusted: stop one byte beyond the limit.
        let mut bytes = Vec::new();
        member.take(self.limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| packed(&e))?;
        if bytes.len() as u64 > self.limit {
            return Err(in_member(name, Error::Limit(self.limit)));
        }
        Ok(bytes)
    }
}

fn in_member(name: &str, error: Error) -> Error {
    Error::Member { name: name.to_owned(), error: Box::new(error) }
}

/// A `.npz` archive under construction. The same arrays in the same order give the same bytes.
#[derive(Default)]
pub struct NpzWriter {
    zip: Option<zip::ZipWriter<Cursor<Vec<u8>>>>,
}

impl std::fmt::Debug for NpzWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NpzWriter").finish_non_exhaustive()
    }
}

impl NpzWriter {
    /// Maximum length of a comment in bytes, which the ZIP format sets.
    pub const MAX_COMMENT: usize = u16::MAX as usize;

    /// Creates an archive without arrays.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an array, with its elements in row-major order.
    ///
    /// # Errors
    /// Returns an error if the number of elements is not the product of the shape.
    pub fn add<T>(&mut self, name: &str, shape: &[usize], numbers: &[T]) -> Result<(), Error>
    where
        T: AutoSerialize + Copy,
    {
        let failed = |why: String| Error::Write(name.to_owned(), why);
        npy::check_count(shape, numbers.len()).map_err(failed)?;
        let zip = self.zip.get_or_insert_with(|| zip::ZipWriter::new(Cursor::new(Vec::new())));
        // A fixed time, so that the bytes do not depend on the clock.
        let options = SimpleFileOptions::default()
            .last_modified_time(zip::DateTime::default())
            .large_file(size_of_val(numbers) > u32::MAX as usize / 2);
        zip.start_file(format!("{name}.npy"), options).map_err(|e| failed(e.to_string()))?;
        npy::write_to(zip, shape, numbers).map_err(failed)
    }

    /// Sets the comment of the archive. NumPy ignores it.
    ///
    /// # Errors
    /// Returns an error if the text has more than [`MAX_COMMENT`](Self::MAX_COMMENT) bytes.
    pub fn set_comment(&mut self, text: String) -> Result<(), Error> {
        let zip = self.zip.get_or_insert_with(|| zip::ZipWriter::new(Cursor::new(Vec::new())));
        zip.set_comment(text).map_err(|e| Error::Write("comment".into(), e.to_string()))
    }

    /// Completes the archive and returns its bytes.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be completed.
    pub fn finish(self) -> Result<Vec<u8>, Error> {
        let zip = self.zip.unwrap_or_else(|| zip::ZipWriter::new(Cursor::new(Vec::new())));
        let cursor = zip.finish().map_err(|e| Error::Write("archive".into(), e.to_string()))?;
        Ok(cursor.into_inner())
    }
}
