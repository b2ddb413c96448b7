//! Why bytes are not data.

/// Why a file cannot be used, with the part of it that is at fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not an archive of arrays, or one of its arrays cannot be read.
    #[error(transparent)]
    Arrays(#[from] synnet_arrays::Error),
    /// Not HDF5, or a part of it cannot be read.
    #[error("not an HDF5 file that can be read: {0}")]
    Hdf5(String),
    /// Something that must be there is not.
    #[error("there is no {what}; the file holds {found}")]
    Missing {
        /// What is missing.
        what: String,
        /// What is there instead.
        found: String,
    },
    /// A part has the wrong extents, type or values.
    #[error("{part} {reason}")]
    Part {
        /// The part, such as an array by name.
        part: String,
        /// The rule that it breaks and the remedy.
        reason: String,
    },
    /// A line of a text.
    #[error("line {line}: {reason}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    pub(crate) fn part(part: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Part { part: part.into(), reason: reason.into() }
    }

    /// Something is missing among things that have names.
    pub(crate) fn missing<S: AsRef<str>>(what: &str, names: &[S]) -> Self {
        let names: Vec<String> = names.iter().take(12).map(|name| format!("`{}`", name.as_ref())).collect();
        let found = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        Self::Missing { what: what.to_owned(), found }
    }
}
