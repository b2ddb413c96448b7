//! What people see: messages, tables and progress on standard error, results on standard output.

use std::io::{IsTerminal, Write};

use crate::error::Error;

/// Whether standard error takes colours: a terminal, and `NO_COLOR` is not set.
pub fn color() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Writes a line for people. A closed standard error is no reason to fail.
pub fn say(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Writes a warning.
pub fn warn(text: impl std::fmt::Display) {
    let label = if color() { "\u{1b}[1;33mwarning\u{1b}[0m" } else { "warning" };
    say(format_args!("{label}: {text}"));
}

/// Writes why a command failed.
pub fn error(failure: &Error) {
    let label = if color() { "\u{1b}[1;31merror\u{1b}[0m" } else { "error" };
    match failure {
        Error::Rendered(text) => say(text.trim_end()),
        Error::Input(text) | Error::Io(text) => say(format_args!("{label}: {text}")),
        Error::Interrupted(text) => say(text),
    }
}

/// Writes a result to standard output. A reader that has gone is no failure.
pub fn print(text: &str) -> Result<(), Error> {
    crate::files::write(std::path::Path::new("-"), text.as_bytes())
}

/// Writes a machine-readable result to standard output.
pub fn print_json(value: &serde_json::Value) -> Result<(), Error> {
    print(&format!("{value:#}\n"))
}

/// A table with aligned columns: the first is text, the others are numbers. The first row is the head.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|s| s.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (c, cell) in row.iter().enumerate() {
            let gap = " ".repeat(widths[c] - cell.chars().count());
            let space = if c == 0 { "" } else { "  " };
            line += &if c == 0 { format!("{cell}{gap}") } else { format!("{space}{gap}{cell}") };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}
