//! What was found about a network, as errors and warnings of the Rust compiler.
//!
//! A finding in the macro's own text stands at its tokens. What lies elsewhere (in a file, in weights)
//! is shown at the token that led there, with its own lines in the message.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Error, LitStr};
use synnet_ir::{Diagnostic, SourceId, Sources};

use crate::invocation::Settings;
use crate::layout::Layout;

/// Where the text of a network stands.
pub(crate) enum Origin {
    /// Between the macro's brackets.
    Tokens(Layout),
    /// In the file of this name.
    File(LitStr),
}

/// What is needed to show findings.
pub(crate) struct Emitter<'a> {
    pub(crate) origin: &'a Origin,
    /// The text of the network.
    pub(crate) root: SourceId,
    pub(crate) sources: &'a Sources,
    pub(crate) settings: &'a Settings,
}

/// A finding as Rust shows it: a message at a place.
struct RenderedDiagnostic<'a> {
    /// First and last token.
    place: (Span, Span),
    message: String,
    diagnostic: &'a Diagnostic,
}

impl Emitter<'_> {
    /// Findings about the text; what has no place is about the choice of the network.
    pub(crate) fn for_network(&self, diagnostics: &[Diagnostic]) -> TokenStream {
        self.render_all(diagnostics, self.settings.name.as_ref())
    }

    /// Findings about the network with its weights; what has no place is about the weights.
    pub(crate) fn for_weights(&self, diagnostics: &[Diagnostic]) -> TokenStream {
        self.render_all(diagnostics, self.settings.weights.as_ref())
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
        let name = self.sources.get(span.source).map_or("", |source| source.name.as_str());
        if let Some(parameter) = name.strip_prefix("--param ").and_then(|name| self.settings.param(name)) {
            return at(parameter, full_message(diagnostic));
        }
        match self.origin {
            Origin::Tokens(layout) if span.source == self.root => {
                at(layout.tokens(span.start as usize..span.end as usize), full_message(diagnostic))
            }
            Origin::Tokens(layout) => {
                let import = layout.string_literal(name).unwrap_or_else(|| self.whole());
                at((import, import), self.with_lines(diagnostic))
            }
            Origin::File(path) => at((path.span(), path.span()), self.with_lines(diagnostic)),
        }
    }

    /// A diagnostic with the lines that it is about.
    fn with_lines(&self, diagnostic: &Diagnostic) -> String {
        let rendered = synnet_ir::render(std::slice::from_ref(diagnostic), self.sources, false);
        // The Rust compiler says itself whether it is an error.
        let lines = rendered.split_once('\n').map_or("", |(_, lines)| lines);
        format!("{}\n{}", title(diagnostic), lines.trim_end())
    }

    /// The macro's use as a whole, or the name of its file.
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
        let ends = [quote_spanned!(first=> x), quote_spanned!(last=> x)];
        Error::new_spanned(ends.into_iter().collect::<TokenStream>(), &self.message).to_compile_error()
    }

    /// A procedural macro has no means to warn; the use of something deprecated has, with any text.
    fn warning(&self) -> TokenStream {
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

/// A diagnostic without its place.
fn full_message(diagnostic: &Diagnostic) -> String {
    let mut message = title(diagnostic);
    message.extend(diagnostic.notes.iter().map(|(_, note)| format!("\nnote: {note}")));
    message.extend(diagnostic.help.iter().map(|help| format!("\nhelp: {help}")));
    message
}

/// What is wrong, and the rule; the code of a warning stands in the name of what it "uses".
fn title(diagnostic: &Diagnostic) -> String {
    match diagnostic.is_error() {
        true => format!("{} [{}]", diagnostic.message, diagnostic.code.id),
        false => diagnostic.message.clone(),
    }
}
