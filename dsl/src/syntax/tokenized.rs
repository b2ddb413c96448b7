//! A source with its tokens, after its braces have been mended.

use synnet_ir::{Diagnostic, SourceId, Span};

use super::lexer::{Lexed, Token, TokenKind, lex};

/// A source as the grammar reads it. Offsets are those of the mended source; [`span`](Self::span) translates them
/// to the original.
pub(super) struct Tokenized {
    source: SourceId,
    pub(super) text: String,
    pub(super) lexed: Lexed,
    /// Offsets of the characters that were inserted, in ascending order. Each is one byte long.
    inserted: Vec<usize>,
    /// Byte of the source at which the text starts.
    start: usize,
}

impl Tokenized {
    /// Splits a source into tokens.
    ///
    /// # Errors
    /// Fails as [`lex`] does.
    pub(super) fn new(source: SourceId, text: &str) -> Result<Self, Box<Diagnostic>> {
        let lexed = lex(source, text)?;
        Ok(Self { source, text: text.to_owned(), lexed, inserted: Vec::new(), start: 0 })
    }

    /// Returns the text as a part of a source, which starts there at a byte.
    pub(super) fn starting_at(self, start: usize) -> Self {
        Self { start, ..self }
    }

    /// Returns the place of `start..end` in the original source.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        let original = |at: usize| self.start + at - self.inserted.partition_point(|&inserted| inserted < at);
        Span::new(self.source, original(start), original(end))
    }

    /// Returns the place of a token in the original source.
    pub(super) fn token_span(&self, token: Token) -> Span {
        self.span(token.start, token.end)
    }

    /// Returns the characters of a token.
    pub(super) fn word(&self, token: Token) -> &str {
        &self.text[token.start..token.end]
    }

    /// Returns whether `a` and `b` lie on the same line.
    pub(super) fn same_line(&self, a: usize, b: usize) -> bool {
        !self.text[a.min(b)..a.max(b)].contains('\n')
    }

    /// Inserts punctuation before the byte `at`. Does nothing if the result has no tokens.
    pub(super) fn insert(&mut self, at: usize, punctuation: &str) {
        let mut text = self.text.clone();
        text.insert_str(at, punctuation);
        // Mended braces may nest deeper than the lexer allows; the grammar then reports what is missing.
        let Ok(lexed) = lex(self.source, &text) else { return };
        let len = punctuation.len();
        let from = self.inserted.partition_point(|&inserted| inserted < at);
        self.inserted[from..].iter_mut().for_each(|inserted| *inserted += len);
        self.inserted.splice(from..from, at..at + len);
        (self.text, self.lexed) = (text, lexed);
    }

    /// Replaces the one-byte token at `at` by another, or by a blank.
    pub(super) fn replace(&mut self, at: usize, punctuation: &str) {
        let mut text = self.text.clone();
        text.replace_range(at..at + 1, punctuation);
        if let Ok(lexed) = lex(self.source, &text) {
            (self.text, self.lexed) = (text, lexed);
        }
    }

    /// Returns the index of the token that lies `steps` tokens after the one at `index`, or before it if `steps` is
    /// negative. Comments do not count.
    pub(super) fn step(&self, index: usize, steps: isize) -> Option<usize> {
        let tokens = &self.lexed.tokens;
        let mut at = index;
        for _ in 0..steps.unsigned_abs() {
            at = loop {
                at = at.checked_add_signed(steps.signum())?;
                if !tokens.get(at)?.kind.is_comment() {
                    break at;
                }
            };
        }
        Some(at)
    }

    /// Returns the identifiers in `start..end`.
    pub(super) fn identifiers(&self, start: usize, end: usize) -> Vec<String> {
        let from = self.lexed.tokens.partition_point(|token| token.start < start);
        let tokens = self.lexed.tokens[from..].iter().take_while(|token| token.end <= end);
        let identifiers = tokens.filter(|token| token.kind == TokenKind::Identifier);
        identifiers.map(|&token| self.word(token).to_owned()).collect()
    }
}
