//! The source of a recipe: its YAML with places, and the values that the command line overrides.

use std::path::Path;

use synnet_dsl::OptionPlaces;
use synnet_ir::{Diagnostic, Diagnostics, SourceId, Sources, Span};

use super::keys::KEYS;
use crate::codes;
use crate::yaml::{self, Entry, KIND, Key, KeyPath, Node, Value};

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
        if path == Path::new("-") { "<stdin>".to_owned() } else { crate::files::display(path) }
    }
}

/// Returns the places of the options that compile the network.
pub(super) fn option_places(tree: &Node, sources: &Sources) -> OptionPlaces {
    let params = tree.get("params").map_or(&[][..], Node::entries);
    let place = |entry: &Entry| {
        let mut span = entry.value.span;
        // Quotes are not part of the value.
        if matches!(&entry.value.value, Value::Scalar(scalar) if scalar.is_quoted)
            && sources.slice(span).starts_with(['"', '\''])
            && span.end - span.start >= 2
        {
            (span.start, span.end) = (span.start + 1, span.end - 1);
        }
        (entry.key.clone(), span)
    };
    OptionPlaces { name: tree.get("name").map(|name| name.span), params: params.iter().map(place).collect() }
}

/// Sets the value at a dotted key. Missing mappings on the way are created.
pub(super) fn set(root: &mut Node, key: &str, value: Node, id: SourceId) -> Option<Diagnostic> {
    let mut node = root;
    let mut start = 0;
    let mut way = KeyPath::default();
    while start <= key.len() {
        let rest = &key[start..];
        // Names of tensors and fields may have dots: `training.lr_factors.h0.tau_mem`.
        let is_name = Key::takes_names(KEYS, &way);
        let part = if is_name { rest } else { rest.split('.').next().unwrap_or(rest) };
        let span = Span::new(id, start, start + part.len());
        start += part.len() + 1;
        if node.is_null() {
            // Options of a section that the recipe omits belong to its default kind.
            let kind = Key::default_kind(KEYS, &way);
            let kind = kind.filter(|kind| part != KIND && !kind.is_empty()).map(|kind| Entry {
                key: KIND.to_owned(),
                key_span: span,
                value: Node::plain(span, kind),
            });
            node.value = Value::Mapping(kind.into_iter().collect());
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
