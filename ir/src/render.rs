//! Rendering of diagnostics for people, in the style of rustc.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::source::{SourceId, Sources, Span};

/// Renders diagnostics in the order of their places: severity, code, message, place, the line with the offending token
/// underlined, notes and help. The result is empty if there are none.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut ordered = Diagnostics::from(diagnostics.to_vec());
    ordered.sort();
    let mut text = String::new();
    for diagnostic in &ordered {
        text.push_str(&renderer.render(&[group(diagnostic, sources)]));
        text.push_str("\n\n");
    }
    text
}

fn group<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group =
        Group::with_title(level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.id));
    if let Some(span) = diagnostic.span {
        let primary = AnnotationKind::Primary.span(bytes(sources, span));
        let label = (!diagnostic.label.is_empty()).then_some(diagnostic.label.as_str());
        let mut annotations = vec![primary.label(label)];
        annotations.extend(notes(diagnostic, sources, move |source| source == span.source));
        group = attach(group, sources, span.source, annotations);
    }
    let mut elsewhere: Vec<SourceId> = diagnostic.notes.iter().map(|(span, _)| span.source).collect();
    elsewhere.dedup();
    for source in elsewhere {
        if diagnostic.span.is_none_or(|span| span.source != source) {
            let annotations = notes(diagnostic, sources, move |other| other == source).collect();
            group = attach(group, sources, source, annotations);
        }
    }
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    }
}

fn notes<'a>(
    diagnostic: &'a Diagnostic,
    sources: &'a Sources,
    chosen: impl Fn(SourceId) -> bool + 'a,
) -> impl Iterator<Item = Annotation<'a>> {
    diagnostic
        .notes
        .iter()
        .filter(move |(span, _)| chosen(span.source))
        .map(|(span, text)| AnnotationKind::Context.span(bytes(sources, *span)).label(text.as_str()))
}

fn attach<'a>(
    group: Group<'a>,
    sources: &'a Sources,
    source: SourceId,
    annotations: Vec<Annotation<'a>>,
) -> Group<'a> {
    match sources.get(source) {
        Some(source) => group.element(
            Snippet::source(source.text.as_str()).path(source.name.as_str()).annotations(annotations),
        ),
        None => group,
    }
}

/// Returns the bytes of a span, moved to lie within its source and on character boundaries.
fn bytes(sources: &Sources, span: Span) -> Range<usize> {
    let text = sources.get(span.source).map_or("", |source| source.text.as_str());
    let border = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = border(span.start as usize);
    start..border(span.end as usize).max(start)
}
