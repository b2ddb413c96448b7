//! A recipe with its compiled network: everything that can be checked without reading data. With its data, it is an
//! [`Experiment`].

mod check;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use synnet_ir::graph::Quantity;
use synnet_ir::{Diagnostic, Diagnostics, Graph, Params};
use synnet_runtime::train::SILENT_THRESHOLD;
use synnet_runtime::{Readout, TrainOptions, Trainer, initial_params};
use synnet_xylo::chip::Chip;
use synnet_xylo::quantize::FakeQuantizer;
use xxhash_rust::xxh3::xxh3_128;

use crate::chip_catalog::ChipCatalog;
use crate::data::{self, Input};
use crate::error::Error;
use crate::experiment::Experiment;
use crate::files;
use crate::network_source::LoadedNetwork;
use crate::observer::{Observer, Stage};
use crate::recipe::{Draft, Recipe};
use crate::target::NamedTarget;

pub use check::Checks;

/// A recipe with its compiled network.
#[derive(Clone)]
pub struct Plan {
    /// The recipe.
    pub recipe: Recipe,
    /// The network, with the sources that its diagnostics refer to.
    pub loaded: LoadedNetwork,
    /// The readout that scores the classes; `None` if samples are not classified, because they have target sequences or
    /// a single output detects one of two classes.
    readout: Option<Readout>,
}

impl Plan {
    /// Compiles the network of a recipe and checks that the two fit together.
    ///
    /// # Errors
    /// Returns an error if the network file cannot be read or has errors, or if the number of outputs is not that of
    /// the recipe's classes.
    pub fn new(recipe: Recipe, observer: &dyn Observer) -> Result<Self, Error> {
        let name = files::display(recipe.path());
        check::assemble(recipe, Diagnostics::new(), &[], &name, &Checks::default(), observer)
    }

    /// Reads a recipe as [`Recipe::read`] does, compiles its network, and checks that the two fit together.
    ///
    /// # Errors
    /// Returns an error if the recipe cannot be read, or every error of recipe and network, each at its place.
    pub fn read(
        path: &Path,
        overrides: &[(String, String)],
        chips: &ChipCatalog,
        checks: &Checks,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        Self::parse(files::read_text(path)?, path, overrides, chips, checks, observer)
    }

    /// Like [`read`](Self::read), from the text of the file `path`.
    ///
    /// # Errors
    /// Returns every error of recipe and network, each at its place. Errors of the recipe do not hide those of the
    /// network.
    pub fn parse(
        text: String,
        path: &Path,
        overrides: &[(String, String)],
        chips: &ChipCatalog,
        checks: &Checks,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        let mut draft = Draft::parse(text, path, overrides, chips);
        let Some(recipe) = draft.recipe.take() else { return Err(draft.into_error()) };
        check::assemble(recipe, draft.diagnostics, &draft.repaired, &draft.name, checks, observer)
    }

    /// Reads the data.
    ///
    /// # Errors
    /// Returns an error that lists the samples that cannot be used, or names a set that is empty.
    pub fn with_data(self, observer: &dyn Observer) -> Result<Experiment, Error> {
        let corpus = data::load(&self.recipe, self.input(), observer);
        observer.stage_done(Stage::Reading);
        Ok(Experiment { corpus: corpus?, plan: self })
    }

    /// Returns what the network and its chips require of the data.
    pub(crate) fn input(&self) -> Input {
        let graph = &self.loaded.graph;
        // Without classes, no chip runs the samples.
        let chips = self.simulated_chips();
        Input { channels: graph.input.channels, dt: graph.dt, outputs: graph.outputs(), chips }
    }

    /// Returns a trainer with initial weights and options for a seed.
    ///
    /// # Errors
    /// Returns an error if training does not support the network or the options.
    pub fn trainer(&self, seed: u64) -> Result<Trainer, Error> {
        let params = initial_params(&self.loaded.graph, seed);
        self.with_fake_quantization(Trainer::new(&self.loaded.graph, params, self.options(seed)))
    }

    /// Returns a trainer that starts from the given weights, with options for a seed.
    ///
    /// # Errors
    /// Returns an error if the weights do not fit the network, or training does not support it or the options.
    pub fn trainer_from(&self, params: Params, seed: u64) -> Result<Trainer, Error> {
        let trainer = Trainer::new(&self.loaded.graph, params, self.options(seed));
        self.with_fake_quantization(trainer.map(Trainer::with_weights_kept))
    }

    /// Returns a trainer that continues from a checkpoint.
    ///
    /// # Errors
    /// Returns an error if the checkpoint is invalid, or belongs to a different network or different options.
    pub fn resumed_trainer(&self, checkpoint: &[u8], seed: u64) -> Result<Trainer, Error> {
        self.with_fake_quantization(Trainer::resume(checkpoint, &self.loaded.graph, self.options(seed)))
    }

    /// Enables quantization-aware training, if the recipe asks for it.
    fn with_fake_quantization(&self, trainer: Result<Trainer, Diagnostics>) -> Result<Trainer, Error> {
        let trainer = trainer.map_err(|d| self.loaded.error(d))?;
        let Some((chip, from)) = self.recipe.quantization_aware() else { return Ok(trainer) };
        let quantizer = FakeQuantizer::new(&self.loaded.graph, chip, &self.recipe.quantize.options);
        let quantizer = quantizer.map_err(|d| self.loaded.error(d))?;
        Ok(trainer.with_forward_transform(move |network, into| quantizer.apply(network, into), from))
    }

    /// Returns the readout that scores the classes; `None` if samples are not classified.
    pub(crate) fn readout(&self) -> Option<Readout> {
        self.readout
    }

    /// Returns the training options of the recipe, with this seed.
    pub fn options(&self, seed: u64) -> TrainOptions {
        self.recipe.training.clone().with_seed(seed)
    }

    /// Returns the part of [`Experiment::provenance`] that is known without the data.
    pub(crate) fn provenance(&self) -> BTreeMap<String, String> {
        let network = xxh3_128(synnet_ir::to_json(&self.loaded.graph).as_bytes());
        let recipe = &self.recipe;
        let mut augmentation = recipe.data.augmentation.clone();
        if let Some(noise) = &mut augmentation.noise {
            // The dataset has the hash of the recordings; their folder may move.
            noise.recordings = noise.recordings.take().map(|_| PathBuf::new());
        }
        let augmentation = format!("{augmentation:?}");
        let quantization = recipe
            .quantization_aware()
            .map(|(chip, from)| format!("{chip:?} {from} {:?}", recipe.quantize.options));
        let parts = [
            ("network", network),
            ("`data.augmentation`", xxh3_128(augmentation.as_bytes())),
            ("quantization", xxh3_128(quantization.unwrap_or_default().as_bytes())),
        ];
        parts.into_iter().map(|(part, hash)| (part.to_owned(), format!("{hash:032x}"))).collect()
    }

    /// Returns the chips whose simulators run the test set: the recipe's `chip`, then those that are built. There are
    /// none if samples are not classified, because chips are evaluated by their predictions.
    pub fn simulated_chips(&self) -> Vec<Arc<Chip>> {
        let built = self.recipe.targets().iter().filter_map(NamedTarget::chip);
        let mut chips: Vec<Arc<Chip>> = Vec::new();
        for chip in self.recipe.simulated_chip().into_iter().chain(built).filter(|_| self.readout.is_some()) {
            if !chips.contains(chip) {
                chips.push(Arc::clone(chip));
            }
        }
        chips
    }

    /// Checks the network against the targets of the recipe, so that training does not end with a failed build.
    /// Warnings are left to the build.
    ///
    /// # Errors
    /// Returns everything that a target cannot express.
    pub fn check_targets(&self) -> Result<(), Error> {
        self.fail_on_errors(check::targets(&self.recipe, &self.loaded.graph, &[]))
    }

    /// Checks the network against the rules of a chip. Warnings are left to the build.
    ///
    /// # Errors
    /// Returns every rule that the network breaks.
    pub fn check_chip(&self, chip: &Chip) -> Result<(), Error> {
        self.fail_on_errors(synnet_xylo::rules::check(&self.loaded.graph, chip))
    }

    /// Fails if there are errors among the diagnostics.
    fn fail_on_errors(&self, diagnostics: impl IntoIterator<Item = Diagnostic>) -> Result<(), Error> {
        let errors: Diagnostics = diagnostics.into_iter().filter(Diagnostic::is_error).collect();
        if errors.is_empty() { Ok(()) } else { Err(self.loaded.error(errors)) }
    }
}

/// Warns about a readout that is read by its membrane but also spikes: each spike resets the output.
fn warn_about_spiking_readout(graph: &Graph, observer: &dyn Observer) {
    let layer = graph.layer(graph.output.layer);
    let Some(lif) = layer.as_lif().filter(|_| graph.output.quantity == Quantity::Vmem) else { return };
    if lif.threshold.values.iter().any(|&threshold| threshold < SILENT_THRESHOLD) {
        observer.warning(&format!(
            "layer `{}` is read by its membrane, but its spikes reset it; set `threshold: 32767` to prevent spikes",
            layer.name
        ));
    }
}
