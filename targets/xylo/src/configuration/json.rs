//! JSON records, written in the order of their fields, and read with every error at its path.

use std::fmt;
use std::ops::RangeInclusive;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};
use synnet_ir::{did_you_mean, nearest};

use crate::specification::SpecificationError;

/// Maximum number of errors that are listed; a file of another kind has thousands.
const MAX_REPORTED: usize = 30;

/// The key that the library cereal gives to unnamed values: the root of a file, the members of a tuple.
pub(super) const ROOT: &str = "value0";

/// Writes a file whose only member is a record.
pub(super) fn write(record: &impl Serialize) -> String {
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"    "));
    let root = std::collections::BTreeMap::from([(ROOT, record)]);
    root.serialize(&mut serializer).expect("records of numbers can be written to memory");
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// Reads a file whose only member is a record.
pub(super) fn read<T: Read>(bytes: &[u8]) -> Result<T, SpecificationError> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|e| SpecificationError { errors: vec![format!("not JSON: {e}")] })?;
    let mut errors = Errors::default();
    let mut file = Fields::new(&value, &JsonPath::Root, &mut errors);
    let record = file.take(ROOT, &mut errors);
    file.finish(&mut errors);
    match (record, errors.reported.is_empty()) {
        (Some(record), true) => Ok(record),
        _ => Err(errors.into_error()),
    }
}

/// A type that can be read from a JSON value.
pub(super) trait Read: Sized {
    /// Reads a value. Returns `None` after adding its errors to `errors`.
    fn read(value: &Value, path: &JsonPath<'_>, errors: &mut Errors) -> Option<Self>;
}

/// The path of a value in a file.
#[derive(Clone, Copy)]
pub(super) enum JsonPath<'a> {
    /// The whole file.
    Root,
    /// A member of an object.
    Key(&'a JsonPath<'a>, &'a str),
    /// An element of a list.
    Element(&'a JsonPath<'a>, usize),
}

impl fmt::Display for JsonPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("the file"),
            Self::Key(Self::Root, key) => f.write_str(key),
            Self::Key(parent, key) => write!(f, "{parent}.{key}"),
            Self::Element(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// The errors of a file.
#[derive(Default)]
pub(super) struct Errors {
    reported: Vec<String>,
    /// Number of errors beyond [`MAX_REPORTED`].
    more: usize,
}

impl Errors {
    /// Adds an error at a path.
    pub(super) fn add(&mut self, path: &JsonPath<'_>, what: impl fmt::Display) {
        if self.reported.len() < MAX_REPORTED {
            self.reported.push(format!("`{path}`: {what}"));
        } else {
            self.more += 1;
        }
    }

    /// Converts the list to an error.
    pub(super) fn into_error(mut self) -> SpecificationError {
        if self.more > 0 {
            self.reported.push(format!("and {} more", self.more));
        }
        SpecificationError { errors: self.reported }
    }

    /// Returns whether there are no errors.
    pub(super) fn is_empty(&self) -> bool {
        self.reported.is_empty()
    }
}

/// The members of an object that were not taken yet. Members left at the end are unknown keys.
pub(super) struct Fields<'a> {
    path: &'a JsonPath<'a>,
    /// `None` if the value is not an object, which was reported.
    members: Option<Vec<(&'a str, &'a Value)>>,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Creates the members of an object. Reports a value that is not an object.
    pub(super) fn new(value: &'a Value, path: &'a JsonPath<'a>, errors: &mut Errors) -> Self {
        let members = value.as_object().map(|object| object.iter().map(|(k, v)| (k.as_str(), v)).collect());
        if members.is_none() {
            errors.add(path, format_args!("expected an object, found {}", kind(value)));
        }
        Self { path, members, known: Vec::new() }
    }

    /// Takes a required member.
    pub(super) fn take<T: Read>(&mut self, key: &'static str, errors: &mut Errors) -> Option<T> {
        self.known.push(key);
        let members = self.members.as_mut()?;
        let Some(place) = members.iter().position(|(name, _)| *name == key) else {
            errors.add(&JsonPath::Key(self.path, key), "is missing");
            return None;
        };
        let (_, value) = members.swap_remove(place);
        T::read(value, &JsonPath::Key(self.path, key), errors)
    }

    /// Returns whether a member of that name is left.
    pub(super) fn has(&self, key: &str) -> bool {
        self.members.as_ref().is_some_and(|members| members.iter().any(|(name, _)| *name == key))
    }

    /// Reports the members that were not taken.
    pub(super) fn finish(self, errors: &mut Errors) {
        let mut unknown = self.members.unwrap_or_default();
        unknown.sort_unstable_by_key(|(name, _)| *name);
        for (name, _) in unknown {
            let near = nearest(name, self.known.iter().copied());
            let hint = near.map(|known| format!("; {}", did_you_mean(known))).unwrap_or_default();
            errors.add(&JsonPath::Key(self.path, name), format_args!("is unknown{hint}"));
        }
    }
}

/// Reads an integer of a range.
pub(super) fn whole(
    value: &Value,
    range: RangeInclusive<i64>,
    path: &JsonPath<'_>,
    errors: &mut Errors,
) -> Option<i64> {
    let (low, high) = (range.start(), range.end());
    match value.as_i64() {
        Some(number) if range.contains(&number) => return Some(number),
        None if !value.is_number() => {
            errors.add(path, format_args!("expected an integer, found {}", kind(value)));
        }
        _ => errors.add(path, format_args!("is {value}; expected {low} to {high}")),
    }
    None
}

/// Returns the kind of a value, for messages.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a Boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

impl Read for bool {
    fn read(value: &Value, path: &JsonPath<'_>, errors: &mut Errors) -> Option<Self> {
        if value.as_bool().is_none() {
            errors.add(path, format_args!("expected a Boolean, found {}", kind(value)));
        }
        value.as_bool()
    }
}

macro_rules! impl_read_for_integers {
    ($($kind:ty),*) => {$(
        impl Read for $kind {
            fn read(value: &Value, path: &JsonPath<'_>, errors: &mut Errors) -> Option<Self> {
                let number = whole(value, i64::from(<$kind>::MIN)..=i64::from(<$kind>::MAX), path, errors)?;
                <$kind>::try_from(number).ok()
            }
        }
    )*};
}

impl_read_for_integers!(i8, i16, u32);

impl<T: Read> Read for Vec<T> {
    fn read(value: &Value, path: &JsonPath<'_>, errors: &mut Errors) -> Option<Self> {
        let Some(list) = value.as_array() else {
            errors.add(path, format_args!("expected a list, found {}", kind(value)));
            return None;
        };
        // All elements are read before any error ends the list, so that every error is reported.
        let read = |(i, value)| T::read(value, &JsonPath::Element(path, i), errors);
        let elements: Vec<Option<T>> = list.iter().enumerate().map(read).collect();
        elements.into_iter().collect()
    }
}

/// Declares records: each field with its key in the file, in the order of the file.
macro_rules! records {
    ($($(#[$attribute:meta])* $name:ident { $($key:literal $field:ident: $kind:ty,)* })*) => {$(
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        pub(super) struct $name {
            $(#[serde(rename = $key)] pub(super) $field: $kind,)*
        }

        impl $crate::configuration::json::Read for $name {
            fn read(
                value: &serde_json::Value,
                path: &$crate::configuration::json::JsonPath<'_>,
                errors: &mut $crate::configuration::json::Errors,
            ) -> Option<Self> {
                let mut fields = $crate::configuration::json::Fields::new(value, path, errors);
                $(let $field = fields.take($key, errors);)*
                fields.finish(errors);
                Some(Self { $($field: $field?,)* })
            }
        }
    )*};
}

pub(super) use records;
