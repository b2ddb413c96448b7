//! The error of deserialization: what serde reports, as values instead of text.

use std::fmt::{self, Display};

use serde::de::{Error, Expected, Unexpected};

use super::path::Steps;

/// The first error that serde finds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    pub kind: FaultKind,
    /// The path to the value, or to one around it: serde buffers the options of an enum with a `kind`, and then reports
    /// errors at the whole.
    pub steps: Steps,
}

/// The kind of an error.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum FaultKind {
    UnknownKey {
        key: String,
        known: &'static [&'static str],
    },
    MissingKey(&'static str),
    /// A key is set, and so is its former name, which is still accepted. Keys are unique in a tree.
    FormerName(&'static str),
    UnknownName {
        name: String,
        known: &'static [&'static str],
    },
    /// A value of the wrong type, or that the type does not hold. The text describes the value.
    Value(String),
    /// A message of a type's own check.
    Custom(String),
}

impl Fault {
    fn new(kind: FaultKind) -> Self {
        Self { kind, steps: Steps::new() }
    }
}

impl Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(FaultKind::Custom(message.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::new(FaultKind::Value(found.to_string()))
    }

    fn invalid_value(found: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::new(FaultKind::Value(found.to_string()))
    }

    fn invalid_length(length: usize, _: &dyn Expected) -> Self {
        Self::new(FaultKind::Value(length_words(length)))
    }

    fn unknown_variant(name: &str, known: &'static [&'static str]) -> Self {
        Self::new(FaultKind::UnknownName { name: name.to_owned(), known })
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::new(FaultKind::UnknownKey { key: key.to_owned(), known })
    }

    fn duplicate_field(key: &'static str) -> Self {
        Self::new(FaultKind::FormerName(key))
    }

    fn missing_field(key: &'static str) -> Self {
        Self::new(FaultKind::MissingKey(key))
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            FaultKind::UnknownKey { key, .. } => write!(f, "unknown key `{key}`"),
            FaultKind::MissingKey(key) => write!(f, "`{key}` is missing"),
            FaultKind::FormerName(key) => write!(f, "`{key}` is set twice, once by its former name"),
            FaultKind::UnknownName { name, .. } => write!(f, "unknown name `{name}`"),
            FaultKind::Value(found) => write!(f, "unexpected {found}"),
            FaultKind::Custom(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Fault {}

/// Describes a list by its length.
pub(super) fn length_words(length: usize) -> String {
    format!("{length} values")
}
