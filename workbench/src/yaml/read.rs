//! Reads a typed value from a tree, and reports every error.
//!
//! serde stops at the first error. Each one is reported and repaired in a copy of the tree, and the copy is read again.

use serde::de::DeserializeOwned;
use synnet_ir::{Diagnostic, Diagnostics, Span};

use super::deserialize::from_node;
use super::expectation::{Key, choices, expected, list};
use super::fault::{Fault, FaultKind};
use super::path::Steps;
use super::{Entry, KIND, KeyPath, Node, Value, blame};
use crate::codes;

/// Maximum number of errors that are reported.
const MAX_ERRORS: usize = 200;

/// Former names of keys that are too different from the present ones to be recognized as misspellings.
const FORMER_NAMES: [(&str, &str); 2] = [("least", "minimum"), ("rest_weight", "nontarget_weight")];

/// Former names of keys that are still accepted.
const ACCEPTED_FORMER_NAMES: [(&str, &str); 1] = [("checkpoint", "recompute")];

/// A value that was read, and the errors of its source.
#[derive(Clone, Debug)]
pub(crate) struct Reading<T> {
    /// The value, with repairs in place of errors; `None` if there are too many of them.
    pub value: Option<T>,
    pub diagnostics: Diagnostics,
    /// The tree with the repairs: misspelled keys have their names in it.
    pub tree: Node,
    /// The paths of the repairs: what a check says about them does not concern the user.
    pub repaired: Vec<KeyPath>,
}

/// Reads a value. `keys` describes the keys of the file, and `what` is the file in words: "recipe".
pub(crate) fn read<T: DeserializeOwned>(root: &Node, keys: &'static [Key], what: &str) -> Reading<T> {
    let mut reader =
        Reader { tree: root.clone(), keys, what, diagnostics: Diagnostics::new(), repaired: Vec::new() };
    let mut value = None;
    for _ in 0..MAX_ERRORS {
        let is_repaired = match from_node(&reader.tree) {
            Ok(read) => {
                value = Some(read);
                false
            }
            Err(fault) => reader.process::<T>(fault),
        };
        if !is_repaired {
            break;
        }
    }
    let Reader { tree, diagnostics, repaired, .. } = reader;
    Reading { value, diagnostics, tree, repaired }
}

struct Reader<'a> {
    /// The tree with the repairs so far.
    tree: Node,
    keys: &'static [Key],
    what: &'a str,
    diagnostics: Diagnostics,
    repaired: Vec<KeyPath>,
}

impl Reader<'_> {
    /// Reports and repairs an error. Returns false if it cannot be repaired.
    fn process<T: DeserializeOwned>(&mut self, fault: Fault) -> bool {
        match fault.kind {
            FaultKind::UnknownKey { ref key, known } => self.unknown_key(&fault.steps, key, known),
            FaultKind::MissingKey(key) => self.missing_key::<T>(&fault.steps, key),
            FaultKind::FormerName(key) => self.former_name(&fault.steps, key),
            _ => {
                let steps = blame::guilty::<T>(&self.tree, &fault);
                self.wrong_value::<T>(&steps, &fault.kind);
                self.replace::<T>(&steps)
            }
        }
    }

    fn unknown_key(&mut self, around: &Steps, key: &str, known: &'static [&'static str]) -> bool {
        let Some(steps) = find_key(&self.tree, around, key) else { return false };
        let Some((_, around)) = steps.split_last() else { return false };
        let around = self.tree.path(around);
        // Types that add a key to those of another crate know only that crate's.
        let mut names: Vec<&str> = Key::names_in(self.keys, &self.tree, &around).collect();
        names.extend(known.iter().filter(|name| !names.contains(*name)).copied().collect::<Vec<_>>());
        let suggestion = suggestion(key, &names);
        if let (Some(entry), false) = (self.tree.entry(&steps), self.is_repair(&steps)) {
            let message = match around.0.is_empty() {
                true => format!("unknown key `{key}`"),
                false => format!("unknown key `{key}` in `{around}`"),
            };
            let diagnostic = Diagnostic::error(&codes::UNKNOWN_KEY, entry.key_span, message);
            self.diagnostics
                .push(diagnostic.with_suggestion(suggestion, || self.other_keys(key, &around, &names)));
        }
        // The value of a misspelled key is checked under the right name.
        let Some((&last, parents)) = steps.split_last() else { return false };
        let Some(Value::Mapping(entries)) = self.tree.at_mut(parents).map(|node| &mut node.value) else {
            return false;
        };
        match suggestion.filter(|name| entries.iter().all(|entry| entry.key != *name)) {
            Some(name) => name.clone_into(&mut entries[last].key),
            None => drop(entries.remove(last)),
        }
        true
    }

    /// Returns the advice on an unknown key without a similar one.
    fn other_keys(&self, key: &str, around: &KeyPath, names: &[&str]) -> String {
        // The paths of the mappings that have the key, and the kinds of each.
        let parents = self.keys.iter().filter(|known| known.name() == key).filter_map(|known| {
            let (parent, _) = known.path.rsplit_once('.')?;
            Some(parent.strip_suffix(']').and_then(|parent| parent.split_once('[')).unwrap_or((parent, "")))
        });
        let around = around.to_string();
        let kinds: Vec<&str> =
            parents.clone().filter(|(parent, _)| *parent == around).map(|(_, kind)| kind).collect();
        match parents.map(|(parent, _)| parent).next() {
            _ if !kinds.is_empty() => format!("omit it; it is an option of {}", choices(&kinds)),
            Some(parent) => format!("move it to `{parent}`"),
            None if names.is_empty() => "remove it".to_owned(),
            None => format!("use one of {}", list(names)),
        }
    }

    /// Reports a key that is set beside its former name, and removes the latter.
    fn former_name(&mut self, around: &Steps, key: &str) -> bool {
        let is_former = |entry: &Entry| ACCEPTED_FORMER_NAMES.contains(&(entry.key.as_str(), key));
        let path = self.tree.path(around);
        let Some(Value::Mapping(entries)) = self.tree.at_mut(around).map(|node| &mut node.value) else {
            return false;
        };
        let Some(index) = entries.iter().position(is_former) else { return false };
        let former = entries.remove(index);
        let (former_path, path) = (path.join(&former.key), path.join(key));
        let message = format!("`{former_path}` is the former name of `{path}`, which is also set");
        let diagnostic = Diagnostic::error(&codes::CONFLICT, former.key_span, message);
        self.diagnostics.push(diagnostic.with_help("remove one of them"));
        true
    }

    fn missing_key<T: DeserializeOwned>(&mut self, around: &Steps, key: &'static str) -> bool {
        let path = self.tree.path(around).join(key);
        // A wrong value of a required key was removed.
        if !self.is_repair(around) && !self.repaired.contains(&path) {
            let span = match self.tree.entry(around) {
                Some(entry) => entry.key_span,
                // An item of a list, or the file: its first character.
                None => self
                    .tree
                    .at(around)
                    .map_or(self.tree.span, |node| Span { end: node.span.start, ..node.span }),
            };
            let mut diagnostic = Diagnostic::error(&codes::MISSING_KEY, span, format!("`{path}` is missing"));
            if let Some(known) = Key::find(self.keys, &self.tree, &path) {
                diagnostic = diagnostic.with_help(format!("add `{key}`: {}", known.expected));
            }
            self.diagnostics.push(diagnostic);
            self.repaired.push(path);
        }
        let Some(Value::Mapping(entries)) = self.tree.at_mut(around).map(|node| &mut node.value) else {
            return false;
        };
        let mut value = Node::plain(Span::default(), "");
        value.is_repair = true;
        entries.push(Entry { key: key.to_owned(), key_span: Span::default(), value });
        let steps = [around.as_slice(), &[entries.len() - 1]].concat();
        match blame::replacement::<T>(&self.tree, &steps) {
            Some(value) => self.tree.at_mut(&steps).map(|node| *node = value).is_some(),
            None => false,
        }
    }

    fn wrong_value<T: DeserializeOwned>(&mut self, steps: &Steps, kind: &FaultKind) {
        let path = self.tree.path(steps);
        // Without a wrong value that was removed, the rest may be wrong as a whole.
        let is_consequence =
            self.repaired.iter().any(|repaired| *repaired != path && repaired.0.starts_with(&path.0));
        if is_consequence || self.is_repair(steps) {
            return;
        }
        let Some(node) = self.tree.at(steps) else { return };
        let subject = match path.0.is_empty() {
            true => format!("the {}", self.what),
            false => format!("`{path}`"),
        };
        let found = match (node.is_null(), path.0.is_empty()) {
            (true, true) => "is empty".to_owned(),
            (true, false) => "has no value".to_owned(),
            (false, _) => format!("is {}", node.describe()),
        };
        let default = Key::find(self.keys, &self.tree, &path).and_then(Key::default_help);
        let span = self.tree.locate(&path).unwrap_or(Span { end: node.span.start, ..node.span });
        let (code, message, help) = match kind {
            FaultKind::Custom(message) => (&codes::TYPE, format!("{subject}: {message}"), default),
            FaultKind::UnknownName { name, known } => {
                let message = format!("{subject} {found}; expected {}", choices(*known));
                let nearest = synnet_ir::nearest(name, known.iter().copied()).map(synnet_ir::did_you_mean);
                (&codes::UNKNOWN_NAME, message, nearest.or(default))
            }
            _ if path.0.is_empty() => {
                let expected = match self.keys.first() {
                    None => "keys and values".to_owned(),
                    Some(first) => format!("keys and values, such as `{}: ...`", first.path),
                };
                (&codes::TYPE, format!("{subject} {found}; expected {expected}"), None)
            }
            _ => {
                let accepted = blame::accepted::<T>(&self.tree, steps);
                let is_number = node.text().is_some_and(|text| {
                    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
                    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
                });
                let code = if is_number && accepted.integer { &codes::RANGE } else { &codes::TYPE };
                let expected = expected::<T>(self.keys, &self.tree, steps);
                // `{label}.wav` or `[60, 30]` may be meant as text.
                let is_nested = !matches!(node.value, Value::Scalar(_));
                let takes_text = accepted.text && !accepted.list && !accepted.mapping;
                let quote = || "quote it, if it is meant as text: `'...'`".to_owned();
                // Other languages end lines with a comma or a semicolon.
                let mark =
                    node.text().and_then(|text| text.chars().last()).filter(|c| [',', ';'].contains(c));
                let default = match mark {
                    _ if is_nested && takes_text => Some(quote()),
                    Some(mark) => Some(format!("remove the `{mark}` at its end")),
                    None => default,
                };
                (code, format!("{subject} {found}; expected {expected}"), default)
            }
        };
        let mut diagnostic = Diagnostic::error(code, span, message);
        diagnostic.help = help;
        self.diagnostics.push(diagnostic);
        self.repaired.push(path);
    }

    /// Removes a wrong value, for its default, or replaces it. A required key is then missing, and added silently.
    fn replace<T: DeserializeOwned>(&mut self, steps: &Steps) -> bool {
        let is_entry = self.tree.entry(steps).is_some_and(|entry| entry.key != KIND);
        if is_entry && !self.is_repair(steps) {
            return self.tree.remove(steps);
        }
        match blame::replacement::<T>(&self.tree, steps) {
            Some(value) => self.tree.at_mut(steps).map(|node| *node = value).is_some(),
            None => self.tree.remove(steps),
        }
    }

    /// Returns whether a path leads into a value that replaces another one.
    fn is_repair(&self, steps: &[usize]) -> bool {
        (0..=steps.len()).any(|end| self.tree.at(&steps[..end]).is_some_and(|node| node.is_repair))
    }
}

/// Returns the path to a key in or below a mapping.
fn find_key(tree: &Node, around: &Steps, key: &str) -> Option<Steps> {
    let node = tree.at(around)?;
    let direct = node.entries().iter().position(|entry| entry.key == key);
    if let Some(step) = direct {
        return Some([around.as_slice(), &[step]].concat());
    }
    (0..node.len()).find_map(|step| find_key(tree, &[around.as_slice(), &[step]].concat(), key))
}

/// Returns the name that was probably meant by an unknown one.
fn suggestion<'a>(unknown: &str, names: &[&'a str]) -> Option<&'a str> {
    let present = FORMER_NAMES.iter().find(|(former, _)| *former == unknown).map(|(_, present)| *present);
    present
        .and_then(|present| names.iter().copied().find(|name| *name == present))
        .or_else(|| synnet_ir::nearest(unknown, names.iter().copied()))
}
