//! Reading and writing whole files. Writes are atomic: a file appears complete or not at all.

use std::borrow::Cow;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::error::{self, Error};

/// Maximum size in bytes of a text file: a network, a recipe or a log.
const MAX_TEXT: u64 = 64 << 20;

/// Maximum size in bytes of any other input file.
const MAX_FILE: u64 = 16 << 30;

/// Maximum number of bytes that are read from a pipe or a device, whose end is unknown.
const MAX_STREAM: u64 = 512 << 20;

/// Prefix of the names of incomplete files.
pub(crate) const TEMPORARY_PREFIX: &str = ".snnc-";

/// Returns the bytes of a file.
///
/// # Errors
/// Returns an error if the file cannot be read, or is larger than 16 GiB; a pipe or a device, if it has more than 512 MiB.
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |e| Error::io("read", path, e);
    let file = std::fs::File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return read_stream(file, path);
    }
    if metadata.len() > MAX_FILE {
        let limit = MAX_FILE >> 30;
        return Err(Error::file(path, format!("larger than {limit} GiB, the limit for input files")));
    }
    // Allocates by the length, and reports a lack of memory as an error.
    std::fs::read(path).map_err(failed)
}

/// Returns the bytes of a pipe or a device; messages call it `path`.
///
/// # Errors
/// Returns an error if it cannot be read, or has more than 512 MiB.
pub fn read_stream(reader: impl Read, path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    reader.take(MAX_STREAM + 1).read_to_end(&mut bytes).map_err(|e| Error::io("read", path, e))?;
    if bytes.len() as u64 > MAX_STREAM {
        let limit = MAX_STREAM >> 20;
        return Err(Error::file(path, format!("more than {limit} MiB, the limit for pipes and devices")));
    }
    Ok(bytes)
}

/// Returns the text of a file.
///
/// # Errors
/// Returns an error if the file cannot be read, is not UTF-8, or is larger than 64 MiB.
pub fn read_text(path: &Path) -> Result<String, Error> {
    let file = std::fs::File::open(path).map_err(|e| Error::io("read", path, e))?;
    read_text_from(file, path)
}

/// Returns the text of a stream; messages call it `path`.
///
/// # Errors
/// Returns the same errors as [`read_text`].
pub fn read_text_from(reader: impl Read, path: &Path) -> Result<String, Error> {
    let bytes = limited(reader).map_err(|e| Error::io("read", path, e))?;
    text(bytes).map_err(|why| Error::file(path, why))
}

/// Returns a path for messages. Bytes that are not UTF-8 are escaped: `a\xff.snn`.
pub fn display(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

/// Returns the last component of a path as text.
pub fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Returns the folder of this program in the user's cache folder; `None` if the system has none. It may not exist yet.
pub fn cache_folder() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    // The XDG base directory specification says to ignore relative paths.
    let base = absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("LOCALAPPDATA"))
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))?;
    Some(base.join("synnet"))
}

/// Returns the text of an imported file.
///
/// # Errors
/// Returns the reason why it cannot be read, to complete "cannot read `path`: ...".
pub fn read_import(path: &Path) -> Result<String, String> {
    let bytes = std::fs::File::open(path).and_then(limited);
    text(bytes.map_err(|e| error::io_reason(&e))?)
}

/// Returns the bytes of a text: at most 64 MiB and one more byte, by which [`text`] recognizes one that is too large. A
/// device such as `/dev/zero` would otherwise be read forever.
///
/// # Errors
/// Returns an error if the stream cannot be read.
pub fn limited(reader: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MAX_TEXT + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Returns a field of a table of comma-separated values, quoted if it has to be (RFC 4180).
pub(crate) fn csv_field(text: &str) -> Cow<'_, str> {
    if text.contains([',', '"', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

/// Returns bytes as text.
///
/// # Errors
/// Returns the reason if they are not UTF-8, or more than 64 MiB.
pub fn text(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.len() as u64 > MAX_TEXT {
        return Err(format!("larger than {} MiB, the limit for text files", MAX_TEXT >> 20));
    }
    String::from_utf8(bytes).map_err(|e| format!("not UTF-8 text (byte {})", e.utf8_error().valid_up_to()))
}

/// Writes a temporary file and renames it, so that readers see the old or the new content, and a full disk destroys
/// neither. Mode and symbolic links are kept; a file with hard links is written in place, to keep them.
///
/// # Errors
/// Returns an error if the file cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_together(&[(path, bytes)])
}

/// Writes files that belong together. None of them appears before all of them are on disk.
///
/// # Errors
/// Returns an error for the first file that cannot be written.
pub fn write_together(files: &[(&Path, &[u8])]) -> Result<(), Error> {
    let mut prepared = Vec::new();
    for &(path, bytes) in files {
        if is_device(path) || has_other_names(path) {
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

/// Appends to an existing file. Not atomic: a process that is killed may leave a part of the bytes.
pub(crate) fn append(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let file = std::fs::OpenOptions::new().append(true).open(path);
    let appended = file.and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_data()
    });
    appended.map_err(|e| Error::io("write", path, e))
}

/// Syncs the directory entry of a new file, so that files survive a power failure in the order in which they were
/// written.
fn sync_folder(path: &Path) {
    // Not every file system can sync a folder; then the order is not guaranteed, but the files are complete.
    #[cfg(unix)]
    let _ = std::fs::File::open(folder_of(path)).and_then(|folder| folder.sync_all());
    #[cfg(not(unix))]
    let _ = path;
}

/// Returns the folder of a file.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Returns whether a path is a device or a pipe, which must not be replaced by a file, and could be read forever.
pub(crate) fn is_device(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Returns whether a file has hard links: renaming another file over one of its names would separate it from the others.
#[cfg(unix)]
fn has_other_names(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.nlink() > 1)
}

#[cfg(not(unix))]
fn has_other_names(_path: &Path) -> bool {
    false
}

/// Creates a folder and its parents.
pub(crate) fn create_folder(path: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(path).map_err(|e| Error::io("create the folder", path, e))
}

/// Removes incomplete files of processes that were killed. Files of a live process are locked, and stay.
pub(crate) fn remove_leftovers(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(TEMPORARY_PREFIX)) {
        let path = entry.path();
        let is_free = entry.file_type().is_ok_and(|kind| kind.is_file())
            && std::fs::File::open(&path).is_ok_and(|file| file.try_lock().is_ok());
        if is_free {
            // A file that cannot be removed does no harm.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Checks that files can be created in a folder. If it does not exist, its nearest parent stands for it. Work that takes
/// long thus does not end with an error that was known at its start.
///
/// # Errors
/// Returns an error that names the folder.
pub(crate) fn check_writable(folder: &Path) -> Result<(), Error> {
    let current = Path::new(".");
    let parents = folder.ancestors().map(|path| if path.as_os_str().is_empty() { current } else { path });
    let present = parents.into_iter().find(|path| path.symlink_metadata().is_ok()).unwrap_or(current);
    let created = temporary(0o666).tempfile_in(present);
    created.map(drop).map_err(|e| Error::io("write to the folder", folder, e))
}

/// Follows symbolic links: renaming must replace the file that a link points to, not the link.
fn resolve(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Writes the bytes to a temporary file beside the target, ready to be renamed.
fn prepare(path: &Path, bytes: &[u8]) -> std::io::Result<tempfile::NamedTempFile> {
    if path.is_dir() {
        return Err(std::io::ErrorKind::IsADirectory.into());
    }
    let target = resolve(path);
    let mut file = temporary_file(&target)?;
    file.write_all(bytes)?;
    file.as_file().sync_data()?;
    Ok(file)
}

/// Creates an empty temporary file beside a file that it will replace. It has the permissions of that file, or those
/// that the umask gives to a new one: by default, temporary files are private.
pub(crate) fn temporary_file(target: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let file = temporary(0o666).tempfile_in(folder_of(target))?;
    // Says that its process lives. File systems without locks are used without one.
    let _ = file.as_file().try_lock();
    if let Ok(present) = std::fs::metadata(target) {
        file.as_file().set_permissions(present.permissions())?;
    }
    Ok(file)
}

/// Creates an empty temporary folder beside the path that it will be renamed to, with the permissions of new folders.
pub(crate) fn temporary_folder(target: &Path) -> std::io::Result<tempfile::TempDir> {
    temporary(0o777).tempdir_in(folder_of(target))
}

/// Returns a builder of temporary files or folders. The system subtracts the umask from `mode`.
fn temporary(mode: u32) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY_PREFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    builder
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

    #[test]
    fn leftovers_of_live_processes_stay() {
        let folder = tempfile::tempdir().unwrap();
        let live = temporary_file(&folder.path().join("a")).unwrap();
        let dead = folder.path().join(format!("{TEMPORARY_PREFIX}dead"));
        std::fs::write(&dead, "half").unwrap();
        remove_leftovers(folder.path());
        assert!(live.path().exists() && !dead.exists());
        let target = folder.path().join("a");
        live.persist(&target).unwrap();
        assert!(target.exists());
    }

    #[test]
    fn overwriting_keeps_links_and_modes() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let folder = tempfile::tempdir().unwrap();
        let [file, hard, soft] = ["file", "hard", "soft"].map(|name| folder.path().join(name));
        std::fs::write(&file, "old").unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o750)).unwrap();
        symlink(&file, &soft).unwrap();
        write(&soft, b"first").unwrap();
        assert!(std::fs::symlink_metadata(&soft).unwrap().is_symlink());
        std::fs::hard_link(&file, &hard).unwrap();
        write(&file, b"second").unwrap();
        assert_eq!(std::fs::read(&hard).unwrap(), b"second");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o750);
    }
}
