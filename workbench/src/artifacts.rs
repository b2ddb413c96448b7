//! The files that a build leaves.

use std::path::{Path, PathBuf};

use synnet_ir::Artifacts;

use crate::error::Error;
use crate::files;

/// A file that was written.
#[derive(Clone, Debug)]
pub struct WrittenFile {
    /// Path of the file.
    pub path: PathBuf,
    /// What it is, in a few words.
    pub what: String,
}

/// Writes the files of a build into a folder, all of them or none.
///
/// # Errors
/// Files that cannot be written.
pub fn write(artifacts: &Artifacts, folder: &Path) -> Result<Vec<WrittenFile>, Error> {
    let file = |file: &synnet_ir::Artifact| WrittenFile {
        path: folder.join(&file.name),
        what: file.description.clone(),
    };
    let written: Vec<WrittenFile> = artifacts.files.iter().map(file).collect();
    // The main file comes last: whoever sees it finds the others.
    let contents = written.iter().zip(&artifacts.files).rev();
    let contents = contents.map(|(written, file)| (written.path.as_path(), file.bytes.as_slice()));
    files::write_together(&contents.collect::<Vec<_>>())?;
    Ok(written)
}
