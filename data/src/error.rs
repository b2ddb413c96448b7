//! The error of all readers.

/// An error in a data file. The message names the array, line or event.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not an archive of arrays, or one of its arrays cannot be read.
    #[error(transparent)]
    Arrays(#[from] synnet_arrays::Error),
    /// The bytes are not HDF5, or use a feature of it that is not supported.
    #[error("cannot read the HDF5 file: {0}")]
    Hdf5(String),
    /// A required array is missing.
    #[error("there is no {what}; the file contains {found}")]
    Missing {
        /// Description of the missing array.
        what: String,
        /// Names of the arrays found.
        found: String,
    },
    /// An array has the wrong shape, type or values.
    #[error("{what} {reason}")]
    Invalid {
        /// The array or element, the subject of the sentence.
        what: String,
        /// The rest of the sentence: what was found, and what is expected.
        reason: String,
    },
    /// A line of a text file is invalid.
    #[error("line {line}: {reason}")]
    Line {
        /// Line number, from 1.
        line: usize,
        /// What was found, and what is expected.
        reason: String,
    },
}

impl Error {
    pub(crate) fn invalid(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid { what: what.into(), reason: reason.into() }
    }

    /// Returns the error for a missing array; `names` are those found.
    pub(crate) fn missing<S: AsRef<str>>(what: &str, names: &[S]) -> Self {
        let names: Vec<String> = names.iter().take(12).map(|name| format!("`{}`", name.as_ref())).collect();
        let found = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        Self::Missing { what: what.to_owned(), found }
    }
}
