//! Recipes: the network, the data, the training options, and the targets to build.

mod check;
mod data;
mod detection;
mod draft;
pub(crate) mod effect;
mod filter;
mod front_end;
mod keys;
#[cfg(test)]
mod keys_tests;
mod quantize;
mod source;
mod validation;
mod written;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use synnet_dsl::CompileOptions;
use synnet_ir::{Diagnostics, Sources};
use synnet_runtime::TrainOptions;
use synnet_runtime::train::{self, Selection};
use synnet_xylo::chip::Chip;

use crate::chip_catalog::ChipCatalog;
use crate::data::rules;
use crate::error::Error;
use crate::files;
use crate::problem::{self, Problem};
use crate::target::NamedTarget;
use keys::KEYS;
use source::RecipeSource;

pub use crate::yaml::Key;
pub use data::{Cache, DataOptions, Format, FrontEnd};
pub use detection::{ComposedStreams, DetectionOptions, NoiseKind, Score, StreamTables};
pub(crate) use draft::Draft;
pub use filter::Filter;
pub use quantize::Quantize;
pub use validation::ValidationSplit;
pub(crate) use validation::stratified_sample;
pub use written::{Written, plain};

/// Returns all keys of recipes with their values and defaults, in the order of the documentation.
pub fn keys() -> &'static [Key] {
    KEYS
}

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
    /// The detection of keywords in continuous sound.
    #[serde(default)]
    pub detection: Option<DetectionOptions>,
    /// The targets to build after training; `rust` and `xylo-audio3` by default.
    #[serde(default = "default_build")]
    pub build: Vec<String>,
    /// The source of the recipe. If values were overridden, the recipe with these values as YAML.
    #[serde(skip)]
    pub text: String,
    /// The file, for messages.
    #[serde(skip)]
    path: PathBuf,
    /// The places of the values; `None` for a recipe that was not read.
    #[serde(skip)]
    source: Option<Arc<RecipeSource>>,
    /// Keys without effect.
    #[serde(skip)]
    warnings: Diagnostics,
    /// The targets that `build` names.
    #[serde(skip)]
    targets: Vec<NamedTarget>,
    /// The chip whose simulator runs the test set.
    #[serde(skip)]
    simulated_chip: Option<Arc<Chip>>,
}

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
            detection: None,
            build: default_build(),
            text: String::new(),
            path: PathBuf::from("recipe"),
            source: None,
            warnings: Diagnostics::new(),
            targets: Vec::new(),
            simulated_chip: None,
        }
    }

    /// Looks up targets and chips by name, and checks all values. [`read`](Self::read) and [`parse`](Self::parse) do so
    /// already.
    ///
    /// # Errors
    /// Returns every error.
    pub fn resolve(mut self, chips: &ChipCatalog) -> Result<Self, Error> {
        let problems = self.check(chips);
        if problems.is_empty() { Ok(self) } else { Err(self.error(problems)) }
    }

    /// Reads a recipe. `overrides` are dotted keys with new values in YAML, such as `training.epochs` and `10`. Paths
    /// are relative to the file, paths in `overrides` to the working folder.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or every error of the recipe, each at its place.
    pub fn read(path: &Path, overrides: &[(String, String)], chips: &ChipCatalog) -> Result<Self, Error> {
        Self::parse(files::read_text(path)?, path, overrides, chips)
    }

    /// Like [`read`](Self::read), from the text of the file `path`.
    ///
    /// # Errors
    /// Returns every error of the recipe, each at its place.
    pub fn parse(
        text: String,
        path: &Path,
        overrides: &[(String, String)],
        chips: &ChipCatalog,
    ) -> Result<Self, Error> {
        Draft::parse(text, path, overrides, chips).finish()
    }

    /// Returns the error about problems of the recipe.
    pub(crate) fn error(&self, problems: Vec<Problem>) -> Error {
        let sources = self.sources();
        let own = sources.iter().count();
        problem::into_error(self.diagnostics(problems), &sources, &RecipeSource::name(&self.path), own)
    }

    /// Returns problems of the recipe at their places in [`sources`](Self::sources).
    pub(crate) fn diagnostics(&self, problems: impl IntoIterator<Item = Problem>) -> Diagnostics {
        let tree = self.source.as_ref().and_then(|source| source.tree.as_ref());
        problems.into_iter().map(|problem| problem.into_diagnostic(tree, KEYS)).collect()
    }

    /// Returns the sources of the recipe: its file and the overrides; none for a recipe that was not read.
    pub(crate) fn sources(&self) -> Sources {
        self.source.as_ref().map(|source| source.sources.clone()).unwrap_or_default()
    }

    /// Returns the options that compile the network, with their places in [`sources`](Self::sources).
    pub(crate) fn compile_options(&self) -> CompileOptions {
        let options = CompileOptions::new().with_name(self.name.clone()).with_params(self.network_params());
        match self.source.as_ref().and_then(|source| Some((&source.sources, source.tree.as_ref()?))) {
            Some((sources, tree)) => options.with_places(source::option_places(tree, sources)),
            None => options,
        }
    }

    /// Returns keys without effect, as warnings.
    pub fn warnings(&self) -> &Diagnostics {
        &self.warnings
    }

    /// Returns the files and folders that the recipe names: the network, the samples, list files, noise recordings, labeled
    /// streams.
    pub fn inputs(&self) -> Vec<PathBuf> {
        let data = &self.data;
        let lists = rules(data).filter_map(|(_, rule)| rule.list.as_ref());
        let noise = data.augmentation.noise.iter().filter_map(|noise| noise.recordings.as_ref());
        let samples = [&data.path].into_iter().chain(&data.train_path).chain(&data.test_path);
        let inputs = [&self.network].into_iter().chain(samples).chain(lists).chain(noise);
        let detection = self.detection.iter().flat_map(DetectionOptions::inputs);
        inputs.chain(detection).cloned().collect()
    }

    /// Returns the parameters of the network, with values as source text of the language.
    pub fn network_params(&self) -> Vec<(String, String)> {
        self.params.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
    }

    /// Returns whether the recipe lists its classes, instead of giving their number.
    pub(crate) fn lists_classes(&self) -> bool {
        let tree = self.source.as_ref().and_then(|source| source.tree.as_ref());
        let classes = tree.and_then(|tree| tree.get("data")?.get("classes"));
        classes.is_none_or(|classes| classes.text().is_none())
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
                train::Score::ValidationAccuracy
            } else {
                train::Score::ValidationLoss
            };
            self.training.selection = Some(Selection::new(score));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulated_chip_is_the_named_or_the_first_built_one() {
        let simulated = |rest: &str| {
            let text = "{network: n.snn, data: {path: d, pattern: '{label}_{take}.wav', test: {take: [1]}, classes: [a], \
                        steps: 1}, training: {loss: {kind: mse}, epochs: 1, batch: 1}";
            let text = format!("{text}{rest}}}");
            let recipe = Recipe::parse(text, Path::new("r.yaml"), &[], &ChipCatalog::default()).unwrap();
            recipe.simulated_chip().map(|chip| chip.name.clone())
        };
        assert_eq!(simulated("").as_deref(), Some("xylo-audio3"));
        assert_eq!(simulated(", build: [rust]"), None);
        assert_eq!(simulated(", build: [rust], chip: xylo-imu").as_deref(), Some("xylo-imu"));
    }
}
