//! Builds the syntax tree from the pairs of the grammar.

use pest::Parser;
use pest::iterators::Pair;
use synnet_ir::{Diagnostic, Diagnostics, SourceId, Span};

use super::braces::{self, Braces, Surroundings};
use super::grammar::{Grammar, Rule};
use super::keywords::Keyword;
use super::lexer::TokenKind;
use super::shift::Shift;
use super::syntax_errors;
use super::tokenized::Tokenized;
use super::tree::{
    Argument, Body, Call, Element, Expr, ExprKind, Field, File, Import, Module, Name, Network, Parameter,
    Reference, Statement, StatementKind,
};
use crate::codes;
use crate::limits::MAX_SYNTAX_REPORTS;

/// Parses a source: returns what was understood, and a diagnostic for every place that was not.
pub(crate) fn parse(source: SourceId, text: &str) -> (File, Vec<Diagnostic>) {
    let mut text = match Tokenized::new(source, text) {
        Ok(text) => text,
        Err(diagnostic) => return (File::default(), vec![*diagnostic]),
    };
    let (file, diagnostics) = parse_tokens(&text);
    if diagnostics.is_empty() {
        return (file, diagnostics);
    }
    // Only a source with errors is mended: a guess must never refuse a valid one.
    let mut mended = braces::mend(&mut text);
    if mended.is_empty() {
        return (file, diagnostics);
    }
    let (file, diagnostics) = parse_tokens(&text);
    mended.extend(diagnostics);
    (file, mended)
}

fn parse_tokens(text: &Tokenized) -> (File, Vec<Diagnostic>) {
    let mut builder = TreeBuilder::new(text);
    let file = match Grammar::parse(Rule::file, &text.text) {
        Ok(mut pairs) => pairs.next().map(|pair| builder.file(pair)).unwrap_or_default(),
        Err(error) => {
            builder.diagnostics.push(syntax_errors::explain(text, 0, text.text.len(), error));
            File::default()
        }
    };
    (file, builder.diagnostics.into_iter().collect())
}

/// The statements of a block.
pub(super) struct ParsedBlock {
    pub(super) statements: Vec<Statement>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Identifiers of networks that stand inside the block.
    pub(super) nested: Vec<String>,
    /// Its braces, after those that the diagnostics report have been mended.
    pub(super) braces: Braces,
}

/// Statements of a network, as a text of their own.
pub(super) struct BlockText(Tokenized);

impl BlockText {
    /// Takes the statements that stand at the byte `start` of a source, behind another one or the brace of the network;
    /// `None` if it is not clear that they end where `text` ends. Behind the last statement stands the brace of the network,
    /// which ends all of them.
    pub(super) fn new(source: SourceId, text: &str, start: usize, ends_network: bool) -> Option<Self> {
        // The braces stand for those of the network around it, so that brackets nest as deep as in the source.
        // Explanations of errors look at the rest of the line, which ends with the block.
        let wrapped = format!("{{{text}{}}}", if ends_network { "" } else { "\n" });
        let text = Tokenized::new(source, &wrapped).ok()?.starting_at(start.checked_sub(1)?);
        let [.., last, brace] = text.lexed.tokens[..] else { return None };
        let ends = match ends_network {
            // A comment may hide the brace.
            true => text.word(brace) == "}",
            false => last.end + 2 == wrapped.len() && matches!(text.word(last), ";" | "}"),
        };
        ends.then_some(Self(text))
    }

    /// Parses the statements; `None` if they are not all of the block.
    pub(super) fn parse(&self) -> Option<ParsedBlock> {
        let pair = Grammar::parse(Rule::block, &self.0.text).ok()?.next()?;
        if pair.as_span().end() != self.0.text.len() {
            return None;
        }
        let mut builder = TreeBuilder::new(&self.0);
        let statements = builder.block(pair);
        let TreeBuilder { diagnostics, nested, .. } = builder;
        let diagnostics = diagnostics.into_iter().collect();
        Some(ParsedBlock { statements, diagnostics, nested, braces: Braces::of_block(&self.0) })
    }

    /// Mends the braces of statements with errors, and parses them, as [`parse`] does it in a source whose other braces
    /// are sound; `None` if that depends on the rest of the source.
    pub(super) fn parse_mended(mut self, around: Surroundings) -> Option<ParsedBlock> {
        let tokens = &self.0.lexed.tokens;
        let depths: Vec<i64> = tokens
            .iter()
            .scan(0, |depth, &token| {
                let word = self.0.word(token);
                *depth += i64::from(word == "{") - i64::from(word == "}");
                Some(*depth)
            })
            .collect();
        let (&balance, inside) = depths.split_last()?;
        // Braces that match, but not within the block, may belong to networks.
        if balance == 0 && inside.iter().any(|depth| *depth < 1) {
            return None;
        }
        let mended = braces::mend_block(&mut self.0, around)?;
        let mut block = self.parse()?;
        block.diagnostics.splice(..0, mended);
        block.braces = block.braces.max(Braces::Sound);
        Some(block)
    }
}

/// Parses an expression: the text at a place of a source.
pub(crate) fn parse_expression(place: Span, text: &str) -> (Expr, Vec<Diagnostic>) {
    let (mut expr, mut diagnostics) = parse_value(place.source, text);
    let shift = Shift(place.start.into());
    shift.expr(&mut expr);
    for diagnostic in &mut diagnostics {
        let notes = diagnostic.notes.iter_mut().map(|(span, _)| span);
        let fix = diagnostic.fix.iter_mut().map(|fix| &mut fix.span);
        diagnostic.span.iter_mut().chain(notes).chain(fix).for_each(|span| shift.span(span));
    }
    (expr, diagnostics)
}

/// Parses an expression at the beginning of a source.
fn parse_value(source: SourceId, text: &str) -> (Expr, Vec<Diagnostic>) {
    let broken = |span| Expr { kind: ExprKind::Invalid, span, height: 1 };
    let whole = Span::new(source, 0, text.len());
    let text = match Tokenized::new(source, text) {
        Ok(text) => text,
        Err(diagnostic) => return (broken(whole), vec![*diagnostic]),
    };
    let mut builder = TreeBuilder::new(&text);
    match Grammar::parse(Rule::standalone_expression, &text.text) {
        Ok(pairs) => {
            let pair = pairs.into_iter().find(|pair| pair.as_rule() == Rule::expression);
            let expr = pair.map_or_else(|| broken(whole), |pair| builder.expression(pair));
            (expr, builder.diagnostics.into_iter().collect())
        }
        Err(error) => {
            let diagnostic = syntax_errors::explain(&text, 0, text.text.len(), error);
            (broken(whole), vec![diagnostic.with_help("write one value, such as `4`, `2 ms` or `[60, 30]`")])
        }
    }
}

/// Builds the tree of a source.
pub(super) struct TreeBuilder<'a> {
    text: &'a Tokenized,
    diagnostics: Diagnostics,
    /// Number of pieces of junk that have been explained.
    explained: usize,
    /// Whether a tree that is too high has been reported.
    has_deep_tree: bool,
    /// End of the last junk, if nothing was understood since.
    skipped_end: Option<usize>,
    /// Identifiers of networks that stand inside others: names that may be declared there.
    nested: Vec<String>,
}

type Inner<'a> = std::iter::Filter<pest::iterators::Pairs<'a, Rule>, fn(&Pair<'a, Rule>) -> bool>;

/// Returns the parts of a pair that carry meaning.
pub(super) fn parts(pair: Pair<'_, Rule>) -> Inner<'_> {
    pair.into_inner().filter(|part| !is_punctuation(part.as_rule()))
}

fn is_punctuation(rule: Rule) -> bool {
    use Rule::{
        EOI, arrow, close_brace, close_bracket, close_paren, colon, comma, contextual_assert, contextual_dt,
        contextual_input, contextual_output, dot, equals, kw_else, kw_for, kw_if, kw_in, kw_layer, kw_let,
        kw_net, kw_network, kw_neuron, kw_use, open_brace, open_bracket, open_paren, path_separator, plus,
        semicolon,
    };
    matches!(
        rule,
        EOI | arrow
            | close_brace
            | close_bracket
            | close_paren
            | colon
            | comma
            | dot
            | equals
            | kw_else
            | kw_for
            | kw_if
            | kw_in
            | kw_layer
            | kw_let
            | kw_net
            | kw_network
            | kw_neuron
            | kw_use
            | open_brace
            | open_bracket
            | open_paren
            | path_separator
            | plus
            | semicolon
            | contextual_assert
            | contextual_dt
            | contextual_input
            | contextual_output
    )
}

const GRAMMAR_INVARIANT: &str = "the grammar gives the parts that it names";

impl<'a> TreeBuilder<'a> {
    fn new(text: &'a Tokenized) -> Self {
        Self {
            text,
            diagnostics: Diagnostics::new(),
            explained: 0,
            has_deep_tree: false,
            skipped_end: None,
            nested: Vec::new(),
        }
    }

    /// Returns the bytes of a pair without the blanks and comments after it.
    fn bytes(&self, pair: &Pair<'_, Rule>) -> (usize, usize) {
        let (start, end) = (pair.as_span().start(), pair.as_span().end());
        let last = self.text.lexed.last_before(end).map_or(end, |token| token.end);
        (start, if last > start { last } else { end })
    }

    /// Returns the place of a pair without the blanks and comments after it.
    pub(super) fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let (start, end) = self.bytes(pair);
        self.text.span(start, end)
    }

    fn docs(&self, pair: &Pair<'_, Rule>) -> Vec<String> {
        self.text.lexed.docs_before(&self.text.text, pair.as_span().start())
    }

    fn file(&mut self, pair: Pair<'_, Rule>) -> File {
        let mut file = File::default();
        for part in parts(pair) {
            match part.as_rule() {
                Rule::import => {
                    self.skipped_end = None;
                    let import = self.import(part);
                    file.imports.push(import);
                }
                Rule::network => {
                    self.skipped_end = None;
                    let network = self.network(part);
                    file.networks.push(network);
                }
                _ => {
                    self.skipped(&part, Rule::network);
                    file.hides_imports |= syntax_errors::is_import(self.text, self.bytes(&part).0);
                    file.broken.extend(self.identifiers(&part));
                }
            }
        }
        file.broken.append(&mut self.nested);
        file
    }

    /// Reports junk, unless it only continues what has been reported. Returns where it stops making sense.
    fn skipped(&mut self, pair: &Pair<'_, Rule>, wanted: Rule) -> Option<Span> {
        let (start, end) = self.bytes(pair);
        let (text, lexed) = (&self.text.text, &self.text.lexed);
        let is_comment = text[start..].starts_with('#');
        let continues = self.skipped_end.is_some_and(|skipped_end| {
            let skipped = &text[..skipped_end];
            let goes_on = text[start..].starts_with(['{', ';']) || text[start..].starts_with("else");
            lexed.last_before(start).is_some_and(|token| token.end == skipped_end)
                && !skipped.ends_with(';')
                && (goes_on || !skipped.ends_with('}'))
        });
        // A comment of another language ends with its line: what follows makes sense again.
        self.skipped_end = if is_comment { None } else { Some(end) };
        if continues {
            return None;
        }
        if self.explained == MAX_SYNTAX_REPORTS {
            // It is only counted.
            self.diagnostics.push(
                Diagnostic::error(&codes::SYNTAX, self.text.span(start, end), "unexpected characters")
                    .with_help("remove them"),
            );
            return None;
        }
        self.explained += 1;
        let diagnostic = if wanted == Rule::network {
            syntax_errors::explain_item(self.text, start, end)
        } else {
            syntax_errors::explain_statement(self.text, start, end)
        };
        let place = diagnostic.span;
        self.diagnostics.push(diagnostic);
        place
    }

    /// Returns the identifiers of junk.
    fn identifiers(&self, pair: &Pair<'_, Rule>) -> Vec<String> {
        self.text.identifiers(pair.as_span().start(), pair.as_span().end())
    }

    /// Reports a missing semicolon or brace, which the grammar found at the start of `pair`.
    fn missing_delimiter(&mut self, pair: &Pair<'_, Rule>) {
        let diagnostic = syntax_errors::missing_delimiter(self.text, pair.as_span().start(), pair.as_rule());
        self.diagnostics.push(diagnostic);
    }

    /// Returns the parts of a pair, of which missing punctuation has been reported and taken out.
    fn parts<'p>(&mut self, pair: Pair<'p, Rule>) -> std::vec::IntoIter<Pair<'p, Rule>> {
        let mut kept = Vec::new();
        for part in parts(pair) {
            match part.as_rule() {
                Rule::missing_semicolon | Rule::missing_brace => self.missing_delimiter(&part),
                _ => kept.push(part),
            }
        }
        kept.into_iter()
    }

    fn import(&mut self, pair: Pair<'_, Rule>) -> Import {
        let mut parts = self.parts(pair);
        let from = parts.next().expect(GRAMMAR_INVARIANT);
        let name = self.name(&from);
        let from = if from.as_rule() == Rule::string {
            Module::Path(Name { text: unquoted(&name.text), span: name.span })
        } else {
            Module::Symbol(name)
        };
        Import { from, name: self.name(&parts.next().expect(GRAMMAR_INVARIANT)) }
    }

    fn network(&mut self, pair: Pair<'_, Rule>) -> Network {
        let docs = self.docs(&pair);
        let whole = self.span(&pair);
        let mut name = Name { text: String::new(), span: whole };
        let mut parameters = Vec::new();
        let mut body = Body::Block(Vec::new());
        let mut head = whole;
        for part in self.parts(pair) {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::name => {
                    name = self.name(&part);
                    head = whole_head(whole, name.span);
                }
                Rule::parameters => {
                    head = whole_head(whole, span);
                    parameters = parts(part).map(|part| self.parameter(part)).collect();
                }
                Rule::call => {
                    head = whole;
                    body = Body::Alias(self.call(part));
                }
                _ => body = Body::Block(self.block(part)),
            }
        }
        Network { name, docs, parameters, body, head, whole }
    }

    fn parameter(&mut self, pair: Pair<'_, Rule>) -> Parameter {
        let mut parts = parts(pair);
        let name = self.name(&parts.next().expect(GRAMMAR_INVARIANT));
        Parameter { name, default: parts.next().map(|part| self.expression(part)) }
    }

    fn block(&mut self, pair: Pair<'_, Rule>) -> Vec<Statement> {
        let mut statements = Vec::new();
        for part in self.parts(pair) {
            if part.as_rule() == Rule::bad_statement {
                let place = self.skipped(&part, Rule::bad_statement);
                let kind = self.broken_statement(&part, place);
                statements.push(Statement { kind, docs: Vec::new(), span: self.span(&part) });
            } else {
                self.skipped_end = None;
                let statement = self.statement(part);
                statements.push(statement);
            }
        }
        statements
    }

    /// Returns what is known about a statement that stops making sense at `place`.
    fn broken_statement(&mut self, pair: &Pair<'_, Rule>, place: Option<Span>) -> StatementKind {
        let words = self.identifiers(pair);
        let keyword = words.first().and_then(|word| syntax_errors::statement_keyword(word));
        if keyword == Some(Keyword::Network) {
            self.nested.extend(words.iter().cloned());
        }
        // The name is the second token. It is the declared one only if it was understood as a whole: `h` is not
        // in `h-0`.
        let (start, end) = self.bytes(pair);
        let first = self.text.lexed.tokens.partition_point(|token| token.start < start);
        let second = self.text.step(first, 1).map(|index| self.text.lexed.tokens[index]);
        let name = second.filter(|token| {
            let next = self.text.text[token.end..].chars().next();
            let is_whole =
                next.is_none_or(|c| c.is_whitespace() || matches!(c, ':' | '=' | '(' | ';' | '{' | ','));
            let span = self.text.token_span(*token);
            let is_clear = place.is_none_or(|place| span.end <= place.start || place.end <= span.start);
            token.kind == TokenKind::Identifier && token.end <= end && is_whole && is_clear
        });
        StatementKind::Invalid { keyword, name: name.map(|token| self.text.word(token).to_owned()), words }
    }

    fn statement(&mut self, pair: Pair<'_, Rule>) -> Statement {
        let (docs, span, rule) = (self.docs(&pair), self.span(&pair), pair.as_rule());
        let mut parts = self.parts(pair);
        let mut next = || parts.next().expect(GRAMMAR_INVARIANT);
        let kind = match rule {
            Rule::step => StatementKind::Dt(self.expression(next())),
            Rule::input => {
                StatementKind::Input { name: self.name(&next()), channels: self.expression(next()) }
            }
            Rule::output => {
                let layer = self.reference(&mut parts);
                StatementKind::Output { layer, quantity: parts.next().map(|part| self.name(&part)) }
            }
            Rule::binding => StatementKind::Let { name: self.name(&next()), value: self.expression(next()) },
            Rule::neuron => {
                let (name, base) = (self.name(&next()), self.name(&next()));
                StatementKind::Neuron { name, base, fields: self.optional_fields(parts.next()) }
            }
            Rule::layer => {
                let name = self.reference(&mut parts);
                let neuron = self.name(&parts.next().expect(GRAMMAR_INVARIANT));
                let size = self.expression(parts.next().expect(GRAMMAR_INVARIANT));
                StatementKind::Layer { name, neuron, size, fields: self.optional_fields(parts.next()) }
            }
            Rule::net => {
                let name = self.reference(&mut parts);
                StatementKind::Net { name, call: self.call(parts.next().expect(GRAMMAR_INVARIANT)) }
            }
            Rule::loop_ => {
                let (name, range) = (self.name(&next()), self.expression(next()));
                StatementKind::For { name, range, body: self.block(next()) }
            }
            Rule::condition => self.condition(parts),
            Rule::assertion => {
                let condition = self.expression(next());
                StatementKind::Assert { condition, message: unquoted(next().as_str()) }
            }
            Rule::chain => StatementKind::Chain(parts.map(|sum| self.sum(sum)).collect()),
            rule => unreachable!("{rule:?} is none of the grammar's statements"),
        };
        Statement { kind, docs, span }
    }

    fn condition(&mut self, mut parts: std::vec::IntoIter<Pair<'_, Rule>>) -> StatementKind {
        let mut arms = Vec::new();
        let mut otherwise = Vec::new();
        while let Some(part) = parts.next() {
            if part.as_rule() == Rule::expression {
                let condition = self.expression(part);
                let block = self.block(parts.next().expect(GRAMMAR_INVARIANT));
                arms.push((condition, block));
            } else {
                otherwise = self.block(part);
            }
        }
        StatementKind::If { arms, otherwise }
    }

    fn sum(&mut self, pair: Pair<'_, Rule>) -> Vec<Element> {
        parts(pair).map(|element| self.element(element)).collect()
    }

    fn element(&mut self, pair: Pair<'_, Rule>) -> Element {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let reference = self.reference(&mut parts);
        let mut element = Element { reference, arguments: None, fields: None, span };
        for part in parts {
            match part.as_rule() {
                Rule::arguments => element.arguments = Some(self.arguments(part)),
                _ => element.fields = Some(self.fields(part)),
            }
        }
        element
    }

    fn reference(&mut self, parts: &mut std::vec::IntoIter<Pair<'_, Rule>>) -> Reference {
        let name = self.name(&parts.next().expect(GRAMMAR_INVARIANT));
        let has_index = parts.as_slice().first().is_some_and(|part| part.as_rule() == Rule::index);
        let index = has_index.then(|| parts.next().expect(GRAMMAR_INVARIANT));
        let span = index.as_ref().map_or(name.span, |index| name.span.to(self.span(index)));
        let index =
            index.and_then(|index| self::parts(index).next()).map(|part| Box::new(self.expression(part)));
        Reference { name, index, span }
    }

    fn optional_fields(&mut self, pair: Option<Pair<'_, Rule>>) -> Vec<Field> {
        pair.map(|pair| self.fields(pair)).unwrap_or_default()
    }

    fn fields(&mut self, pair: Pair<'_, Rule>) -> Vec<Field> {
        let mut fields = Vec::new();
        for part in parts(pair) {
            let mut parts = parts(part);
            let name = self.name(&parts.next().expect(GRAMMAR_INVARIANT));
            fields.push(Field { name, value: self.expression(parts.next().expect(GRAMMAR_INVARIANT)) });
        }
        fields
    }

    fn call(&mut self, pair: Pair<'_, Rule>) -> Call {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        let name = self.name(&parts.next().expect(GRAMMAR_INVARIANT));
        Call { name, arguments: self.arguments(parts.next().expect(GRAMMAR_INVARIANT)), span }
    }

    pub(super) fn arguments(&mut self, pair: Pair<'_, Rule>) -> Vec<Argument> {
        let mut arguments: Vec<Argument> = Vec::new();
        for part in parts(pair) {
            // `f(x for i in list)` stands for `f([x for i in list])`.
            if part.as_rule() == Rule::comprehension {
                let Some(Argument { name, value }) = arguments.pop() else { continue };
                let span = value.span.to(self.span(&part));
                arguments.push(Argument { name, value: self.comprehension(part, value, span) });
                continue;
            }
            let mut argument = Argument { name: None, value: self.broken(self.span(&part)) };
            for part in parts(part) {
                match part.as_rule() {
                    Rule::field_name => argument.name = Some(self.name(&part)),
                    _ => argument.value = self.expression(part),
                }
            }
            arguments.push(argument);
        }
        arguments
    }

    pub(super) fn name(&self, pair: &Pair<'_, Rule>) -> Name {
        Name { text: pair.as_str().to_owned(), span: self.span(pair) }
    }

    pub(super) fn broken(&self, span: Span) -> Expr {
        Expr { kind: ExprKind::Invalid, span, height: 1 }
    }

    /// Reports the first tree that is too high; others are likely parts of the same.
    pub(super) fn too_deep(&mut self, span: Span) -> Expr {
        if !std::mem::replace(&mut self.has_deep_tree, true) {
            self.diagnostics.push(
                Diagnostic::error(&codes::NESTING_TOO_DEEP, span, "this expression has too many parts")
                    .with_help("name parts of the expression with `let`"),
            );
        }
        self.broken(span)
    }
}

fn whole_head(whole: Span, end: Span) -> Span {
    Span { end: end.end, ..whole }
}

fn unquoted(text: &str) -> String {
    text.trim_matches('"').to_owned()
}
