//! Renaming, across files.

use std::collections::HashMap;

use lsp_types::{Position, PrepareRenameResponse, TextEdit, Uri, WorkspaceEdit};
use synnet_dsl::tools::{std_source, tokens};
use synnet_dsl::vocabulary::{ChainOperator, Keyword};
use synnet_ir::Span;

use crate::location::path_of;
use crate::navigation::{Mentions, Named, named_at};
use crate::workspace::Workspace;

impl Workspace {
    /// Returns the range of the name at a position, if it can be renamed.
    pub fn prepare_rename(&mut self, uri: &Uri, position: Position) -> Option<PrepareRenameResponse> {
        let path = path_of(uri);
        let analyzed = self.analyzed(&path)?;
        let offset = self.offset(&path, position)?;
        let named = named_at(&analyzed, offset)?;
        if file_of(&named).is_some_and(|file| std_source(file).is_some()) {
            return None;
        }
        let span: Span = analyzed.symbols(analyzed.root).at(offset)?.span;
        let placeholder = analyzed.sources.slice(span).to_owned();
        let range = self.range(&analyzed, span);
        Some(PrepareRenameResponse::RangeWithPlaceholder { range, placeholder })
    }

    /// Returns the changes that rename what stands at a position.
    ///
    /// # Errors
    /// Returns a message if nothing there can be renamed, or if the new name is none.
    // The protocol wants edits by URI. A URI never changes, whatever the type says.
    #[expect(clippy::mutable_key_type, reason = "the type of the protocol")]
    pub fn rename(&mut self, uri: &Uri, position: Position, name: &str) -> Result<WorkspaceEdit, String> {
        let path = path_of(uri);
        let analyzed = self.analyzed(&path).ok_or("the document is not open")?;
        let offset = self.offset(&path, position).ok_or("the document is not open")?;
        let named = named_at(&analyzed, offset).ok_or("there is no name that can be renamed")?;
        if file_of(&named).is_some_and(|file| std_source(file).is_some()) {
            return Err("names of the standard library cannot be renamed".to_owned());
        }
        check_name(name)?;
        let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
        for Mentions { analyzed, spans } in self.mentions(&path, &named) {
            for span in spans {
                let Some(location) = self.location(&analyzed, span) else { continue };
                let edit = TextEdit::new(location.range, name.to_owned());
                changes.entry(location.uri).or_default().push(edit);
            }
        }
        Ok(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
    }
}

fn file_of(named: &Named) -> Option<&str> {
    match named {
        Named::Local { .. } => None,
        Named::Network { file, .. } | Named::Parameter { file, .. } => Some(file),
    }
}

/// Checks that a declaration can have a name.
fn check_name(name: &str) -> Result<(), String> {
    let is_word = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !is_word || tokens(name).len() != 1 || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(format!("`{name}` is not an identifier: use letters, digits and `_`"));
    }
    if Keyword::of(name).is_some() || ChainOperator::of(name).is_some() {
        return Err(format!("`{name}` is a keyword or an operator: choose another name"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn names_are_identifiers() {
        assert!(["h0", "_x", "taus"].into_iter().all(|name| check_name(name).is_ok()));
        for name in ["", "0h", "a b", "a-b", "\u{3c4}", "layer", "dt", "linear"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
