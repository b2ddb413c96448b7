//! Code actions: the changes that diagnostics ask for.

use std::collections::HashMap;

use lsp_types::{CodeAction, CodeActionKind, Range, TextEdit, Uri, WorkspaceEdit};
use synnet_dsl::tools::DefinitionKind;
use synnet_ir::{Diagnostic, Fix, Span};

use crate::analyzed::Analyzed;
use crate::location::path_of;
use crate::workspace::Workspace;

impl Workspace {
    /// Returns the changes that resolve the diagnostics in a range.
    #[expect(clippy::mutable_key_type, reason = "the type of the protocol")]
    pub fn code_actions(&mut self, uri: &Uri, range: Range) -> Vec<CodeAction> {
        let path = path_of(uri);
        let (Some(start), Some(end)) = (self.offset(&path, range.start), self.offset(&path, range.end))
        else {
            return Vec::new();
        };
        let Some(analyzed) = self.analyzed(&path) else { return Vec::new() };
        let is_near = |diagnostic: &&Diagnostic| {
            let place = crate::diagnostics::place(&analyzed, diagnostic);
            place.start as usize <= end && start <= place.end as usize
        };
        let mut actions = Vec::new();
        for diagnostic in analyzed.diagnostics.iter().filter(is_near) {
            for fix in fixes(&analyzed, diagnostic) {
                let edit = TextEdit::new(self.range(&analyzed, fix.span), fix.replacement.clone());
                let changes = HashMap::from([(uri.clone(), vec![edit])]);
                actions.push(CodeAction {
                    title: title(&analyzed, &fix),
                    kind: Some(CodeActionKind::QUICKFIX),
                    diagnostics: Some(vec![crate::diagnostics::convert(self, &analyzed, diagnostic)]),
                    edit: Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }),
                    is_preferred: Some(true),
                    ..CodeAction::default()
                });
            }
        }
        actions
    }
}

/// Returns the changes of the document that resolve a diagnostic.
fn fixes(analyzed: &Analyzed, diagnostic: &Diagnostic) -> Vec<Fix> {
    let known = diagnostic.fix.clone().filter(|fix| fix.span.source == analyzed.root);
    let mut fixes: Vec<Fix> = known.into_iter().collect();
    if *diagnostic.code == synnet_dsl::codes::UNUSED {
        let symbols = analyzed.symbols(analyzed.root);
        let unused = symbols.definitions.iter().find(|definition| Some(definition.span) == diagnostic.span);
        // A parameter leaves a comma behind, so it stays.
        let removable = unused.filter(|d| d.kind != DefinitionKind::Parameter);
        fixes.extend(
            removable.map(|d| Fix { span: with_line(analyzed, d.whole), replacement: String::new() }),
        );
    }
    fixes
}

/// Returns a span with the rest of its line, if nothing else stands on the line.
fn with_line(analyzed: &Analyzed, span: Span) -> Span {
    let text = analyzed.sources.get(span.source).map_or("", |source| source.text.as_str());
    let (before, after) = (text.get(..span.start as usize), text.get(span.end as usize..));
    let (Some(before), Some(after)) = (before, after) else { return span };
    let start = before.trim_end_matches([' ', '\t']).len();
    let is_alone = start == 0 || before[..start].ends_with('\n');
    let blanks = after.len() - after.trim_start_matches([' ', '\t', '\r']).len();
    if is_alone && after[blanks..].starts_with('\n') {
        return Span { start: start as u32, end: span.end + blanks as u32 + 1, ..span };
    }
    span
}

fn title(analyzed: &Analyzed, fix: &Fix) -> String {
    let (old, new) = (analyzed.sources.slice(fix.span).trim(), fix.replacement.trim());
    match (old.is_empty(), new.is_empty()) {
        (true, _) => format!("insert `{new}`"),
        (false, true) => format!("remove `{old}`"),
        (false, false) => format!("replace `{old}` with `{new}`"),
    }
}
