//! Diagnostics about a file that has no source text: they name nodes and fields instead of places.

use synnet_ir::{Code, Diagnostic, Diagnostics, Span};

/// Collects errors and warnings.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) diagnostics: Diagnostics,
}

impl Report {
    pub(crate) fn error(&mut self, code: &'static Code, message: impl Into<String>, help: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error_without_span(code, message).with_help(help));
    }

    pub(crate) fn warning(
        &mut self,
        code: &'static Code,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let warning = Diagnostic { span: None, ..Diagnostic::warning(code, Span::default(), message) };
        self.diagnostics.push(warning.with_help(help));
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.diagnostics.has_errors()
    }
}

/// Lists names for a message: "`a`, `b` and 3 more".
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 8;
    let names: Vec<&str> = names.into_iter().collect();
    let mut text = names.iter().take(MOST).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > MOST {
        text.push_str(&format!(" and {} more", names.len() - MOST));
    }
    text
}
