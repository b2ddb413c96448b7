//! Recipes: the network, the data, the training options, and the targets to build.

mod data;
mod filter;
mod quantize;
mod validation;
mod written;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_yaml::Value;
use synnet_runtime::TrainOptions;
use synnet_runtime::train::{Score, Selection};
use synnet_xylo::chip::Chip;

use crate::chip_catalog::ChipCatalog;
use crate::error::Error;
use crate::files;
use crate::serde_messages::{plain_message, suggestion, with_suggestion};
use crate::target::NamedTarget;

pub use data::{Cache, DataOptions, Format, FrontEnd};
pub use filter::Filter;
pub use quantize::Quantize;
pub use validation::ValidationSplit;
pub(crate) use validation::stratified_sample;
pub use written::{Written, plain};

/// A recipe. Paths in a file are relative to it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Recipe {
    /// Network file.
    pub network: PathBuf,
    /// The name of the network, required if the file has several.
    #[serde(default)]
    pub name: Option<String>,
    /// Parameters of the network.
    #[serde(default)]
    pub params: BTreeMap<String, Written>,
    /// The data, and its split into training, validation and test set.
    pub data: DataOptions,
    /// The audio front end, which converts WAV files to events.
    #[serde(default)]
    pub front_end: FrontEnd,
    /// Loss, optimizer, schedule and other training options.
    pub training: TrainOptions,
    /// Several seeds to train with, instead of the one of `training`. Each has its own output folder.
    #[serde(default)]
    pub seeds: Option<Vec<u64>>,
    /// The chip whose simulator runs the test set; by default the first chip of `build`, if there is one.
    #[serde(default)]
    pub chip: Option<String>,
    /// Quantization for chips and integer code, and quantization-aware training.
    #[serde(default)]
    pub quantize: Quantize,
    /// The targets to build after training; `rust` and `xylo-audio3` by default.
    #[serde(default = "default_build")]
    pub build: Vec<String>,
    /// The source of the recipe. If values were overridden, the recipe with these values as YAML.
    #[serde(skip)]
    pub text: String,
    /// The file, for messages.
    #[serde(skip)]
    path: PathBuf,
    /// The targets that `build` names.
    #[serde(skip)]
    targets: Vec<NamedTarget>,
    /// The chip whose simulator runs the test set.
    #[serde(skip)]
    simulated_chip: Option<Arc<Chip>>,
}

/// Maximum number of errors that are reported at once.
const MAX_ERRORS: usize = 20;

fn default_build() -> Vec<String> {
    vec!["rust".into(), "xylo-audio3".into()]
}

impl Recipe {
    /// Returns a recipe with these values and defaults for all other keys. Paths are relative to the working folder.
    /// Set further fields, then call [`resolve`](Self::resolve).
    pub fn new(network: impl Into<PathBuf>, data: DataOptions, training: TrainOptions) -> Self {
        Self {
            network: network.into(),
            name: None,
            params: BTreeMap::new(),
            data,
            front_end: FrontEnd::default(),
            training,
            seeds: None,
            chip: None,
            quantize: Quantize::default(),
            build: default_build(),
            text: String::new(),
            path: PathBuf::from("recipe"),
            targets: Vec::new(),
            simulated_chip: None,
        }
    }

    /// Looks up targets and chips by name, and checks all values. [`read`](Self::read) and [`parse`](Self::parse) do so
    /// already.
    ///
    /// # Errors
    /// Returns the first error.
    pub fn resolve(mut self, chips: &ChipCatalog) -> Result<Self, Error> {
        self.select_by_validation();
        self.check(chips)?;
        Ok(self)
    }

    /// Reads a recipe. `overrides` are dotted keys with new values in YAML, such as `training.epochs` and `10`. Paths
    /// are relative to the file, paths in `overrides` to the working folder.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, with every unknown key, or with the first other error.
    pub fn read(path: &Path, overrides: &[(String, String)], chips: &ChipCatalog) -> Result<Self, Error> {
        Self::parse(files::read_text(path)?, path, overrides, chips)
    }

    /// Like [`read`](Self::read), from the text of the file `path`.
    ///
    /// # Errors
    /// Returns an error with every unknown key, or with the first other error.
    pub fn parse(
        text: String,
        path: &Path,
        overrides: &[(String, String)],
        chips: &ChipCatalog,
    ) -> Result<Self, Error> {
        let mut value: Value =
            serde_yaml::from_str(&text).map_err(|e| Error::file(path, format_args!("not YAML: {e}")))?;
        for (key, text) in overrides {
            set(&mut value, key, text)?;
        }
        let text = if overrides.is_empty() { text } else { serde_yaml::to_string(&value).unwrap_or(text) };
        let mut recipe = Self::from_value(value).map_err(|errors| Error::file(path, errors.join("\n  ")))?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let is_set = |key: &str| overrides.iter().any(|(k, _)| k == key);
        recipe.data.resolve(&folder, is_set);
        if !is_set("network") {
            recipe.network = folder.join(&recipe.network);
        }
        recipe.text = text;
        recipe.path = path.to_owned();
        recipe.resolve(chips)
    }

    /// Deserializes a recipe. On failure, returns an error for every unknown key, and the first other error. serde
    /// stops at the first error, so each unknown key is corrected or removed before the next attempt.
    fn from_value(mut value: Value) -> Result<Self, Vec<String>> {
        let mut errors = Vec::new();
        loop {
            let error = match serde_path_to_error::deserialize(value.clone()) {
                Ok(recipe) if errors.is_empty() => return Ok(recipe),
                Ok(_) => return Err(errors),
                Err(error) => error,
            };
            let path: Vec<String> = error.path().iter().map(ToString::to_string).collect();
            let (place, message) = (error.path().to_string(), error.into_inner().to_string());
            let plain = plain_message(&with_suggestion(&message));
            errors.push(if place == "." { plain } else { format!("`{place}`: {plain}") });
            if errors.len() == MAX_ERRORS || !correct(&mut value, &path, &message) {
                return Err(errors);
            }
        }
    }

    /// Returns the parameters of the network, with values as source text of the language.
    pub fn network_params(&self) -> Vec<(String, String)> {
        self.params.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
    }

    /// Returns the targets to build, in the order of the recipe.
    pub fn targets(&self) -> &[NamedTarget] {
        &self.targets
    }

    /// Returns the chip whose simulator runs the test set.
    pub fn simulated_chip(&self) -> Option<&Arc<Chip>> {
        self.simulated_chip.as_ref()
    }

    /// Returns the file that the recipe was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Selects the best epoch by the validation set by default: a validation set without effect is not what users
    /// expect.
    fn select_by_validation(&mut self) {
        if self.data.validation != ValidationSplit::None && self.training.selection.is_none() {
            let score = if self.training.loss.classifies() {
                Score::ValidationAccuracy
            } else {
                Score::ValidationLoss
            };
            self.training.selection = Some(Selection::new(score));
        }
    }

    /// Looks up targets and chips, and checks what serde cannot.
    fn check(&mut self, chips: &ChipCatalog) -> Result<(), Error> {
        let path = &self.path;
        self.targets.clear();
        for (i, text) in self.build.iter().enumerate() {
            let target = NamedTarget::from_name(text, chips.iter());
            self.targets.push(target.map_err(|e| Error::file(path, format_args!("`build`: {e}")))?);
            if self.build[..i].contains(text) {
                return Err(Error::file(path, format_args!("`build`: duplicate target `{text}`")));
            }
        }
        if let Some(seeds) = &self.seeds {
            let twice = seeds.iter().enumerate().find(|(i, seed)| seeds[..*i].contains(seed));
            if let Some((_, seed)) = twice {
                return Err(Error::file(path, format_args!("`seeds`: duplicate seed {seed}")));
            }
            if seeds.is_empty() {
                return Err(Error::file(path, "`seeds` is empty; give at least one seed"));
            }
        }
        let by_validation = self.training.selection.map(|s| s.by).filter(|by| by.needs_validation());
        if let Some(by) = by_validation.filter(|_| self.data.validation == ValidationSplit::None) {
            let message = format!(
                "`training.selection`: `by: {}` needs a validation set; select one with `data.validation`",
                by.name()
            );
            return Err(Error::file(path, message));
        }
        self.data.check(path)?;
        self.front_end.check(path)?;
        self.simulated_chip = match &self.chip {
            Some(name) => {
                let chip = chips.get(name).map_err(|e| Error::file(path, format_args!("`chip`: {e}")))?;
                Some(Arc::clone(chip))
            }
            None => self.build.iter().find_map(|name| chips.find(name)).cloned(),
        };
        self.check_quantize(path)
    }
}

/// Sets the value at a dotted key to YAML text. Missing mappings on the way are created.
fn set(root: &mut Value, key: &str, text: &str) -> Result<(), Error> {
    let new: Value = serde_yaml::from_str(text).map_err(|e| {
        Error::Input(format!(
            "`{key}={text}`: the value is not YAML: {e}; quote strings with special characters: \
                 `'{key}=\"{text}\"'`"
        ))
    })?;
    let mut place = root;
    for part in key.split('.') {
        if place.is_null() {
            *place = Value::Mapping(serde_yaml::Mapping::new());
        }
        let Value::Mapping(mapping) = place else {
            return Err(Error::Input(format!(
                "`{key}`: cannot set `{part}`, because its parent is not a mapping"
            )));
        };
        place = mapping.entry(Value::String(part.to_owned())).or_insert(Value::Null);
    }
    *place = new;
    Ok(())
}

/// Renames the unknown key of serde's message to the suggested one, or removes it. `path` ends with the key or with the
/// mapping around it, depending on the type. Returns whether the value was changed.
fn correct(root: &mut Value, path: &[String], message: &str) -> bool {
    let Some((key, _)) = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`')) else {
        return false;
    };
    let around = path.strip_suffix(&[key.to_owned()]).unwrap_or(path);
    let mapping = around.iter().try_fold(root, |place, part| place.get_mut(part.as_str()));
    let Some(mapping) = mapping.and_then(Value::as_mapping_mut) else { return false };
    let Some(value) = mapping.shift_remove(key) else { return false };
    if let Some(suggested) = suggestion(message).filter(|suggested| !mapping.contains_key(*suggested)) {
        mapping.insert(suggested.into(), value);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulated_chip_is_the_named_or_the_first_built_one() {
        let simulated = |rest: &str| {
            let text = "{network: n.snn, data: {path: d, pattern: '{label}.wav', test: {take: [1]}, classes: [a], \
                        steps: 1}, training: {loss: {kind: mse}, epochs: 1, batch: 1}";
            let text = format!("{text}{rest}}}");
            let recipe = Recipe::parse(text, Path::new("r.yaml"), &[], &ChipCatalog::default()).unwrap();
            recipe.simulated_chip().map(|chip| chip.name.clone())
        };
        assert_eq!(simulated("").as_deref(), Some("xylo-audio3"));
        assert_eq!(simulated(", build: [rust]"), None);
        assert_eq!(simulated(", build: [rust], chip: xylo-imu").as_deref(), Some("xylo-imu"));
    }

    #[test]
    fn every_unknown_key_is_reported() {
        let text = "{network: n.snn, datta: 1, data: {path: d, patern: x, test: {}, classes: [], steps: 1}, \
                    quantize: {clipp: 1, zebra: true}, \
                    training: {loss: {kind: mse}, optimizer: {kind: adam, rl: 1}, epochs: 1, bach: many}}";
        let errors = Recipe::from_value(serde_yaml::from_str(text).unwrap()).unwrap_err();
        let listed = errors.iter().map(|error| error.split(", expected").next().unwrap_or_default());
        let expected = [
            "`datta`: unknown field `datta`",
            "`data.patern`: unknown field `patern`",
            "`quantize`: unknown field `clipp`",
            "`quantize`: unknown field `zebra`",
            "`training.optimizer`: unknown field `rl`",
            "`training.bach`: unknown field `bach`",
            "`training.batch`: invalid type: string \"many\"",
        ];
        assert_eq!(listed.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn set_reaches_into_nested_values() {
        let mut value: Value = serde_yaml::from_str("a: {b: 1}").unwrap();
        set(&mut value, "a.b", "[1, 2]").unwrap();
        set(&mut value, "c.d", "x").unwrap();
        let expected: Value = serde_yaml::from_str("{a: {b: [1, 2]}, c: {d: x}}").unwrap();
        assert_eq!(value, expected);
        assert!(set(&mut value, "c.d.e", "1").is_err());
    }
}
