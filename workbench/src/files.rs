//! Reading and writing whole files. What is written appears complete or not at all.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::error::{self, Error};

/// Most bytes of a text: network, recipe or log.
const MAX_TEXT: u64 = 64 << 20;

/// How the names of files begin that are not yet complete.
pub(crate) const TEMPORARY_PREFIX: &str = ".snnc-";

/// Returns the bytes of a file.
///
/// # Errors
/// A file that cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|e| Error::io("read", path, e))
}

/// Returns the text of a file.
///
/// # Errors
/// A file that cannot be read, is not UTF-8 text, or is larger than any text.
pub fn read_text(path: &Path) -> Result<String, Error> {
    let file = std::fs::File::open(path).map_err(|e| Error::io("read", path, e))?;
    read_text_from(file, path)
}

/// Returns the text of a stream, which messages call `path`.
///
/// # Errors
/// As those of [`read_text`].
pub fn read_text_from(reader: impl Read, path: &Path) -> Result<String, Error> {
    let bytes = limited(reader).map_err(|e| Error::io("read", path, e))?;
    text(bytes).map_err(|why| Error::file(path, why))
}

/// Returns the last part of a path, as text.
pub fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The text of an imported file, or why there is none.
pub(crate) fn read_import(path: &Path) -> Result<String, String> {
    let bytes = std::fs::File::open(path).and_then(limited);
    text(bytes.map_err(|e| error::io_reason(&e))?)
}

/// The bytes of a text, and one more than a text may have where it has more: devices never end.
fn limited(reader: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MAX_TEXT + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn text(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.len() as u64 > MAX_TEXT {
        return Err(format!("larger than {} MiB; no text is that long", MAX_TEXT >> 20));
    }
    String::from_utf8(bytes).map_err(|e| format!("not UTF-8 text (byte {})", e.utf8_error().valid_up_to()))
}

/// Writes a file through a temporary one beside it, so that readers see the old or the new content
/// and a full disk loses nothing.
///
/// # Errors
/// A file that cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_together(&[(path, bytes)])
}

/// Writes files that belong together. None of them appears before all of them are on the disk.
///
/// # Errors
/// The first file that cannot be written.
pub fn write_together(files: &[(&Path, &[u8])]) -> Result<(), Error> {
    let mut prepared = Vec::new();
    for &(path, bytes) in files {
        if is_device(path) {
            std::fs::write(path, bytes).map_err(|e| Error::io("write", path, e))?;
        } else {
            prepared.push((path, prepare(path, bytes).map_err(|e| Error::io("write", path, e))?));
        }
    }
    for (path, file) in prepared {
        let target = resolve(path);
        file.persist(&target).map_err(|e| Error::io("write", path, e.error))?;
        sync_folder(&target);
    }
    Ok(())
}

/// Adds to the end of a file that exists. A process that is killed meanwhile may leave a part of the bytes.
pub(crate) fn append(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let file = std::fs::OpenOptions::new().append(true).open(path);
    let appended = file.and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_data()
    });
    appended.map_err(|e| Error::io("write", path, e))
}

/// Forces the name of a new file to the disk, too, so that files which were written one after the other are there
/// in this order after a loss of power. Where a system cannot do that, it has its own order.
fn sync_folder(path: &Path) {
    #[cfg(unix)]
    let _ = std::fs::File::open(folder_of(path)).and_then(|folder| folder.sync_all());
    #[cfg(not(unix))]
    let _ = path;
}

/// The folder of a file.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Whether a path is a device, a pipe or the like, which must not be replaced by a file.
fn is_device(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Creates a folder and those above it.
pub(crate) fn create_folder(path: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(path).map_err(|e| Error::io("create the folder", path, e))
}

/// Removes what a killed process has left of files that it had not yet finished.
pub(crate) fn remove_leftovers(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(TEMPORARY_PREFIX)) {
        // Where it cannot be removed it does no harm.
        let _ = std::fs::remove_file(entry.path());
    }
}

/// The file behind a link, which stays a link.
fn resolve(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Writes the bytes to a temporary file that only needs to be renamed.
fn prepare(path: &Path, bytes: &[u8]) -> std::io::Result<tempfile::NamedTempFile> {
    if path.is_dir() {
        return Err(std::io::ErrorKind::IsADirectory.into());
    }
    let target = resolve(path);
    let folder = folder_of(&target);
    let mut builder = tempfile::Builder::new();
    // A temporary file is private by default; what users build is theirs to share.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.prefix(TEMPORARY_PREFIX).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_data()?;
    Ok(file)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn devices_are_not_replaced() {
        assert!(is_device(Path::new("/dev/null")));
        assert!(!is_device(Path::new("Cargo.toml")));
        write(Path::new("/dev/null"), b"nothing").unwrap();
        assert!(is_device(Path::new("/dev/null")));
    }
}
