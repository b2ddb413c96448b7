//! Recipes: what to train, on which data, how, and what to build at the end.

mod data;
mod quantize;
mod validation;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_yaml::Value;
use synnet_runtime::TrainOptions;
use synnet_runtime::train::{Score, Selection};
use synnet_xylo::Chip;

use crate::chip_catalog::ChipCatalog;
use crate::error::Error;
use crate::files;
use crate::serde_messages::{plain_message, suggestion, with_suggestion};
use crate::target::Target;

pub use data::{Cache, DataOptions, Filter, Format, FrontEnd};
pub use quantize::Quantize;
pub use validation::ValidationSplit;
pub(crate) use validation::stratified_sample;

/// A recipe file. Paths are relative to the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Recipe {
    /// Network file.
    pub network: PathBuf,
    /// The network to take, where the file has several.
    #[serde(default)]
    pub name: Option<String>,
    /// Parameters of the network.
    #[serde(default)]
    pub params: BTreeMap<String, Value>,
    /// Recordings.
    pub data: DataOptions,
    /// From sound to spikes.
    #[serde(default)]
    pub front_end: FrontEnd,
    /// Loss, optimizer and all that.
    pub training: TrainOptions,
    /// Seeds to train with, each in a folder of its own, instead of the one of `training`.
    #[serde(default)]
    pub seeds: Option<Vec<u64>>,
    /// The chip whose simulator runs the test set; without it the first chip of `build`, if there is one.
    #[serde(default)]
    pub chip: Option<String>,
    /// How the network is quantized for chips and integer code, and whether training knows.
    #[serde(default)]
    pub quantize: Quantize,
    /// What to build after training.
    #[serde(default = "default_build")]
    pub build: Vec<String>,
    /// The recipe as it was carried out: the file, or if something was replaced, its values.
    #[serde(skip)]
    pub text: String,
    /// The file, for messages.
    #[serde(skip)]
    path: PathBuf,
    /// What `build` names.
    #[serde(skip)]
    targets: Vec<Target>,
    /// The chip whose simulator runs the test set.
    #[serde(skip)]
    simulated_chip: Option<Arc<Chip>>,
}

/// Unknown keys that are told at once.
const MAX_ERRORS: usize = 20;

fn default_build() -> Vec<String> {
    vec!["rust".into(), "xylo-audio3".into()]
}

impl Recipe {
    /// Returns a recipe made in Rust, with the defaults of a file that gives these keys alone. Paths are relative to
    /// the working folder. Set further fields, then [`resolve`](Self::resolve) it.
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

    /// Looks up targets and chip, and checks the values against each other. Reading a recipe does so already.
    ///
    /// # Errors
    /// The first fault.
    pub fn resolve(mut self, chips: &ChipCatalog) -> Result<Self, Error> {
        self.select_by_validation();
        self.check(chips)?;
        Ok(self)
    }

    /// Reads a recipe. `replaced` are dotted keys with the YAML of their new values, such as `training.epochs` and
    /// `10`. Paths are relative to the file, those of `replaced` to the working folder.
    ///
    /// # Errors
    /// A file that cannot be read; every unknown key, or the first other fault.
    pub fn read(path: &Path, replaced: &[(String, String)], chips: &ChipCatalog) -> Result<Self, Error> {
        Self::parse(files::read_text(path)?, path, replaced, chips)
    }

    /// Reads a recipe from its text, as [`read`](Self::read) does; `path` is where the text is from.
    ///
    /// # Errors
    /// Every unknown key, or the first other fault.
    pub fn parse(
        text: String,
        path: &Path,
        replaced: &[(String, String)],
        chips: &ChipCatalog,
    ) -> Result<Self, Error> {
        let mut value: Value =
            serde_yaml::from_str(&text).map_err(|e| Error::file(path, format_args!("not YAML: {e}")))?;
        for (key, text) in replaced {
            set(&mut value, key, text)?;
        }
        let text = if replaced.is_empty() { text } else { serde_yaml::to_string(&value).unwrap_or(text) };
        let mut recipe = Self::from_value(value).map_err(|errors| Error::file(path, errors.join("\n  ")))?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let is_set = |key: &str| replaced.iter().any(|(k, _)| k == key);
        recipe.data.resolve(&folder, is_set);
        if !is_set("network") {
            recipe.network = folder.join(&recipe.network);
        }
        recipe.text = text;
        recipe.path = path.to_owned();
        recipe.resolve(chips)
    }

    /// Reads the values of a recipe. Where that fails, every unknown key is told, and the first other fault.
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
            // With the key that was meant, or without it, other faults come to light.
            if errors.len() == MAX_ERRORS || !correct(&mut value, &path, &message) {
                return Err(errors);
            }
        }
    }

    /// Parameters of the network as texts of the language.
    pub fn network_params(&self) -> Vec<(String, String)> {
        self.params.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
    }

    /// What to build, in the order of the recipe.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The chip whose simulator runs the test set.
    pub fn simulated_chip(&self) -> Option<&Arc<Chip>> {
        self.simulated_chip.as_ref()
    }

    /// The file that the recipe was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A validation set that decides nothing would be of little use: unless the recipe says otherwise, the best epoch
    /// by it is kept.
    fn select_by_validation(&mut self) {
        if self.data.validation != ValidationSplit::None && self.training.selection.is_none() {
            let by = if self.training.loss.classifies() {
                Score::ValidationAccuracy
            } else {
                Score::ValidationLoss
            };
            self.training.selection = Some(Selection::new(by));
        }
    }

    /// Looks up targets and chip, and checks what serde cannot know.
    fn check(&mut self, chips: &ChipCatalog) -> Result<(), Error> {
        let path = &self.path;
        self.targets.clear();
        for (i, text) in self.build.iter().enumerate() {
            let target = Target::named(text, chips.iter());
            self.targets.push(target.map_err(|e| Error::file(path, format_args!("`build`: {e}")))?);
            if self.build[..i].contains(text) {
                return Err(Error::file(path, format_args!("`build`: `{text}` is given twice")));
            }
        }
        if let Some(seeds) = &self.seeds {
            let twice = seeds.iter().enumerate().find(|(i, seed)| seeds[..*i].contains(seed));
            if let Some((_, seed)) = twice {
                return Err(Error::file(path, format_args!("`seeds`: {seed} is given twice")));
            }
            if seeds.is_empty() {
                return Err(Error::file(path, "`seeds`: at least one seed is needed"));
            }
        }
        let by_validation = self.training.selection.map(|s| s.by).filter(|by| by.needs_validation());
        if let Some(by) = by_validation.filter(|_| self.data.validation == ValidationSplit::None) {
            let message = format!(
                "`training.selection`: `by: {}` needs recordings to validate by; say which with `data.validation`",
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

/// A scalar as it was written, without quotes.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => serde_yaml::to_string(other).map(|text| text.trim().to_owned()).unwrap_or_default(),
    }
}

/// Replaces the value at a dotted key; the text is YAML. Mappings on the way are created.
fn set(root: &mut Value, key: &str, text: &str) -> Result<(), Error> {
    let new: Value = serde_yaml::from_str(text)
        .map_err(|e| {
            Error::Input(format!(
                "`{key}={text}`: the value is not YAML: {e}; a string with such characters needs quotes of its own: \
                 `'{key}=\"{text}\"'`"
            ))
        })?;
    let mut place = root;
    for part in key.split('.') {
        if place.is_null() {
            *place = Value::Mapping(serde_yaml::Mapping::new());
        }
        let Value::Mapping(mapping) = place else {
            return Err(Error::Input(format!("`{key}`: there is nothing named `{part}` in a plain value")));
        };
        place = mapping.entry(Value::String(part.to_owned())).or_insert(Value::Null);
    }
    *place = new;
    Ok(())
}

/// Puts the key that was meant in the place of the unknown one that serde complains of, or removes it. The path ends with
/// it or with the mapping around it.
fn correct(root: &mut Value, path: &[String], message: &str) -> bool {
    let Some((key, _)) = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`')) else {
        return false;
    };
    let around = path.strip_suffix(&[key.to_owned()]).unwrap_or(path);
    let mapping = around.iter().try_fold(root, |place, part| place.get_mut(part.as_str()));
    let Some(mapping) = mapping.and_then(Value::as_mapping_mut) else { return false };
    let Some(value) = mapping.shift_remove(key) else { return false };
    if let Some(meant) = suggestion(message).filter(|meant| !mapping.contains_key(*meant)) {
        mapping.insert(meant.into(), value);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simulated_chip_is_named_or_built() {
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
        let listed = errors.iter().map(|fault| fault.split(", expected").next().unwrap_or_default());
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
