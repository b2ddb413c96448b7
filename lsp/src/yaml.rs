//! Keys of a YAML document and what stands at a cursor. It works while a line is being written, which no parser accepts.
//!
//! Known are mappings in blocks and in braces, and lists. Anchors, tags and scalars over several lines are not.

use std::ops::Range;

/// A key of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The keys that lead to the mapping, and the key itself.
    pub(crate) path: Vec<String>,
    /// Bytes of the key.
    pub(crate) key: Range<usize>,
    /// The text on the line of the key, without quotes. Empty for a mapping and a list.
    pub(crate) value: String,
}

/// What can be written at a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A key of the mapping at a path.
    Key(Vec<String>),
    /// The value of the key at a path.
    Value(Vec<String>),
    /// Nothing: a comment.
    Nothing,
}

/// Returns all keys of a document.
pub(crate) fn entries(text: &str) -> Vec<Entry> {
    let mut scan = Scan::new(text);
    scan.run();
    scan.entries
}

/// Returns what stands at a byte, and where the word starts that is being written.
pub(crate) fn place(text: &str, offset: usize) -> (Place, usize) {
    let before = &text[..offset];
    let is_word = |c: char| c.is_alphanumeric() || "_-./".contains(c);
    let start = before
        .rfind(|c| !is_word(c))
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let mut scan = Scan::new(&before[..start]);
    scan.run();
    let column = start - before[..start].rfind('\n').map_or(0, |newline| newline + 1);
    (scan.place(column), start)
}

/// A mapping or list in brackets that is open.
struct Bracket {
    is_mapping: bool,
    /// The key whose value is being read.
    key: Option<String>,
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    entries: Vec<Entry>,
    /// The mappings in blocks that lead here: the column of each key, and the key.
    blocks: Vec<(usize, String)>,
    brackets: Vec<Bracket>,
    /// Whether the present line has a key, outside of brackets.
    has_key: bool,
    /// The column of the `-` of the present line.
    dash: Option<usize>,
    in_comment: bool,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            entries: Vec::new(),
            blocks: Vec::new(),
            brackets: Vec::new(),
            has_key: false,
            dash: None,
            in_comment: false,
        }
    }

    fn run(&mut self) {
        let mut line_start = 0;
        while let Some(c) = self.text[self.at..].chars().next() {
            let is_after_blank = self.text[..self.at].ends_with(|c: char| c.is_whitespace()) || self.at == 0;
            match c {
                '\n' => {
                    (line_start, self.has_key, self.dash, self.in_comment) =
                        (self.at + 1, false, None, false);
                    self.at += 1;
                }
                _ if self.in_comment => self.at += c.len_utf8(),
                '#' if is_after_blank => self.in_comment = true,
                '{' | '[' => {
                    self.brackets.push(Bracket { is_mapping: c == '{', key: None });
                    self.at += 1;
                }
                '}' | ']' => {
                    self.brackets.pop();
                    self.at += 1;
                }
                ',' => {
                    if let Some(bracket) = self.brackets.last_mut() {
                        bracket.key = None;
                    }
                    self.at += 1;
                }
                '-' if self.is_line_start(line_start) && self.brackets.is_empty() => {
                    self.dash = Some(self.at - line_start);
                    self.at += 1;
                }
                _ if c.is_whitespace() || c == ':' => self.at += c.len_utf8(),
                _ => self.scalar(line_start),
            }
        }
    }

    fn is_line_start(&self, line_start: usize) -> bool {
        self.text[line_start..self.at].trim().is_empty()
    }

    /// Reads a scalar, which is a key if a `:` follows.
    fn scalar(&mut self, line_start: usize) {
        let start = self.at;
        let end = self.scalar_end();
        self.at = end;
        let word = unquoted(&self.text[start..end]);
        let rest = self.text[end..].trim_start_matches([' ', '\t']);
        let is_key = rest
            .strip_prefix(':')
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
        if !is_key {
            return;
        }
        let colon = self.text.len() - rest.len();
        match self.brackets.last_mut() {
            Some(bracket) if bracket.is_mapping => bracket.key = Some(word.clone()),
            Some(_) => return,
            None if self.text[line_start..start].trim().is_empty() => {
                let column = start - line_start;
                self.blocks.retain(|(other, _)| *other < column);
                self.blocks.push((column, word.clone()));
                self.has_key = true;
            }
            None => return,
        }
        let path = self.path();
        self.at = colon + 1;
        let value_start =
            self.at + self.text[self.at..].len() - self.text[self.at..].trim_start_matches([' ', '\t']).len();
        let value = match self.text[value_start..].chars().next() {
            None | Some('\n' | '\r' | '{' | '[' | '#' | '&' | '|' | '>') => String::new(),
            Some(_) => {
                self.at = value_start;
                let end = self.scalar_end();
                self.at = end;
                unquoted(&self.text[value_start..end])
            }
        };
        self.entries.push(Entry { path, key: start..end, value });
    }

    /// Returns the end of the scalar that starts here.
    fn scalar_end(&self) -> usize {
        let rest = &self.text[self.at..];
        if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            let inner = rest[1..].find([quote, '\n']).map_or(rest.len(), |len| len + 1);
            let closes = rest[inner..].starts_with(quote);
            return self.at + inner + usize::from(closes);
        }
        let in_brackets = !self.brackets.is_empty();
        let mut previous = ' ';
        for (len, c) in rest.char_indices() {
            let next = rest[len + c.len_utf8()..].chars().next();
            let ends = c == '\n'
                || (c == ':' && next.is_none_or(char::is_whitespace))
                || (c == '#' && previous.is_whitespace() && len > 0)
                || (in_brackets && matches!(c, ',' | '}' | ']' | '{' | '['));
            if ends {
                return self.at + rest[..len].trim_end().len().max(1);
            }
            previous = c;
        }
        self.at + rest.trim_end().len().max(1)
    }

    /// Returns the keys that lead to what is being read.
    fn path(&self) -> Vec<String> {
        let blocks = self.blocks.iter().map(|(_, key)| key.clone());
        blocks.chain(self.brackets.iter().filter_map(|bracket| bracket.key.clone())).collect()
    }

    /// Returns what can follow the text.
    fn place(&mut self, column: usize) -> Place {
        if self.in_comment {
            return Place::Nothing;
        }
        match self.brackets.last() {
            Some(bracket) if bracket.is_mapping && bracket.key.is_none() => return Place::Key(self.path()),
            Some(_) => return Place::Value(self.path()),
            None => {}
        }
        if self.has_key {
            return Place::Value(self.path());
        }
        match self.dash {
            // The items of a list may stand below their key.
            Some(dash) => {
                self.blocks.retain(|(other, _)| *other <= dash);
                Place::Value(self.path())
            }
            None => {
                self.blocks.retain(|(other, _)| *other < column);
                Place::Key(self.path())
            }
        }
    }
}

fn unquoted(text: &str) -> String {
    text.trim().trim_matches(['"', '\'']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Place, entries, place};

    const RECIPE: &str = "network: a.snn # the network\ndata:\n  path: \"x: y\"\n  test: { split: [test], \"take\": 3 }\n\
                          training:\n  loss: { kind: mse,\n    scale: 2 }\n  epochs: 3\nbuild:\n- rust\nseeds: [1, 2]\n";

    #[test]
    fn entries_have_paths_and_values() {
        let found: Vec<(String, String)> =
            entries(RECIPE).into_iter().map(|entry| (entry.path.join("."), entry.value)).collect();
        let expected = [
            ("network", "a.snn"),
            ("data", ""),
            ("data.path", "x: y"),
            ("data.test", ""),
            ("data.test.split", ""),
            ("data.test.take", "3"),
            ("training", ""),
            ("training.loss", ""),
            ("training.loss.kind", "mse"),
            ("training.loss.scale", "2"),
            ("training.epochs", "3"),
            ("build", ""),
            ("seeds", ""),
        ];
        assert_eq!(found, expected.map(|(path, value)| (path.to_owned(), value.to_owned())));
    }

    #[test]
    fn places_follow_from_what_is_written() {
        let key =
            |path: &str| Place::Key(path.split('.').filter(|p| !p.is_empty()).map(str::to_owned).collect());
        let value = |path: &str| Place::Value(path.split('.').map(str::to_owned).collect());
        for (source, expected) in [
            ("|", key("")),
            ("net|", key("")),
            ("network: |", value("network")),
            ("data:\n  |", key("data")),
            ("data:\n  st|\n  path: x\n", key("data")),
            ("data:\n  path: x\n|", key("")),
            ("training:\n  loss: { |", key("training.loss")),
            ("training:\n  loss: { kind: c|", value("training.loss.kind")),
            ("training:\n  loss: { kind: mse, |}", key("training.loss")),
            ("training:\n  loss:\n    kind: mse\n    |", key("training.loss")),
            ("training:\n  loss: { kind: mse }\n  |", key("training")),
            ("build: [rust, x|]", value("build")),
            ("build:\n- |", value("build")),
            ("build:\n  - ru|", value("build")),
            ("# comment |", Place::Nothing),
            ("network: a.snn # |", Place::Nothing),
            ("\u{3c4}: { \u{1f9e0}|", key("\u{3c4}")),
        ] {
            let offset = source.find('|').expect("the source has a cursor");
            assert_eq!(place(&source.replace('|', ""), offset).0, expected, "{source}");
        }
    }
}
