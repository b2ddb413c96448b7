//! The text of a document, with positions as editors count them.

use lsp_types::{Position, Range, TextDocumentContentChangeEvent};

/// The unit of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units, which every editor supports.
    Utf16,
}

/// A text with the starts of its lines.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    content: String,
    lines: Vec<usize>,
    encoding: Encoding,
}

impl Text {
    /// Creates a text.
    pub(crate) fn new(content: String, encoding: Encoding) -> Self {
        let lines = line_starts(&content);
        Self { content, lines, encoding }
    }

    /// Returns the characters.
    pub(crate) fn as_str(&self) -> &str {
        &self.content
    }

    /// Applies a change of the editor. A range that lies outside of the text, or in the middle of a character, is moved
    /// into it.
    pub(crate) fn apply(&mut self, change: TextDocumentContentChangeEvent) {
        match change.range {
            None => self.content = change.text,
            Some(range) => {
                let (a, b) = (self.offset(range.start), self.offset(range.end));
                self.content.replace_range(a.min(b)..a.max(b), &change.text);
            }
        }
        self.lines = line_starts(&self.content);
    }

    /// Returns the byte of a position: the nearest one that exists, at the start of a character.
    pub(crate) fn offset(&self, position: Position) -> usize {
        let Some(&start) = self.lines.get(position.line as usize) else { return self.content.len() };
        let line = self.line(position.line as usize);
        let mut column = 0;
        for (at, c) in line.char_indices() {
            if column >= position.character as usize {
                return start + at;
            }
            column += self.width(c);
            // A column in the middle of a character means its start.
            if column > position.character as usize {
                return start + at;
            }
        }
        start + line.len()
    }

    /// Returns the position of a byte.
    pub(crate) fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.content.len());
        while !self.content.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.lines.partition_point(|&start| start <= offset).saturating_sub(1);
        let before = &self.content[self.lines[line]..offset];
        let column: usize = before.chars().map(|c| self.width(c)).sum();
        Position::new(line as u32, column as u32)
    }

    /// Returns the range between two bytes.
    pub(crate) fn range(&self, start: usize, end: usize) -> Range {
        Range::new(self.position(start), self.position(end))
    }

    /// Returns the characters of a line without its end.
    fn line(&self, line: usize) -> &str {
        let start = self.lines[line];
        let end = self.lines.get(line + 1).copied().unwrap_or(self.content.len());
        self.content[start..end].trim_end_matches(['\n', '\r'])
    }

    fn width(&self, c: char) -> usize {
        match self.encoding {
            Encoding::Utf8 => c.len_utf8(),
            Encoding::Utf16 => c.len_utf16(),
        }
    }
}

/// Returns the first byte of each line. As in the protocol, `\n`, `\r\n` and `\r` end a line.
fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let mut starts = vec![0];
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')) {
            starts.push(at + 1);
        }
    }
    starts
}

#[cfg(test)]
mod tests {
    use lsp_types::{Position, Range, TextDocumentContentChangeEvent};

    use super::{Encoding, Text};

    const SAMPLE: &str = "a\u{e9}\u{1f9e0}b\r\n\u{3c4}x\n";

    #[test]
    fn columns_count_code_units() {
        let text = Text::new(SAMPLE.to_owned(), Encoding::Utf16);
        // a, e with an accent: 1 unit each; the brain is a surrogate pair.
        for (offset, line, column) in
            [(0, 0, 0), (1, 0, 1), (3, 0, 2), (7, 0, 4), (8, 0, 5), (10, 1, 0), (12, 1, 1)]
        {
            let position = Position::new(line, column);
            assert_eq!(text.position(offset), position, "{offset}");
            assert_eq!(text.offset(position), offset, "{position:?}");
        }
        let text = Text::new(SAMPLE.to_owned(), Encoding::Utf8);
        assert_eq!(text.position(7), Position::new(0, 7));
    }

    #[test]
    fn positions_outside_move_into_the_text() {
        let text = Text::new(SAMPLE.to_owned(), Encoding::Utf16);
        // Behind a line, inside of a surrogate pair, behind the text.
        assert_eq!(text.offset(Position::new(0, 99)), 8);
        assert_eq!(text.offset(Position::new(0, 3)), 3);
        assert_eq!(text.offset(Position::new(99, 0)), SAMPLE.len());
        assert_eq!(text.position(99), Position::new(2, 0));
    }

    #[test]
    fn changes_replace_ranges() {
        let mut text = Text::new(SAMPLE.to_owned(), Encoding::Utf16);
        let range = Some(Range::new(Position::new(0, 2), Position::new(1, 1)));
        text.apply(TextDocumentContentChangeEvent { range, range_length: None, text: "-\n-".into() });
        assert_eq!(text.as_str(), "a\u{e9}-\n-x\n");
        assert_eq!(text.position(6), Position::new(1, 1));
        text.apply(TextDocumentContentChangeEvent { range: None, range_length: None, text: String::new() });
        assert_eq!(text.position(0), Position::new(0, 0));
    }
}
