//! The source of a recipe: its YAML with places, and the values that the command line overrides.

use std::path::Path;

use synnet_ir::{Diagnostic, Diagnostics, SourceId, Sources, Span};

use crate::codes;
use crate::yaml::{self, Entry, KeyPath, Node, Value};

/// The source of a recipe.
#[derive(Clone, Debug)]
pub(super) struct RecipeSource {
    /// The file, and one source for each override.
    pub sources: Sources,
    /// The recipe with its overrides; `None` if a source is not YAML.
    pub tree: Option<Node>,
    /// The mistakes of the YAML.
    pub diagnostics: Diagnostics,
}

impl RecipeSource {
    /// Parses a file and overrides of dotted keys.
    pub(super) fn parse(name: &str, text: &str, overrides: &[(String, String)]) -> Self {
        let mut sources = Sources::new();
        let id = sources.add(name, text);
        let (mut tree, mut diagnostics) = yaml::parse(&sources, id, 0);
        for (key, text) in overrides {
            let id = sources.add("--set", format!("{key}={text}"));
            let (value, errors) = yaml::parse(&sources, id, key.len() + 1);
            let quote = || format!("quote text with special characters: `'{key}=\"...\"'`");
            diagnostics.extend(errors.into_iter().map(|mut error| {
                error.help = error.help.or_else(|| Some(quote()));
                error
            }));
            if let (Some(tree), Some(value)) = (&mut tree, value) {
                diagnostics.extend(set(tree, key, value, id));
            }
        }
        Self { sources, tree, diagnostics }
    }

    /// Returns the name of a file in messages.
    pub(super) fn name(path: &Path) -> String {
        if path == Path::new("-") { "<stdin>".to_owned() } else { path.display().to_string() }
    }
}

/// Sets the value at a dotted key. Missing mappings on the way are created.
pub(super) fn set(root: &mut Node, key: &str, value: Node, id: SourceId) -> Option<Diagnostic> {
    let mut node = root;
    let mut start = 0;
    let mut way = KeyPath::default();
    for part in key.split('.') {
        let span = Span::new(id, start, start + part.len());
        start += part.len() + 1;
        if node.is_null() {
            node.value = Value::Mapping(Vec::new());
        }
        let place = node.span;
        let Value::Mapping(entries) = &mut node.value else {
            let message = format!("cannot set `{key}`, because `{way}` is not a mapping");
            let diagnostic = Diagnostic::error(&codes::TYPE, span, message).with_note(place, "its value");
            return Some(diagnostic.with_help("set a key of a mapping"));
        };
        let index = entries.iter().position(|entry| entry.key == part).unwrap_or_else(|| {
            let value = Node::plain(span, "");
            entries.push(Entry { key: part.to_owned(), key_span: span, value });
            entries.len() - 1
        });
        let is_last = start > key.len();
        if is_last {
            entries[index].key_span = span;
        }
        way = way.join(part);
        node = &mut entries[index].value;
    }
    *node = value;
    None
}
