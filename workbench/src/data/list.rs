//! List files: the names of the samples of a set, as Speech Commands ships them.

use std::collections::HashSet;
use std::path::Path;

use crate::error::Error;
use crate::files;

/// The names in a list file.
pub(super) struct List {
    names: HashSet<String>,
}

impl List {
    /// Reads a list file: a name on each line, relative to the folder of the samples. Empty lines and lines that start
    /// with `#` are skipped.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let text = files::read_text(path)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        Ok(Self { names: lines.map(normalized).collect() })
    }

    /// Returns whether the list names a sample.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Returns the names that are not in `known`, sorted.
    pub(super) fn missing(&self, known: &HashSet<String>) -> Vec<&str> {
        let mut missing: Vec<&str> =
            self.names.iter().filter(|name| !known.contains(*name)).map(String::as_str).collect();
        missing.sort_unstable();
        missing
    }

    /// Returns the number of names.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }
}

/// Returns a name with `/` between its parts and without `./` at the start.
fn normalized(line: &str) -> String {
    let name = line.replace('\\', "/");
    name.strip_prefix("./").unwrap_or(&name).to_owned()
}
