//! Messages on standard error.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

/// Returns whether to color messages: standard error is a terminal and `NO_COLOR` is not set.
pub fn color() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints a line to standard error.
pub fn print(text: impl Display) {
    // A closed standard error must not fail a command that has done its work.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints a warning.
pub fn warn(text: impl Display) {
    labeled("warning", "33", text);
}

/// Prints an error.
pub fn error(text: impl Display) {
    labeled("error", "31", text);
}

fn labeled(label: &str, hue: &str, text: impl Display) {
    if color() {
        print(format_args!("\u{1b}[1;{hue}m{label}\u{1b}[0m: {text}"));
    } else {
        print(format_args!("{label}: {text}"));
    }
}
