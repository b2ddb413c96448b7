//! Failures of commands, and their exit codes.

use std::process::ExitCode;

use synnet_workbench::Error;

use crate::terminal;

/// Exit code of an interrupted command: 128 + SIGINT, as in shells.
pub const INTERRUPTED: u8 = 130;

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// An error of the library; its kind decides on the exit code.
    Library(Error),
    /// An error in the input; exit code 1.
    Input(String),
    /// Rendered diagnostics, which need no `error:` in front; exit code 1.
    Rendered(String),
    /// Misuse of the command line; exit code 2.
    Usage(String),
}

impl Failure {
    /// Returns the exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Input(_) | Self::Rendered(_) => 1,
            Self::Usage(_) => 2,
            Self::Library(error) => match error {
                Error::Io { .. } | Error::Refused(_) => 2,
                Error::Interrupted { .. } | Error::Stopped { .. } => INTERRUPTED,
                _ => 1,
            },
        })
    }

    /// Prints the failure to standard error.
    pub fn print(&self) {
        match self {
            Self::Rendered(text) => terminal::print(text.trim_end()),
            Self::Input(text) | Self::Usage(text) => terminal::error(text),
            Self::Library(Error::Diagnostics(found)) => terminal::print(found.render(terminal::color())),
            Self::Library(error @ Error::Interrupted { .. }) => {
                terminal::print(format_args!("{error}; run the same command with `--resume` to continue"));
            }
            Self::Library(error @ Error::Stopped { .. }) => terminal::print(error),
            Self::Library(error) => terminal::error(error),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Library(error)
    }
}
