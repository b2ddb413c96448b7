//! The progress display in a terminal: it fits any width, and nothing of it is left at the end, after an interrupt and
//! after a change of the width.
//!
//! `pseudo_terminal.py` runs the command in a pseudoterminal. A [`Screen`] shows what the user would see. Skipped on
//! machines without Python.

use std::process::Command;

use crate::support::{Folder, repository, tones};

/// What remains on the screen after a command.
struct Seen {
    code: Option<i32>,
    /// The lines of the screen and of the scrollback, without empty ones.
    lines: Vec<String>,
    /// How often the display was erased.
    erasures: usize,
}

/// Runs `snnc` in a terminal, with actions for the script. Returns what terminals that reflow lines and those that cut
/// them show; `None` if Python is missing.
fn in_terminal(folder: &Folder, actions: &str, words: &[&str]) -> Option<[Seen; 2]> {
    let python = std::env::var("SYNNET_PYTHON").unwrap_or_else(|_| "python3".into());
    let script = repository("snnc/tests/cli/pseudo_terminal.py");
    let snnc = folder.command(words);
    let mut command = Command::new(python);
    command.arg(script).arg(actions).arg(snnc.get_program()).args(snnc.get_args());
    command
        .current_dir(folder.path(""))
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("NO_COLOR", "1");
    let Ok(output) = command.output() else {
        skipped();
        return None;
    };
    let columns = actions.split(',').next().and_then(|first| first.parse().ok()).expect("it is the width");
    let text = String::from_utf8(output.stdout).expect("it is text");
    Some([true, false].map(|reflows| {
        let mut screen = Screen::new(columns, reflows);
        screen.write(&text);
        let lines = screen.text().into_iter().filter(|line| !line.is_empty()).collect();
        Seen { code: output.status.code(), lines, erasures: screen.erasures }
    }))
}

#[allow(clippy::print_stderr, reason = "a test that is skipped must say so")]
fn skipped() {
    eprintln!("skipped: there is no Python, which starts the pseudoterminal");
}

impl Seen {
    /// Asserts that nothing of the progress display is left.
    #[track_caller]
    fn is_clean(&self) {
        assert!(self.erasures > 3, "the display was hardly drawn: {:?}", self.lines);
        for part in ["[=", "[>", "^C", " left", "lr "] {
            assert!(!self.lines.iter().any(|line| line.contains(part)), "{part:?} in {:#?}", self.lines);
        }
    }
}

const TRAIN: [&str; 4] = ["train", "tones.yaml", "--out", "out"];
const LONG: [&str; 6] = ["train", "tones.yaml", "--out", "out", "--set", "training.epochs=1000000"];

#[test]
fn nothing_is_left_after_training() {
    for width in ["20", "60", "80", "120"] {
        let folder = tones();
        let words = [&TRAIN[..], &["--set", "training.epochs=150"]].concat();
        for seen in in_terminal(&folder, width, &words).into_iter().flatten() {
            seen.is_clean();
            assert_eq!(seen.code, Some(0), "{:#?}", seen.lines);
        }
    }
}

#[test]
fn nothing_is_left_after_an_interrupt_or_a_resize() {
    for actions in
        ["60,interrupt", "80,interrupt", "120,interrupt", "80,resize=40,interrupt", "60,resize=100,interrupt"]
    {
        let folder = tones();
        for seen in in_terminal(&folder, actions, &LONG).into_iter().flatten() {
            seen.is_clean();
            assert_eq!(seen.code, Some(130), "{:#?}", seen.lines);
            let text = seen.lines.concat();
            assert!(text.contains("interrupted after") && text.contains("`--resume`"), "{text}");
        }
    }
}

/// A terminal with as many rows as needed.
struct Screen {
    columns: usize,
    /// Whether rows that were wrapped are joined when the width changes, as in most terminals; xterm cuts them.
    reflows: bool,
    rows: Vec<Row>,
    /// Row and column of the cursor. The column equals the width after a character in the last one.
    cursor: (usize, usize),
    erasures: usize,
}

#[derive(Clone, Default)]
struct Row {
    cells: Vec<char>,
    /// Whether the line goes on in the next row.
    wraps: bool,
}

impl Screen {
    fn new(columns: usize, reflows: bool) -> Self {
        Self { columns, reflows, rows: vec![Row::default()], cursor: (0, 0), erasures: 0 }
    }

    fn text(&self) -> Vec<String> {
        self.rows.iter().map(|row| row.cells.iter().collect::<String>().trim_end().to_owned()).collect()
    }

    fn write(&mut self, output: &str) {
        let mut rest = output.chars();
        while let Some(c) = rest.next() {
            match c {
                '\r' => self.cursor.1 = 0,
                '\n' => self.down(),
                '\u{1b}' => match rest.next() {
                    Some('[') => {
                        let mut number = String::new();
                        let end = rest.find(|c| {
                            c.is_ascii_alphabetic() || {
                                number.push(*c);
                                false
                            }
                        });
                        self.control(&number, end);
                    }
                    Some(']') => {
                        let width: String = rest.by_ref().take_while(|c| *c != '\u{7}').collect();
                        self.resize(width.parse().expect("the script writes numbers"));
                    }
                    other => panic!("unknown escape sequence: {other:?}"),
                },
                c => self.put(c),
            }
        }
    }

    fn control(&mut self, number: &str, end: Option<char>) {
        match (number, end) {
            (n, Some('A')) => {
                self.cursor.0 = self.cursor.0.saturating_sub(n.parse().expect("it is a number"))
            }
            ("" | "0", Some('J')) => {
                self.erasures += 1;
                self.rows.truncate(self.cursor.0 + 1);
                let row = &mut self.rows[self.cursor.0];
                row.cells.truncate(self.cursor.1);
                row.wraps = false;
            }
            other => panic!("unknown control sequence: {other:?}"),
        }
    }

    fn down(&mut self) {
        self.cursor.0 += 1;
        if self.cursor.0 == self.rows.len() {
            self.rows.push(Row::default());
        }
    }

    fn put(&mut self, c: char) {
        if self.cursor.1 == self.columns {
            self.rows[self.cursor.0].wraps = true;
            self.down();
            self.cursor.1 = 0;
        }
        let (row, column) = self.cursor;
        let cells = &mut self.rows[row].cells;
        cells.resize(cells.len().max(column + 1), ' ');
        cells[column] = c;
        self.cursor.1 += 1;
    }

    fn resize(&mut self, columns: usize) {
        self.columns = columns;
        if !self.reflows {
            self.rows.iter_mut().for_each(|row| row.cells.truncate(columns));
            self.cursor.1 = self.cursor.1.min(columns);
            return;
        }
        let (rows, cursor) = (std::mem::take(&mut self.rows), self.cursor);
        let mut line = Vec::new();
        let mut place = None;
        for (i, row) in rows.into_iter().enumerate() {
            if i == cursor.0 {
                place = Some(line.len() + cursor.1);
            }
            line.extend(row.cells);
            if row.wraps {
                continue;
            }
            if let Some(place) = place.take() {
                self.cursor = (self.rows.len() + place / columns, place % columns);
            }
            let count = line.len().div_ceil(columns).max(1);
            let parts = (0..count).map(|part| Row {
                cells: line[(part * columns).min(line.len())..((part + 1) * columns).min(line.len())]
                    .to_vec(),
                wraps: part + 1 < count,
            });
            self.rows.extend(parts.collect::<Vec<_>>());
            line.clear();
        }
    }
}
