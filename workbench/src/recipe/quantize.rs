//! The section of a recipe about quantization, and quantization-aware training.

use std::fmt;
use std::sync::Arc;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use synnet_xylo::quantize::Method;
use synnet_xylo::{chip::Chip, quantize::QuantizeOptions};

use super::Recipe;
use crate::codes;
use crate::observer::Observer;
use crate::problem::Problem;

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
        struct QuantizeVisitor;

        impl<'de> Visitor<'de> for QuantizeVisitor {
            type Value = Quantize;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of options")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Quantize, A::Error> {
                let (mut aware, mut keys) = (None, Vec::new());
                let others = WithoutAware { map, aware: &mut aware, keys: &mut keys };
                let options = QuantizeOptions::deserialize(MapAccessDeserializer::new(others))?;
                let measure_ranges = options.weight_shifts && keys.iter().any(|key| key == SHIFTS);
                keys.retain(|key| key != "method");
                let aware_from = aware.and_then(|Aware(from)| from);
                Ok(Quantize { options, measure_ranges, aware_from, given_keys: keys })
            }
        }

        deserializer.deserialize_map(QuantizeVisitor)
    }
}

/// The keys of a mapping that are options of the quantizer; `aware` is read aside.
struct WithoutAware<'a, A> {
    map: A,
    aware: &'a mut Option<Aware>,
    /// The keys that were read.
    keys: &'a mut Vec<String>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithoutAware<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        while let Some(key) = self.map.next_key::<String>()? {
            if key == AWARE {
                *self.aware = Some(self.map.next_value()?);
                continue;
            }
            let value = seed.deserialize(key.as_str().into_deserializer())?;
            self.keys.push(key);
            return Ok(Some(value));
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.map.next_value_seed(seed)
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

        struct AwareVisitor;

        impl<'de> Visitor<'de> for AwareVisitor {
            type Value = Aware;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `false` or `{ from_epoch: N }`")
            }

            fn visit_bool<E: de::Error>(self, aware: bool) -> Result<Aware, E> {
                Ok(Aware(aware.then_some(0)))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Aware, A::Error> {
                let From { from_epoch } = From::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Aware(Some(from_epoch)))
            }
        }

        deserializer.deserialize_any(AwareVisitor)
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

    /// Returns every problem of `quantize`, and of what it requires from the rest of the recipe.
    pub(super) fn quantize_problems(&self) -> Vec<Problem> {
        let Quantize { options, measure_ranges, aware_from, given_keys } = &self.quantize;
        let method = options.method;
        let ignored = given_keys.iter().filter(|_| method.rockpool().is_some()).map(|key| {
            let message = format!(
                "`quantize.{key}` has no effect: quantizer `{}` reproduces Rockpool's and has no options",
                method.name()
            );
            Problem::new(&codes::CONFLICT, &format!("quantize.{key}"), message).with_help("omit it")
        });
        let ranges = options.errors().into_iter().map(|(key, predicate)| {
            Problem::new(&codes::RANGE, &format!("quantize.{key}"), format!("`quantize.{key}` {predicate}"))
        });
        let mut problems: Vec<Problem> = ignored.chain(ranges).collect();
        let Some(from) = *aware_from else { return problems };
        if self.simulated_chip().is_none() {
            let message = format!("`quantize.{AWARE}` needs a chip for quantization-aware training");
            let problem = Problem::new(&codes::CONFLICT, &format!("quantize.{AWARE}"), message);
            problems.push(
                problem.involving("chip").involving("build").with_help("name one with `chip` or in `build`"),
            );
        }
        if *measure_ranges {
            let message = format!(
                "`quantize.{SHIFTS}` and `quantize.{AWARE}` exclude each other: shifts depend on ranges of states that \
                 are measured after training"
            );
            let problem = Problem::new(&codes::CONFLICT, &format!("quantize.{SHIFTS}"), message);
            problems.push(problem.involving("quantize.aware").with_help("omit one of them"));
        }
        let epochs = self.training.epochs;
        if from >= epochs && epochs > 0 {
            let message = format!(
                "`quantize.{AWARE}.from_epoch` is {from}, but training has {epochs} epochs; it must be 0 to {}",
                epochs - 1
            );
            let problem = Problem::new(&codes::RANGE, &format!("quantize.{AWARE}.from_epoch"), message);
            problems.push(problem.involving("training.epochs"));
        }
        problems
    }
}
