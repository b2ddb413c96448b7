//! YAML with source locations: a tree whose nodes carry their spans, and the deserialization of typed values from it.
//!
//! [`parse`](parse::parse) turns a source into a [`Node`]. [`read()`] deserializes a value from it and reports *every*
//! error at its location: unknown, missing and duplicate keys, values of the wrong type, unknown names.

mod blame;
mod deserialize;
mod expectation;
mod fault;
mod parse;
mod path;
mod read;
mod scalar;
mod slip;
#[cfg(test)]
mod tests;
mod write;

use synnet_ir::Span;

pub use expectation::Key;
pub(crate) use parse::parse;
pub(crate) use path::KeyPath;
pub(crate) use read::read;
pub(crate) use write::to_text;

/// The key that names the variant of an enum with options.
pub(crate) const KIND: &str = "kind";

/// A value of a YAML document, with its location.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// The bytes of the value. For an omitted value (`key:`), the bytes of the key.
    pub span: Span,
    pub value: Value,
    /// Whether the value stands in for a wrong or missing one, so that errors in it are not the user's.
    pub is_repair: bool,
}

/// The content of a [`Node`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// A scalar as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scalar {
    /// The text, without quotes and escapes.
    pub text: String,
    /// Whether the text is quoted, so that it is never a number, a Boolean or null.
    pub is_quoted: bool,
}

/// A key of a mapping with its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub key: String,
    pub key_span: Span,
    pub value: Node,
}

impl Node {
    pub(crate) fn new(span: Span, value: Value) -> Self {
        Self { span, value, is_repair: false }
    }

    /// Creates a plain scalar.
    pub(crate) fn plain(span: Span, text: impl Into<String>) -> Self {
        Self::new(span, Value::Scalar(Scalar { text: text.into(), is_quoted: false }))
    }

    /// Returns the entries of a mapping; none for another value.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// Returns the value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// Returns the value of a key.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let Value::Mapping(entries) = &mut self.value else { return None };
        entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.value)
    }

    /// Returns the text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// Returns whether the value is null: omitted, `~` or `null`.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.resolve() == scalar::Resolved::Null)
    }

    /// Describes the value in a message: "`three`", "a list", "a mapping".
    pub(crate) fn describe(&self) -> String {
        /// Longer text is cut: the excerpt of the source shows all of it.
        const MAX_CHARACTERS: usize = 40;
        match &self.value {
            Value::Scalar(scalar) if scalar.text.chars().count() > MAX_CHARACTERS => {
                let start: String = scalar.text.chars().take(MAX_CHARACTERS).collect();
                format!("`{}...`", start.replace('\n', " "))
            }
            Value::Scalar(scalar) => {
                // In quotes, `true` and `3` are text.
                let plain = Scalar { is_quoted: false, ..scalar.clone() };
                let is_text = matches!(plain.resolve(), scalar::Resolved::Text(_) | scalar::Resolved::Null);
                let what = if scalar.is_quoted && !is_text { "the text " } else { "" };
                format!("{what}`{}`", scalar.text.trim_end().replace('\n', " "))
            }
            Value::Sequence(_) => "a list".to_owned(),
            Value::Mapping(_) => "a mapping".to_owned(),
        }
    }
}
