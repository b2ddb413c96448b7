//! What people see: messages on standard error.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

/// Whether standard error takes colors: a terminal, and `NO_COLOR` is not set.
pub fn color() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Writes a line for people. A closed standard error is no reason to fail.
pub fn print(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Writes a warning.
pub fn warn(text: impl Display) {
    labeled("warning", "33", text);
}

/// Writes why a command failed.
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
