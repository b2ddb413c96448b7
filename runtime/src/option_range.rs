//! What all options share: checks of their ranges, and setters.

use synnet_ir::Diagnostic;

use crate::codes;

/// An option that is out of range.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OptionError {
    /// The path of the option within the section `training` of a recipe, such as `optimizer`, `lr`. An item of a list is
    /// named by its index.
    pub path: Vec<String>,
    /// Whether the last part of the path itself is wrong, and not its value.
    pub is_key: bool,
    /// What is wrong: "is -1; it must be positive".
    pub predicate: String,
    /// What to write instead, if the range does not say it.
    pub help: Option<String>,
}

impl From<OptionError> for Diagnostic {
    fn from(error: OptionError) -> Self {
        let OptionError { path, predicate, help, .. } = error;
        // Items share the name of their option.
        let is_name = |part: &&String| !part.bytes().all(|b| b.is_ascii_digit());
        let name = path.iter().filter(is_name).map(String::as_str).collect::<Vec<_>>().join(".");
        let message = format!("`{name}` {predicate}");
        Self { help, ..Self::error_without_span(&codes::OPTION_RANGE, message) }
    }
}

/// The value of an option, and whether it is in its range.
#[derive(Clone, Debug)]
pub(crate) struct OptionRange {
    /// The option's path in recipes.
    name: &'static str,
    /// The index or key of one of several values.
    item: Option<String>,
    value: f64,
    fits: bool,
    /// The range in words, to follow "it must be".
    range: &'static str,
    /// What to write instead, if the range does not say it.
    help: Option<&'static str>,
}

impl OptionRange {
    pub(crate) fn new(name: &'static str, value: f64, fits: bool, range: &'static str) -> Self {
        Self { name, item: None, value, fits, range, help: None }
    }

    pub(crate) fn count(name: &'static str, value: usize) -> Self {
        Self::new(name, value as f64, value > 0, "1 or more")
    }

    pub(crate) fn positive(name: &'static str, value: f64) -> Self {
        // Training computes in f32, in which a positive number may be 0 or infinite.
        if value > 0.0 && value.is_finite() {
            return Self::new(name, value, value as f32 > 0.0 && is_finite_in_f32(value), F32_RANGE);
        }
        Self::new(name, value, false, "positive")
    }

    pub(crate) fn non_negative(name: &'static str, value: f64) -> Self {
        let range = if value.is_finite() && !is_finite_in_f32(value) { F32_RANGE } else { "0 or more" };
        Self::new(name, value, value >= 0.0 && is_finite_in_f32(value), range)
    }

    pub(crate) fn fraction(name: &'static str, value: f64) -> Self {
        Self::new(name, value, (0.0..=1.0).contains(&value), "from 0 to 1")
    }

    pub(crate) fn below_one(name: &'static str, value: f64) -> Self {
        Self::new(name, value, (0.0..1.0).contains(&value), "at least 0 and less than 1")
    }

    pub(crate) fn finite(name: &'static str, value: f64) -> Self {
        Self::new(name, value, is_finite_in_f32(value), "finite in f32")
    }

    /// Names one of several values of the option.
    pub(crate) fn item(mut self, item: impl ToString) -> Self {
        self.item = Some(item.to_string());
        self
    }

    /// Sets what to write instead.
    pub(crate) fn with_help(mut self, help: &'static str) -> Self {
        self.help = Some(help);
        self
    }

    /// Returns an error if the value is outside the range.
    pub(crate) fn check(self) -> Option<OptionError> {
        let Self { name, item, value, fits, range, help } = self;
        (!fits).then(|| OptionError {
            path: name.split('.').map(str::to_owned).chain(item).collect(),
            is_key: false,
            predicate: format!("is {}; it must be {range}", number(value)),
            help: help.map(str::to_owned),
        })
    }
}

/// Formats a number; one with many zeros in scientific notation.
fn number(value: f64) -> String {
    let is_plain = value == 0.0 || !value.is_finite() || (1e-6..1e12).contains(&value.abs());
    if is_plain { value.to_string() } else { format!("{value:e}") }
}

/// The range of positive numbers that f32 holds, in words.
const F32_RANGE: &str = "from 1.5e-45 to 3.4e38, which f32 can hold";

fn is_finite_in_f32(value: f64) -> bool {
    (value as f32).is_finite()
}

/// The default of factors, for serde.
pub(crate) fn one() -> f64 {
    1.0
}

/// Generates methods that set one field each and return the options, for chaining: `with_seed: seed = u64;`.
///
/// The setter of a field of type `Option<T>` takes a `T`.
macro_rules! setters {
    ($($method:ident: $field:ident = $type:ty;)*) => {$(
        #[doc = concat!("Sets [`", stringify!($field), "`](Self::", stringify!($field), ").")]
        #[must_use]
        pub fn $method(mut self, $field: $type) -> Self {
            self.$field = $field.into();
            self
        }
    )*};
}
pub(crate) use setters;
