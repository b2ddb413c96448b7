//! Paths of keys, and the source locations of their values.

use std::fmt;

use synnet_ir::Span;

use super::{Entry, Node, Value};

/// The path of a value: keys of mappings, and indices of lists as decimal numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyPath(pub Vec<String>);

impl KeyPath {
    /// Parses a path from keys with dots between them.
    pub(crate) fn dotted(text: &str) -> Self {
        Self(text.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect())
    }

    /// Returns the path with one more part.
    #[must_use]
    pub(crate) fn join(&self, part: impl fmt::Display) -> Self {
        let mut parts = self.0.clone();
        parts.push(part.to_string());
        Self(parts)
    }

    /// Returns the path with the parts of another one behind it.
    #[must_use]
    pub(crate) fn with(mut self, rest: impl IntoIterator<Item = String>) -> Self {
        self.0.extend(rest);
        self
    }

    /// Returns whether one of two paths leads to the other.
    pub(crate) fn touches(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0) || other.0.starts_with(&self.0)
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, part) in self.0.iter().enumerate() {
            let is_index = i > 0 && part.bytes().all(|b| b.is_ascii_digit());
            match (i, is_index) {
                (0, _) => write!(f, "{part}")?,
                (_, true) => write!(f, "[{part}]")?,
                (_, false) => write!(f, ".{part}")?,
            }
        }
        Ok(())
    }
}

/// The path to a node: an index into the entries or items of each level.
pub(super) type Steps = Vec<usize>;

impl Node {
    /// Returns the location of the value at a path. If it or a part of the path is missing, returns the key of the last part
    /// that exists, or `None` if there is none.
    pub(crate) fn locate(&self, path: &KeyPath) -> Option<Span> {
        let mut node = self;
        let mut place = None;
        for part in &path.0 {
            match &node.value {
                Value::Mapping(entries) => match entries.iter().find(|entry| entry.key == *part) {
                    Some(entry) => (node, place) = (&entry.value, Some(entry.key_span)),
                    None => return place,
                },
                Value::Sequence(items) => match part.parse().ok().and_then(|i: usize| items.get(i)) {
                    Some(item) => (node, place) = (item, Some(item.span)),
                    None => return place,
                },
                Value::Scalar(_) => return place,
            }
        }
        // A long value is underlined at its key.
        match &node.value {
            Value::Scalar(_) => Some(node.span),
            _ if path.0.is_empty() => None,
            _ => place,
        }
    }

    /// Returns the location of the key at the end of a path; of the value if it is an item of a list. If a part of the
    /// path is missing, returns what [`locate`](Self::locate) does.
    pub(crate) fn locate_key(&self, path: &KeyPath) -> Option<Span> {
        let key = path.0.split_last().and_then(|(last, parents)| {
            let parent = parents.iter().try_fold(self, |node, part| node.get(part))?;
            parent.entries().iter().find(|entry| entry.key == *last)
        });
        key.map(|entry| entry.key_span).or_else(|| self.locate(path))
    }

    /// Returns the node at the end of steps.
    pub(super) fn at(&self, steps: &[usize]) -> Option<&Node> {
        steps.iter().try_fold(self, |node, &step| node.child(step))
    }

    /// Returns the node at the end of steps.
    pub(super) fn at_mut(&mut self, steps: &[usize]) -> Option<&mut Node> {
        steps.iter().try_fold(self, |node, &step| match &mut node.value {
            Value::Mapping(entries) => entries.get_mut(step).map(|entry| &mut entry.value),
            Value::Sequence(items) => items.get_mut(step),
            Value::Scalar(_) => None,
        })
    }

    /// Removes the entry or item at the end of steps. Returns whether there was one.
    pub(super) fn remove(&mut self, steps: &[usize]) -> bool {
        let Some((&last, parents)) = steps.split_last() else { return false };
        match self.at_mut(parents).map(|node| &mut node.value) {
            Some(Value::Mapping(entries)) if last < entries.len() => drop(entries.remove(last)),
            Some(Value::Sequence(items)) if last < items.len() => drop(items.remove(last)),
            _ => return false,
        }
        true
    }

    /// Returns the names of steps.
    pub(super) fn path(&self, steps: &[usize]) -> KeyPath {
        let mut path = KeyPath::default();
        let mut node = self;
        for &step in steps {
            path.0.push(match node.entries().get(step) {
                Some(entry) => entry.key.clone(),
                None => step.to_string(),
            });
            let Some(child) = node.child(step) else { break };
            node = child;
        }
        path
    }

    /// Returns the entry at the end of steps, if it is one of a mapping.
    pub(super) fn entry(&self, steps: &[usize]) -> Option<&Entry> {
        let (&last, parents) = steps.split_last()?;
        self.at(parents)?.entries().get(last)
    }

    /// Returns the number of entries or items.
    pub(super) fn len(&self) -> usize {
        match &self.value {
            Value::Mapping(entries) => entries.len(),
            Value::Sequence(items) => items.len(),
            Value::Scalar(_) => 0,
        }
    }

    fn child(&self, step: usize) -> Option<&Node> {
        match &self.value {
            Value::Mapping(entries) => entries.get(step).map(|entry| &entry.value),
            Value::Sequence(items) => items.get(step),
            Value::Scalar(_) => None,
        }
    }
}
