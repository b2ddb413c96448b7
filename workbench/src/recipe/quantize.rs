//! The part of a recipe about integers: how numbers are rounded, and whether training knows.

use std::path::Path;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_yaml::{Mapping, Value};
use synnet_xylo::quantize::Method;
use synnet_xylo::{Chip, QuantizeOptions};

use super::Recipe;
use crate::error::Error;
use crate::observer::Observer;
use crate::serde_messages::with_suggestion;

/// How a trained network is quantized.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Quantize {
    /// The options, without ranges.
    pub options: QuantizeOptions,
    /// Whether the ranges of states are measured on the training set, which weight shifts need.
    pub measures: bool,
    /// The first epoch, from 0, that trains through the quantized network; `None` where training knows nothing of it.
    pub aware_from: Option<usize>,
    /// The options that the recipe names.
    named: Vec<String>,
}

/// The keys besides those of [`QuantizeOptions`], of which `weight_shifts` means more here.
const AWARE: &str = "aware";
const SHIFTS: &str = "weight_shifts";

impl<'de> Deserialize<'de> for Quantize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut keys = Mapping::deserialize(deserializer)?;
        let aware = keys.remove(AWARE).map(serde_yaml::from_value::<Aware>).transpose();
        let aware = aware.map_err(|e| D::Error::custom(format!("`{AWARE}`: {e}")))?;
        let named = keys.keys().filter_map(Value::as_str).filter(|&key| key != "method");
        let named = named.map(str::to_owned).collect();
        let measures = keys.get(SHIFTS).and_then(Value::as_bool).unwrap_or(false);
        let options = serde_path_to_error::deserialize(Value::Mapping(keys)).map_err(|error| {
            let (place, message) = (error.path().to_string(), error.into_inner().to_string());
            if message.starts_with("unknown field") {
                // The keys that it names are those of the options, which are not all.
                let all = format!("expected one of `{AWARE}`, ");
                return D::Error::custom(message.replacen("expected one of ", &all, 1));
            }
            D::Error::custom(format!("`{place}`: {}", with_suggestion(&message)))
        })?;
        Ok(Self { options, measures, aware_from: aware.and_then(|Aware(from)| from), named })
    }
}

/// The first epoch of quantization-aware training, if there is one.
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
    /// Replaces the method. Options that the recipe has for its own are left out, with a note, if the new one knows
    /// none.
    pub fn set_method(&mut self, method: Method, observer: &dyn Observer) {
        self.options.method = method;
        if method.rockpool().is_some() && !self.named.is_empty() {
            observer.note(&format!(
                "`{}` knows no options: `{}` of the recipe is left out",
                method.name(),
                self.named.join("`, `")
            ));
            (self.options, self.measures) = (QuantizeOptions::new().with_method(method), false);
        }
    }
}

impl Recipe {
    /// The chip whose numbers training goes through, and the first epoch that does, if any.
    pub fn aware(&self) -> Option<(&Arc<Chip>, usize)> {
        self.simulated_chip().zip(self.quantize.aware_from)
    }

    /// Faults of `quantize`, and what it needs of the rest; `path` is the recipe's, for messages.
    pub(super) fn check_quantize(&self, path: &Path) -> Result<(), Error> {
        let Quantize { options, measures, aware_from, named } = &self.quantize;
        let wrong = |message: String| Err(Error::file(path, message));
        if options.method.rockpool().is_some() && !named.is_empty() {
            return wrong(format!(
                "`quantize`: `{}` does as Rockpool does and knows no options: leave out `{}`",
                options.method.name(),
                named.join("`, `")
            ));
        }
        if let Some(fault) = options.errors().first() {
            return wrong(format!("`quantize`: {fault}"));
        }
        let Some(from) = *aware_from else { return Ok(()) };
        if self.simulated_chip().is_none() {
            return wrong(format!(
                "`quantize.{AWARE}`: training must know whose integers; name a chip with `chip`, or in `build`"
            ));
        }
        if *measures {
            return wrong(format!(
                "`quantize`: `{SHIFTS}` needs ranges of states, which are known only after training; `{AWARE}` needs to \
                 know the shifts before: leave one of them out"
            ));
        }
        let epochs = self.training.epochs;
        if from >= epochs {
            return wrong(format!(
                "`quantize.{AWARE}.from_epoch` is {from}, but training has {epochs} epochs, counted from 0"
            ));
        }
        Ok(())
    }
}
