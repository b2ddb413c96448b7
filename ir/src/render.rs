//! Rendering of diagnostics for people, in the style of rustc.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Severity};
use crate::diagnostics::by_place;
use crate::display::escape_controls;
use crate::excerpt::LineStarts;
use crate::source::{SourceId, Sources, Span};

/// Renders diagnostics in the order of their places: severity, code, message, place, the line with the offending token
/// underlined, notes and help. The result is empty if there are none. Long lines are cut around the places. Characters that
/// act on a terminal are escaped.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut ordered: Vec<&Diagnostic> = diagnostics.iter().collect();
    ordered.sort_by_key(|diagnostic| by_place(diagnostic));
    let mut lines = LineStarts::default();
    let mut text = String::new();
    for diagnostic in ordered {
        text.push_str(&renderer.render(&[group(diagnostic, sources, &mut lines)]));
        text.push_str("\n\n");
    }
    text
}

/// A place with its label.
#[derive(Clone)]
struct Mark<'a> {
    span: Span,
    kind: AnnotationKind,
    label: Option<&'a str>,
}

fn group<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources, lines: &mut LineStarts) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group =
        Group::with_title(level.primary_title(escape_controls(&diagnostic.message)).id(diagnostic.code.id));
    let note = |(span, text): &'a (Span, String)| Mark {
        span: *span,
        kind: AnnotationKind::Context,
        label: Some(text.as_str()),
    };
    let notes_of =
        |source: SourceId| diagnostic.notes.iter().filter(move |(span, _)| span.source == source).map(note);
    if let Some(span) = diagnostic.span {
        let label = (!diagnostic.label.is_empty()).then_some(diagnostic.label.as_str());
        let mut marks = vec![Mark { span, kind: AnnotationKind::Primary, label }];
        marks.extend(notes_of(span.source));
        group = attach(group, sources, lines, span.source, marks);
    }
    let mut elsewhere: Vec<SourceId> = diagnostic.notes.iter().map(|(span, _)| span.source).collect();
    elsewhere.dedup();
    for source in elsewhere {
        if diagnostic.span.is_none_or(|span| span.source != source) {
            group = attach(group, sources, lines, source, notes_of(source).collect());
        }
    }
    if let Some(repetition) = diagnostic.repetition() {
        group = group.element(Level::NOTE.message(repetition));
    }
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(escape_controls(help))),
        None => group,
    }
}

/// Adds the lines of the places in a source. Places that are far from the first one have their own lines.
fn attach<'a>(
    mut group: Group<'a>,
    sources: &'a Sources,
    lines: &mut LineStarts,
    id: SourceId,
    mut marks: Vec<Mark<'a>>,
) -> Group<'a> {
    let Some(source) = sources.get(id) else { return group };
    let name = escape_controls(&source.name);
    while !marks.is_empty() {
        let spans: Vec<Span> = marks.iter().map(|mark| mark.span).collect();
        let (excerpt, left) = lines.excerpt(sources, id, &spans);
        let shown = marks.iter().enumerate().filter(|(i, _)| !left.contains(i)).map(|(_, mark)| mark);
        let annotations: Vec<Annotation<'a>> = shown
            .zip(&excerpt.places)
            .map(|(mark, place)| mark.kind.span(place.clone()).label(mark.label.map(escape_controls)))
            .collect();
        let snippet = Snippet::source(excerpt.text).line_start(excerpt.first_line).annotations(annotations);
        group = match excerpt.origin {
            Some((line, column)) => {
                let origin = Origin::path(name.clone()).line(line).char_column(column);
                group.element(origin).element(snippet)
            }
            None => group.element(snippet.path(name.clone())),
        };
        marks = left.into_iter().map(|i| marks[i].clone()).collect();
    }
    group
}
