//! Findings that several layers share, told once.

use synnet_ir::{Code, Diagnostic, Severity, Span};

/// A finding that several layers may share: which parameter of which layer, and what is the matter with it.
pub(super) struct LayerFinding {
    pub(super) span: Span,
    pub(super) parameter: &'static str,
    pub(super) layer: String,
    /// Completes "`parameter` of `layer` ...".
    pub(super) predicate: String,
    /// How bad it is, compared with others of the kind.
    pub(super) weight: f64,
}

/// One diagnostic for all findings of a kind, at the place of the worst, the others as notes; `None` without any.
/// `message` says what all have in common, where there are several.
pub(super) fn merge_findings(
    severity: Severity,
    code: &'static Code,
    message: &str,
    help: String,
    findings: &[LayerFinding],
) -> Option<Diagnostic> {
    let worst =
        findings.iter().reduce(|worst, other| if other.weight > worst.weight { other } else { worst })?;
    // What is equal but for the layer, in the order of the layers.
    let mut equal: Vec<(&LayerFinding, Vec<String>)> = Vec::new();
    for finding in findings {
        let name = format!("`{}`", finding.layer);
        let same = |other: &LayerFinding| {
            (other.span, other.parameter, &other.predicate)
                == (finding.span, finding.parameter, &finding.predicate)
        };
        match equal.iter_mut().find(|(other, _)| same(other)) {
            Some((_, layers)) => layers.push(name),
            None => equal.push((finding, vec![name])),
        }
    }
    let sentence = |(finding, layers): &(&LayerFinding, Vec<String>)| {
        format!("`{}` of {} {}", finding.parameter, layers.join(", "), finding.predicate)
    };
    let mut diagnostic = Diagnostic::error(code, worst.span, message).with_help(help);
    diagnostic.severity = severity;
    if let [only] = equal.as_slice() {
        diagnostic.message = sentence(only);
        return Some(diagnostic);
    }
    let mut places: Vec<(Span, Vec<String>)> = Vec::new();
    for finding in &equal {
        match places.iter_mut().find(|(span, _)| *span == finding.0.span) {
            Some((_, sentences)) => sentences.push(sentence(finding)),
            None => places.push((finding.0.span, vec![sentence(finding)])),
        }
    }
    for (span, sentences) in places {
        let text = sentences.join("; ");
        diagnostic =
            if span == worst.span { diagnostic.with_label(text) } else { diagnostic.with_note(span, text) };
    }
    Some(diagnostic)
}

/// The place of a part, or of the whole where the source text leaves the part to its default.
pub(super) fn span_or(part: Span, whole: Span) -> Span {
    if part == Span::default() { whole } else { part }
}
