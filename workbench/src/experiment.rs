//! A recipe with its network and data, and the evaluation of the network on the test set.
//!
//! A [`Plan`] is everything that can be checked without reading data. With its data, it is an [`Experiment`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use synnet_dsl::CompileOptions;
use synnet_ir::graph::Quantity;
use synnet_ir::{Diagnostic, Diagnostics, Graph, Network, Params};
use synnet_runtime::{Evaluation, Loss, Readout, TrainOptions, Trainer, Validation, initial_params};
use synnet_xylo::quantize::FakeQuantizer;
use synnet_xylo::{Build, chip::Chip, quantize::QuantizeOptions};
use xxhash_rust::xxh3::xxh3_128;

use crate::calibration;
use crate::chip_evaluation::{self, ChipEvaluation};
use crate::codes;
use crate::data::{self, Corpus, Input};
use crate::error::Error;
use crate::network_source::{CompileOutput, LoadedNetwork};
use crate::observer::{Observer, Stage};
use crate::problem::Problem;
use crate::recipe::{Format, Recipe};
use crate::target::NamedTarget;
use synnet_ir::display::pluralize;

/// A threshold that membranes of readouts practically never reach.
const SILENT_THRESHOLD: f64 = 1000.0;

/// The part of the provenance that stands for the data.
pub(crate) const DATASET: &str = "dataset";

/// A recipe with its compiled network.
pub struct Plan {
    /// The recipe.
    pub recipe: Recipe,
    /// The network, with the sources that its diagnostics refer to.
    pub loaded: LoadedNetwork,
    /// The readout that scores the classes; `None` if samples are not classified, because they have target sequences or
    /// a single output detects one of two classes.
    readout: Option<Readout>,
}

/// A recipe with its compiled network and its data.
pub struct Experiment {
    /// Recipe and network.
    pub plan: Plan,
    /// Training, validation and test set.
    pub corpus: Corpus,
}

/// The results of the float network on the test set.
pub struct FloatEvaluation {
    /// Loss, accuracy if the loss defines it, and firing rates.
    pub measured: Validation,
    /// Predictions and confusion matrix, if samples are classified.
    pub classified: Option<Evaluation>,
}

impl FloatEvaluation {
    /// Returns the fraction of samples that are classified correctly, or `None` if the loss does not define it.
    pub fn accuracy(&self) -> Option<f64> {
        self.classified.as_ref().map(|classified| classified.accuracy).or(self.measured.accuracy)
    }
}

/// The results of a network on a chip.
pub struct ChipResult {
    /// The chip.
    pub chip: Arc<Chip>,
    /// The quantized network.
    pub build: Build,
    /// The results of the test set on the chip's simulator.
    pub result: ChipEvaluation,
}

impl Plan {
    /// Compiles the network of a recipe and checks that the two fit together.
    ///
    /// # Errors
    /// Returns an error if the network file cannot be read or has errors, or if the number of outputs is not that of
    /// the recipe's classes.
    pub fn new(recipe: Recipe, observer: &dyn Observer) -> Result<Self, Error> {
        let options =
            CompileOptions::new().with_name(recipe.name.clone()).with_params(recipe.network_params());
        let loaded = CompileOutput::read(&recipe.network, &options)?.accept(observer)?;
        let graph = &loaded.graph;
        let readout = readout(&recipe, graph).map_err(|problem| recipe.error(vec![problem]))?;
        warn_about_spiking_readout(graph, observer);
        if recipe.data.format == Format::Wav {
            recipe.front_end.warn_about_time_step(&graph.name, graph.dt, observer);
        }
        Ok(Self { recipe, loaded, readout })
    }

    /// Reads the data.
    ///
    /// # Errors
    /// Returns an error that lists the samples that cannot be used, or names a set that is empty.
    pub fn with_data(self, observer: &dyn Observer) -> Result<Experiment, Error> {
        let graph = &self.loaded.graph;
        // Without classes, no chip runs the samples.
        let chips = self.simulated_chips();
        let input = Input { channels: graph.input.channels, dt: graph.dt, outputs: graph.outputs(), chips };
        let corpus = data::load(&self.recipe, input, observer);
        observer.stage_done(Stage::Reading);
        Ok(Experiment { corpus: corpus?, plan: self })
    }

    /// Returns a trainer with initial weights and options for a seed.
    ///
    /// # Errors
    /// Returns an error if training does not support the network or the options.
    pub fn trainer(&self, seed: u64) -> Result<Trainer, Error> {
        self.trainer_from(initial_params(&self.loaded.graph, seed), seed)
    }

    /// Returns a trainer that starts from the given weights, with options for a seed.
    ///
    /// # Errors
    /// Returns an error if the weights do not fit the network, or training does not support it or the options.
    pub fn trainer_from(&self, params: Params, seed: u64) -> Result<Trainer, Error> {
        self.with_fake_quantization(Trainer::new(&self.loaded.graph, params, self.options(seed)))
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
        let mut targets = self.recipe.targets().to_vec();
        targets.extend(self.recipe.simulated_chip().cloned().map(NamedTarget::from));
        targets.sort_by(|a, b| a.name().cmp(b.name()));
        targets.dedup();
        self.fail_on_errors(targets.iter().flat_map(|target| target.check(&self.loaded.graph)))
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

impl Experiment {
    /// Returns hashes of everything besides the options that training depends on: network, data, augmentation and
    /// quantization. A checkpoint stores them, so that training resumes with the same ones only.
    pub fn provenance(&self) -> BTreeMap<String, String> {
        let mut provenance = self.plan.provenance();
        provenance.insert(DATASET.to_owned(), format!("{:032x}", self.corpus.fingerprint()));
        provenance
    }

    /// Evaluates the float network on the test set.
    ///
    /// # Errors
    /// Returns an error if the loss or the readout does not fit the network.
    pub fn evaluate(&self, network: &Network) -> Result<FloatEvaluation, Error> {
        let (plan, test) = (&self.plan, &self.corpus.test);
        let measured = synnet_runtime::validate(network, test, &plan.recipe.training.loss);
        let measured = measured.map_err(|d| plan.loaded.error(d))?;
        let classified = plan.readout.map(|readout| synnet_runtime::evaluate(network, test, readout));
        Ok(FloatEvaluation {
            measured,
            classified: classified.transpose().map_err(|d| plan.loaded.error(d))?,
        })
    }

    /// Returns the readout that scores the classes, if samples are classified.
    pub fn readout(&self) -> Option<Readout> {
        self.plan.readout
    }

    /// Returns the quantization options of the recipe. If they use weight shifts, the ranges of the states are measured
    /// on the training set.
    ///
    /// # Errors
    /// Returns an error if the training set does not fit the network.
    pub fn quantize_options(&self, network: &Network) -> Result<QuantizeOptions, Error> {
        let quantize = &self.plan.recipe.quantize;
        let measured = quantize.measure_ranges.then(|| calibration::on_dataset(network, &self.corpus.train));
        let ranges = measured.transpose().map_err(Error::input)?;
        Ok(quantize.options.clone().with_ranges(ranges))
    }

    /// Quantizes a network for a chip with the options of the recipe.
    ///
    /// # Errors
    /// Returns every rule of the chip that the network breaks.
    pub fn build_for_chip(
        &self,
        network: &Network,
        chip: &Chip,
        observer: &dyn Observer,
    ) -> Result<Build, Error> {
        self.build_with(network, chip, &self.quantize_options(network)?, observer)
    }

    /// Quantizes a network for a chip with the given options.
    ///
    /// # Errors
    /// Returns every rule of the chip that the network breaks.
    pub fn build_with(
        &self,
        network: &Network,
        chip: &Chip,
        options: &QuantizeOptions,
        observer: &dyn Observer,
    ) -> Result<Build, Error> {
        let build = synnet_xylo::build(network, chip, options);
        let build = build.map_err(|d| self.plan.loaded.error(d))?;
        self.plan.loaded.accept(&build.warnings, observer)?;
        Ok(build)
    }

    /// Quantizes a network for a chip and evaluates it on the test set with the chip's simulator.
    ///
    /// # Errors
    /// Returns an error if samples are not classified, if the network does not fit the chip, or if a sample has event
    /// counts that a chip cannot take.
    pub fn evaluate_on_chip(
        &self,
        network: &Network,
        chip: &Arc<Chip>,
        observer: &dyn Observer,
    ) -> Result<ChipResult, Error> {
        let readout = self.plan.readout.ok_or_else(|| {
            Error::Input(
                "chips are evaluated by the classes of samples; name an output for each class with `data.classes`"
                    .into(),
            )
        })?;
        let build = self.build_for_chip(network, chip, observer)?;
        let result = chip_evaluation::evaluate(&build, network, &self.corpus.test, readout)?;
        if result.dropped_events > 0 {
            let events = pluralize(result.dropped_events as usize, "input event");
            observer.warning(&format!(
                "{events} dropped on {}: it accepts at most {} per channel per step",
                chip.name, chip.events.input
            ));
        }
        Ok(ChipResult { chip: Arc::clone(chip), build, result })
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

/// Returns the readout that scores the classes. Classification needs one output for each class. A detection loss with a
/// single output and two classes defines an accuracy, but there are no scores to compare.
fn readout(recipe: &Recipe, graph: &Graph) -> Result<Option<Readout>, Problem> {
    let (outputs, classes) = (graph.outputs(), recipe.data.classes.len());
    let loss = &recipe.training.loss;
    let detects = outputs == 1 && classes == 2 && matches!(loss, Loss::Peak(_) | Loss::BinaryCrossEntropy(_));
    if classes == 0 || detects {
        return Ok(None);
    }
    if outputs != classes {
        let name = &graph.name;
        let outputs = pluralize(outputs, "output");
        let message = format!("network `{name}` has {outputs}, but the recipe names {classes} classes");
        let problem = Problem::new(&codes::NETWORK_MISMATCH, "data.classes", message);
        return Err(problem.with_help("change one of them"));
    }
    let readout = loss.readout().ok_or_else(|| {
        Problem::new(&codes::NETWORK_MISMATCH, "training.loss", "`training.loss` has no readout for classes")
            .with_help("choose a classification loss, such as `cross_entropy`")
    });
    Ok(Some(readout?))
}
