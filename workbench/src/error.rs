//! Why a command did not succeed.

use std::path::Path;
use std::process::ExitCode;

use synnet_ir::Diagnostic;

/// A failure with all that is to be said about it.
#[derive(Debug)]
pub enum Error {
    /// The input is wrong; the text is complete as it stands (rendered diagnostics).
    Rendered(String),
    /// The input is wrong; exit code 1.
    Input(String),
    /// A file could not be read or written, or the arguments make no sense together; exit code 2.
    Io(String),
    /// Ctrl-C; exit code 130.
    Interrupted(String),
}

impl Error {
    /// A failure of the system to read or write `path`.
    pub fn io(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::Io(format!("cannot {doing} `{}`: {}", path.display(), io_reason(error)))
    }

    /// An error in the content of `path`.
    pub fn input(path: &Path, message: impl std::fmt::Display) -> Self {
        Self::Input(format!("`{}`: {message}", path.display()))
    }

    /// Findings that have no place in a text, one on each line.
    pub fn findings(diagnostics: &[Diagnostic]) -> Self {
        let messages: Vec<&str> = diagnostics.iter().map(|found| found.message.as_str()).collect();
        Self::Input(messages.join("\n"))
    }

    /// The exit code of the contract.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Rendered(_) | Self::Input(_) => 1,
            Self::Io(_) => 2,
            Self::Interrupted(_) => 130,
        })
    }
}

/// A failure of the system in plain words.
pub fn io_reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file or folder".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        std::io::ErrorKind::StorageFull => "the disk is full".into(),
        _ => error.to_string(),
    }
}
