//! The error type of the crate.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use synnet_ir::display::escape_controls;
use synnet_ir::{Diagnostic, Diagnostics, Sources};

use crate::files::display;

/// An error of an experiment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("cannot {action} `{}`: {}", display(.path), io_reason(.source))]
    Io {
        /// What was attempted: "read", "write", "create the folder".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The reason, from the operating system.
        source: io::Error,
    },
    /// A file has invalid content.
    #[error("`{}`: {message}", display(.path))]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the place in the file if it is known.
        message: String,
    },
    /// A network, a recipe or data are invalid, or do not fit together.
    #[error("{0}")]
    Input(String),
    /// The request cannot be fulfilled: its parts contradict each other, or the machine lacks memory or files.
    #[error("{0}")]
    Refused(String),
    /// Errors in a network, a recipe, a chip description or data, each with its place if it has a source.
    #[error("{0}")]
    Diagnostics(Box<SourceDiagnostics>),
    /// The observer stopped training. Its checkpoint has been written.
    #[error("interrupted after {done} of {total} epochs")]
    Interrupted {
        /// Number of complete epochs.
        done: usize,
        /// Number of epochs to train.
        total: usize,
    },
    /// The observer stopped other work than training. Nothing has been written.
    #[error("interrupted after {done} of {total} files; nothing was written")]
    Stopped {
        /// Number of complete files.
        done: usize,
        /// Number of files.
        total: usize,
    },
}

/// Diagnostics with the sources that their spans refer to.
#[derive(Clone, Debug)]
pub struct SourceDiagnostics {
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
    /// The sources.
    pub sources: Sources,
    /// A line below the diagnostics, such as "`w.safetensors` does not fit network `Kws`".
    pub conclusion: Option<String>,
}

impl SourceDiagnostics {
    /// Renders the diagnostics in rustc's style, followed by the conclusion. `color` adds ANSI escape sequences.
    pub fn render(&self, color: bool) -> String {
        let text = synnet_ir::render(&self.diagnostics, &self.sources, color);
        match &self.conclusion {
            Some(conclusion) => format!("{}\n\n{}", text.trim_end(), escape_controls(conclusion)),
            None => text.trim_end().to_owned(),
        }
    }
}

impl fmt::Display for SourceDiagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl Error {
    /// Creates [`Error::Io`].
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    /// Creates [`Error::File`].
    pub(crate) fn file(path: &Path, message: impl fmt::Display) -> Self {
        Self::File { path: path.to_owned(), message: message.to_string() }
    }

    /// Creates [`Error::Input`] from another error.
    pub(crate) fn input(message: impl fmt::Display) -> Self {
        Self::Input(message.to_string())
    }

    /// Creates [`Error::Diagnostics`] without a conclusion.
    pub(crate) fn diagnostics(diagnostics: Diagnostics, sources: &Sources) -> Self {
        let sources = sources.clone();
        Self::Diagnostics(Box::new(SourceDiagnostics { diagnostics, sources, conclusion: None }))
    }

    /// Creates [`Error::Diagnostics`] from diagnostics that have no place in a source.
    pub(crate) fn without_place(diagnostics: &[Diagnostic]) -> Self {
        Self::diagnostics(diagnostics.to_vec().into(), &Sources::new())
    }

    /// Adds the file `path` to an [`Error::Input`]; returns other errors unchanged.
    #[must_use]
    pub fn in_file(self, path: &Path) -> Self {
        match self {
            Self::Input(message) => Self::file(path, message),
            other => other,
        }
    }

    /// Adds a conclusion to [`Error::Diagnostics`]; returns other errors unchanged.
    #[must_use]
    pub fn concluding(mut self, conclusion: impl FnOnce(&Diagnostics) -> String) -> Self {
        if let Self::Diagnostics(found) = &mut self {
            found.conclusion = Some(conclusion(&found.diagnostics));
        }
        self
    }
}

/// Describes an I/O error without the error number that the standard library adds.
pub(crate) fn io_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::StorageFull => "the disk is full".into(),
        _ => error.to_string(),
    }
}
