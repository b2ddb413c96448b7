//! Rules that select samples.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use super::Written;

/// The key of a list file in a rule.
const LIST: &str = "list";

/// A rule that selects samples: each field must have one of its values, and the list file must name the sample.
///
/// In a recipe: `{ speaker: [theo, lucas], take: [0] }`, `{ list: testing_list.txt }`, or both.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Filter {
    /// Values by field, compared as text.
    pub fields: BTreeMap<String, Vec<Written>>,
    /// A text file with the name of a sample on each line, relative to the folder of the samples and separated by `/`,
    /// such as `yes/0c40e715_nohash_0.wav`.
    pub list: Option<PathBuf>,
}

impl Filter {
    /// Returns a rule that selects all samples.
    pub fn new() -> Self {
        Self::default()
    }

    /// Requires one of these values in a field.
    #[must_use]
    pub fn with_field<V: Into<Written>>(
        mut self,
        field: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.fields.insert(field.into(), values.into_iter().map(Into::into).collect());
        self
    }

    /// Requires that the file `list` names the sample.
    #[must_use]
    pub fn with_list(mut self, list: impl Into<PathBuf>) -> Self {
        self.list = Some(list.into());
        self
    }

    /// Returns whether the rule selects all samples.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.list.is_none()
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rule;

        impl<'de> Visitor<'de> for Rule {
            type Value = Filter;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "values of fields such as `{ take: [3] }`, or a list file such as `{ list: test.txt }`",
                )
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Filter, A::Error> {
                let mut filter = Filter::new();
                while let Some(key) = map.next_key::<String>()? {
                    match map.next_value_seed(ValuesOf { is_list: key == LIST })? {
                        Values::Many(values) => drop(filter.fields.insert(key, values)),
                        Values::File(path) => filter.list = Some(path),
                    }
                }
                Ok(filter)
            }
        }

        deserializer.deserialize_map(Rule)
    }
}

/// The values of a field, or a list file.
enum Values {
    File(PathBuf),
    Many(Vec<Written>),
}

/// Reads the values of a key, which is that of a list file or not.
struct ValuesOf {
    is_list: bool,
}

impl<'de> DeserializeSeed<'de> for ValuesOf {
    type Value = Values;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Values, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValuesOf {
    type Value = Values;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_list { "a list file, or a list of values" } else { "a list of values" })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Values, E> {
        if !self.is_list {
            return Err(E::invalid_type(Unexpected::Str(text), &self));
        }
        Ok(Values::File(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Values, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(Values::Many(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_fields_and_a_list() {
        let read = |text: &str| serde_yaml::from_str::<Filter>(text).map_err(|e| e.to_string());
        let expected = Filter::new().with_field("take", ["3", "4"]).with_list("test.txt");
        assert_eq!(read("{ take: ['3', 4], list: test.txt }").unwrap(), expected);
        // A field of that name.
        assert_eq!(read("{ list: [a] }").unwrap(), Filter::new().with_field("list", ["a"]));
        assert!(read("{ take: 3 }").unwrap_err().contains("expected a list of values"));
        assert!(read("[3]").is_err());
    }
}
