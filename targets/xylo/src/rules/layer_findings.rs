//! Merges findings that several layers share, so that each is reported once.

use synnet_ir::{Code, Diagnostic, Severity, Span};

/// A finding about one parameter of one layer, which other layers may share.
pub(super) struct LayerFinding {
    pub(super) span: Span,
    pub(super) parameter: &'static str,
    pub(super) layer: String,
    /// Completes the sentence "`parameter` of `layer` ...".
    pub(super) predicate: String,
    /// Severity compared with other findings of the same kind; a larger number is worse.
    pub(super) severity_rank: f64,
}

/// Merges all findings of a kind into one diagnostic at the span of the worst, with the others as notes. Returns `None`
/// if there are none. If there are several, `message` states what they have in common.
pub(super) fn merge_findings(
    severity: Severity,
    code: &'static Code,
    message: &str,
    help: String,
    findings: &[LayerFinding],
) -> Option<Diagnostic> {
    let worst = findings
        .iter()
        .reduce(|worst, other| if other.severity_rank > worst.severity_rank { other } else { worst })?;
    // Findings that differ only in the layer share a sentence. A list keeps the order of the layers.
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

/// Returns the span of a part, or that of the whole if the source leaves the part to its default.
pub(super) fn span_or(part: Span, whole: Span) -> Span {
    if part == Span::default() { whole } else { part }
}
