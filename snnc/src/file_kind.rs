//! Reads the files of commands, and rejects those of another kind than expected.

use std::path::Path;

use synnet_workbench::Error;
use synnet_workbench::file_kind::{Expected, FileKind};

use crate::failure::Failure;
use crate::stdio;

/// Reads a file, or standard input. A file of another kind than expected is a misuse of the command line.
pub fn read(path: &Path, expected: Expected) -> Result<Vec<u8>, Failure> {
    let name = stdio::display_name(path);
    let check = |kind: FileKind| match kind.mistake(expected, &name) {
        Some(mistake) => Err(Failure::Usage(format!("{}: {}", mistake.message, mistake.help))),
        None => Ok(()),
    };
    if path.is_dir() {
        check(FileKind::Folder)?;
    }
    let bytes = stdio::read(path)?;
    check(FileKind::of(path, &bytes))?;
    Ok(bytes)
}

/// Like [`read`], for text.
pub fn read_text(path: &Path, expected: Expected) -> Result<String, Failure> {
    let bytes = read(path, expected)?;
    let text = String::from_utf8(bytes).map_err(|e| {
        let message = format!("not UTF-8 text (byte {})", e.utf8_error().valid_up_to());
        Failure::Library(Error::File { path: path.to_owned(), message })
    });
    text
}

/// Reads a network or a recipe, with its kind. Text of neither kind is taken for a network.
pub fn read_network_or_recipe(path: &Path) -> Result<(String, FileKind), Failure> {
    let text = read_text(path, Expected::NetworkOrRecipe)?;
    let kind = FileKind::of(path, text.as_bytes());
    Ok((text, kind))
}
