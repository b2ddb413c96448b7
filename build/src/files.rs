//! Reading and writing of files, with errors that name the file.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use synnet_ir::FileKind;

use crate::error::Error;

/// Reads files and records their paths, on which the crate depends.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// Paths in the order of reading, missing files included: the build runs again when one appears.
    pub(crate) read: Vec<PathBuf>,
}

impl Files {
    /// Reads a weights file; refuses a file of another kind.
    pub(crate) fn read_weights(&mut self, path: &Path) -> Result<Vec<u8>, Error> {
        self.bytes_of(FileKind::Weights, path).map_err(|reason| cannot_read(path, &reason))
    }

    /// Reads a network; refuses a file of another kind.
    pub(crate) fn read_network(&mut self, path: &Path) -> Result<String, Error> {
        self.bytes_of(FileKind::Network, path).and_then(text).map_err(|reason| cannot_read(path, &reason))
    }

    /// Reads a detector; refuses a file of another kind.
    pub(crate) fn read_detector(&mut self, path: &Path) -> Result<String, Error> {
        self.bytes_of(FileKind::Detector, path).and_then(text).map_err(|reason| cannot_read(path, &reason))
    }

    fn bytes_of(&mut self, expected: FileKind, path: &Path) -> Result<Vec<u8>, String> {
        let bytes = self.bytes(path)?;
        FileKind::of(path, &bytes).mistaken_for(expected).map_or(Ok(bytes), Err)
    }

    fn bytes(&mut self, path: &Path) -> Result<Vec<u8>, String> {
        self.read.push(path.into());
        std::fs::read(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => "there is no such file".into(),
            _ => error.to_string(),
        })
    }
}

impl synnet_dsl::Loader for Files {
    fn load(&mut self, path: &str) -> Result<String, String> {
        self.bytes(Path::new(path)).and_then(text)
    }
}

fn text(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".into())
}

fn cannot_read(path: &Path, reason: &str) -> Error {
    Error::new(format!("cannot read `{}`: {reason}", path.display()))
}

/// Writes a file atomically, unless it already contains these bytes.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    // A new modification time would make cargo compile everything that includes the file.
    if std::fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    let write = || {
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        // In the same folder, because a rename is atomic within a file system only.
        let mut file = temporary_file(folder)?;
        if let Ok(present) = std::fs::metadata(path) {
            file.as_file().set_permissions(present.permissions())?;
        }
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|error: std::io::Error| Error::new(format!("cannot write `{}`: {error}", path.display())))
}

/// Creates a temporary file with the permissions that the umask gives: by default, it would be private.
fn temporary_file(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}
