//! Why something could not be done.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use synnet_ir::{Diagnostic, Diagnostics, Sources};

/// Why an experiment, or a part of one, could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system could not read or write a file or folder.
    #[error("cannot {action} `{}`: {}", .path.display(), io_reason(.source))]
    Io {
        /// What was attempted: "read", "write", "create the folder".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The content of a file is wrong.
    #[error("`{}`: {message}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where in the file if that is known.
        message: String,
    },
    /// A network, a recipe or data are wrong, or do not fit together.
    #[error("{0}")]
    Input(String),
    /// The request cannot be carried out: its parts exclude each other, or the machine lacks what it takes.
    #[error("{0}")]
    Refused(String),
    /// Errors in a network, each with its place in the source.
    #[error("{0}")]
    Diagnostics(Box<SourceDiagnostics>),
    /// The observer stopped a training, whose checkpoint is written.
    #[error("interrupted after {done} of {total} epochs")]
    Interrupted {
        /// Complete epochs.
        done: usize,
        /// Epochs of the whole training.
        total: usize,
    },
}

/// Diagnostics with the sources that they point into.
#[derive(Clone, Debug)]
pub struct SourceDiagnostics {
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
    /// The sources that were read.
    pub sources: Sources,
    /// What follows from the errors, such as "`w.safetensors` does not fit network `Kws`".
    pub conclusion: Option<String>,
}

impl SourceDiagnostics {
    /// Renders the diagnostics as rustc does, with the conclusion below them. `color` adds the escape sequences of
    /// terminals.
    pub fn render(&self, color: bool) -> String {
        let text = synnet_ir::render(&self.diagnostics, &self.sources, color);
        match &self.conclusion {
            Some(conclusion) => format!("{}\n\n{conclusion}", text.trim_end()),
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
    /// The system could not do something with `path`.
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    /// The content of `path` is wrong.
    pub(crate) fn file(path: &Path, message: impl fmt::Display) -> Self {
        Self::File { path: path.to_owned(), message: message.to_string() }
    }

    /// Something is wrong with the input, in the words of another error.
    pub(crate) fn input(message: impl fmt::Display) -> Self {
        Self::Input(message.to_string())
    }

    /// Errors in a network.
    pub(crate) fn diagnostics(diagnostics: Diagnostics, sources: &Sources) -> Self {
        let sources = sources.clone();
        Self::Diagnostics(Box::new(SourceDiagnostics { diagnostics, sources, conclusion: None }))
    }

    /// Findings that have no place in a source, one on each line.
    pub(crate) fn without_place(diagnostics: &[Diagnostic]) -> Self {
        let messages: Vec<&str> = diagnostics.iter().map(|found| found.message.as_str()).collect();
        Self::Input(messages.join("\n"))
    }

    /// Blames the file `path` for an error in the input that names none; other errors stay as they are.
    #[must_use]
    pub fn in_file(self, path: &Path) -> Self {
        match self {
            Self::Input(message) => Self::file(path, message),
            other => other,
        }
    }

    /// Adds to diagnostics what follows from them; other errors stay as they are.
    #[must_use]
    pub fn concluding(mut self, conclusion: impl FnOnce(&Diagnostics) -> String) -> Self {
        if let Self::Diagnostics(findings) = &mut self {
            findings.conclusion = Some(conclusion(&findings.diagnostics));
        }
        self
    }
}

/// The reason of a failed system call in plain words.
pub(crate) fn io_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::StorageFull => "the disk is full".into(),
        _ => error.to_string(),
    }
}
