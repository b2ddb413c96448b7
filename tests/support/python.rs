//! Other tools in Python, with which tests compare; included by the tests of several crates.
//!
//! `SYNNET_PYTHON` names the interpreter, `python3` by default.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// Runs a script and returns the last line that it prints.
///
/// Says on standard error why there is none: without Python, or if the script prints `skipped: ...` because a package is missing.
///
/// # Panics
/// Panics if the script fails.
pub(crate) fn last_line_of(script: &Path, arguments: &[&OsStr]) -> Option<String> {
    let python = std::env::var("SYNNET_PYTHON").unwrap_or_else(|_| "python3".into());
    // When it is imported, Rockpool tries to install a package for boards.
    let mut command = Command::new(python);
    command.env("PIP_NO_INDEX", "1").arg("-B").arg(script).args(arguments);
    let Ok(output) = command.output() else {
        skip("skipped: there is no Python");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {arguments:?}: {error}", script.display());
    let last = said.lines().last().unwrap_or_default();
    if last.starts_with("skipped") {
        skip(last);
        return None;
    }
    Some(last.to_owned())
}

#[allow(clippy::print_stderr, reason = "whoever runs the tests is to know what was not run")]
fn skip(said: &str) {
    eprintln!("{said}");
}
