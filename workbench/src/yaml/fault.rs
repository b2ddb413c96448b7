//! The error of deserialization: what serde reports, as values instead of text.

use std::fmt::{self, Display};

use serde::de::{Error, Expected, Unexpected};

use super::path::Steps;

/// The first mistake that serde finds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    pub kind: FaultKind,
    /// The way to the value, or to one around it: serde buffers the options of an enum with a `kind`, and then reports
    /// mistakes at the whole.
    pub steps: Steps,
}

/// The kind of a mistake.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum FaultKind {
    UnknownKey {
        key: String,
        known: &'static [&'static str],
    },
    MissingKey(&'static str),
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

    /// Keys stand once in a tree, so one of two is a former name that is still accepted.
    fn duplicate_field(key: &'static str) -> Self {
        Self::custom(format!("`{key}` is also given by its former name; remove one of them"))
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
