//! Reads the files of commands, and rejects those of another kind than expected.

use std::path::Path;

use synnet_workbench::file_kind::{Expected, FileKind};
use synnet_workbench::{Error, files};

use crate::failure::Failure;
use crate::stdio;

/// Reads a file, or standard input. A file of another kind than expected is a misuse of the command line.
pub fn read(path: &Path, expected: Expected) -> Result<Vec<u8>, Failure> {
    let name = stdio::display_name(path);
    let check = |kind: FileKind| match expected.mistake(kind, &name) {
        Some(mistake) => Err(Failure::Usage(format!("{}: {}", mistake.message, mistake.help))),
        None => Ok(()),
    };
    check(FileKind::of_path(path))?;
    let bytes = if expected.is_text() { stdio::read_limited(path)? } else { stdio::read(path)? };
    check(FileKind::of(path, &bytes))?;
    Ok(bytes)
}

/// Like [`read`], for text.
pub fn read_text(path: &Path, expected: Expected) -> Result<String, Failure> {
    let bytes = read(path, expected)?;
    Ok(files::text(bytes).map_err(|message| Error::File { path: path.to_owned(), message })?)
}

/// Reads a network or a recipe, with its kind. Text of neither kind is taken for a network.
pub fn read_network_or_recipe(path: &Path) -> Result<(String, FileKind), Failure> {
    let text = read_text(path, Expected::NetworkOrRecipe)?;
    let kind = FileKind::of(path, text.as_bytes());
    Ok((text, kind))
}
