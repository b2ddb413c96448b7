//! Writing the files of a build.

use std::path::{Path, PathBuf};

use synnet_ir::Artifacts;

use crate::error::Error;
use crate::files;

/// An output file, as listed in reports.
#[derive(Clone, Debug)]
pub struct WrittenFile {
    /// The file, relative to the working folder unless absolute.
    pub path: PathBuf,
    /// A few words on its content, such as `trained weights`.
    pub description: String,
}

/// Writes the files of a build to a folder: all of them, or none. Returns them in the order of the build.
///
/// # Errors
/// Returns an error if a file cannot be written.
pub fn write(artifacts: &Artifacts, folder: &Path) -> Result<Vec<WrittenFile>, Error> {
    let file = |file: &synnet_ir::Artifact| WrittenFile {
        path: folder.join(&file.name),
        description: file.description.clone(),
    };
    let written: Vec<WrittenFile> = artifacts.files.iter().map(file).collect();
    // The main file is renamed into place last: once it exists, so do the files it refers to.
    let contents = written.iter().zip(&artifacts.files).rev();
    let contents = contents.map(|(written, file)| (written.path.as_path(), file.bytes.as_slice()));
    files::write_together(&contents.collect::<Vec<_>>())?;
    Ok(written)
}
