//! Completion and hover of recipes, from the table of their keys.

use std::ops::Range;

use lsp_types::CompletionItemKind;

use crate::completion::Item;
use crate::yaml::{Entry, Place, entries, place};

/// A key of recipes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeKey {
    /// The path with dots. `[name]` behind a part asks for that `kind`; `*` stands for any name.
    pub path: String,
    /// The values, such as "a positive integer", as Markdown.
    pub expected: String,
    /// The default as Markdown; empty for a required key.
    pub default: String,
    /// The values, if they can be listed.
    pub values: Vec<String>,
}

/// The name of the key that selects the options beside it.
const KIND: &str = "kind";

/// Returns what can be written at a byte, and where the word starts that is being written.
pub(crate) fn complete(keys: &[RecipeKey], text: &str, offset: usize) -> (Vec<Item>, usize) {
    let (place, start) = place(text, offset);
    let entries = entries(text);
    let items = match place {
        Place::Nothing => Vec::new(),
        Place::Key(parent) => {
            let is_new = |name: &str| {
                !entries.iter().any(|entry| is_child(entry, &parent, name) && entry.key.start != start)
            };
            let known = keys.iter().filter(|key| {
                let name = key.name();
                name != "*" && is_new(name) && key.is_at(&joined(&parent, name), &entries)
            });
            known.map(RecipeKey::item).collect()
        }
        Place::Value(path) => {
            let key = keys.iter().find(|key| key.is_at(&path, &entries));
            key.map_or_else(Vec::new, |key| key.values.iter().map(|value| key.value_item(value)).collect())
        }
    };
    (items, start)
}

/// Describes the key at a byte; also returns the bytes of the key.
pub(crate) fn describe(keys: &[RecipeKey], text: &str, offset: usize) -> Option<(String, Range<usize>)> {
    let entries = entries(text);
    let entry = entries.iter().find(|entry| entry.key.start <= offset && offset <= entry.key.end)?;
    let key = keys.iter().find(|key| key.is_at(&entry.path, &entries))?;
    let title = entry.path.join(".");
    Some((format!("```yaml\n{title}\n```\n\n{}", key.docs()), entry.key.clone()))
}

impl RecipeKey {
    /// Returns the last part of the path.
    fn name(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or(&self.path)
    }

    /// Returns whether the key stands at a path of a document.
    fn is_at(&self, path: &[String], entries: &[Entry]) -> bool {
        let parts: Vec<&str> = self.path.split('.').collect();
        let fits = |(i, (expected, name)): (usize, (&&str, &String))| {
            let (expected, kind) = expected.split_once('[').unwrap_or((expected, ""));
            let kind = kind.trim_end_matches(']');
            let is_kind = |entry: &Entry| is_child(entry, &path[..=i], KIND) && entry.value == kind;
            (expected == name || expected == "*") && (kind.is_empty() || entries.iter().any(is_kind))
        };
        parts.len() == path.len() && parts.iter().zip(path).enumerate().all(fits)
    }

    /// Returns the values and the default, as Markdown.
    fn docs(&self) -> String {
        let default = match self.default.as_str() {
            "" => "Required.".to_owned(),
            required if required.starts_with("required") => format!("R{}.", &required[1..]),
            default => format!("Default: {default}."),
        };
        let mut expected = self.expected.chars();
        let first: String = expected.next().into_iter().flat_map(char::to_uppercase).collect();
        format!("{first}{}. {default}", expected.as_str())
    }

    fn item(&self) -> Item {
        let name = self.name();
        let detail = match self.default.as_str() {
            "" => "required".to_owned(),
            default if default.starts_with("required") => default.replace('`', ""),
            default => format!("default {}", default.replace('`', "")),
        };
        Item {
            label: name.to_owned(),
            text: format!("{name}: "),
            kind: CompletionItemKind::PROPERTY,
            detail,
            docs: self.docs(),
            import: None,
        }
    }

    fn value_item(&self, value: &str) -> Item {
        let is_default = self.default.trim_matches('`') == value;
        Item {
            label: value.to_owned(),
            text: value.to_owned(),
            kind: CompletionItemKind::ENUM_MEMBER,
            detail: if is_default { "default" } else { "" }.to_owned(),
            docs: String::new(),
            import: None,
        }
    }
}

fn is_child(entry: &Entry, parent: &[String], name: &str) -> bool {
    entry.path.split_last().is_some_and(|(last, above)| last == name && above == parent)
}

fn joined(parent: &[String], name: &str) -> Vec<String> {
    parent.iter().cloned().chain([name.to_owned()]).collect()
}
