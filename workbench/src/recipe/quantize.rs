//! The section of a recipe about quantization, and quantization-aware training.

use std::path::Path;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_yaml::{Mapping, Value};
use synnet_xylo::quantize::Method;
use synnet_xylo::{chip::Chip, quantize::QuantizeOptions};

use super::Recipe;
use crate::error::Error;
use crate::observer::Observer;
use crate::serde_messages::with_suggestion;

/// The section `quantize` of a recipe.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Quantize {
    /// The options of the quantizer, without ranges.
    pub options: QuantizeOptions,
    /// Whether the ranges of states are measured on the training set; weight shifts need them.
    pub measure_ranges: bool,
    /// The first epoch, from 0, of quantization-aware training; `None` disables it.
    pub aware_from: Option<usize>,
    /// The keys that the recipe gives, besides `method` and `aware`.
    given_keys: Vec<String>,
}

/// The key that is not one of [`QuantizeOptions`].
const AWARE: &str = "aware";
/// The key of [`QuantizeOptions`] that, in a recipe, also asks for measured ranges.
const SHIFTS: &str = "weight_shifts";

impl<'de> Deserialize<'de> for Quantize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut keys = Mapping::deserialize(deserializer)?;
        let aware = keys.remove(AWARE).map(serde_yaml::from_value::<Aware>).transpose();
        let aware = aware.map_err(|e| D::Error::custom(format!("`{AWARE}`: {e}")))?;
        let given_keys = keys.keys().filter_map(Value::as_str).filter(|&key| key != "method");
        let given_keys = given_keys.map(str::to_owned).collect();
        let measure_ranges = keys.get(SHIFTS).and_then(Value::as_bool).unwrap_or(false);
        let options = serde_path_to_error::deserialize(Value::Mapping(keys)).map_err(|error| {
            let (place, message) = (error.path().to_string(), error.into_inner().to_string());
            if message.starts_with("unknown field") {
                // serde lists the keys of the options only.
                let all = format!("expected one of `{AWARE}`, ");
                return D::Error::custom(message.replacen("expected one of ", &all, 1));
            }
            D::Error::custom(format!("`{place}`: {}", with_suggestion(&message)))
        })?;
        let aware_from = aware.and_then(|Aware(from)| from);
        Ok(Self { options, measure_ranges, aware_from, given_keys })
    }
}

/// The value of `aware`: the first epoch of quantization-aware training, if it is enabled.
struct Aware(Option<usize>);

impl<'de> Deserialize<'de> for Aware {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct From {
            from_epoch: usize,
        }
        match Value::deserialize(deserializer)? {
            Value::Bool(aware) => Ok(Self(aware.then_some(0))),
            value @ Value::Mapping(_) => {
                let From { from_epoch } = serde_yaml::from_value(value).map_err(D::Error::custom)?;
                Ok(Self(Some(from_epoch)))
            }
            _ => Err(D::Error::custom("expected `true`, `false` or `{ from_epoch: N }`")),
        }
    }
}

impl Quantize {
    /// Replaces the method. If the new method has no options, those of the recipe are dropped, and the observer gets a
    /// note.
    pub fn set_method(&mut self, method: Method, observer: &dyn Observer) {
        self.options.method = method;
        if method.rockpool().is_some() && !self.given_keys.is_empty() {
            observer.note(&format!(
                "quantizer `{}` has no options; ignoring `{}` of the recipe",
                method.name(),
                self.given_keys.join("`, `")
            ));
            (self.options, self.measure_ranges) = (QuantizeOptions::new().with_method(method), false);
        }
    }
}

impl Recipe {
    /// Returns the chip of quantization-aware training and its first epoch, from 0, if it is enabled.
    pub fn quantization_aware(&self) -> Option<(&Arc<Chip>, usize)> {
        self.simulated_chip().zip(self.quantize.aware_from)
    }

    /// Checks `quantize`, and what it requires of the rest of the recipe; messages name the recipe `path`.
    pub(super) fn check_quantize(&self, path: &Path) -> Result<(), Error> {
        let Quantize { options, measure_ranges, aware_from, given_keys } = &self.quantize;
        let wrong = |message: String| Err(Error::file(path, message));
        if options.method.rockpool().is_some() && !given_keys.is_empty() {
            return wrong(format!(
                "`quantize`: quantizer `{}` reproduces Rockpool's and has no options: leave out `{}`",
                options.method.name(),
                given_keys.join("`, `")
            ));
        }
        if let Some(error) = options.errors().first() {
            return wrong(format!("`quantize`: {error}"));
        }
        let Some(from) = *aware_from else { return Ok(()) };
        if self.simulated_chip().is_none() {
            return wrong(format!(
                "`quantize.{AWARE}`: quantization-aware training needs a chip; name one with `chip` or in `build`"
            ));
        }
        if *measure_ranges {
            return wrong(format!(
                "`quantize`: `{SHIFTS}` and `{AWARE}` exclude each other: shifts depend on ranges of states that are \
                 measured after training; leave one of them out"
            ));
        }
        let epochs = self.training.epochs;
        if from >= epochs {
            return wrong(format!(
                "`quantize.{AWARE}.from_epoch` is {from}, but training has {epochs} epochs; it must be 0 to {}",
                epochs.saturating_sub(1)
            ));
        }
        Ok(())
    }
}
