//! Messages on standard error, and the choice of colors for both streams.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::OnceLock;

use clap::ColorChoice;

/// How the process talks to its user.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Whether to color messages; `Auto` decides by the terminal and by `NO_COLOR`.
    pub color: ColorChoice,
    /// Whether to leave out notes and progress.
    pub quiet: bool,
}

/// Set once, before the first message.
static STYLE: OnceLock<Style> = OnceLock::new();

/// Sets the style of all messages. Only the first call has an effect.
pub fn set_style(style: Style) {
    let _ = STYLE.set(style);
}

fn style() -> Style {
    STYLE.get().copied().unwrap_or_default()
}

/// Returns whether to leave out notes and progress.
pub fn is_quiet() -> bool {
    style().quiet
}

/// Returns whether to color messages on standard error.
pub fn color() -> bool {
    colors(std::io::stderr().is_terminal())
}

/// Returns whether to color results on standard output.
pub fn stdout_color() -> bool {
    colors(std::io::stdout().is_terminal())
}

fn colors(is_terminal: bool) -> bool {
    match style().color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}

/// Returns a heading for standard output, in bold if that is colored.
pub fn heading(text: &str) -> String {
    if stdout_color() { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// Prints a line to standard error.
pub fn print(text: impl Display) {
    // A closed standard error must not fail a command that has done its work.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints a note, which `--quiet` leaves out.
pub fn note(text: impl Display) {
    if !is_quiet() {
        print(text);
    }
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
