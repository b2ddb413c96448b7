//! Locks on output folders: two training runs in one folder would mix their files.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Name of the lock file. It contains the id of the process.
const NAME: &str = ".training.lock";

/// A lock on a folder, until it is dropped. The system releases it with the process, however that ends: a lock file that a
/// killed process leaves behind locks nothing.
#[derive(Debug)]
pub(crate) struct FolderLock {
    path: PathBuf,
    file: Option<File>,
}

impl FolderLock {
    /// Locks an existing folder. File systems without locks are used without one.
    ///
    /// # Errors
    /// Returns an error that names the process which holds the lock.
    pub(crate) fn acquire(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(NAME);
        loop {
            let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
            // Whether the folder can be written has been checked before.
            let Ok(mut file) = open else { return Ok(Self { path, file: None }) };
            match file.try_lock() {
                Ok(()) if !is_current(&file, &path) => {}
                Ok(()) => {
                    // The id only serves messages.
                    let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                    return Ok(Self { path, file: Some(file) });
                }
                Err(TryLockError::WouldBlock) => return Err(in_use(folder, &mut file)),
                Err(TryLockError::Error(_)) => return Ok(Self { path, file: None }),
            }
        }
    }

    /// Checks that nobody holds the lock of a folder, which may not exist.
    ///
    /// # Errors
    /// Returns the same error as [`acquire`](Self::acquire).
    pub(crate) fn check(folder: &Path) -> Result<(), Error> {
        if folder.join(NAME).exists() { Self::acquire(folder).map(drop) } else { Ok(()) }
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        if self.file.is_some() {
            // The name goes before the lock: whoever opened the file meanwhile sees that it is no longer the current one.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Returns whether a lock file still has its name: the process that held it before may have removed it.
#[cfg(unix)]
fn is_current(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let id = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(named)) => id(open) == id(named),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_current(_file: &File, path: &Path) -> bool {
    path.exists()
}

fn in_use(folder: &Path, file: &mut File) -> Error {
    let mut id = String::new();
    let by = match file.take(20).read_to_string(&mut id) {
        Ok(len) if len > 0 => format!("process {id}"),
        _ => "another process".to_owned(),
    };
    Error::Refused(format!(
        "`{}` is in use: {by} trains there; wait until it ends, or choose another folder with `--out`",
        folder.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_run_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        FolderLock::check(path).unwrap();
        let lock = FolderLock::acquire(path).unwrap();
        let error = FolderLock::acquire(path).unwrap_err().to_string();
        assert!(error.contains(&format!("process {} trains there", std::process::id())), "{error}");
        assert!(FolderLock::check(path).is_err());
        drop(lock);
        assert_eq!(std::fs::read_dir(path).unwrap().count(), 0);
        FolderLock::acquire(path).unwrap();
    }

    #[test]
    fn a_lock_file_without_its_process_locks_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(NAME), "4194303").unwrap();
        FolderLock::check(folder.path()).unwrap();
        FolderLock::acquire(folder.path()).unwrap();
    }
}
