//! Document symbols, and formatting.

use lsp_types::{DocumentSymbol, Range, SymbolKind, TextEdit, Uri};
use synnet_dsl::tools::{Definition, DefinitionKind};

use crate::analyzed::Analyzed;
use crate::location::path_of;
use crate::workspace::Workspace;

impl Workspace {
    /// Returns the networks of a document with what they declare.
    pub fn document_symbols(&mut self, uri: &Uri) -> Vec<DocumentSymbol> {
        let Some(analyzed) = self.analyzed(&path_of(uri)) else { return Vec::new() };
        let symbols = analyzed.symbols(analyzed.root);
        let mut networks = Vec::new();
        let mut index_of = Vec::new();
        for (index, definition) in symbols.definitions.iter().enumerate() {
            if definition.kind == DefinitionKind::Network {
                index_of.push(index);
                networks.push(self.document_symbol(&analyzed, definition));
            }
        }
        for definition in &symbols.definitions {
            let parent = definition.network.and_then(|network| index_of.iter().position(|&i| i == network));
            // Values would drown the layers of a network.
            let is_shown = !matches!(definition.kind, DefinitionKind::Variable | DefinitionKind::Value);
            if let (Some(parent), true) = (parent, is_shown) {
                let symbol = self.document_symbol(&analyzed, definition);
                networks[parent].children.get_or_insert_default().push(symbol);
            }
        }
        networks
    }

    #[expect(deprecated, reason = "a field of the protocol that has no other way to be left out")]
    fn document_symbol(&self, analyzed: &Analyzed, definition: &Definition) -> DocumentSymbol {
        let kind = match definition.kind {
            DefinitionKind::Network => SymbolKind::CLASS,
            DefinitionKind::Import => SymbolKind::MODULE,
            DefinitionKind::Parameter => SymbolKind::PROPERTY,
            DefinitionKind::Input => SymbolKind::INTERFACE,
            DefinitionKind::Value | DefinitionKind::Variable => SymbolKind::VARIABLE,
            DefinitionKind::Neuron => SymbolKind::STRUCT,
            DefinitionKind::Layer => SymbolKind::FIELD,
            DefinitionKind::Instance => SymbolKind::OBJECT,
        };
        let base = if definition.base.is_empty() { definition.kind.describe() } else { &definition.base };
        let index = if definition.is_indexed { "[...]" } else { "" };
        let selection = self.range(analyzed, definition.span);
        let whole = self.range(analyzed, definition.whole);
        DocumentSymbol {
            name: format!("{}{index}", definition.name),
            detail: Some(base.to_owned()),
            kind,
            tags: None,
            deprecated: None,
            // The protocol demands that the whole contains the name.
            range: Range::new(whole.start.min(selection.start), whole.end.max(selection.end)),
            selection_range: selection,
            children: None,
        }
    }

    /// Returns the change that formats a document; empty if it is formatted, `None` if it has syntax errors.
    pub fn format(&self, uri: &Uri) -> Option<Vec<TextEdit>> {
        let text = &self.documents.get(&path_of(uri))?.text;
        let formatted = synnet_dsl::format(text.as_str()).ok()?;
        if formatted == text.as_str() {
            return Some(Vec::new());
        }
        // Lines that stay keep marks and folds of the editor.
        let (old, new) = (lines(text.as_str()), lines(&formatted));
        let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        let rest = old.len().min(new.len()) - same;
        let same_end = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
        let length = |lines: &[&str]| lines.iter().map(|line| line.len()).sum::<usize>();
        let start = length(&old[..same]);
        let end = start + length(&old[same..old.len() - same_end]);
        let new_text = new[same..new.len() - same_end].concat();
        Some(vec![TextEdit::new(Range::new(text.position(start), text.position(end)), new_text)])
    }
}

/// Splits a text into lines with their ends.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}
