//! Tokens and comments of a source. The grammar has its own tokens. These recover comments and token ends, which the
//! grammar discards, help to repair braces, and bound the nesting depth. Tests check that lexer and grammar agree.

use synnet_ir::{Diagnostic, SourceId, Span};

use crate::codes;
use crate::limits::{MAX_NESTING, MAX_SOURCE_BYTES};

/// The kind of a [`Token`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A name or a keyword.
    Identifier,
    /// A number, without its unit.
    Number,
    /// A string literal, with its quotes.
    StringLiteral,
    /// An operator, a bracket or a separator.
    Punctuation,
    /// `// ...`.
    LineComment,
    /// `/// ...`.
    DocComment,
    /// `/* ... */`.
    BlockComment,
}

impl TokenKind {
    /// Returns whether the grammar skips it.
    pub fn is_comment(self) -> bool {
        matches!(self, Self::LineComment | Self::DocComment | Self::BlockComment)
    }
}

/// A token with its half-open range of bytes in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// The kind of token.
    pub kind: TokenKind,
    /// Offset of the first byte.
    pub start: usize,
    /// Offset after the last byte.
    pub end: usize,
}

/// The tokens of a source.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lexed {
    /// Tokens and comments, in source order.
    pub(crate) tokens: Vec<Token>,
}

impl Lexed {
    /// Returns the last token, not a comment, that ends at or before `end`.
    pub(crate) fn last_before(&self, end: usize) -> Option<&Token> {
        let upto = self.tokens.partition_point(|token| token.end <= end);
        self.tokens[..upto].iter().rev().find(|token| !token.kind.is_comment())
    }

    /// Returns the first token, not a comment, that starts at or after `start`.
    pub(crate) fn first_from(&self, start: usize) -> Option<&Token> {
        let from = self.tokens.partition_point(|token| token.start < start);
        self.tokens[from..].iter().find(|token| !token.kind.is_comment())
    }

    /// Returns the lines of the `///` comments directly before the token at `start`.
    pub(crate) fn docs_before(&self, text: &str, start: usize) -> Vec<String> {
        let upto = self.tokens.partition_point(|token| token.start < start);
        let comments = self.tokens[..upto].iter().rev().take_while(|token| token.kind.is_comment());
        let mut docs: Vec<String> = comments
            .filter(|token| token.kind == TokenKind::DocComment)
            .map(|token| {
                let line = text[token.start + 3..token.end].trim_end();
                line.strip_prefix(' ').unwrap_or(line).to_owned()
            })
            .collect();
        docs.reverse();
        docs
    }
}

/// Splits a source into tokens.
///
/// # Errors
/// Fails if the grammar could not recover: an unterminated comment or string literal, brackets that nest too
/// deep, a source that is too long.
pub(crate) fn lex(source: SourceId, text: &str) -> Result<Lexed, Box<Diagnostic>> {
    if text.len() > MAX_SOURCE_BYTES {
        let message = format!("the source has {} bytes; the limit is {MAX_SOURCE_BYTES}", text.len());
        return Err(Diagnostic::error(&codes::SOURCE_TOO_LONG, Span::new(source, 0, 0), message)
            .with_help("split it into several files, and store weights in a weights file")
            .into());
    }
    let mut tokens = Vec::new();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{feff}') {
            at += c.len_utf8();
            continue;
        }
        let token = next(source, text, at, c)?;
        // The parser recurses once per level; its stack bounds the depth.
        match c {
            '(' | '[' | '{' => {
                depth += 1;
                if depth > MAX_NESTING {
                    return Err(too_deep("brackets", Span::new(source, at, at + 1)));
                }
            }
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at = token.end;
        tokens.push(token);
    }
    Ok(Lexed { tokens })
}

/// Splits a source into tokens, however broken it is: an unterminated string literal ends with its line, an
/// unterminated comment with the source.
pub(crate) fn lex_tolerant(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{feff}') {
            at += c.len_utf8();
            continue;
        }
        let token = next(SourceId::default(), text, at, c).unwrap_or_else(|_| {
            let rest = &text[at..];
            let (kind, len) = match c {
                '"' => (TokenKind::StringLiteral, rest.find('\n').unwrap_or(rest.len())),
                _ => (TokenKind::BlockComment, rest.len()),
            };
            Token { kind, start: at, end: at + len }
        });
        at = token.end;
        tokens.push(token);
    }
    tokens
}

fn next(source: SourceId, text: &str, at: usize, c: char) -> Result<Token, Box<Diagnostic>> {
    let rest = &text[at..];
    let token = |kind, len: usize| Ok(Token { kind, start: at, end: at + len });
    if rest.starts_with("//") {
        let line = rest.split('\n').next().unwrap_or(rest).trim_end_matches('\r');
        let is_doc = line.starts_with("///") && !line.starts_with("////");
        return token(if is_doc { TokenKind::DocComment } else { TokenKind::LineComment }, line.len());
    }
    if rest.starts_with("/*") {
        return token(TokenKind::BlockComment, block_comment(source, at, rest)?);
    }
    if c == '#' {
        // A comment of other languages. As one token, none of its words is mistaken for code.
        let line = rest.split('\n').next().unwrap_or(rest).trim_end_matches('\r');
        return token(TokenKind::Punctuation, line.len());
    }
    if c == '"' {
        let end = rest[1..].find(['"', '\n', '\\']);
        return match end.map(|len| (len, rest.as_bytes()[1 + len])) {
            Some((len, b'"')) => token(TokenKind::StringLiteral, len + 2),
            Some((len, b'\\')) => Err(Diagnostic::error(
                &codes::UNTERMINATED_STRING,
                Span::new(source, at + 1 + len, at + 2 + len),
                "a string literal cannot contain `\\`",
            )
            .with_help("write paths with `/`")
            .into()),
            _ => Err(Diagnostic::error(
                &codes::UNTERMINATED_STRING,
                Span::new(source, at, at + 1),
                "unterminated string literal",
            )
            .with_help("close it with `\"` on the same line")
            .into()),
        };
    }
    if c.is_ascii_digit() {
        return token(TokenKind::Number, number(rest));
    }
    if is_word(c) {
        return token(TokenKind::Identifier, rest.find(|c| !is_word(c)).unwrap_or(rest.len()));
    }
    const PAIRS: [&str; 9] = ["->", "==", "!=", "<=", ">=", "&&", "||", "..", "::"];
    let pair = PAIRS.iter().any(|pair| rest.starts_with(pair));
    token(TokenKind::Punctuation, if pair { 2 } else { c.len_utf8() })
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn number(rest: &str) -> usize {
    let digits = |from: usize| {
        let tail = &rest[from..];
        let starts = tail.starts_with(|c: char| c.is_ascii_digit());
        let len = tail.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(tail.len());
        if starts { len } else { 0 }
    };
    let mut end = digits(0);
    if rest[end..].starts_with('.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    if rest[end..].starts_with(['e', 'E']) {
        let sign = usize::from(rest[end + 1..].starts_with(['+', '-']));
        if digits(end + 1 + sign) > 0 {
            end += 1 + sign + digits(end + 1 + sign);
        }
    }
    end
}

/// Returns the length of the block comment at the start of `rest`. Comments nest, as in Rust.
fn block_comment(source: SourceId, at: usize, rest: &str) -> Result<usize, Box<Diagnostic>> {
    let bytes = rest.as_bytes();
    let (mut depth, mut i) = (0_usize, 0);
    while i + 1 < bytes.len() {
        match &bytes[i..i + 2] {
            b"/*" => {
                depth += 1;
                i += 2;
                if depth > MAX_NESTING {
                    return Err(too_deep("comments", Span::new(source, at, at + 2)));
                }
            }
            b"*/" => {
                depth -= 1;
                i += 2;
                if depth == 0 {
                    return Ok(i);
                }
            }
            _ => i += 1,
        }
    }
    Err(Diagnostic::error(
        &codes::UNTERMINATED_COMMENT,
        Span::new(source, at, at + 2),
        "unterminated block comment",
    )
    .with_help("close it with `*/`; comments nest, so every `/*` needs its own")
    .into())
}

fn too_deep(what: &str, span: Span) -> Box<Diagnostic> {
    let help = match what {
        "brackets" => "name parts of the expression with `let`",
        _ => "close each comment with its own `*/`, or use `//`",
    };
    let message = format!("{what} nest more than {MAX_NESTING} levels deep");
    Box::new(Diagnostic::error(&codes::NESTING_TOO_DEEP, span, message).with_help(help))
}
