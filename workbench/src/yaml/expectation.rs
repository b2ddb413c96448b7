//! The accepted values and the default of each key of a file, in words.

use serde::de::DeserializeOwned;

use super::blame::{self, Accepted};
use super::path::Steps;
use super::{KIND, KeyPath, Node};

/// The start of [`Key::default`] for a key that only some values of other keys require.
const REQUIRED: &str = "required";

/// A key with the values that it accepts.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The path with dots. `[name]` behind a part asks for that `kind`; `*` stands for any name.
    pub path: &'static str,
    /// The values, to follow "expected", such as "a positive integer".
    pub expected: &'static str,
    /// The default as Markdown; empty for a required key, and "required for ..." for one that others require.
    pub default: &'static str,
}

impl Key {
    /// Returns the key of a table that a path of a tree names.
    pub(crate) fn find(keys: &'static [Self], tree: &Node, path: &KeyPath) -> Option<&'static Self> {
        keys.iter().find(|key| key.is_at(tree, path))
    }

    fn is_at(&self, tree: &Node, path: &KeyPath) -> bool {
        let mut parts = self.path.split('.');
        let mut node = Some(tree);
        for part in &path.0 {
            let Some(expected) = parts.next() else { return false };
            let (name, kind) = expected.split_once('[').unwrap_or((expected, ""));
            node = node.and_then(|node| node.get(part));
            let is_kind = kind.is_empty() || {
                let given = node.and_then(|node| node.get(KIND)).and_then(Node::text);
                given == Some(kind.trim_end_matches(']'))
            };
            if !is_kind || !(name == part || name == "*") {
                return false;
            }
        }
        parts.next().is_none()
    }

    /// Returns the names of the keys in the mapping at a path.
    pub(super) fn names_in(
        keys: &'static [Self],
        tree: &Node,
        path: &KeyPath,
    ) -> impl Iterator<Item = &'static str> {
        let is_in = |key: &&Self| {
            let name = key.name();
            name != "*" && key.is_at(tree, &path.join(name))
        };
        keys.iter().filter(is_in).map(Self::name)
    }

    /// Returns the values, such as `adam`, if they can be listed; others may be accepted, too.
    pub fn values(&self) -> Vec<&'static str> {
        if !self.expected.starts_with('`') {
            return Vec::new();
        }
        // What stands in backticks; the second of two pieces, always.
        let pieces = self.expected.split('`').skip(1).step_by(2);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        pieces.filter(|piece| piece.chars().all(is_plain)).collect()
    }

    /// Returns the last part of the path.
    pub(crate) fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }

    /// Returns whether the keys of a mapping are names that the user chooses, with scalars or lists as values.
    pub(crate) fn takes_names(keys: &'static [Self], path: &KeyPath) -> bool {
        let path = format!("{path}.*");
        keys.iter().any(|key| key.path == path)
    }

    /// Returns the kind of a section that a file omits, such as `adam`, if it has a default.
    pub(crate) fn default_kind(keys: &'static [Self], path: &KeyPath) -> Option<&'static str> {
        let path = path.to_string();
        let key = keys.iter().find(|key| key.path == path)?;
        key.default.strip_prefix("`{ kind: ")?.strip_suffix(" }`")
    }

    /// Returns the advice to use the default, if there is one.
    pub(crate) fn default_help(&self) -> Option<String> {
        let has_default = !self.default.is_empty() && !self.default.starts_with(REQUIRED);
        has_default.then(|| format!("omit it to use the default: {}", self.default))
    }
}

/// Returns what is expected at a path: by the table, or else by trial.
pub(super) fn expected<T: DeserializeOwned>(keys: &'static [Key], tree: &Node, steps: &Steps) -> String {
    match Key::find(keys, tree, &tree.path(steps)) {
        Some(key) => key.expected.to_owned(),
        None => words(&blame::accepted::<T>(tree, steps)),
    }
}

fn words(accepted: &Accepted) -> String {
    let mut words = Vec::new();
    match accepted.limits {
        _ if accepted.number => words.push("a number".to_owned()),
        Some([0, i64::MAX]) => words.push("a non-negative integer".to_owned()),
        Some([min, max]) => words.push(format!("an integer from {min} to {max}")),
        None if accepted.integer => words.push("an integer".to_owned()),
        None => {}
    }
    if accepted.boolean {
        words.push("`true` or `false`".to_owned());
    }
    match accepted.names {
        Some(names) => words.push(choices(names)),
        // What takes any string takes numbers, too, as strings.
        None if accepted.text => words = vec!["a string".to_owned()],
        None => {}
    }
    if accepted.list {
        words
            .push(accepted.length.map_or("a list".to_owned(), |length| format!("a list of {length} values")));
    }
    if accepted.mapping {
        words.push("a mapping of keys and values".to_owned());
    }
    if words.is_empty() { "another value".to_owned() } else { words.join(" or ") }
}

/// Lists names: "`a`, `b`, `c`".
pub(super) fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Lists names: "`a`, `b` or `c`".
pub(crate) fn choices<'a>(names: impl IntoIterator<Item = &'a (impl AsRef<str> + 'a)>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [others @ .., last] => format!("{} or {last}", others.join(", ")),
    }
}
