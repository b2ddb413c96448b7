//! Folders whose files appear together.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::files;

/// A folder that is created complete or not at all: files are written to a temporary folder beside it, which is renamed
/// at the end. Dropped before, nothing is left.
#[derive(Debug)]
pub struct NewFolder {
    target: PathBuf,
    temporary: tempfile::TempDir,
}

impl NewFolder {
    /// Begins a folder. Creates the folders above it.
    ///
    /// # Errors
    /// Returns an error if `target` is a file or a folder that is not empty, or if its parent cannot be written.
    pub fn create(target: &Path) -> Result<Self, Error> {
        check_free(target)?;
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent.map_or(Ok(()), files::create_folder)?;
        let temporary = files::temporary_folder(target).map_err(|e| Error::io("write", target, e))?;
        Ok(Self { target: target.to_owned(), temporary })
    }

    /// Returns the folder to write to until it is published.
    pub fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// Writes a file, by its path below the folder, and the folders around it.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub fn write(&self, name: &Path, bytes: &[u8]) -> Result<(), Error> {
        let file = self.path().join(name);
        let write = || {
            std::fs::create_dir_all(file.parent().unwrap_or(self.path()))?;
            std::fs::write(&file, bytes)
        };
        write().map_err(|e| Error::io("write", &self.target.join(name), e))
    }

    /// Gives the folder its name.
    ///
    /// # Errors
    /// Returns an error if it cannot be renamed.
    pub fn publish(self) -> Result<(), Error> {
        let failed = |e| Error::io("write", &self.target, e);
        // Not every system renames a folder over an empty one.
        if self.target.is_dir() {
            std::fs::remove_dir(&self.target).map_err(failed)?;
        }
        std::fs::rename(self.temporary.path(), &self.target).map_err(failed)?;
        // Under its new name, the folder stays.
        let _ = self.temporary.keep();
        Ok(())
    }
}

/// Checks that the folder does not exist or is empty.
fn check_free(target: &Path) -> Result<(), Error> {
    let refused = |why: &str| Err(Error::Refused(format!("`{}` {why}", target.display())));
    match std::fs::read_dir(target).map(Iterator::count) {
        Ok(1..) => refused("is not empty; give the name of a new folder, or remove this one"),
        Err(_) if target.exists() => refused("is a file; give the name of a new folder"),
        Ok(_) | Err(_) => Ok(()),
    }
}
