//! Lines at the bottom of a terminal that are redrawn in place.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use console::Term;

use crate::terminal;

/// Minimum time between two drawings.
const INTERVAL: Duration = Duration::from_millis(60);

/// Lines on standard error that replace each other.
///
/// After each drawing, the cursor returns to the start of the first line, and the next drawing erases everything from
/// there. So it does not matter how many lines a resize made of the present ones, and the `^C` that a terminal echoes
/// is erased, too. Lines are cut to the width of the terminal, because one that wraps would scroll the others.
pub struct LiveDisplay {
    /// `None` if standard error is not a terminal.
    terminal: Option<Term>,
    /// Whether lines are on the screen.
    drawn: bool,
    last_drawing: Option<Instant>,
}

impl Default for LiveDisplay {
    fn default() -> Self {
        // A terminal that cannot move its cursor gets plain lines, like a file.
        let is_dumb = std::env::var_os("TERM").is_some_and(|name| name == "dumb");
        let is_terminal = std::io::stderr().is_terminal() && !is_dumb && !terminal::is_quiet();
        let terminal = is_terminal.then(Term::buffered_stderr);
        Self { terminal, drawn: false, last_drawing: None }
    }
}

impl LiveDisplay {
    /// Returns whether nothing is ever drawn.
    pub fn is_hidden(&self) -> bool {
        self.terminal.is_none()
    }

    /// Draws the lines that `layout` returns for a width in characters, unless the last drawing is very recent.
    pub fn update(&mut self, layout: impl FnOnce(usize) -> Vec<String>) {
        if self.last_drawing.is_none_or(|last| last.elapsed() >= INTERVAL) {
            self.draw(layout);
        }
    }

    /// Erases the lines.
    pub fn clear(&mut self) {
        let Some(terminal) = self.terminal.as_ref().filter(|_| self.drawn) else { return };
        // A closed terminal must not fail a command that does its work.
        let _ = erase(terminal).and_then(|()| terminal.flush());
        self.drawn = false;
        self.last_drawing = None;
    }

    fn draw(&mut self, layout: impl FnOnce(usize) -> Vec<String>) {
        let Some(terminal) = &self.terminal else { return };
        let (rows, columns) = terminal.size();
        // Some terminals wrap after the last column, others before the next character.
        let width = usize::from(columns).saturating_sub(1).max(1);
        let mut lines = layout(width);
        // More lines than the terminal has would scroll, and the first would be out of reach.
        lines.truncate(usize::from(rows).max(1));
        let text = lines.iter().map(|line| cut(line, width)).collect::<Vec<_>>().join("\n");
        let draw = || -> std::io::Result<()> {
            if self.drawn {
                erase(terminal)?;
            }
            terminal.write_str(&text)?;
            terminal.move_cursor_up(lines.len().saturating_sub(1))?;
            terminal.write_str("\r")?;
            terminal.flush()
        };
        let _ = draw();
        (self.drawn, self.last_drawing) = (true, Some(Instant::now()));
    }
}

/// Erases everything from the line of the cursor on.
fn erase(terminal: &Term) -> std::io::Result<()> {
    terminal.write_str("\r")?;
    terminal.clear_to_end_of_screen()
}

fn cut(line: &str, width: usize) -> String {
    line.chars().take(width).collect()
}
