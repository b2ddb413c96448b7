//! The canonical form of a source. It is laid out from tokens, so that comments and everything else stay: only white
//! space, trailing commas and line endings change.

use synnet_ir::{Diagnostics, SourceId};

use crate::format_changes::LineEnds;
use crate::syntax::keywords::{Keyword, KeywordRole};
use crate::syntax::lexer::{Token, TokenKind, lex};
use crate::syntax::parse;

/// Maximum width of a line in characters, unless a single token is longer.
const WIDTH: usize = 110;
const INDENT: usize = 4;

/// Formats a source. Formatting is idempotent, and never changes what the source means.
///
/// Line endings stay CRLF if most of them are; a byte order mark is removed. [`FormatChanges`](crate::FormatChanges)
/// describes the difference.
///
/// # Errors
/// Fails if the source does not parse. The spans of the diagnostics have the default [`SourceId`].
pub fn format(text: &str) -> Result<String, Diagnostics> {
    let (_, diagnostics) = parse(SourceId::default(), text);
    if !diagnostics.is_empty() {
        return Err(diagnostics.into());
    }
    let lexed = lex(SourceId::default(), text).map_err(|diagnostic| vec![*diagnostic])?;
    let mut tokens = lexed.tokens.into_iter().peekable();
    let nodes = nodes(text, &mut tokens);
    let mut printer = Printer { text, out: String::new() };
    printer.block(&nodes, 0);
    Ok(LineEnds::of(text).apply(&printer.out))
}

/// A token, or a bracket with all up to its partner.
#[derive(Debug)]
enum Node<'a> {
    Leaf(Token, &'a str),
    Group { open: Token, lexeme: &'a str, inner: Vec<Node<'a>>, close: Token },
}

type Tokens = std::iter::Peekable<std::vec::IntoIter<Token>>;

fn nodes<'a>(text: &'a str, tokens: &mut Tokens) -> Vec<Node<'a>> {
    let mut nodes = Vec::new();
    while let Some(token) = tokens.next_if(|token| !matches!(&text[token.start..token.end], ")" | "]" | "}"))
    {
        let lexeme = &text[token.start..token.end];
        if token.kind == TokenKind::Punctuation && matches!(lexeme, "(" | "[" | "{") {
            let inner = self::nodes(text, tokens);
            let close = tokens.next().unwrap_or(token);
            nodes.push(Node::Group { open: token, lexeme, inner, close });
        } else {
            nodes.push(Node::Leaf(token, lexeme.trim_end()));
        }
    }
    nodes
}

impl<'a> Node<'a> {
    fn start(&self) -> usize {
        match self {
            Self::Leaf(token, _) | Self::Group { open: token, .. } => token.start,
        }
    }

    fn end(&self) -> usize {
        match self {
            Self::Leaf(token, _) | Self::Group { close: token, .. } => token.end,
        }
    }

    /// Returns the token's text; a group has that of its opening bracket.
    fn lexeme(&self) -> &'a str {
        match self {
            Self::Leaf(_, text) | Self::Group { lexeme: text, .. } => text,
        }
    }

    fn is_comment(&self) -> bool {
        matches!(self, Self::Leaf(token, _) if token.kind.is_comment())
    }

    fn is_line_comment(&self) -> bool {
        matches!(self, Self::Leaf(token, _) if matches!(token.kind, TokenKind::LineComment | TokenKind::DocComment))
    }

    fn is_doc(&self) -> bool {
        matches!(self, Self::Leaf(token, _) if token.kind == TokenKind::DocComment)
    }

    fn is_braces(&self) -> bool {
        matches!(self, Self::Group { lexeme: "{", .. })
    }

    fn is_leaf(&self, text: &str) -> bool {
        matches!(self, Self::Leaf(..)) && self.lexeme() == text
    }
}

struct Printer<'a> {
    text: &'a str,
    out: String,
}

impl<'a> Printer<'a> {
    /// Prints statements, comments and items, each from the start of a line.
    fn block(&mut self, nodes: &[Node<'a>], indent: usize) {
        let mut at = 0;
        while at < nodes.len() {
            let end = unit_end(self.text, nodes, at);
            if at > 0 && self.lines_between(&nodes[at - 1], &nodes[at]) > 1 {
                self.out.push('\n');
            }
            self.indent(indent);
            self.unit(&nodes[at..end], indent);
            at = end;
            // A comment after a statement stays there; a `///` belongs to what follows.
            while at < nodes.len()
                && nodes[at].is_comment()
                && !nodes[at].is_doc()
                && self.lines_between(&nodes[at - 1], &nodes[at]) == 0
                && self.last_on_line(nodes, at)
            {
                self.out.push(' ');
                self.out.push_str(nodes[at].lexeme());
                at += 1;
            }
            self.out.push('\n');
        }
    }

    /// Returns whether nothing but comments follows a comment on its line.
    fn last_on_line(&self, nodes: &[Node<'a>], at: usize) -> bool {
        nodes[at].is_line_comment()
            || nodes.get(at + 1).is_none_or(|next| {
                self.lines_between(&nodes[at], next) > 0
                    || (next.is_comment() && !next.is_doc() && self.last_on_line(nodes, at + 1))
            })
    }

    /// Returns the number of line endings between two neighbors.
    fn lines_between(&self, before: &Node<'a>, after: &Node<'a>) -> usize {
        self.text[before.end()..after.start()].matches('\n').count()
    }

    fn unit(&mut self, nodes: &[Node<'a>], indent: usize) {
        let blocks = blocks(nodes);
        let has_block = blocks.iter().any(|&block| block);
        let fits = !has_block && self.flat(nodes, WIDTH.saturating_sub(self.column())).is_some();
        let breaks_arrows = !fits && !has_block && nodes.iter().any(|node| node.is_leaf("->"));
        self.inline(nodes, &blocks, indent, breaks_arrows);
    }

    /// Nodes in sequence; groups that do not fit are broken into lines.
    fn inline(&mut self, nodes: &[Node<'a>], blocks: &[bool], indent: usize, breaks_arrows: bool) {
        let mut fresh = true;
        for (i, node) in nodes.iter().enumerate() {
            if i > 0 && (nodes[i - 1].is_line_comment() || (breaks_arrows && node.is_leaf("->"))) {
                self.out.push('\n');
                let is_else = node.is_leaf("else");
                self.indent(if is_else { indent } else { indent + INDENT });
                fresh = true;
            }
            if !fresh && spaced(nodes, i) {
                self.out.push(' ');
            }
            fresh = false;
            match node {
                Node::Leaf(_, lexeme) => self.out.push_str(lexeme),
                Node::Group { inner, .. } if blocks[i] => self.braces(inner, indent),
                Node::Group { .. } => {
                    let until = nodes[i + 1..]
                        .iter()
                        .position(|node| {
                            matches!(node, Node::Group { .. }) || (breaks_arrows && node.is_leaf("->"))
                        })
                        .map_or(nodes.len(), |j| i + 1 + j);
                    let room = WIDTH.saturating_sub(self.column());
                    let whole = self.flat(&nodes[i..until], room).is_some();
                    let deeper =
                        if breaks_arrows && indent_of(&self.out) > indent { indent + INDENT } else { indent };
                    match self.flat(std::slice::from_ref(node), room) {
                        Some(flat) if whole => self.out.push_str(&flat),
                        _ => self.broken(node, deeper),
                    }
                }
            }
        }
    }

    /// Prints a block of statements in braces.
    fn braces(&mut self, inner: &[Node<'a>], indent: usize) {
        if inner.is_empty() {
            self.out.push_str("{}");
            return;
        }
        self.out.push_str("{\n");
        self.block(inner, indent + INDENT);
        self.indent(indent);
        self.out.push('}');
    }

    /// Prints a group with one element per line.
    fn broken(&mut self, node: &Node<'a>, indent: usize) {
        let Node::Group { lexeme, inner, .. } = node else { return };
        self.out.push_str(lexeme);
        let is_fields = *lexeme == "{"
            && inner.iter().filter(|node| !node.is_comment()).nth(1).is_some_and(|node| node.is_leaf(":"));
        let is_list = inner.iter().any(|node| node.is_leaf(",")) || is_fields;
        for (i, item) in inner.split_inclusive(|node| node.is_leaf(",")).enumerate() {
            self.item(inner, item, i == 0, is_list, indent + INDENT);
        }
        self.out.push('\n');
        self.indent(indent);
        self.out.push_str(closing(lexeme));
    }

    /// Prints an element with the comments around it and its comma.
    fn item(&mut self, all: &[Node<'a>], item: &[Node<'a>], is_first: bool, is_list: bool, indent: usize) {
        let comma = item.last().is_some_and(|node| node.is_leaf(","));
        let item = if comma { &item[..item.len() - 1] } else { item };
        let first = item.iter().position(|node| !node.is_comment());
        let (before, rest) = item.split_at(first.unwrap_or(item.len()));
        let last = rest.iter().rposition(|node| !node.is_comment()).map_or(0, |i| i + 1);
        let (value, after) = rest.split_at(last);
        for (i, comment) in before.iter().enumerate() {
            // Behind the comma of the element before, on its line.
            let previous = previous(all, comment);
            let trails = (i > 0 || !is_first)
                && previous.is_some_and(|previous| {
                    self.lines_between(previous, comment) == 0 && !self.out.ends_with('\n')
                });
            // The comma is written before the comments that stand before it.
            let after_line = all[..at(all, comment)]
                .iter()
                .rfind(|node| !node.is_leaf(","))
                .is_some_and(Node::is_line_comment);
            if trails && !after_line {
                self.out.push(' ');
            } else {
                self.out.push('\n');
                self.indent(indent);
            }
            self.out.push_str(comment.lexeme());
        }
        if value.is_empty() {
            return;
        }
        self.out.push('\n');
        self.indent(indent);
        self.inline(value, &vec![false; value.len()], indent, false);
        if is_list {
            self.out.push(',');
        }
        for (i, comment) in after.iter().enumerate() {
            if i > 0 && after[i - 1].is_line_comment() {
                self.out.push('\n');
                self.indent(indent);
            } else {
                self.out.push(' ');
            }
            self.out.push_str(comment.lexeme());
        }
    }

    /// Returns the nodes on one line of at most `room` characters, or `None` if they do not fit.
    fn flat(&self, nodes: &[Node<'a>], room: usize) -> Option<String> {
        let mut line = String::new();
        for (i, node) in nodes.iter().enumerate() {
            if i > 0 && spaced(nodes, i) {
                line.push(' ');
            }
            match node {
                Node::Leaf(..) if node.is_line_comment() || node.lexeme().contains('\n') => return None,
                Node::Leaf(_, lexeme) => line.push_str(lexeme),
                Node::Group { lexeme, inner, .. } => {
                    let trailing = inner.last().is_some_and(|node| node.is_leaf(","));
                    let inner = if trailing { &inner[..inner.len() - 1] } else { inner };
                    let blank = if *lexeme == "{" && !inner.is_empty() { " " } else { "" };
                    let within = self.flat(inner, room.saturating_sub(line.chars().count()))?;
                    line.push_str(lexeme);
                    line.push_str(blank);
                    line.push_str(&within);
                    line.push_str(blank);
                    line.push_str(closing(lexeme));
                }
            }
            if line.len() > room && line.chars().count() > room {
                return None;
            }
        }
        Some(line)
    }

    fn indent(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    /// Characters on the line so far.
    fn column(&self) -> usize {
        self.out[self.out.rfind('\n').map_or(0, |i| i + 1)..].chars().count()
    }
}

/// Returns the neighbor before a node.
fn previous<'n, 'a>(all: &'n [Node<'a>], node: &Node<'a>) -> Option<&'n Node<'a>> {
    all[..at(all, node)].last()
}

/// Returns the index of a node.
fn at(all: &[Node<'_>], node: &Node<'_>) -> usize {
    all.partition_point(|other| other.start() < node.start())
}

fn indent_of(out: &str) -> usize {
    let line = &out[out.rfind('\n').map_or(0, |i| i + 1)..];
    line.len() - line.trim_start_matches(' ').len()
}

fn closing(lexeme: &str) -> &'static str {
    match lexeme {
        "(" => ")",
        "[" => "]",
        _ => "}",
    }
}

/// Returns the index after the statement, item or lone comment that starts at `at`.
fn unit_end(text: &str, nodes: &[Node<'_>], at: usize) -> usize {
    if nodes[at].is_comment() {
        let inline = !nodes[at].is_line_comment()
            && nodes.get(at + 1).is_some_and(|next| {
                !text[nodes[at].end()..next.start()].contains('\n') && !next.is_line_comment()
            });
        if !inline {
            return at + 1;
        }
    }
    let rest = &nodes[at..];
    let blocks = blocks(rest);
    for (i, node) in rest.iter().enumerate() {
        if node.is_leaf(";") {
            return at + i + 1;
        }
        let next = rest[i + 1..].iter().find(|node| !node.is_comment());
        if blocks[i] && !next.is_some_and(|next| next.is_leaf("else")) {
            return at + i + 1;
        }
    }
    nodes.len()
}

/// Returns for each node of a statement whether it is a block of statements, and not fields or an arm of an `if`
/// expression.
fn blocks(nodes: &[Node<'_>]) -> Vec<bool> {
    let mut blocks = vec![false; nodes.len()];
    let first = nodes.iter().find(|node| !node.is_comment()).map_or("", Node::lexeme);
    if !matches!(first, "network" | "for" | "if") {
        return blocks;
    }
    // Open `if` expressions; true where the last arm is due.
    let mut open: Vec<bool> = Vec::new();
    let mut started = false;
    let mut chained = false;
    for (i, node) in nodes.iter().enumerate() {
        if node.is_comment() {
            continue;
        }
        let next = || nodes[i + 1..].iter().find(|node| !node.is_comment());
        if node.is_leaf("if") {
            if started && !chained {
                open.push(false);
            }
            chained = false;
        } else if node.is_leaf("else") {
            chained = next().is_some_and(|next| next.is_leaf("if"));
            if let (Some(last), false) = (open.last_mut(), chained) {
                *last = true;
            }
        } else if node.is_braces() {
            match open.last() {
                None => {
                    blocks[i] = true;
                    if !next().is_some_and(|next| next.is_leaf("else")) {
                        return blocks;
                    }
                }
                Some(true) => {
                    open.pop();
                }
                Some(false) => {}
            }
        } else if node.is_leaf(";") {
            return blocks;
        }
        started = true;
    }
    blocks
}

/// Returns whether a word is a keyword before which an operator, and after which a bracket, starts something new.
fn is_keyword(word: &str) -> bool {
    Keyword::of(word).is_some_and(|keyword| match keyword.role() {
        KeywordRole::Statement | KeywordRole::Item | KeywordRole::Connective => true,
        // These are written like names: `assert(...)`, `input[0]`, `none - 1`.
        KeywordRole::Contextual | KeywordRole::Value => false,
    })
}

/// Returns whether a blank stands before node `i`.
fn spaced(nodes: &[Node<'_>], i: usize) -> bool {
    let (before, after) = (&nodes[i - 1], &nodes[i]);
    if before.is_comment() || after.is_comment() {
        return true;
    }
    let (left, right) = (before.lexeme(), after.lexeme());
    let tight_left = matches!(before, Node::Leaf(..)) && matches!(left, "." | ".." | "::");
    let tight_right = matches!(after, Node::Leaf(..)) && matches!(right, "," | ";" | ":" | "." | ".." | "::");
    if tight_left || tight_right || (is_operator(left) && is_prefix(nodes, i - 1)) {
        return false;
    }
    if matches!(after, Node::Group { lexeme: "(" | "[", .. }) {
        let is_word = matches!(before, Node::Leaf(token, _) if token.kind == TokenKind::Identifier);
        let attaches =
            (is_word && !is_keyword(left)) || matches!(before, Node::Group { lexeme: "(" | "[", .. });
        return !attaches;
    }
    true
}

fn is_operator(lexeme: &str) -> bool {
    matches!(lexeme, "-" | "!")
}

/// Returns whether the lexeme at `i` stands before its only operand.
fn is_prefix(nodes: &[Node<'_>], i: usize) -> bool {
    if nodes[i].lexeme() == "!" {
        return true;
    }
    let Some(before) = nodes[..i].iter().rev().find(|node| !node.is_comment()) else { return true };
    match before {
        Node::Group { .. } => false,
        Node::Leaf(token, lexeme) => match token.kind {
            TokenKind::Punctuation => true,
            TokenKind::Identifier => is_keyword(lexeme),
            TokenKind::Number | TokenKind::StringLiteral => false,
            TokenKind::LineComment | TokenKind::DocComment | TokenKind::BlockComment => false,
        },
    }
}
