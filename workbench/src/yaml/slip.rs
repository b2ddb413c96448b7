//! Slips of writing that YAML refuses, such as `steps:20`: where they are, and the text that was probably meant.
//!
//! A parser reports such an error where it gives up, often a line later. The candidates found here are tried: the one
//! whose repair lets the parser go on is the slip.

use std::ops::Range;

/// Characters that start a value with a meaning of their own, unless it is quoted.
const SPECIAL: &[char] = &['*', '&', '!', '@', '`', '%', '|', '>', '?'];
/// Maximum depth of nested brackets. Deeper ones are an error of their own.
const MAX_DEPTH: usize = 64;
/// The characters that may follow a backslash in double quotes.
const ESCAPES: &str = "0abt\tnvfre \"/\\N_LPxuU\n\r";

/// A slip, with places in bytes of the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slip {
    /// The characters to point at.
    pub place: Range<usize>,
    pub message: String,
    pub help: String,
    /// What to insert where, in ascending order.
    pub insertions: Vec<(usize, &'static str)>,
    /// The characters to leave out.
    pub removed: Range<usize>,
}

/// Returns the slips of a text that start before the byte `end`, in the order of the text.
pub(super) fn find(text: &str, end: usize) -> Vec<Slip> {
    let mut finder = Finder { text, slips: Vec::new() };
    let mut at = 0;
    while at < text.len() && at <= end {
        at = finder.line(at);
    }
    finder.slips
}

struct Finder<'a> {
    text: &'a str,
    slips: Vec<Slip>,
}

impl Finder<'_> {
    /// Reads a line outside of brackets, and what its value takes of the following ones. Returns where the next line
    /// starts.
    fn line(&mut self, start: usize) -> usize {
        let end = self.line_end(start);
        let indent =
            self.text[start..end].len() - self.text[start..end].trim_start_matches([' ', '\t']).len();
        let mut at = start + indent;
        while self.text[at..end].starts_with("- ") {
            at = self.skip_blanks(at + 1, end);
        }
        let rest = &self.text[at..end];
        if rest.is_empty() || rest.starts_with(['#', '%']) || rest.starts_with("---") {
            return end + 1;
        }
        let key = identifier(rest);
        if key == 0 {
            return self.value(at, end, indent);
        }
        let after = &rest[key..];
        let blanks = after.len() - after.trim_start_matches(' ').len();
        match after[blanks..].chars().next() {
            // A word alone, such as an item of a list.
            None | Some('#') => end + 1,
            Some(':') => {
                let colon = at + key + blanks;
                let behind = self.text[colon + 1..end].chars().next();
                match behind {
                    None | Some(' ') => {
                        let value = self.skip_blanks(colon + 1, end);
                        self.value(value, end, indent)
                    }
                    Some(blank) if blank.is_whitespace() => {
                        self.blank(colon, blank);
                        end + 1
                    }
                    Some(_) => {
                        self.missing_space(at..at + key, colon, end);
                        end + 1
                    }
                }
            }
            Some('=') => {
                self.equals_sign(at..at + key, at + key + blanks, end);
                end + 1
            }
            Some(_) if blanks > 0 => {
                self.missing_colon(at..at + key, end);
                self.value(at + key + blanks, end, indent)
            }
            Some(_) => end + 1,
        }
    }

    /// Reads a value outside of brackets, which stands on a line that ends at `end` and is indented by `indent`. Returns
    /// where the next line starts.
    fn value(&mut self, at: usize, end: usize, indent: usize) -> usize {
        let Some(first) = self.text[at..end].chars().next() else { return end + 1 };
        match first {
            '"' | '\'' => {
                let close = self.quoted(at);
                self.line_end(close) + 1
            }
            '{' | '[' => {
                let close = self.brackets(at, 0);
                let end = self.line_end(close);
                if !self.content(close, end).is_empty() && !self.content(close, end).starts_with(':') {
                    let whole = at..close + self.content(close, end).len() + self.blanks(close, end);
                    self.unquoted(whole, first);
                }
                end + 1
            }
            '|' | '>' if self.content(at, end).len() <= 2 => self.block_scalar(end + 1, indent),
            _ if SPECIAL.contains(&first) => {
                self.unquoted(at..at + self.content(at, end).len(), first);
                end + 1
            }
            _ => end + 1,
        }
    }

    /// Reads brackets that open at a byte. Returns the byte behind the closing bracket, or the end of the text.
    fn brackets(&mut self, open: usize, depth: usize) -> usize {
        if depth > MAX_DEPTH {
            return self.text.len();
        }
        let mut at = open + 1;
        let mut is_start = true;
        while let Some(c) = self.text[at..].chars().next() {
            match c {
                '}' | ']' => return at + 1,
                '"' | '\'' if is_start => {
                    at = self.quoted(at);
                    is_start = false;
                    continue;
                }
                '{' | '[' => {
                    let close = self.brackets(at, depth + 1);
                    let next = self.text[close..].chars().next();
                    if is_start && next.is_some_and(|c| !c.is_whitespace() && !",:}]#".contains(c)) {
                        let end = self.item_end(close);
                        self.unquoted(at..end, c);
                        at = end;
                    } else {
                        at = close;
                    }
                    is_start = false;
                    continue;
                }
                '#' if self.text[..at].ends_with([' ', '\n', '\t']) => {
                    at = self.line_end(at);
                    continue;
                }
                ',' => is_start = true,
                ':' if self.text[at + 1..].starts_with([' ', '\n']) => {
                    self.missing_comma(open + 1, at);
                    is_start = true;
                }
                ':' if self.text[at + 1..].starts_with(['[', '{', '"', '\'']) => {
                    let before = &self.text[open + 1..at];
                    let start = open + 1 + before.rfind(|c: char| ",{[ \n".contains(c)).map_or(0, |i| i + 1);
                    let end = self.item_end(at + 1);
                    if identifier(&self.text[start..at]) == at - start && at > start {
                        self.missing_space(start..at, at, end);
                    }
                    is_start = true;
                }
                _ if is_start && SPECIAL.contains(&c) => {
                    let end = self.item_end(at);
                    self.unquoted(at..end, c);
                    at = end;
                    is_start = false;
                    continue;
                }
                _ => is_start &= c.is_whitespace(),
            }
            at += c.len_utf8();
        }
        self.text.len()
    }

    /// Returns the end of an unquoted item in brackets: before the comma or the bracket that follows it.
    fn item_end(&self, from: usize) -> usize {
        let mut depth = 0;
        for (i, c) in self.text[from..].char_indices() {
            match c {
                '{' | '[' => depth += 1,
                '}' | ']' if depth > 0 => depth -= 1,
                '}' | ']' | ',' | '\n' if depth == 0 || c == '\n' => {
                    return from + self.text[from..from + i].trim_end().len();
                }
                _ => {}
            }
        }
        self.text.len()
    }

    /// Reads a string in quotes. Returns the byte behind the closing quote, or the end of the text.
    fn quoted(&mut self, open: usize) -> usize {
        let quote = self.text[open..].chars().next().unwrap_or('"');
        let mut invalid = None;
        let mut backslashes = Vec::new();
        let mut characters = self.text[open + 1..].char_indices();
        let mut close = self.text.len();
        while let Some((i, c)) = characters.next() {
            let at = open + 1 + i;
            if c == quote {
                close = at + 1;
                break;
            }
            if c == '\\' && quote == '"' {
                backslashes.push((at, "\\"));
                let Some((_, next)) = characters.next() else { break };
                if !is_escape(next, &self.text[at + 1 + next.len_utf8()..]) {
                    invalid = invalid.or(Some(at..at + 1 + next.len_utf8()));
                } else if next == '\\' {
                    backslashes.pop();
                }
            }
        }
        if let Some(place) = invalid {
            let message = format!("`{}` is not an escape sequence of YAML", &self.text[place.clone()]);
            let help = "use single quotes, in which a backslash stands for itself, or write `\\\\`";
            self.slips.push(Slip {
                place,
                message,
                help: help.to_owned(),
                insertions: backslashes,
                removed: 0..0,
            });
        }
        close
    }

    /// Skips the lines of a block scalar, which are indented deeper than its key.
    fn block_scalar(&self, mut start: usize, indent: usize) -> usize {
        while start < self.text.len() {
            let end = self.line_end(start);
            let line = &self.text[start..end];
            if !line.trim().is_empty() && line.len() - line.trim_start_matches(' ').len() <= indent {
                break;
            }
            start = end + 1;
        }
        start
    }

    fn missing_space(&mut self, key: Range<usize>, colon: usize, end: usize) {
        let (name, value) = (&self.text[key], self.content(colon + 1, end));
        self.slips.push(Slip {
            place: colon..colon + 1,
            message: format!("no space after the colon of `{name}`"),
            help: format!("write `{name}: {value}`"),
            insertions: vec![(colon + 1, " ")],
            removed: 0..0,
        });
    }

    /// A tab or a no-break space behind a colon.
    fn blank(&mut self, colon: usize, blank: char) {
        let place = colon + 1..colon + 1 + blank.len_utf8();
        let what = if blank == '\t' { "a tab" } else { "a special space" };
        self.slips.push(Slip {
            place: place.clone(),
            message: format!("{what} after a colon; YAML expects a space"),
            help: "replace it with a space".to_owned(),
            insertions: vec![(colon + 1, " ")],
            removed: place,
        });
    }

    fn missing_colon(&mut self, key: Range<usize>, end: usize) {
        let name = &self.text[key.clone()];
        let value = self.content(key.end, end);
        self.slips.push(Slip {
            place: key.clone(),
            message: format!("expected `:` after `{name}`"),
            help: format!("write `{name}: {}`", value.trim_start()),
            insertions: vec![(key.end, ":")],
            removed: 0..0,
        });
    }

    /// A key in brackets whose colon is at a byte, if a value stands directly before it: `{ a: b c: d }`.
    fn missing_comma(&mut self, start: usize, colon: usize) {
        let before = &self.text[start..colon];
        let item = before.rfind([',', '{', '[', ':', '\n']).map_or(0, |i| i + 1);
        let Some(blank) = before[item..].trim_start().rfind(' ') else { return };
        let trimmed = start + item + before[item..].len() - before[item..].trim_start().len();
        let key = trimmed + blank + 1;
        let name = &self.text[key..colon];
        if identifier(name) != name.len() || name.is_empty() {
            return;
        }
        let end = trimmed + self.text[trimmed..key].trim_end().len();
        self.slips.push(Slip {
            place: key..colon,
            message: format!("expected `,` before `{name}`"),
            help: "separate keys with commas".to_owned(),
            insertions: vec![(end, ",")],
            removed: 0..0,
        });
    }

    fn equals_sign(&mut self, key: Range<usize>, sign: usize, end: usize) {
        let name = &self.text[key];
        let value = self.content(sign + 1, end).trim_start();
        self.slips.push(Slip {
            place: sign..sign + 1,
            message: format!("expected `:` after `{name}`, found `=`"),
            help: format!("write `{name}: {value}`"),
            insertions: vec![(sign, ": ")],
            removed: sign..sign + 1,
        });
    }

    /// A value that starts with a character that has a meaning of its own.
    fn unquoted(&mut self, place: Range<usize>, first: char) {
        let value = &self.text[place.clone()];
        let quote = if value.contains('\'') { "\"" } else { "'" };
        let message = match first {
            '{' => "text that starts with `{` must be quoted: a mapping starts so".to_owned(),
            '[' => "text that starts with `[` must be quoted: a list starts so".to_owned(),
            _ => format!("text that starts with `{first}` must be quoted"),
        };
        self.slips.push(Slip {
            message,
            help: format!("write `{quote}{value}{quote}`"),
            insertions: vec![(place.start, quote), (place.end, quote)],
            place,
            removed: 0..0,
        });
    }

    /// Returns the text from a byte to the end of its line, without a comment and blanks around it.
    fn content(&self, at: usize, end: usize) -> &str {
        let rest = &self.text[at.min(end)..end];
        let comment = rest.find(" #").unwrap_or(if rest.starts_with('#') { 0 } else { rest.len() });
        rest[..comment].trim()
    }

    /// Returns the number of blanks at a byte.
    fn blanks(&self, at: usize, end: usize) -> usize {
        self.text[at..end].len() - self.text[at..end].trim_start().len()
    }

    fn skip_blanks(&self, at: usize, end: usize) -> usize {
        at + self.blanks(at, end)
    }

    /// Returns the end of the line that contains a byte, before its line end.
    fn line_end(&self, at: usize) -> usize {
        let at = at.min(self.text.len());
        self.text[at..].find('\n').map_or(self.text.len(), |i| at + i)
    }
}

/// Returns the length of the name that a line starts with.
fn identifier(text: &str) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !text.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return 0;
    }
    text.find(|c: char| !is_part(c)).unwrap_or(text.len())
}

/// Returns whether a backslash before a character, with the text behind it, is an escape sequence.
fn is_escape(next: char, rest: &str) -> bool {
    let digits = match next {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return ESCAPES.contains(next),
    };
    rest.get(..digits).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_where_they_are() {
        for (text, place, help) in [
            ("a: 1\nsteps:20\n", ":", "write `steps: 20`"),
            ("  steps 20 # ms\n", "steps", "write `steps: 20`"),
            ("steps = 20", "=", "write `steps: 20`"),
            ("p: {label}_{take}.wav # c", "{label}_{take}.wav", "write `'{label}_{take}.wav'`"),
            ("d: { p: {a}_{b}.wav, c: 1 }", "{a}_{b}.wav", "write `'{a}_{b}.wav'`"),
            ("d: { take:[1, 2], b: 3 }", ":", "write `take: [1, 2]`"),
            ("l: { kind: mse readout: x }", "readout", "separate keys with commas"),
            ("i: [*.wav, x]", "*.wav", "write `'*.wav'`"),
            ("i: *.wav", "*.wav", "write `'*.wav'`"),
            ("- *.wav", "*.wav", "write `'*.wav'`"),
            (
                "p: \"C:\\data\"",
                "\\d",
                "use single quotes, in which a backslash stands for itself, or write `\\\\`",
            ),
            ("steps:\t20", "\t", "replace it with a space"),
            ("steps:\u{a0}20", "\u{a0}", "replace it with a space"),
        ] {
            let slips = find(text, text.len());
            let found: Vec<_> =
                slips.iter().map(|slip| (&text[slip.place.clone()], slip.help.as_str())).collect();
            assert_eq!(found, [(place, help)], "{text}");
        }
        for text in [
            "a: {b: [c, 'd{', {e: f}], g: h}\ni: |\n  steps 20\n  *x\nj: [1,\n  2]\n- k\n# steps 20\nl: a b\nm: \"\\t\\x41\"\n",
            "\u{feff}a: b\r\nc: d\r\n",
        ] {
            assert_eq!(find(text, text.len()), [], "{text}");
        }
    }
}
