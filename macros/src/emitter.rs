//! Diagnostics of a network become errors and warnings of the Rust compiler, and places of names become spans.
//!
//! A diagnostic about the macro's own text is shown at its tokens. One about a file or about weights is shown at the
//! token that names it, with the lines of the file in the message.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Error, LitStr};
use synnet_ir::{Diagnostic, Graph, SourceId, Sources};
use synnet_rust::NameSpans;

use crate::invocation::Settings;
use crate::source_layout::SourceLayout;

/// Origin of a network's source.
pub(crate) enum Origin {
    /// Between the macro's brackets.
    Tokens(SourceLayout),
    /// In a file.
    File(LitStr),
}

/// Converts diagnostics to tokens.
pub(crate) struct Emitter<'a> {
    pub(crate) origin: &'a Origin,
    /// The source of the network, among `sources`.
    pub(crate) root: SourceId,
    pub(crate) sources: &'a Sources,
    pub(crate) settings: &'a Settings,
}

/// A diagnostic as the Rust compiler shows it: a message at tokens.
struct RenderedDiagnostic<'a> {
    /// First and last token.
    place: (Span, Span),
    message: String,
    diagnostic: &'a Diagnostic,
}

impl Emitter<'_> {
    /// Converts diagnostics of the source. Those without a span concern the choice of the network.
    pub(crate) fn for_network(&self, diagnostics: &[Diagnostic]) -> TokenStream {
        self.render_all(diagnostics, self.settings.name.as_ref())
    }

    /// Converts diagnostics of the network with its weights. Those without a span concern the weights.
    pub(crate) fn for_weights(&self, diagnostics: &[Diagnostic]) -> TokenStream {
        self.render_all(diagnostics, self.settings.weights.as_ref())
    }

    /// Converts diagnostics of the network with its detector. Those without a span concern the detector.
    pub(crate) fn for_detector(&self, diagnostics: &[Diagnostic]) -> TokenStream {
        self.render_all(diagnostics, self.settings.detector.as_ref())
    }

    /// Returns the places of a network's names: the tokens that declare them, or the token that names their file.
    pub(crate) fn name_spans(&self, graph: &Graph) -> NameSpans {
        // The location of the user's token, but the hygiene of generated code: a token that comes from another macro
        // would be visible in that macro only, and lints would take generated code for the user's.
        let place = |span| self.tokens(span).0.resolved_at(Span::call_site());
        let layers = graph.layers.iter().map(|layer| (layer.name.clone(), place(layer.name_span)));
        NameSpans::new(place(graph.span)).with_layers(layers)
    }

    /// Returns the first and the last token of a place in a source.
    fn tokens(&self, span: synnet_ir::Span) -> (Span, Span) {
        match self.origin {
            Origin::Tokens(layout) if span.source == self.root => {
                layout.tokens(span.start as usize..span.end as usize)
            }
            Origin::Tokens(layout) => {
                let name = self.source_name(span);
                let import = layout.string_literal(name).unwrap_or_else(|| self.whole());
                (import, import)
            }
            Origin::File(path) => (path.span(), path.span()),
        }
    }

    fn source_name(&self, span: synnet_ir::Span) -> &str {
        self.sources.get(span.source).map_or("", |source| source.name.as_str())
    }

    fn render_all(&self, diagnostics: &[Diagnostic], fallback: Option<&LitStr>) -> TokenStream {
        let fallback = fallback.map_or_else(|| self.whole(), LitStr::span);
        diagnostics.iter().map(|diagnostic| self.finding(diagnostic, fallback).tokens()).collect()
    }

    fn finding<'a>(&self, diagnostic: &'a Diagnostic, fallback: Span) -> RenderedDiagnostic<'a> {
        let at = |place, message| RenderedDiagnostic { place, message, diagnostic };
        let Some(span) = diagnostic.span else {
            return at((fallback, fallback), full_message(diagnostic));
        };
        // The value of a parameter is a source of its own, named like the option of the command line.
        let parameter = self.source_name(span).strip_prefix("--param ");
        if let Some(parameter) = parameter.and_then(|name| self.settings.param(name)) {
            return at(parameter, full_message(diagnostic));
        }
        let is_visible = matches!(self.origin, Origin::Tokens(_)) && span.source == self.root;
        let message = if is_visible { full_message(diagnostic) } else { self.with_lines(diagnostic) };
        at(self.tokens(span), message)
    }

    /// Returns the message of a diagnostic with the source lines that it concerns.
    fn with_lines(&self, diagnostic: &Diagnostic) -> String {
        let rendered = synnet_ir::render(std::slice::from_ref(diagnostic), self.sources, false);
        // The first line repeats severity and message, which the Rust compiler shows anyway.
        let lines = rendered.split_once('\n').map_or("", |(_, lines)| lines);
        format!("{}\n{}", title(diagnostic), lines.trim_end())
    }

    /// Returns the span of the whole macro call, or of the file name in it.
    fn whole(&self) -> Span {
        match self.origin {
            Origin::Tokens(_) => Span::call_site(),
            Origin::File(path) => path.span(),
        }
    }
}

impl RenderedDiagnostic<'_> {
    fn tokens(&self) -> TokenStream {
        if self.diagnostic.is_error() { self.error() } else { self.warning() }
    }

    fn error(&self) -> TokenStream {
        let (first, last) = self.place;
        // `new_spanned` underlines from the first token to the last; any tokens with these spans will do.
        let ends = [quote_spanned!(first=> x), quote_spanned!(last=> x)];
        Error::new_spanned(ends.into_iter().collect::<TokenStream>(), &self.message).to_compile_error()
    }

    /// Generates a warning with the diagnostic's message.
    fn warning(&self) -> TokenStream {
        // Stable Rust lets procedural macros report errors only. The use of a deprecated item is a warning with any
        // text.
        let (message, code) = (&self.message, self.diagnostic.code.id);
        let declared = Ident::new(code, Span::call_site());
        let used = Ident::new(code, self.place.0);
        quote! {
            const _: () = {
                #[deprecated(note = #message)]
                const #declared: () = ();
                #used
            };
        }
    }
}

/// Returns a diagnostic's message with its notes and help.
fn full_message(diagnostic: &Diagnostic) -> String {
    let mut message = title(diagnostic);
    message.extend(diagnostic.notes.iter().map(|(_, note)| format!("\nnote: {note}")));
    message.extend(diagnostic.repetition().map(|repetition| format!("\nnote: {repetition}")));
    message.extend(diagnostic.help.iter().map(|help| format!("\nhelp: {help}")));
    message
}

/// Returns the message with the code of an error. The code of a warning is the name of the deprecated item.
fn title(diagnostic: &Diagnostic) -> String {
    match diagnostic.is_error() {
        true => format!("{} [{}]", diagnostic.message, diagnostic.code.id),
        false => diagnostic.message.clone(),
    }
}
