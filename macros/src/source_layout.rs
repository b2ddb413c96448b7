//! The layout of source text: tokens become text, and ranges of the text become tokens again.
//!
//! Every token is placed at its line and column of the Rust file. Everything between tokens (blanks and comments)
//! becomes blanks. A `///` comment arrives as an attribute `#[doc = "..."]` and is converted back. If positions are
//! missing (some editors give all tokens the same one) or run backwards (tokens from other macros), tokens follow each
//! other with a blank between them.

use std::ops::Range;

use proc_macro2::{Delimiter, Group, LineColumn, Spacing, Span, TokenStream, TokenTree};
use syn::{Lit, LitStr, parse2};

/// Source text with the tokens from which it was made.
pub(crate) struct SourceLayout {
    /// The text, for the parser of the language.
    pub(crate) text: String,
    /// Byte range and span of each token, in ascending order.
    pieces: Vec<(Range<usize>, Span)>,
    /// Position of the end of the text.
    at: LineColumn,
    /// Whether the last punctuation joins the next one, as `-` and `>` do.
    joint: bool,
}

impl SourceLayout {
    /// Lays out tokens.
    pub(crate) fn new(tokens: TokenStream) -> Self {
        let at = LineColumn { line: 1, column: 0 };
        let mut layout = Self { text: String::new(), pieces: Vec::new(), at, joint: false };
        layout.emit_all(tokens);
        layout
    }

    /// Returns the first and the last token in a range of bytes. If there are none, returns the last token before it.
    pub(crate) fn tokens(&self, range: Range<usize>) -> (Span, Span) {
        let covered = |(bytes, _): &&(Range<usize>, Span)| bytes.start < range.end && range.start < bytes.end;
        let first = self.pieces.iter().find(covered);
        let last = self.pieces.iter().rfind(covered);
        if let (Some((_, first)), Some((_, last))) = (first, last) {
            return (*first, *last);
        }
        let before = self.pieces.iter().rfind(|(bytes, _)| bytes.start <= range.start);
        let span = before.map_or_else(Span::call_site, |(_, span)| *span);
        (span, span)
    }

    /// Returns the span of the string literal with this value.
    pub(crate) fn string_literal(&self, text: &str) -> Option<Span> {
        let says = |bytes: &Range<usize>| {
            let literal =
                self.text.get(bytes.clone()).and_then(|literal| syn::parse_str::<LitStr>(literal).ok());
            literal.is_some_and(|literal| literal.value() == text)
        };
        self.pieces.iter().find(|(bytes, _)| says(bytes)).map(|(_, span)| *span)
    }

    fn emit_all(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.emit_group(&group),
                TokenTree::Punct(sign) if sign.as_char() == '#' => {
                    let comment = tokens.peek().and_then(doc_comment);
                    match comment {
                        Some(lines) => {
                            tokens.next();
                            self.emit_comment(&lines, sign.span());
                        }
                        None => self.emit("#", sign.span()),
                    }
                }
                TokenTree::Punct(sign) => {
                    self.emit(&sign.as_char().to_string(), sign.span());
                    self.joint = sign.spacing() == Spacing::Joint;
                }
                TokenTree::Ident(word) => self.emit(&word.to_string(), word.span()),
                TokenTree::Literal(literal) => self.emit(&literal.to_string(), literal.span()),
            }
        }
    }

    /// Emits brackets and their content.
    fn emit_group(&mut self, group: &Group) {
        // The Rust parser limits the depth of groups, so the recursion does not overflow the stack.
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => ("", ""),
        };
        self.emit(open, group.span_open());
        self.emit_all(group.stream());
        self.emit(close, group.span_close());
    }

    fn emit(&mut self, token: &str, span: Span) {
        if token.is_empty() {
            return;
        }
        self.advance(span.start());
        let start = self.text.len();
        self.write(token);
        self.pieces.push((start..self.text.len(), span));
        self.joint = false;
    }

    /// Emits a `///` comment, which ends its line.
    fn emit_comment(&mut self, lines: &str, span: Span) {
        self.advance(span.start());
        for line in lines.split('\n') {
            self.write("///");
            self.write(line);
            self.write("\n");
        }
    }

    /// Emits blanks up to a position.
    fn advance(&mut self, to: LineColumn) {
        // Line 0 means that the position is unknown.
        let known = to.line > 0 && (to.line, to.column) >= (self.at.line, self.at.column);
        if !known {
            if !self.joint {
                self.write(" ");
            }
            return;
        }
        while self.at.line < to.line {
            self.write("\n");
        }
        while self.at.column < to.column {
            self.write(" ");
        }
    }

    fn write(&mut self, text: &str) {
        self.text.push_str(text);
        match text.rsplit_once('\n') {
            None => self.at.column += text.chars().count(),
            Some((before, last)) => {
                self.at.line += before.matches('\n').count() + 1;
                self.at.column = last.chars().count();
            }
        }
    }
}

/// Returns the text of a comment if a group is the rest of `#[doc = "..."]`.
fn doc_comment(token: &TokenTree) -> Option<String> {
    let TokenTree::Group(group) = token else { return None };
    let mut inside = group.stream().into_iter();
    match (inside.next()?, inside.next()?, inside.next()?) {
        (TokenTree::Ident(word), TokenTree::Punct(sign), literal)
            if word == "doc" && sign.as_char() == '=' =>
        {
            match parse2::<Lit>(literal.into()).ok()? {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(source: &str) -> SourceLayout {
        SourceLayout::new(source.parse().expect("these are Rust tokens"))
    }

    #[test]
    fn tokens_keep_their_lines_and_columns() {
        let source = "network Kws {\n    dt: 10 ms;   \n\tinput audio: 16;\n    audio -> linear -> h0;\n}";
        assert_eq!(layout(source).text, source.replace("   \n", "\n").replace('\t', " "));
    }

    #[test]
    fn comments_become_blanks_and_doc_comments_stay() {
        let source = "/// One.\n/// Two.\nnetwork /* a */ Kws { // b\n    dt: 1 ms;\n}";
        assert_eq!(layout(source).text, "/// One.\n/// Two.\nnetwork         Kws {\n    dt: 1 ms;\n}");
    }

    /// Moves all tokens to one place.
    fn gathered(tokens: TokenStream, place: Span) -> TokenStream {
        let moved = tokens.into_iter().map(|token| {
            let mut token = match token {
                TokenTree::Group(group) => {
                    TokenTree::Group(Group::new(group.delimiter(), gathered(group.stream(), place)))
                }
                other => other,
            };
            token.set_span(place);
            token
        });
        moved.collect()
    }

    /// Returns the graph of a source, as JSON.
    fn graph(text: &str) -> String {
        let mut sources = synnet_ir::Sources::new();
        let root = sources.add("text", text);
        let options = synnet_dsl::CompileOptions::new().with_name("Words".to_owned());
        let compilation = synnet_dsl::compile(&mut sources, root, &options, &mut synnet_dsl::NoImports);
        let shown = synnet_ir::render(&compilation.diagnostics, &sources, false);
        compilation.graph.map_or_else(|| panic!("{text}\n{shown}"), |graph| synnet_ir::to_json(&graph))
    }

    #[test]
    fn tokens_without_positions_mean_the_same() {
        let text = "use std::SynNet;
            /// Kept, \"quoted\".
            network Words = SynNet(n_channels: 4 + 12, n_classes: 1 + -1 * -3, size_hidden_layers: [8, 8],
                time_constants_per_layer: [2, 2], weight_scale: [1.5e-1, 0.5 + 2.0, 0.1]);";
        let tokens: TokenStream = text.parse().expect("these are Rust tokens");
        let first_of_a_file: TokenStream = "x".parse().expect("this is a Rust token");
        let start = first_of_a_file.into_iter().next().expect("there is one").span();
        assert_eq!((start.start().line, start.start().column), (1, 0));
        for place in [Span::call_site(), start] {
            let layout = SourceLayout::new(gathered(tokens.clone(), place));
            assert_eq!(graph(&layout.text), graph(text));
            assert!(layout.text.contains("/// Kept, \"quoted\".\n"), "{}", layout.text);
        }
    }

    #[test]
    fn lines_are_those_of_the_file() {
        assert_eq!(layout("\n\n  a\n b").text, "\n\n  a\n b");
    }

    #[test]
    fn places_are_found_again() {
        let layout = layout("abc de\nfgh");
        let columns = |range| {
            let (first, last) = layout.tokens(range);
            (first.start().line, first.start().column, last.end().column)
        };
        assert_eq!(columns(0..1), (1, 0, 3));
        assert_eq!(columns(1..5), (1, 0, 6));
        assert_eq!(columns(7..10), (2, 0, 3));
        assert_eq!(columns(10..10), (2, 0, 3));
    }
}
