//! Records of JSON, written in the order of their fields and read with every fault at its path.

use std::fmt;
use std::ops::RangeInclusive;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};
use synnet_ir::{did_you_mean, nearest};

use crate::specification::SpecificationError;

/// Most faults that are told; a file of something else has thousands.
const MAX_REPORTED: usize = 30;

/// The name that the library cereal gives to what has none: the root of a file, the members of a tuple.
pub(super) const ROOT: &str = "value0";

/// The text of a record as the only member of a file.
pub(super) fn write(record: &impl Serialize) -> String {
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"    "));
    let root = std::collections::BTreeMap::from([(ROOT, record)]);
    root.serialize(&mut serializer).expect("records of numbers can be written to memory");
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// The record that is the only member of a file.
pub(super) fn read<T: Read>(bytes: &[u8]) -> Result<T, SpecificationError> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|e| SpecificationError { errors: vec![format!("not JSON: {e}")] })?;
    let mut errors = Errors::default();
    let mut file = Fields::of(&value, &Path::Root, &mut errors);
    let record = file.take(ROOT, &mut errors);
    file.finish(&mut errors);
    match (record, errors.reported.is_empty()) {
        (Some(record), true) => Ok(record),
        _ => Err(errors.into_error()),
    }
}

/// What can be read from a value.
pub(super) trait Read: Sized {
    /// The value, or `None` after its faults were told.
    fn read(value: &Value, path: &Path<'_>, errors: &mut Errors) -> Option<Self>;
}

/// A place in a file.
#[derive(Clone, Copy)]
pub(super) enum Path<'a> {
    /// The whole file.
    Root,
    /// A member of an object.
    Key(&'a Path<'a>, &'a str),
    /// An element of a list.
    Element(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("the file"),
            Self::Key(Self::Root, key) => f.write_str(key),
            Self::Key(parent, key) => write!(f, "{parent}.{key}"),
            Self::Element(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// The faults of a file.
#[derive(Default)]
pub(super) struct Errors {
    reported: Vec<String>,
    more: usize,
}

impl Errors {
    /// Adds a fault.
    pub(super) fn add(&mut self, path: &Path<'_>, what: impl fmt::Display) {
        if self.reported.len() < MAX_REPORTED {
            self.reported.push(format!("`{path}`: {what}"));
        } else {
            self.more += 1;
        }
    }

    /// All of them.
    pub(super) fn into_error(mut self) -> SpecificationError {
        if self.more > 0 {
            self.reported.push(format!("and {} more", self.more));
        }
        SpecificationError { errors: self.reported }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.reported.is_empty()
    }
}

/// The members of an object, of which those that are left at the end are unknown.
pub(super) struct Fields<'a> {
    path: &'a Path<'a>,
    /// `None` where the value is no object, which was told.
    members: Option<Vec<(&'a str, &'a Value)>>,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The members of a value that is to be an object.
    pub(super) fn of(value: &'a Value, path: &'a Path<'a>, errors: &mut Errors) -> Self {
        let members = value.as_object().map(|object| object.iter().map(|(k, v)| (k.as_str(), v)).collect());
        if members.is_none() {
            errors.add(path, format_args!("expected an object, found {}", kind(value)));
        }
        Self { path, members, known: Vec::new() }
    }

    /// The value of a member that has to be there.
    pub(super) fn take<T: Read>(&mut self, key: &'static str, errors: &mut Errors) -> Option<T> {
        self.known.push(key);
        let members = self.members.as_mut()?;
        let Some(place) = members.iter().position(|(name, _)| *name == key) else {
            errors.add(&Path::Key(self.path, key), "is missing");
            return None;
        };
        let (_, value) = members.swap_remove(place);
        T::read(value, &Path::Key(self.path, key), errors)
    }

    /// Whether there is a member of that name.
    pub(super) fn has(&self, key: &str) -> bool {
        self.members.as_ref().is_some_and(|members| members.iter().any(|(name, _)| *name == key))
    }

    /// Tells the members that nothing took.
    pub(super) fn finish(self, errors: &mut Errors) {
        let mut unknown = self.members.unwrap_or_default();
        unknown.sort_unstable_by_key(|(name, _)| *name);
        for (name, _) in unknown {
            let near = nearest(name, self.known.iter().copied());
            let hint = near.map(|known| format!("; {}", did_you_mean(known))).unwrap_or_default();
            errors.add(&Path::Key(self.path, name), format_args!("is unknown{hint}"));
        }
    }
}

/// A whole number of a range.
pub(super) fn whole(
    value: &Value,
    range: RangeInclusive<i64>,
    path: &Path<'_>,
    errors: &mut Errors,
) -> Option<i64> {
    let (low, high) = (range.start(), range.end());
    match value.as_i64() {
        Some(number) if range.contains(&number) => return Some(number),
        None if !value.is_number() => {
            errors.add(path, format_args!("expected a whole number, found {}", kind(value)));
        }
        _ => errors.add(path, format_args!("is {value}; {low} to {high} are allowed")),
    }
    None
}

/// What a value is, in words.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

impl Read for bool {
    fn read(value: &Value, path: &Path<'_>, errors: &mut Errors) -> Option<Self> {
        if value.as_bool().is_none() {
            errors.add(path, format_args!("expected true or false, found {}", kind(value)));
        }
        value.as_bool()
    }
}

macro_rules! impl_read_for_integers {
    ($($kind:ty),*) => {$(
        impl Read for $kind {
            fn read(value: &Value, path: &Path<'_>, errors: &mut Errors) -> Option<Self> {
                let number = whole(value, i64::from(<$kind>::MIN)..=i64::from(<$kind>::MAX), path, errors)?;
                <$kind>::try_from(number).ok()
            }
        }
    )*};
}

impl_read_for_integers!(i8, i16, u32);

impl<T: Read> Read for Vec<T> {
    fn read(value: &Value, path: &Path<'_>, errors: &mut Errors) -> Option<Self> {
        let Some(list) = value.as_array() else {
            errors.add(path, format_args!("expected a list, found {}", kind(value)));
            return None;
        };
        // Every element is read, so that every fault is told.
        let read = |(i, value)| T::read(value, &Path::Element(path, i), errors);
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
                path: &$crate::configuration::json::Path<'_>,
                errors: &mut $crate::configuration::json::Errors,
            ) -> Option<Self> {
                let mut fields = $crate::configuration::json::Fields::of(value, path, errors);
                $(let $field = fields.take($key, errors);)*
                fields.finish(errors);
                Some(Self { $($field: $field?,)* })
            }
        }
    )*};
}

pub(super) use records;
