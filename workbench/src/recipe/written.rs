//! Values that keep the text of the recipe.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// A scalar of a recipe as it is written there, without quotes.
///
/// Fields of file names and class names are strings: `00012345` keeps its zeros, and `0x1f`, `1_000`, `1.0` and `no` stay
/// what they are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Written(String);

impl Written {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns a value as text without quotes.
pub fn plain(value: &Written) -> String {
    value.0.clone()
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Written {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Written {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Numbers become text as Rust writes them.
macro_rules! from_numbers {
    ($($number:ty),*) => {$(
        impl From<$number> for Written {
            fn from(number: $number) -> Self {
                Self(number.to_string())
            }
        }
    )*};
}
from_numbers!(u64, i64, i32, usize, f64);

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsText;

        impl Visitor<'_> for AsText {
            type Value = Written;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a number")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Written, E> {
                Ok(text.into())
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Written, E> {
                Ok(number.into())
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Written, E> {
                Ok(number.into())
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Written, E> {
                Ok(number.into())
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Written, E> {
                Ok(Written(value.to_string()))
            }
        }

        // In YAML, an identifier is always text, whatever type its characters would have as a value. Formats without
        // that text, such as JSON, give numbers.
        deserializer.deserialize_identifier(AsText)
    }
}
