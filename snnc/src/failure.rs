//! Failures of commands, their exit codes, and their form for people and for programs.

use std::process::ExitCode;

use serde_json::{Value, json};
use synnet_workbench::{Error, SourceDiagnostics, network_source};

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
    /// Errors in several files; exit code 1.
    Diagnostics(Vec<SourceDiagnostics>),
    /// Misuse of the command line; exit code 2.
    Usage(String),
}

impl Failure {
    /// Returns the exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Input(_) | Self::Diagnostics(_) => 1,
            Self::Usage(_) => 2,
            Self::Library(error) => match error {
                Error::Io { .. } | Error::Refused(_) => 2,
                Error::Diagnostics(found) if is_about_files(found) => 2,
                Error::Interrupted { .. } | Error::Stopped { .. } => INTERRUPTED,
                _ => 1,
            },
        })
    }

    /// Prints the failure to standard error.
    pub fn print(&self) {
        match self {
            Self::Diagnostics(all) => all.iter().for_each(|found| {
                terminal::print_rendered(format_args!("{}\n", found.render(terminal::color())));
            }),
            Self::Input(text) | Self::Usage(text) => terminal::error(text),
            Self::Library(Error::Diagnostics(found)) => {
                terminal::print_rendered(found.render(terminal::color()))
            }
            Self::Library(error @ Error::Interrupted { .. }) => {
                terminal::print(format_args!("{error}; run the same command with `--resume` to continue"));
            }
            Self::Library(error @ Error::Stopped { .. }) => terminal::print(error),
            Self::Library(error) => terminal::error(error),
        }
    }

    /// Returns the failure as JSON: `{ "diagnostics": [...] }`. Without a source, there is a message only.
    pub fn to_json(&self) -> Value {
        let diagnostics = match self {
            Self::Diagnostics(all) => all
                .iter()
                .flat_map(|found| diagnostics(found).as_array().cloned().unwrap_or_default())
                .collect(),
            Self::Library(Error::Diagnostics(found)) => diagnostics(found),
            Self::Input(text) | Self::Usage(text) => json!([message("error", text)]),
            Self::Library(error) => json!([message("error", &error.to_string())]),
        };
        json!({ "diagnostics": diagnostics })
    }
}

/// Returns whether all errors are about files that cannot be read, or that hold something else.
fn is_about_files(found: &SourceDiagnostics) -> bool {
    let mut errors = found.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).peekable();
    errors.peek().is_some() && errors.all(|error| *error.code == synnet_workbench::codes::FILE)
}

fn diagnostics(found: &SourceDiagnostics) -> Value {
    network_source::to_json(&found.diagnostics, &found.sources)
}

/// Returns an error or a warning without a code in the form of a diagnostic.
pub fn message(severity: &str, text: &str) -> Value {
    json!({
        "severity": severity,
        "code": null,
        "message": text,
        "label": "",
        "place": null,
        "notes": [],
        "help": null,
    })
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Library(error)
    }
}
