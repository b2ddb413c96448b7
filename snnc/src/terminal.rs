//! Messages on standard error, and the choice of colors for both streams.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::OnceLock;

use clap::ColorChoice;
use synnet_ir::display::escape_controls;

const BOLD: &str = "\u{1b}[1m";
const PLAIN: &str = "\u{1b}[0m";

/// The styles of headings, with their escapes.
const STYLES: [(&str, &str); 2] = [(BOLD, r"\u{1b}[1m"), (PLAIN, r"\u{1b}[0m")];

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
    if stdout_color() { format!("{BOLD}{text}{PLAIN}") } else { text.to_owned() }
}

/// Returns text as standard output shows it: on a terminal, with the characters escaped that would act on it. Headings
/// keep their style.
pub fn shown(text: &str) -> Cow<'_, str> {
    if std::io::stdout().is_terminal() { escape_but_style(text) } else { Cow::Borrowed(text) }
}

fn escape_but_style(text: &str) -> Cow<'_, str> {
    match escape_controls(text) {
        Cow::Owned(text) => {
            Cow::Owned(STYLES.iter().fold(text, |text, (style, escape)| text.replace(escape, style)))
        }
        borrowed @ Cow::Borrowed(_) => borrowed,
    }
}

/// Prints a line to standard error. Characters that act on a terminal are escaped.
pub fn print(text: impl Display) {
    print_rendered(escape_controls(&text.to_string()));
}

/// Prints a line to standard error that may have styles: other characters that act on a terminal are escaped already.
pub fn print_rendered(text: impl Display) {
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
    let text = text.to_string();
    let text = escape_controls(&text);
    if color() {
        print_rendered(format_args!("\u{1b}[1;{hue}m{label}\u{1b}[0m: {text}"));
    } else {
        print_rendered(format_args!("{label}: {text}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_act_on_a_terminal() {
        let name = "a\u{1b}[2Jb\u{7}\u{202e}c\r\u{9b}1m\n\td";
        let escaped = r"a\u{1b}[2Jb\u{7}\u{202e}c\r\u{9b}1m".replace(r"\r", r"\u{d}") + "\n\td";
        assert_eq!(escape_controls(name), escaped);
        assert_eq!(escape_but_style(&format!("{BOLD}t{PLAIN} {name}")), format!("{BOLD}t{PLAIN} {escaped}"));
    }
}
