//! What all options share: checks of their ranges, and setters.

use synnet_ir::Diagnostic;

use crate::codes;

/// The value of an option, and whether it is in its range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OptionRange {
    /// The option's path in recipes.
    name: &'static str,
    value: f64,
    fits: bool,
    /// The range in words, to follow "it must be".
    range: &'static str,
}

impl OptionRange {
    pub(crate) fn new(name: &'static str, value: f64, fits: bool, range: &'static str) -> Self {
        Self { name, value, fits, range }
    }

    pub(crate) fn count(name: &'static str, value: usize) -> Self {
        Self::new(name, value as f64, value > 0, "1 or more")
    }

    pub(crate) fn positive(name: &'static str, value: f64) -> Self {
        Self::new(name, value, value > 0.0 && value.is_finite(), "positive")
    }

    pub(crate) fn non_negative(name: &'static str, value: f64) -> Self {
        Self::new(name, value, value >= 0.0 && value.is_finite(), "0 or more")
    }

    pub(crate) fn fraction(name: &'static str, value: f64) -> Self {
        Self::new(name, value, (0.0..=1.0).contains(&value), "from 0 to 1")
    }

    pub(crate) fn below_one(name: &'static str, value: f64) -> Self {
        Self::new(name, value, (0.0..1.0).contains(&value), "from 0 to below 1")
    }

    pub(crate) fn finite(name: &'static str, value: f64) -> Self {
        Self::new(name, value, value.is_finite(), "finite")
    }

    /// Returns an error if the value is outside the range.
    pub(crate) fn check(self) -> Option<Diagnostic> {
        let Self { name, value, fits, range } = self;
        (!fits).then(|| {
            let message = format!("`{name}` is {value}; it must be {range}");
            Diagnostic::error_without_span(&codes::OPTION_RANGE, message)
        })
    }
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
