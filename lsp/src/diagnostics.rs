//! Diagnostics as editors show them.

use lsp_types::{DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, NumberOrString};
use synnet_ir::{Diagnostic, Severity, Span};

use crate::analyzed::Analyzed;
use crate::workspace::Workspace;

/// Returns all diagnostics of a document.
pub(crate) fn all(workspace: &Workspace, analyzed: &Analyzed) -> Vec<lsp_types::Diagnostic> {
    let found = analyzed.diagnostics.iter().map(|diagnostic| convert(workspace, analyzed, diagnostic));
    found.chain(analyzed.messages.iter().map(|message| at_line(workspace, analyzed, message))).collect()
}

/// Shows an error in words at the line that it names, else at the first one.
fn at_line(workspace: &Workspace, analyzed: &Analyzed, message: &str) -> lsp_types::Diagnostic {
    let named = message.split("line ").nth(1).map(|rest| rest.trim_start());
    let digits = named.map(|rest| &rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())]);
    let line: usize = digits.and_then(|digits| digits.parse().ok()).unwrap_or(1);
    let text = analyzed.sources.get(analyzed.root).map_or("", |source| source.text.as_str());
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let end = text[start..].find('\n').map_or(text.len(), |len| start + len);
    lsp_types::Diagnostic {
        range: workspace.range(analyzed, Span::new(analyzed.root, start, end)),
        severity: Some(DiagnosticSeverity::ERROR),
        source: Some("synnet".to_owned()),
        message: message.to_owned(),
        ..lsp_types::Diagnostic::default()
    }
}

/// Converts a diagnostic. One that lies in another file is shown at the import that leads there.
pub(crate) fn convert(
    workspace: &Workspace,
    analyzed: &Analyzed,
    diagnostic: &Diagnostic,
) -> lsp_types::Diagnostic {
    let mut message = diagnostic.message.clone();
    if !diagnostic.label.is_empty() {
        message = format!("{message}: {}", diagnostic.label);
    }
    if let Some(repetition) = diagnostic.repetition() {
        message = format!("{message}\n{repetition}");
    }
    if let Some(help) = &diagnostic.help {
        message = format!("{message}\nhelp: {help}");
    }
    let mut notes = diagnostic.notes.clone();
    let place = place(analyzed, diagnostic);
    if let Some(elsewhere) = diagnostic.span.filter(|span| span.source != analyzed.root) {
        let file = analyzed.name(elsewhere.source);
        let file = file.rsplit('/').next().unwrap_or(file);
        message = format!("in `{file}`: {message}");
        notes.insert(0, (elsewhere, diagnostic.message.clone()));
    }
    let related: Vec<DiagnosticRelatedInformation> = notes
        .into_iter()
        .filter_map(|(span, message)| {
            Some(DiagnosticRelatedInformation { location: workspace.location(analyzed, span)?, message })
        })
        .collect();
    let is_unused = *diagnostic.code == synnet_dsl::codes::UNUSED;
    lsp_types::Diagnostic {
        range: workspace.range(analyzed, place),
        severity: Some(match diagnostic.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
        }),
        code: Some(NumberOrString::String(diagnostic.code.id.to_owned())),
        source: Some("synnet".to_owned()),
        message,
        related_information: (!related.is_empty()).then_some(related),
        tags: is_unused.then(|| vec![DiagnosticTag::UNNECESSARY]),
        ..lsp_types::Diagnostic::default()
    }
}

/// Returns the place in the document at which a diagnostic is shown.
pub(crate) fn place(analyzed: &Analyzed, diagnostic: &Diagnostic) -> Span {
    let start = Span::new(analyzed.root, 0, 0);
    let Some(span) = diagnostic.span else { return start };
    if span.source == analyzed.root {
        return span;
    }
    // An instance of the document may lead there; else the import of the file, else any import.
    let note = diagnostic.notes.iter().map(|(span, _)| *span).find(|span| span.source == analyzed.root);
    let symbols = analyzed.symbols(analyzed.root);
    let leads = |index: &usize| {
        let analysis = analyzed.analysis.as_ref()?;
        Some(analysis.import(analyzed.root, *index)? == span.source)
    };
    let direct = (0..symbols.imports.len()).find(|index| leads(index) == Some(true));
    let any = symbols.imports.iter().position(|import| import.is_path);
    let import = direct.or(any).map(|index| symbols.imports[index].whole);
    note.or(import).unwrap_or(start)
}
