//! Mends braces that do not match, so that one missing brace is one error.
//!
//! The grammar sees a source from the start and notices a missing brace at the end of the file, if at all. Statements
//! and indentation say more: a `;` never stands among fields, and a block ends where the indentation falls back to
//! that of its head. These are guesses, and only made about a source that has errors; the mended source goes to the
//! grammar again.

use synnet_ir::{Diagnostic, SourceId};

use super::keywords::{Keyword, KeywordRole};
use super::lexer::{Token, TokenKind};
use super::tokenized::Tokenized;
use crate::codes;

/// Braces that are mended in one source. Each costs a pass over it; a source with more is no network.
const MAX_REPAIRS: usize = 16;

/// Mends the braces of a source and returns an error for each that is missing or superfluous.
pub(super) fn mend(text: &mut Tokenized) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    while diagnostics.len() < MAX_REPAIRS {
        let Some(finding) = Scan::new(text).find() else { break };
        diagnostics.push(finding.diagnostic(text));
        finding.repair(text);
    }
    diagnostics
}

/// What is known about the braces of a source without syntax errors, in ascending order of certainty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Braces {
    /// Some would be mended if the source had an error.
    Doubtful,
    /// None would be mended if the source had an error elsewhere.
    Sound,
    /// The same, and the indentation of each agrees with that of its partner.
    Tidy,
}

impl Braces {
    /// Examines a source without syntax errors.
    pub(super) fn of_source(source: SourceId, text: &str) -> Self {
        let Ok(text) = Tokenized::new(source, text) else { return Self::Doubtful };
        let mut scan = Scan::new(&text);
        let is_sound = (0..scan.tokens.len()).all(|index| scan.step(index).is_none()) && scan.open.is_empty();
        scan.judge(is_sound)
    }

    /// Examines a block, whatever stands around it. `text` is the block with its braces.
    pub(super) fn of_block(text: &Tokenized) -> Self {
        let mut scan = Scan::of_block(text);
        let last = scan.tokens.len().saturating_sub(1);
        let is_sound = (1..last).all(|index| scan.step(index).is_none() && !scan.open.is_empty())
            && scan.open.len() == 1
            && scan.is_between_statements();
        scan.judge(is_sound && scan.starts_new_line())
    }
}

/// The source around a block that is mended.
#[derive(Clone, Copy)]
pub(super) struct Surroundings {
    /// Whether the braces around it are tidy, and those of its network stand at the starts of lines.
    pub(super) is_tidy: bool,
    /// Whether the block ends with its network.
    pub(super) ends_network: bool,
}

/// Mends the braces of a block as [`mend`] does it in a source whose other braces are sound. `text` is the block with
/// the braces of the network around it. Returns `None` if only the whole source tells how.
pub(super) fn mend_block(text: &mut Tokenized, around: Surroundings) -> Option<Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    while diagnostics.len() < MAX_REPAIRS {
        let Some(finding) = Scan::of_block(text).find_in_block(around)? else { return Some(diagnostics) };
        diagnostics.push(finding.diagnostic(text));
        finding.repair(text);
    }
    None
}

/// A token of code, with its line.
#[derive(Clone, Copy)]
struct Code {
    token: Token,
    /// Column of the first character on the line.
    indent: usize,
    is_first_on_line: bool,
    line: usize,
}

/// The content of a pair of braces.
#[derive(Clone, Copy, PartialEq)]
enum Content {
    /// Statements.
    Block,
    /// Fields, options or a value.
    Fields,
}

/// An opening brace, by its index, that waits for its partner.
#[derive(Clone, Copy)]
struct Open {
    at: usize,
    content: Content,
    /// Index of the first token of its statement.
    statement: usize,
}

/// A brace that is wrong. All places are tokens.
enum Finding {
    /// `open` has no partner; it belongs after `last`.
    Unclosed { open: Token, content: Content, last: Token },
    /// The parenthesis or bracket `open` has no partner; it belongs after `last`.
    Bracket { open: Token, last: Token },
    /// The parenthesis or bracket `open` has the partner of the other, `found`, after `last`.
    Mismatch { open: Token, last: Token, found: Token },
    /// A `;` stands in the place of a `,` between fields.
    Semicolon(Token),
    /// The head of a block ends with `last` and no `{` follows.
    Unopened { last: Token },
    /// A `:` stands for the `{` of a block, as in Python, after `last`.
    Colon { colon: Token, last: Token },
    /// A closing bracket or brace has no partner.
    Extra(Token),
}

impl Finding {
    /// Returns the tokens that it is about.
    fn places(&self) -> [Token; 2] {
        match *self {
            Self::Unclosed { open, last, .. } | Self::Bracket { open, last } => [open, last],
            Self::Mismatch { open: a, found: b, .. } | Self::Colon { colon: a, last: b } => [a, b],
            Self::Semicolon(token) | Self::Unopened { last: token } | Self::Extra(token) => [token, token],
        }
    }

    fn diagnostic(&self, text: &Tokenized) -> Diagnostic {
        let error = |code, token, message: String| Diagnostic::error(code, text.token_span(token), message);
        match *self {
            Self::Unclosed { open, content, last } => {
                let help = match content {
                    Content::Block => "add `}` where the block ends",
                    Content::Fields => "add `}` after the last field",
                };
                let unclosed =
                    error(&codes::MISSING_DELIMITER, open, "unclosed `{`".to_owned()).with_help(help);
                if last == open {
                    return unclosed;
                }
                unclosed.with_note(text.token_span(last), "expected `}` after this")
            }
            Self::Bracket { open, last } => {
                let word = text.word(open);
                error(&codes::MISSING_DELIMITER, open, format!("unclosed `{word}`"))
                    .with_note(text.token_span(last), format!("expected `{}` after this", partner(word)))
                    .with_help(format!("close it with `{}`", partner(word)))
            }
            Self::Semicolon(token) => {
                error(&codes::SYNTAX, token, "expected `,` between fields, found `;`".to_owned())
                    .with_help("separate fields with `,`")
            }
            Self::Unopened { last } => {
                error(&codes::MISSING_DELIMITER, last, format!("expected `{{` after `{}`", text.word(last)))
                    .with_help("put the statements of a block between `{` and `}`")
            }
            Self::Colon { colon, last } => {
                let message = format!("expected `{{` after `{}`, found `:`", text.word(last));
                error(&codes::SYNTAX, colon, message)
                    .with_help("put the statements of a block between `{` and `}`")
            }
            Self::Mismatch { open, last, found } => {
                let closing = partner(text.word(open));
                let (last, found_word) = (text.word(last), text.word(found));
                let message = format!("expected `{closing}` after `{last}`, found `{found_word}`");
                error(&codes::SYNTAX, found, message)
                    .with_note(text.token_span(open), format!("this `{}` is open", text.word(open)))
                    .with_help(format!("close it with `{closing}`"))
            }
            Self::Extra(token) => {
                let word = text.word(token);
                let opening = match word {
                    ")" => "(",
                    "]" => "[",
                    _ => "{",
                };
                error(&codes::SYNTAX, token, format!("unmatched `{word}`"))
                    .with_help(format!("remove it, or add the `{opening}` that it closes"))
            }
        }
    }

    fn repair(&self, text: &mut Tokenized) {
        match *self {
            Self::Unclosed { content: Content::Block, last, .. } => text.insert(last.end, "}"),
            Self::Unclosed { content: Content::Fields, last, .. } => {
                // A statement that ends with the fields has lost its `;` with the brace.
                let next = text.lexed.first_from(last.end).map_or("", |&token| text.word(token));
                text.insert(last.end, if matches!(next, ";" | "->") { "}" } else { "};" });
            }
            Self::Bracket { open, last } => {
                let closing = partner(text.word(open));
                text.insert(last.end, closing);
            }
            Self::Semicolon(token) => text.replace(token.start, ","),
            Self::Unopened { last } => text.insert(last.end, "{"),
            Self::Colon { colon, .. } => text.replace(colon.start, "{"),
            Self::Mismatch { open, found, .. } => {
                let closing = partner(text.word(open));
                text.replace(found.start, closing);
            }
            Self::Extra(token) => text.replace(token.start, " "),
        }
    }
}

/// Returns the closing partner of a parenthesis or bracket.
fn partner(opening: &str) -> &'static str {
    if opening == "(" { ")" } else { "]" }
}

/// One pass over a source, up to the first brace that is wrong.
struct Scan<'a> {
    text: &'a Tokenized,
    tokens: Vec<Code>,
    /// Whether the source has more opening than closing braces.
    lacks_closing: bool,
    open: Vec<Open>,
    /// Opening and closing braces so far, by index.
    pairs: Vec<(usize, usize)>,
    /// First token of the present statement.
    statement: Option<usize>,
    /// Open parentheses and brackets of the statement, by index.
    brackets: Vec<usize>,
    /// Whether the fields of the statement have ended.
    has_fields: bool,
    /// Last token of the head of the last block that was not opened.
    unopened: Option<usize>,
    /// Whether the finding follows from indentation, which may be that of any brace so far.
    reads_indentation: bool,
}

impl<'a> Scan<'a> {
    fn new(text: &'a Tokenized) -> Self {
        let mut tokens = Vec::with_capacity(text.lexed.tokens.len());
        let (mut line, mut line_start, mut at) = (0, 0, 0);
        for &token in &text.lexed.tokens {
            let gap = &text.text[at..token.start];
            line += gap.matches('\n').count();
            line_start = gap.rfind('\n').map_or(line_start, |newline| at + newline + 1);
            // Comments are part of the next gap.
            at = token.start;
            if !token.kind.is_comment() {
                let before = &text.text[line_start..token.start];
                let is_first_on_line = tokens.last().is_none_or(|last: &Code| last.line < line);
                let indent = match tokens.last() {
                    Some(last) if last.line == line => last.indent,
                    _ => before.len(),
                };
                tokens.push(Code { token, indent, is_first_on_line, line });
            }
        }
        let count = |brace| tokens.iter().filter(|code| text.word(code.token) == brace).count();
        let lacks_closing = count("{") > count("}");
        Self {
            text,
            tokens,
            lacks_closing,
            open: Vec::new(),
            pairs: Vec::new(),
            statement: None,
            brackets: Vec::new(),
            has_fields: false,
            unopened: None,
            reads_indentation: false,
        }
    }

    /// Starts inside the first brace, which is that of a network.
    fn of_block(text: &'a Tokenized) -> Self {
        let mut scan = Self::new(text);
        scan.open.push(Open { at: 0, content: Content::Block, statement: 0 });
        scan
    }

    fn judge(&self, is_sound: bool) -> Braces {
        let slips = |&(open, close): &(usize, usize)| {
            let (open, close) = (self.tokens[open], self.tokens[close]);
            close.is_first_on_line && close.line > open.line && close.indent != open.indent
        };
        match is_sound {
            false => Braces::Doubtful,
            true if self.unopened.is_some() || self.pairs.iter().any(slips) => Braces::Sound,
            true => Braces::Tidy,
        }
    }

    fn is_between_statements(&self) -> bool {
        self.statement.is_none() && self.brackets.is_empty()
    }

    /// Returns whether the first token of a block starts a line, so that its indentation is known.
    fn starts_new_line(&self) -> bool {
        self.tokens.get(1).is_some_and(|first| first.is_first_on_line)
    }

    fn word(&self, index: usize) -> &'a str {
        self.tokens.get(index).map_or("", |code| self.text.word(code.token))
    }

    fn is_identifier(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|code| code.token.kind == TokenKind::Identifier)
    }

    fn find(mut self) -> Option<Finding> {
        for index in 0..self.tokens.len() {
            if let Some(finding) = self.step(index) {
                return Some(finding);
            }
        }
        self.open.last().is_some().then(|| self.unclosed(self.tokens.len()))
    }

    /// Finds what is wrong in a block; `None` if that depends on what stands around it.
    fn find_in_block(mut self, around: Surroundings) -> Option<Option<Finding>> {
        let last = self.tokens.len().checked_sub(1)?;
        let is_tidy = around.is_tidy && self.starts_new_line();
        let mut found = None;
        for index in 1..=last {
            // Otherwise, the statement after the block is seen as a part of this one.
            if index == last && !around.ends_network && !self.is_between_statements() {
                return None;
            }
            found = self.step(index);
            if found.is_some() {
                break;
            }
        }
        if found.is_none() && !self.open.is_empty() {
            found = Some(self.unclosed(self.tokens.len()));
        }
        let Some(finding) = found else { return Some(None) };
        let (first, last) = (self.tokens[0].token, self.tokens[last].token);
        let is_inside =
            finding.places().iter().all(|place| first.end <= place.start && place.end <= last.start);
        // A block that is not closed may go on behind this one.
        let goes_on = match finding {
            Finding::Unclosed { last, .. } => self.tokens[self.tokens.len() - 2].token == last,
            _ => false,
        };
        let is_known = !self.reads_indentation || (is_tidy && !goes_on);
        (is_inside && is_known).then_some(Some(finding))
    }

    fn step(&mut self, index: usize) -> Option<Finding> {
        let in_fields = self.open.last().filter(|open| open.content == Content::Fields).copied();
        if let Some(open) = in_fields {
            if let Some(finding) = self.step_in_fields(index, open) {
                return Some(finding);
            }
        } else if self.starts_statement(index) {
            let is_network = self.word(index) == Keyword::Network.name();
            if is_network && self.lacks_closing && !self.open.is_empty() {
                return Some(self.unclosed(index));
            }
            if self.statement.is_some_and(|first| self.content(first) == Some(Content::Block)) {
                self.unopened = Some(index - 1);
            }
            self.begin(Some(index));
        }
        match self.word(index) {
            "{" => {
                let first = self.statement.unwrap_or(index);
                // A block that starts inside a parenthesis is still a block: the parenthesis is not closed.
                let ends_line = self.tokens.get(index + 1).is_none_or(|next| next.is_first_on_line);
                let is_head = self.content(first) == Some(Content::Block) && ends_line;
                let is_value = in_fields.is_some() || (!self.brackets.is_empty() && !is_head);
                if let (true, Some(&open)) = (is_head && !is_value, self.brackets.last()) {
                    let (open, last) = (self.tokens[open].token, self.tokens[index - 1].token);
                    return Some(Finding::Bracket { open, last });
                }
                let content = if is_value { Content::Fields } else { self.content_at(first, index) };
                self.open.push(Open { at: index, content, statement: first });
                if content == Content::Block {
                    self.begin(None);
                }
            }
            "}" if in_fields.is_none() && self.interrupts_statement(index) => {
                return Some(Finding::Extra(self.tokens[index].token));
            }
            "}" => match self.open.pop() {
                None => return Some(self.unmatched(index)),
                Some(open) => {
                    self.pairs.push((open.at, index));
                    match open.content {
                        Content::Block => self.begin(None),
                        Content::Fields => self.has_fields = true,
                    }
                }
            },
            ";" if in_fields.is_none() => self.begin(None),
            "(" | "[" => self.brackets.push(index),
            ")" | "]" => {
                if let Some(finding) = in_fields.and_then(|open| self.closing_bracket(index, open)) {
                    return Some(finding);
                }
                self.brackets.pop();
            }
            _ => {}
        }
        if self.statement.is_none() && !matches!(self.word(index), "{" | "}" | ";") {
            self.statement = Some(index);
        }
        None
    }

    /// Compares a closing parenthesis or bracket among fields with the one that it closes.
    fn closing_bracket(&self, index: usize, fields: Open) -> Option<Finding> {
        let found = self.tokens[index].token;
        match self.brackets.last() {
            Some(&open) if open > fields.at => {
                let is_partner = partner(self.word(open)) == self.word(index);
                let (open, last) = (self.tokens[open].token, self.tokens[index - 1].token);
                (!is_partner).then_some(Finding::Mismatch { open, last, found })
            }
            _ => Some(Finding::Extra(found)),
        }
    }

    /// Finds a parenthesis or bracket that is open where the fields end. It ends before the next field, if there is one.
    fn open_bracket(&self, index: usize, fields: Open) -> Option<Finding> {
        let open = *self.brackets.last().filter(|open| **open > fields.at)?;
        let is_next_field =
            |at: &usize| self.word(*at) == "," && self.is_identifier(at + 1) && self.word(at + 2) == ":";
        let end = (open + 1..index).find(is_next_field).unwrap_or(index);
        Some(Finding::Bracket { open: self.tokens[open].token, last: self.tokens[end - 1].token })
    }

    /// Looks for what never stands among fields: the end or the start of a statement, and an arrow.
    fn step_in_fields(&self, index: usize, open: Open) -> Option<Finding> {
        let unclosed = |last: usize| {
            let (open_token, last) = (self.tokens[open.at].token, self.tokens[last].token);
            Some(Finding::Unclosed { open: open_token, content: Content::Fields, last })
        };
        match self.word(index) {
            ";" => {
                let next = self.word(index + 1);
                let goes_on = self.is_identifier(index + 1)
                    && self.word(index + 2) == ":"
                    && Keyword::of(next) != Some(Keyword::Dt);
                let closes = next == "}" && self.word(index + 2) == ";";
                if goes_on || closes {
                    return Some(Finding::Semicolon(self.tokens[index].token));
                }
                unclosed(index - 1)
            }
            "->" => {
                let in_chain = (open.statement..open.at).any(|at| self.word(at) == "->");
                if in_chain || self.tokens[open.at].line == self.tokens[index].line {
                    return unclosed(index - 1);
                }
                // The arrow belongs to a connection that starts its line.
                let line = self.tokens[index].line;
                let first = (open.at + 1..index).find(|&at| self.tokens[at].line == line)?;
                unclosed(first - 1)
            }
            "}" => self.open_bracket(index, open),
            // `if` and `for` are parts of values too.
            "if" | "for" => None,
            _ if self.starts_statement(index) => unclosed(index - 1),
            _ => None,
        }
    }

    fn begin(&mut self, statement: Option<usize>) {
        self.statement = statement;
        self.brackets.clear();
        self.has_fields = false;
    }

    /// Returns whether a `}` stands behind the fields of a statement that goes on. No block ends there: it would have
    /// its `}` behind the `;`, or on a line of its own.
    fn interrupts_statement(&self, index: usize) -> bool {
        let goes_on = self.tokens.get(index + 1).is_some_and(|next| !next.is_first_on_line);
        let starts_line = self.statement.is_some_and(|first| self.tokens[first].is_first_on_line);
        self.has_fields && goes_on && starts_line && !self.tokens[index].is_first_on_line
    }

    /// Returns whether a token starts a statement or an item, whatever stands before it.
    fn starts_statement(&self, index: usize) -> bool {
        let next = self.word(index + 1);
        let names = self.is_identifier(index + 1);
        let is_first = self.tokens[index].is_first_on_line;
        match Keyword::of(self.word(index)) {
            // As an argument, `dt: dt` starts nothing.
            Some(Keyword::Dt) => is_first && next == ":" && self.brackets.is_empty(),
            Some(Keyword::Input | Keyword::Output) => is_first && names,
            Some(Keyword::Assert) => is_first && next == "(",
            Some(Keyword::For) => is_first && names,
            Some(Keyword::If) => is_first,
            Some(keyword) => match keyword.role() {
                KeywordRole::Statement | KeywordRole::Item => names,
                KeywordRole::Contextual | KeywordRole::Connective | KeywordRole::Value => false,
            },
            None => is_first && next == "->" && self.is_identifier(index),
        }
    }

    /// Returns the content of braces after the head of a statement by its first word, or `None` if that does not
    /// tell.
    fn content(&self, first: usize) -> Option<Content> {
        match Keyword::of(self.word(first))? {
            Keyword::Network | Keyword::For | Keyword::If | Keyword::Else => Some(Content::Block),
            Keyword::Dt | Keyword::Input | Keyword::Output | Keyword::Assert => Some(Content::Fields),
            Keyword::Let | Keyword::Neuron | Keyword::Layer | Keyword::Net => Some(Content::Fields),
            Keyword::Use => Some(Content::Fields),
            Keyword::In | Keyword::Learn | Keyword::True | Keyword::False | Keyword::None => None,
        }
    }

    /// Returns the content of the brace at `index` in a statement that may be misspelled or of another language.
    fn content_at(&self, first: usize, index: usize) -> Content {
        if let Some(content) = self.content(first) {
            return content;
        }
        let is_declaration = (first..index).any(|at| matches!(self.word(at), ":" | "=" | "->"));
        let holds_fields = self.is_identifier(index + 1)
            && self.word(index + 2) == ":"
            && Keyword::of(self.word(index + 1)) != Some(Keyword::Dt);
        if is_declaration || holds_fields { Content::Fields } else { Content::Block }
    }

    /// Finds the brace that is open at `end` by mistake. A pair whose `}` is indented less than its line gives away
    /// that the `}` belongs to a brace further out, and the inner one has none.
    fn unclosed(&mut self, end: usize) -> Finding {
        self.reads_indentation = true;
        let slips = |&&(open, close): &&(usize, usize)| {
            let (open, close) = (self.tokens[open], self.tokens[close]);
            close.is_first_on_line && close.line > open.line && close.indent < open.indent
        };
        let slipped = self.pairs.iter().find(slips).map(|&(open, _)| open);
        let at = slipped.or(self.open.last().map(|open| open.at)).unwrap_or(0);
        let open = self.tokens[at];
        // The block ends before the first line that is not indented more than its head.
        let ends = |at: &usize| self.tokens[*at].is_first_on_line && self.tokens[*at].indent <= open.indent;
        let limit = if slipped.is_some() { self.tokens.len() } else { end };
        let next = (at + 1..limit).find(ends).unwrap_or(limit);
        // `content_at` wants the first token of the statement; the line of the brace serves as well.
        let first = (0..=at).rev().find(|&at| self.tokens[at].is_first_on_line).unwrap_or(at);
        let content = self.content_at(first, at);
        Finding::Unclosed { open: open.token, content, last: self.tokens[next - 1].token }
    }

    /// Explains a `}` without a partner: the `{` of a block is missing above, or a `}` is superfluous.
    fn unmatched(&mut self, index: usize) -> Finding {
        self.reads_indentation = true;
        if let Some(at) = self.unopened {
            let last = self.tokens[at].token;
            return match self.word(at) {
                ":" => Finding::Colon { colon: last, last: self.tokens[at - 1].token },
                _ => Finding::Unopened { last },
            };
        }
        let slips = |&&(open, close): &&(usize, usize)| {
            let (open, close) = (self.tokens[open], self.tokens[close]);
            close.is_first_on_line && close.line > open.line && close.indent > open.indent
        };
        let slipped = self.pairs.iter().find(slips).map(|&(_, close)| close);
        Finding::Extra(self.tokens[slipped.unwrap_or(index)].token)
    }
}
