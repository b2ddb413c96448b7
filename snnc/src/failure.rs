//! Why a command did not succeed, and with which exit code it ends.

use std::process::ExitCode;

use synnet_workbench::Error;

use crate::terminal;

/// The exit code of an interrupted command, as shells have it for SIGINT.
pub const INTERRUPTED: u8 = 130;

/// A failure with all that is to be said about it.
#[derive(Debug)]
pub enum Failure {
    /// The library could not do it.
    Work(Error),
    /// The input is wrong; exit code 1.
    Input(String),
    /// As [`Input`](Self::Input), with a text that is complete as it stands (rendered diagnostics).
    Rendered(String),
    /// The arguments make no sense; exit code 2.
    Usage(String),
}

impl Failure {
    /// The exit code of the contract.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Input(_) | Self::Rendered(_) => 1,
            Self::Usage(_) => 2,
            Self::Work(error) => match error {
                Error::Io { .. } | Error::Refused(_) => 2,
                Error::Interrupted { .. } => INTERRUPTED,
                _ => 1,
            },
        })
    }

    /// Tells people.
    pub fn print(&self) {
        match self {
            Self::Rendered(text) => terminal::print(text.trim_end()),
            Self::Input(text) | Self::Usage(text) => terminal::error(text),
            Self::Work(Error::Diagnostics(findings)) => terminal::print(findings.render(terminal::color())),
            Self::Work(error @ Error::Interrupted { .. }) => {
                terminal::print(format_args!("{error}; the same command with `--resume` goes on"));
            }
            Self::Work(error) => terminal::error(error),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Work(error)
    }
}
