//! The place where the grammar cannot go on: what it found, what it expected, and what stands around.

use pest::error::{Error, ErrorVariant, InputLocation};
use synnet_ir::{Diagnostic, Span};

use super::grammar::Rule;
use super::keywords::Keyword;
use super::lexer::{Token, TokenKind};
use super::tokenized::Tokenized;
use crate::codes;

/// A place where the grammar cannot go on within a statement, an item or a lone expression.
pub(super) struct Stop<'a> {
    pub(super) text: &'a Tokenized,
    /// Index of the first token of the statement.
    pub(super) first: usize,
    /// Index of the token that was found, or of the next one if the statement ends before.
    pub(super) at: usize,
    /// What could stand here, in alphabetical order.
    pub(super) expected: Vec<&'static str>,
    /// Whether the statement ends here.
    pub(super) is_end: bool,
}

/// A bracket that is open where the grammar stops.
#[derive(Clone, Copy)]
pub(super) struct Bracket {
    pub(super) token: Token,
    pub(super) index: usize,
    pub(super) closing: &'static str,
    /// Whether the bracket holds a `,` before the grammar stops.
    pub(super) has_comma: bool,
}

impl<'a> Stop<'a> {
    /// Reads an error of the grammar about the text from `start`; the statement ends before `end`.
    pub(super) fn new(text: &'a Tokenized, start: usize, end: usize, error: Error<Rule>) -> Self {
        let offset = match error.location {
            InputLocation::Pos(at) | InputLocation::Span((at, _)) => start + at,
        };
        let expected = match error.variant {
            ErrorVariant::ParsingError { positives, .. } => expectations(&positives),
            ErrorVariant::CustomError { .. } => Vec::new(),
        };
        let tokens = &text.lexed.tokens;
        let code_from = |from: usize| {
            let at = tokens.partition_point(|token| token.start < from);
            (at..tokens.len()).find(|&at| !tokens[at].kind.is_comment()).unwrap_or(tokens.len())
        };
        let at = code_from(offset);
        let is_end = tokens.get(at).is_none_or(|token| token.start >= end.max(offset + 1));
        Self { text, first: code_from(start), at, expected, is_end }
    }

    /// Returns the token `steps` after the one that was found; `None` outside of the statement.
    pub(super) fn token(&self, steps: isize) -> Option<Token> {
        if self.is_end && steps >= 0 {
            return None;
        }
        let index = self.text.step(self.at, steps).filter(|&index| index >= self.first)?;
        self.text.lexed.tokens.get(index).copied()
    }

    /// Returns the characters of [`token`](Self::token); empty outside of the statement.
    pub(super) fn word(&self, steps: isize) -> &'a str {
        self.token(steps).map_or("", |token| self.text.word(token))
    }

    /// Returns whether the token is of a kind.
    pub(super) fn is(&self, steps: isize, kind: TokenKind) -> bool {
        self.token(steps).is_some_and(|token| token.kind == kind)
    }

    /// Returns whether no blank stands between the token and the next.
    pub(super) fn touches_next(&self, steps: isize) -> bool {
        match (self.token(steps), self.token(steps + 1)) {
            (Some(token), Some(next)) => token.end == next.start,
            (None, _) | (_, None) => false,
        }
    }

    /// Returns the first word of the statement.
    pub(super) fn first_word(&self) -> &'a str {
        self.text.lexed.tokens.get(self.first).map_or("", |&token| self.text.word(token))
    }

    /// Returns the keyword that the statement starts with.
    pub(super) fn keyword(&self) -> Option<Keyword> {
        Keyword::of(self.first_word())
    }

    /// Returns whether nothing of the statement was understood.
    pub(super) fn is_at_first(&self) -> bool {
        self.at == self.first
    }

    /// Returns whether the grammar stops directly after the second token, the name of a declaration.
    pub(super) fn is_at_name(&self) -> bool {
        self.text.step(self.first, 2) == Some(self.at)
    }

    /// Returns whether something could stand here.
    pub(super) fn expects(&self, what: &str) -> bool {
        self.expected.contains(&what)
    }

    /// Returns the place of the token that was found, or of the last one if the statement ends.
    pub(super) fn span(&self) -> Span {
        match self.token(0).or_else(|| self.token(-1)) {
            Some(token) => self.text.token_span(token),
            None => self.text.span(0, 0),
        }
    }

    /// Returns the place from one token to another, both by their steps.
    pub(super) fn range(&self, from: isize, to: isize) -> Span {
        match (self.token(from), self.token(to)) {
            (Some(from), Some(to)) => self.text.span(from.start, to.end),
            (None, _) | (_, None) => self.span(),
        }
    }

    /// Returns the characters from one token to another, both by their steps.
    pub(super) fn slice(&self, from: isize, to: isize) -> &'a str {
        match (self.token(from), self.token(to)) {
            (Some(from), Some(to)) => self.text.text.get(from.start..to.end).unwrap_or(""),
            (None, _) | (_, None) => "",
        }
    }

    /// Returns an error at a place.
    pub(super) fn error(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(&codes::SYNTAX, span, message)
    }

    /// Returns the error about the token that was found.
    pub(super) fn unexpected(&self) -> Diagnostic {
        self.error(self.span(), format!("unexpected `{}`", self.word(0)))
    }

    /// Returns the error that lists what could stand here.
    pub(super) fn expected_error(&self) -> Diagnostic {
        let found = self
            .token(0)
            .map_or("the end of the source".to_owned(), |token| format!("`{}`", self.text.word(token)));
        if self.expected.is_empty() {
            return self.error(self.span(), format!("unexpected {found}"));
        }
        // Whatever else may follow a name at the start of a statement, connections are what is meant.
        let expected = if self.expects("`->`") && self.expects("`+`") && self.token(-1).is_some() {
            "`->`".to_owned()
        } else {
            alternatives(&self.expected)
        };
        let place =
            self.token(-1).map_or(String::new(), |token| format!(" after `{}`", self.text.word(token)));
        self.error(self.span(), format!("expected {expected}{place}, found {found}"))
    }

    /// Returns the innermost bracket of the statement that is open here.
    pub(super) fn bracket(&self) -> Option<Bracket> {
        let mut open: Vec<Bracket> = Vec::new();
        for (index, &token) in self.text.lexed.tokens[..self.at].iter().enumerate().skip(self.first) {
            let closing = match self.text.word(token) {
                "(" => ")",
                "[" => "]",
                "{" => "}",
                ")" | "]" | "}" => {
                    open.pop();
                    continue;
                }
                "," => {
                    if let Some(bracket) = open.last_mut() {
                        bracket.has_comma = true;
                    }
                    continue;
                }
                _ => continue,
            };
            open.push(Bracket { token, index, closing, has_comma: false });
        }
        open.pop()
    }

    /// Returns whether a bracket is closed on the line where the grammar stops.
    pub(super) fn closes_on_line(&self, bracket: Bracket) -> bool {
        let mut depth = 0_usize;
        let rest = &self.text.lexed.tokens[self.at.min(self.text.lexed.tokens.len())..];
        for &token in rest.iter().take_while(|token| self.text.same_line(rest[0].start, token.start)) {
            match self.text.word(token) {
                "(" | "[" | "{" => depth += 1,
                closing @ (")" | "]" | "}") if depth == 0 => return closing == bracket.closing,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
        }
        false
    }

    /// Returns what stands from a token to the next `,` or closing bracket, if that is short.
    pub(super) fn value_from(&self, steps: isize) -> Option<&'a str> {
        let mut depth = 0_usize;
        let mut last = steps;
        while let Some(token) = self.token(last) {
            match self.text.word(token) {
                "(" | "[" | "{" => depth += 1,
                "," | ";" if depth == 0 => break,
                ")" | "]" | "}" if depth == 0 => break,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            last += 1;
            if last - steps > 12 {
                return None;
            }
        }
        // Nothing stands before a `,` that follows at once.
        let value = self.slice(steps, last - 1);
        (!value.is_empty() && !value.contains('\n')).then_some(value)
    }

    /// Returns whether a token can be the last of a value.
    pub(super) fn ends_value(&self, steps: isize) -> bool {
        self.is(steps, TokenKind::Number)
            || self.is(steps, TokenKind::StringLiteral)
            || (self.is(steps, TokenKind::Identifier)
                && !Keyword::of(self.word(steps)).is_some_and(is_connective))
            || matches!(self.word(steps), ")" | "]" | "}")
    }

    /// Returns whether a token can be the first of a value.
    pub(super) fn starts_value(&self, steps: isize) -> bool {
        self.is(steps, TokenKind::Number)
            || self.is(steps, TokenKind::StringLiteral)
            || (self.is(steps, TokenKind::Identifier)
                && !Keyword::of(self.word(steps)).is_some_and(is_connective))
            || matches!(self.word(steps), "(" | "[")
    }
}

fn is_connective(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::In | Keyword::Else | Keyword::For | Keyword::If | Keyword::Let | Keyword::Layer
    )
}

/// Describes, in words, the rules that could have matched here. Tokens that only extend an expression are left out if anything
/// else is possible.
fn expectations(rules: &[Rule]) -> Vec<&'static str> {
    let mut words: Vec<&'static str> = rules.iter().filter_map(|&rule| wording(rule)).collect();
    if words.is_empty() && rules.iter().any(|&rule| matches!(rule, Rule::operator | Rule::unit | Rule::index))
    {
        words.push("an operator");
    }
    if words.iter().any(|word| *word != "`[`") {
        words.retain(|word| *word != "`[`");
    }
    words.sort_unstable();
    words.dedup();
    words
}

fn wording(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::name | Rule::field_name | Rule::field | Rule::parameter => "an identifier",
        Rule::element | Rule::sum => "a layer or an operator",
        Rule::expression | Rule::postfix | Rule::number | Rule::quantity | Rule::choice | Rule::argument => {
            "a value"
        }
        Rule::list | Rule::truth | Rule::nothing | Rule::parenthesis | Rule::call_or_name => "a value",
        Rule::prefix => return None,
        Rule::call => "a network with its arguments",
        Rule::block | Rule::open_brace => "`{`",
        Rule::close_brace => "`}`",
        Rule::arguments | Rule::open_paren => "`(`",
        Rule::close_paren => "`)`",
        Rule::open_bracket => "`[`",
        Rule::close_bracket => "`]`",
        Rule::semicolon | Rule::missing_semicolon => "`;`",
        Rule::colon => "`:`",
        Rule::comma => "`,`",
        Rule::dot => "`.`",
        Rule::equals => "`=`",
        Rule::arrow => "`->`",
        Rule::plus => "`+`",
        Rule::path_separator => "`::`",
        Rule::string => "a string literal",
        Rule::kw_in => "`in`",
        Rule::kw_else => "`else`",
        Rule::EOI => "the end of the source",
        Rule::chain
        | Rule::step
        | Rule::input
        | Rule::output
        | Rule::binding
        | Rule::neuron
        | Rule::layer => "a statement",
        Rule::net | Rule::loop_ | Rule::condition | Rule::assertion => "a statement",
        _ => return None,
    })
}

fn alternatives(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
