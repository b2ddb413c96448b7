//! YAML text to a tree whose nodes carry their source locations.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};
use synnet_ir::{Diagnostic, Diagnostics, SourceId, Sources, Span};

use super::slip::{self, Slip};
use super::{Entry, Node, Scalar, Value};
use crate::codes;

/// Maximum depth of nested values.
const MAX_DEPTH: usize = 64;
/// Maximum number of values, those that aliases repeat included.
const MAX_NODES: usize = 1 << 17;

/// Maximum number of slips that are repaired.
const MAX_SLIPS: usize = 20;
/// Number of candidates that are tried for an error, from the nearest before it on.
const MAX_CANDIDATES: usize = 12;

/// Parses the only document of a source, from the byte `from` on. An empty document is null. Returns what could be
/// understood: `None` if the text is not YAML. Slips of writing are reported, and read as what was probably meant.
pub(crate) fn parse(sources: &Sources, id: SourceId, from: usize) -> (Option<Node>, Diagnostics) {
    let text = sources.get(id).and_then(|source| source.text.get(from..)).unwrap_or("");
    // The parser takes a byte order mark at the beginning of a stream only.
    let bom = text.len() - text.trim_start_matches('\u{feff}').len();
    let text = &text[bom..];
    let base = from + bom;
    let (repaired, slips) = Repaired::new(text).without_slips(id, base);
    let mut builder = Builder {
        text,
        parsed: &repaired.text,
        id,
        base,
        offsets: &repaired.offsets,
        stack: Vec::new(),
        root: None,
        anchors: HashMap::new(),
        nodes: 0,
        diagnostics: slips,
    };
    let is_complete = builder.run();
    // A file without a document is null.
    let root = builder.root.take().or_else(|| is_complete.then(|| Node::plain(builder.span(0, 0), "")));
    (root.filter(|_| is_complete), builder.diagnostics)
}

/// A text in which slips are repaired, with the places of its characters in the original.
struct Repaired {
    text: String,
    /// Byte offsets in the original of the characters, and its length. The parser counts characters.
    offsets: Vec<usize>,
}

impl Repaired {
    fn new(text: &str) -> Self {
        let offsets = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
        Self { text: text.to_owned(), offsets }
    }

    /// Repairs every slip that stops the parser, and reports it at its place in the source, where the text starts at the
    /// byte `base`.
    fn without_slips(mut self, id: SourceId, base: usize) -> (Self, Diagnostics) {
        let mut diagnostics = Diagnostics::new();
        for _ in 0..MAX_SLIPS {
            let Some(stop) = self.stop() else { break };
            let Some((slip, repaired)) = self.repair(stop) else { break };
            let [start, end] = [slip.place.start, slip.place.end].map(|byte| base + self.original(byte));
            let span = Span::new(id, start, end);
            diagnostics.push(Diagnostic::error(&codes::SYNTAX, span, slip.message).with_help(slip.help));
            self = repaired;
        }
        (self, diagnostics)
    }

    /// Returns the place in the original at which the parser stops; `None` if it reads all of the text.
    fn stop(&self) -> Option<usize> {
        let error = Parser::new_from_str(&self.text).find_map(Result::err)?;
        Some(self.offsets[error.marker().index().min(self.offsets.len() - 1)])
    }

    /// Returns the slip whose repair lets the parser go on, and the repaired text.
    fn repair(&self, stop: usize) -> Option<(Slip, Self)> {
        let end = self.offsets.partition_point(|&offset| offset <= stop);
        let end = self.text.char_indices().nth(end).map_or(self.text.len(), |(i, _)| i);
        let slips = slip::find(&self.text, end);
        slips.into_iter().rev().take(MAX_CANDIDATES).find_map(|slip| {
            let repaired = self.with(&slip);
            let goes_on = repaired.stop().is_none_or(|next| next > stop);
            goes_on.then_some((slip, repaired))
        })
    }

    /// Returns the text with the repair of a slip.
    fn with(&self, slip: &Slip) -> Self {
        let mut repaired = Self { text: String::new(), offsets: Vec::new() };
        let mut insertions = slip.insertions.iter().peekable();
        for (i, (byte, c)) in self.text.char_indices().chain([(self.text.len(), ' ')]).enumerate() {
            while let Some((_, inserted)) = insertions.next_if(|(at, _)| *at <= byte) {
                repaired.text.push_str(inserted);
                repaired.offsets.extend(inserted.chars().map(|_| self.offsets[i]));
            }
            if byte < self.text.len() && !slip.removed.contains(&byte) {
                repaired.text.push(c);
                repaired.offsets.push(self.offsets[i]);
            }
        }
        repaired.offsets.push(self.offsets[self.offsets.len() - 1]);
        repaired
    }

    /// Returns the place in the original of a byte of the text.
    fn original(&self, byte: usize) -> usize {
        self.offsets[self.text[..byte].chars().count()]
    }
}

struct Builder<'a> {
    /// The text as it is written.
    text: &'a str,
    /// The text without slips, which is parsed.
    parsed: &'a str,
    id: SourceId,
    /// Offset of `text` in the source.
    base: usize,
    /// The places in `text` of the characters of `parsed`.
    offsets: &'a [usize],
    /// The open sequences and mappings.
    stack: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    diagnostics: Diagnostics,
}

/// A sequence or mapping that has not ended.
struct Open {
    start: usize,
    /// Whether it is in brackets.
    is_flow: bool,
    anchor: usize,
    content: Content,
}

enum Content {
    Items(Vec<Node>),
    Entries(Vec<Entry>, Option<PendingKey>),
}

/// A key whose value has not been read. A key that cannot be used has no text.
struct PendingKey {
    text: Option<String>,
    span: Span,
}

impl Builder<'_> {
    /// Reads all events. Returns whether the text is one valid document.
    fn run(&mut self) -> bool {
        let mut documents = 0;
        for event in Parser::new_from_str(self.parsed) {
            let (event, span) = match event {
                Ok(event) => event,
                Err(error) => {
                    self.syntax_error(&error);
                    return false;
                }
            };
            let (start, end) = (span.start.index(), span.end.index());
            if matches!(event, Event::DocumentStart(_)) {
                documents += 1;
            }
            if documents > 1 {
                let message = "a second document starts here; a file has one";
                self.unsupported(self.span(start, end), message, "remove the lines from `---` on");
                return false;
            }
            if !self.event(event, start, end) {
                return false;
            }
        }
        true
    }

    /// Processes an event. Returns false if reading cannot go on.
    fn event(&mut self, event: Event<'_>, start: usize, end: usize) -> bool {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let mut span = self.without_properties(start, end, anchor > 0 || tag.is_some());
                let is_plain = style == ScalarStyle::Plain;
                self.check_text(span, &text, style);
                if is_plain && text.is_empty() {
                    span.end = span.start;
                } else if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    // In brackets, the span of a quoted string contains the blanks behind it.
                    span.end = span.start + self.source_text(span).trim_end().len() as u32;
                }
                let is_text = tag.as_ref().is_some_and(|t| t.is_yaml_core_schema() && t.suffix == "str");
                if let Some(tag) = tag.filter(|_| !is_text) {
                    self.tag(span, &tag.to_string());
                }
                let scalar = Scalar { text: text.into_owned(), is_quoted: is_text || !is_plain };
                return self.add(Node::new(span, Value::Scalar(scalar)), anchor);
            }
            Event::SequenceStart(anchor, tag) => {
                return self.open(Content::Items(Vec::new()), start, end, anchor, tag.map(|t| t.to_string()));
            }
            Event::MappingStart(anchor, tag) => {
                let content = Content::Entries(Vec::new(), None);
                return self.open(content, start, end, anchor, tag.map(|t| t.to_string()));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.stack.pop() {
                    let anchor = open.anchor;
                    let node = self.close(open, end);
                    return self.add(node, anchor);
                }
            }
            Event::Alias(id) => {
                let span = self.span(start, end);
                let Some(node) = self.anchors.get(&id).cloned() else {
                    self.unsupported(span, "this value contains itself", "write the value out");
                    return false;
                };
                self.nodes += count(&node);
                return self.add(node, 0);
            }
            _ => {}
        }
        true
    }

    fn open(
        &mut self,
        content: Content,
        start: usize,
        end: usize,
        anchor: usize,
        tag: Option<String>,
    ) -> bool {
        if let Some(tag) = tag {
            self.tag(self.span(start, end), &tag);
        }
        if self.stack.len() == MAX_DEPTH {
            let message = format!("values nest deeper than {MAX_DEPTH} levels");
            self.unsupported(self.span(start, end), &message, "flatten the value");
            return false;
        }
        let span = self.without_properties(start, end, anchor > 0);
        let is_flow = self.source_text(span).starts_with(['[', '{']);
        self.stack.push(Open { start: span.start as usize, is_flow, anchor, content });
        true
    }

    /// Turns a finished sequence or mapping into a node. The end of a block is that of its last value: the event lies
    /// behind the comments that follow.
    fn close(&self, open: Open, end: usize) -> Node {
        let (value, last) = match open.content {
            Content::Items(items) => {
                let last = items.last().map(|item| item.span.end);
                (Value::Sequence(items), last)
            }
            Content::Entries(entries, _) => {
                let last = entries.last().map(|entry| entry.value.span.end.max(entry.key_span.end));
                (Value::Mapping(entries), last)
            }
        };
        let end = if open.is_flow { self.offset(end) } else { last.map_or(open.start, |end| end as usize) };
        Node::new(Span::new(self.id, open.start, end.max(open.start)), value)
    }

    /// Adds a finished value to the innermost open one. Returns false if there are too many values.
    fn add(&mut self, node: Node, anchor: usize) -> bool {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("the file has more than {MAX_NODES} values");
            self.unsupported(node.span, &message, "remove values, or aliases that repeat them");
            return false;
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.stack.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::Items(items)) => items.push(node),
            Some(Content::Entries(_, key @ None)) => {
                let (pending, diagnostic) = pending_key(&node);
                *key = Some(pending);
                self.diagnostics.extend(diagnostic);
            }
            Some(Content::Entries(entries, key)) => {
                let key = key.take().map(|key| split_key(key, &node));
                if let Some((key, value, slip)) = key {
                    self.diagnostics.extend(slip);
                    self.diagnostics.extend(insert(entries, key, value.unwrap_or(node)));
                }
            }
        }
        true
    }

    /// Reports text that YAML reads, but not as it was meant.
    fn check_text(&mut self, span: Span, text: &str, style: ScalarStyle) {
        let (message, help) = match style {
            ScalarStyle::DoubleQuoted if text.contains(char::is_control) => (
                "in double quotes, a backslash starts an escape sequence: this string has a control character",
                "use single quotes, in which a backslash stands for itself, or write `\\\\`",
            ),
            ScalarStyle::Plain
                if text.starts_with(['\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}']) =>
            {
                ("typographic quotes do not quote", "use `'` or `\"`")
            }
            ScalarStyle::Plain if self.is_item(span, text) => {
                ("no space after the dash of an item", "write `- ` before each item of a list")
            }
            ScalarStyle::Plain if text.starts_with(|c: char| c.is_whitespace()) => {
                ("a special space is part of this text", "replace it with a plain space")
            }
            _ => return,
        };
        self.diagnostics.push(Diagnostic::error(&codes::SYNTAX, span, message).with_help(help));
    }

    /// Returns whether text was meant as an item of a list: a dash and a word at the start of a line.
    fn is_item(&self, span: Span, text: &str) -> bool {
        let before = &self.text[..span.start as usize - self.base];
        let is_first = before.rsplit('\n').next().unwrap_or_default().trim().is_empty();
        let word = text.strip_prefix('-').unwrap_or_default();
        is_first && !before.is_empty() && word.starts_with(char::is_alphabetic)
    }

    fn syntax_error(&mut self, error: &ScanError) {
        let at = error.marker().index().min(self.offsets.len() - 1);
        let span = self.span(at, (at + 1).min(self.offsets.len() - 1));
        if let Some(tab) = self.tab_near(self.offset(at)) {
            let message = "a tab in the indentation; YAML allows spaces only";
            let diagnostic = Diagnostic::error(&codes::TAB, tab, message).with_help("indent with spaces");
            self.diagnostics.push(diagnostic);
            return;
        }
        let found = self.source_text(span);
        let open = self.stack.iter().rev().find(|open| open.is_flow);
        let (message, help) = match (found, open) {
            ("\"" | "'", _) => {
                ("unterminated string".to_owned(), "terminate the string with the same quote".to_owned())
            }
            (_, Some(open)) => {
                let bracket = self.source_text(Span::new(self.id, open.start, open.start + 1));
                let close = if bracket == "[" { "]" } else { "}" };
                let message = format!("expected `,` or `{close}`");
                (message, format!("close the `{bracket}` with `{close}`, and separate values with commas"))
            }
            (":", None) => (
                "unexpected `:`".to_owned(),
                "start each key on its own line, indented like its siblings, and quote strings that contain `: `"
                    .to_owned(),
            ),
            ("@" | "`" | "%" | "*" | "&" | "!" | "|" | ">", None) => (
                format!("unexpected `{found}`"),
                "quote strings that start with a special character".to_owned(),
            ),
            _ => (
                "this does not continue the lines before it".to_owned(),
                "indent keys like their siblings, and put a `:` behind each".to_owned(),
            ),
        };
        let mut diagnostic = Diagnostic::error(&codes::SYNTAX, span, message).with_help(help);
        if let Some(open) = open {
            let bracket = Span::new(self.id, open.start, open.start + 1);
            diagnostic = diagnostic.with_note(bracket, format!("unclosed `{}`", self.source_text(bracket)));
        }
        self.diagnostics.push(diagnostic);
    }

    /// Returns the first tab in the indentation of the line of a position, or of the line after it.
    fn tab_near(&self, at: usize) -> Option<Span> {
        let local = at.saturating_sub(self.base);
        let start = self.text[..local].rfind('\n').map_or(0, |i| i + 1);
        let mut line_start = start;
        for line in self.text[start..].split_inclusive('\n').take(2) {
            let indentation = line.len() - line.trim_start_matches([' ', '\t']).len();
            if let Some(tab) = line[..indentation].find('\t') {
                let tab = self.base + line_start + tab;
                return Some(Span::new(self.id, tab, tab + 1));
            }
            line_start += line.len();
        }
        None
    }

    fn tag(&mut self, span: Span, tag: &str) {
        self.unsupported(
            span,
            &format!("the tag `{tag}` is not supported"),
            "omit the tag, and quote strings",
        );
    }

    fn unsupported(&mut self, span: Span, message: &str, help: &str) {
        self.diagnostics.push(Diagnostic::error(&codes::UNSUPPORTED_YAML, span, message).with_help(help));
    }

    /// Returns the location of a value without its anchor and tag.
    fn without_properties(&self, start: usize, end: usize, has_properties: bool) -> Span {
        let mut span = self.span(start, end);
        while has_properties && self.source_text(span).starts_with(['&', '!']) {
            let text = self.source_text(span);
            let rest = text.trim_start_matches(|c: char| !c.is_whitespace()).trim_start();
            span.start = span.end - rest.len() as u32;
        }
        span
    }

    fn source_text(&self, span: Span) -> &str {
        self.text.get(span.start as usize - self.base..span.end as usize - self.base).unwrap_or("")
    }

    /// Returns the offset in the source of a character.
    fn offset(&self, character: usize) -> usize {
        self.base + self.offsets[character.min(self.offsets.len() - 1)]
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.id, self.offset(start), self.offset(end.max(start)))
    }
}

fn pending_key(node: &Node) -> (PendingKey, Option<Diagnostic>) {
    let span = node.span;
    let refused = |message: &str, help: &str| {
        let diagnostic = Diagnostic::error(&codes::UNSUPPORTED_YAML, span, message).with_help(help);
        (PendingKey { text: None, span }, Some(diagnostic))
    };
    match &node.value {
        Value::Scalar(scalar) if scalar.text == "<<" && !scalar.is_quoted => {
            refused("the merge key `<<` is not supported", "write the keys out")
        }
        Value::Scalar(scalar) => (PendingKey { text: Some(scalar.text.clone()), span }, None),
        _ => refused("this key is a list or a mapping; expected a name", "write a name before the `:`"),
    }
}

/// Splits a key in braces without a value, such as `steps:20` or `steps 20`, which is a key and a value that lack the
/// colon or the space between them.
fn split_key(key: PendingKey, value: &Node) -> (PendingKey, Option<Node>, Option<Diagnostic>) {
    let is_missing = value.is_null() && value.span.start == value.span.end;
    let text = key
        .text
        .as_deref()
        .filter(|text| is_missing && text.len() == (key.span.end - key.span.start) as usize);
    let found = text.and_then(|text| text.find([':', ' ', '=']).map(|at| (text, at)));
    let Some((text, at)) = found.filter(|(text, at)| *at > 0 && at + 1 < text.len()) else {
        return (key, None, None);
    };
    let (name, rest) = (text[..at].to_owned(), text[at + 1..].trim_start());
    let (start, end) = (key.span.start as usize, key.span.end as usize);
    let source = key.span.source;
    let message = match &text[at..=at] {
        ":" => format!("no space after the colon of `{name}`"),
        _ => format!("expected `:` after `{name}`"),
    };
    let diagnostic =
        Diagnostic::error(&codes::SYNTAX, Span::new(source, start + at, start + at + 1), message)
            .with_help(format!("write `{name}: {rest}`"));
    let value = Node::plain(Span::new(source, end - rest.len(), end), rest);
    (
        PendingKey { text: Some(name), span: Span::new(source, start, start + at) },
        Some(value),
        Some(diagnostic),
    )
}

/// Adds an entry to a mapping. Returns an error if it has the key already; the first value counts.
fn insert(entries: &mut Vec<Entry>, key: PendingKey, mut value: Node) -> Option<Diagnostic> {
    let PendingKey { text, span } = key;
    let text = text?;
    if let Some(first) = entries.iter().find(|entry| entry.key == text) {
        let message = format!("duplicate key `{text}`");
        let diagnostic = Diagnostic::error(&codes::DUPLICATE_KEY, span, message)
            .with_note(first.key_span, "first defined here")
            .with_help("remove one of them");
        return Some(diagnostic);
    }
    if value.span.start == value.span.end && value.is_null() {
        value.span = span;
    }
    entries.push(Entry { key: text, key_span: span, value });
    None
}

/// Returns the number of values in a node.
fn count(node: &Node) -> usize {
    match &node.value {
        Value::Scalar(_) => 1,
        Value::Sequence(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Mapping(entries) => 1 + entries.iter().map(|entry| count(&entry.value)).sum::<usize>(),
    }
}
