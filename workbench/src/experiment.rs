//! What `train` and `eval` share: recipe, network, recordings, and the two engines on the test set.
//!
//! A [`Plan`] is what can be said and checked without reading any recording; with them it is an [`Experiment`].

use std::collections::BTreeMap;
use std::sync::Arc;

use synnet_dsl::Options;
use synnet_ir::graph::Quantity;
use synnet_ir::{Diagnostic, Diagnostics, Graph, Network};
use synnet_runtime::{Evaluation, Loss, Readout, TrainOptions, Trainer, Validation, initial_params};
use synnet_xylo::quantize::FakeQuantizer;
use synnet_xylo::{Build, Chip, QuantizeOptions};
use xxhash_rust::xxh3::xxh3_128;

use crate::calibration;
use crate::chip_evaluation::{self, ChipEvaluation};
use crate::data::{self, Corpus, Input};
use crate::error::Error;
use crate::network_source::{CompileOutput, LoadedNetwork};
use crate::observer::{Observer, Stage};
use crate::recipe::{Format, FrontEnd, Recipe};
use crate::target::Target;
use synnet_ir::display::{format_time_rounded, pluralize};

/// Membranes of readouts stay well below this.
const SILENT_THRESHOLD: f64 = 1000.0;

/// A recipe with its network.
pub struct Plan {
    /// The recipe.
    pub recipe: Recipe,
    /// Its network.
    pub loaded: LoadedNetwork,
    /// The statistic of the output by which recordings are classified; `None` where they have other targets than
    /// one class of several.
    readout: Option<Readout>,
}

/// A recipe with its network and its recordings.
pub struct Experiment {
    /// Recipe and network.
    pub plan: Plan,
    /// The recordings.
    pub corpus: Corpus,
}

/// What the float network made of the test set.
pub struct FloatEvaluation {
    /// Loss, accuracy where the loss knows one, and rates.
    pub measured: Validation,
    /// Predictions and confusion, where there are several classes.
    pub classified: Option<Evaluation>,
}

impl FloatEvaluation {
    /// Share of the recordings that were classified right.
    pub fn accuracy(&self) -> Option<f64> {
        self.classified.as_ref().map(|classified| classified.accuracy).or(self.measured.accuracy)
    }
}

/// What a trained network does on a chip.
pub struct ChipResult {
    /// The chip.
    pub chip: Arc<Chip>,
    /// The network on it.
    pub build: Build,
    /// The test set on its simulator.
    pub result: ChipEvaluation,
}

impl Plan {
    /// Compiles the network of a recipe and checks that the two fit together.
    ///
    /// # Errors
    /// A network file that cannot be read, errors in it, or outputs that are not the recipe's classes.
    pub fn new(recipe: Recipe, observer: &dyn Observer) -> Result<Self, Error> {
        let options = Options::new().with_name(recipe.name.clone()).with_params(recipe.network_params());
        let loaded = CompileOutput::read(&recipe.network, &options)?.accept(observer)?;
        let graph = &loaded.graph;
        let readout = readout(&recipe, graph).map_err(|message| Error::file(recipe.path(), message))?;
        warn_about_spiking_readout(graph, observer);
        let FrontEnd::XyloAudio3(front_end) = &recipe.front_end;
        let hears = recipe.data.format == Format::Wav;
        if hears && (front_end.dt() / graph.dt - 1.0).abs() > 0.01 {
            observer.warning(&format!(
                "the front end gives steps of {}, network `{}` takes {}; set `front_end` -> `decimation`",
                format_time_rounded(front_end.dt()),
                graph.name,
                format_time_rounded(graph.dt)
            ));
        }
        Ok(Self { recipe, loaded, readout })
    }

    /// Reads the recordings.
    ///
    /// # Errors
    /// Every recording that cannot be used; rules of the recipe that select none.
    pub fn with_data(self, observer: &dyn Observer) -> Result<Experiment, Error> {
        let graph = &self.loaded.graph;
        let input = Input { channels: graph.input.channels, dt: graph.dt, outputs: graph.outputs() };
        let corpus = data::load(&self.recipe.data, &self.recipe.front_end, input, observer);
        observer.stage_done(Stage::Reading);
        Ok(Experiment { corpus: corpus?, plan: self })
    }

    /// A trainer at its beginning: initial weights and options, both of this seed. What training does not support
    /// comes to light here.
    pub fn trainer(&self, seed: u64) -> Result<Trainer, Error> {
        let graph = &self.loaded.graph;
        let params = initial_params(graph, seed);
        self.aware(Trainer::new(graph, params, self.options(seed)))
    }

    /// A trainer that goes on from a checkpoint.
    pub fn resumed(&self, checkpoint: &[u8], seed: u64) -> Result<Trainer, Error> {
        self.aware(Trainer::resume(checkpoint, &self.loaded.graph, self.options(seed)))
    }

    /// Lets a trainer train through the numbers of the chip, where the recipe wants that.
    fn aware(&self, trainer: Result<Trainer, Diagnostics>) -> Result<Trainer, Error> {
        let trainer = trainer.map_err(|d| self.loaded.error(d))?;
        let Some((chip, from)) = self.recipe.aware() else { return Ok(trainer) };
        let chip = FakeQuantizer::new(&self.loaded.graph, chip, &self.recipe.quantize.options);
        let chip = chip.map_err(|d| self.loaded.error(d))?;
        Ok(trainer.with_forward_transform(move |network, into| chip.apply(network, into), from))
    }

    /// The options of the training with this seed.
    pub fn options(&self, seed: u64) -> TrainOptions {
        self.recipe.training.clone().with_seed(seed)
    }

    /// What cannot be built later is better known before the training. Warnings come with the build.
    pub fn check_targets(&self) -> Result<(), Error> {
        let mut targets = self.recipe.targets().to_vec();
        targets.extend(self.recipe.simulated_chip().cloned().map(Target::from));
        targets.sort_by(|a, b| a.name().cmp(b.name()));
        targets.dedup();
        self.fail_on_errors(targets.iter().flat_map(|target| target.check(&self.loaded.graph)))
    }

    /// The rules of a chip that the network breaks. Warnings come with the build.
    pub fn check_chip(&self, chip: &Chip) -> Result<(), Error> {
        self.fail_on_errors(synnet_xylo::rules::check(&self.loaded.graph, chip))
    }

    /// Fails if there are errors among the findings.
    fn fail_on_errors(&self, found: impl IntoIterator<Item = Diagnostic>) -> Result<(), Error> {
        let errors: Diagnostics = found.into_iter().filter(Diagnostic::is_error).collect();
        if errors.is_empty() { Ok(()) } else { Err(self.loaded.error(errors)) }
    }
}

impl Experiment {
    /// What a training is made from besides its options: hashes of the network and of the recordings.
    pub fn provenance(&self) -> BTreeMap<String, String> {
        let network = xxh3_128(synnet_ir::to_json(&self.plan.loaded.graph).as_bytes());
        let recipe = &self.plan.recipe;
        let sounds = format!("{:?}", recipe.data.augmentation);
        let integers =
            recipe.aware().map(|(chip, from)| format!("{chip:?} {from} {:?}", recipe.quantize.options));
        let parts = [
            ("network", network),
            ("set of recordings", self.corpus.fingerprint()),
            ("`data.augmentation`", xxh3_128(sounds.as_bytes())),
            ("quantization", xxh3_128(integers.unwrap_or_default().as_bytes())),
        ];
        parts.into_iter().map(|(part, hash)| (part.to_owned(), format!("{hash:032x}"))).collect()
    }

    /// The float network on the test set.
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

    /// By what recordings are classified, if they are.
    pub fn readout(&self) -> Option<Readout> {
        self.plan.readout
    }

    /// The chip whose simulator runs the test set. It is judged by classes.
    pub fn simulated_chip(&self) -> Option<&Arc<Chip>> {
        self.plan.recipe.simulated_chip().filter(|_| self.plan.readout.is_some())
    }

    /// How the recipe has a network quantized, with the ranges of its states on the training set where shifts of
    /// weights need them.
    pub fn quantize_options(&self, network: &Network) -> Result<QuantizeOptions, Error> {
        let quantize = &self.plan.recipe.quantize;
        let measured = quantize.measures.then(|| calibration::on_dataset(network, &self.corpus.train));
        let ranges = measured.transpose().map_err(Error::input)?;
        Ok(quantize.options.clone().with_ranges(ranges))
    }

    /// Quantizes for a chip.
    pub fn build_for_chip(
        &self,
        network: &Network,
        chip: &Chip,
        observer: &dyn Observer,
    ) -> Result<Build, Error> {
        self.build_with(network, chip, &self.quantize_options(network)?, observer)
    }

    /// Quantizes for a chip with these options.
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

    /// Quantizes for a chip and runs the test set on its simulator.
    pub fn evaluate_on_chip(
        &self,
        network: &Network,
        chip: &Arc<Chip>,
        observer: &dyn Observer,
    ) -> Result<ChipResult, Error> {
        let readout = self.plan.readout.ok_or_else(|| {
            Error::Input(
                "chips are judged by the classes of recordings, which this recipe does not name".into(),
            )
        })?;
        let build = self.build_for_chip(network, chip, observer)?;
        let result = chip_evaluation::evaluate(&build, network, &self.corpus.test, readout)?;
        if result.dropped_events > 0 {
            observer.warning(&format!(
                "{} input events dropped on {}: a channel takes at most 15 in a step",
                result.dropped_events, chip.name
            ));
        }
        Ok(ChipResult { chip: Arc::clone(chip), build, result })
    }
}

/// A readout that is used for its membrane but also spikes loses what its resets take away.
fn warn_about_spiking_readout(graph: &Graph, observer: &dyn Observer) {
    let layer = graph.layer(graph.output.layer);
    let Some(lif) = layer.as_lif().filter(|_| graph.output.quantity == Quantity::Vmem) else { return };
    if lif.threshold.values.iter().any(|&threshold| threshold < SILENT_THRESHOLD) {
        observer.warning(&format!(
            "layer `{}` is read out by its membrane, but spikes and resets it; give it `threshold: 32767`",
            layer.name
        ));
    }
}

/// By what recordings are classified, if they are: the network has one output for each class. With a single output
/// and two classes, which losses of detection know, there is accuracy but no class that is the greatest.
fn readout(recipe: &Recipe, graph: &Graph) -> Result<Option<Readout>, String> {
    let (outputs, classes) = (graph.outputs(), recipe.data.classes.len());
    let loss = &recipe.training.loss;
    let detects = outputs == 1 && classes == 2 && matches!(loss, Loss::Peak(_) | Loss::BinaryCrossEntropy(_));
    if classes == 0 || detects {
        return Ok(None);
    }
    if outputs != classes {
        let name = &graph.name;
        let outputs = pluralize(outputs, "output");
        return Err(format!("network `{name}` has {outputs}; the recipe names {classes} classes"));
    }
    let readout =
        loss.readout().ok_or("`training.loss`: classes need a loss that knows them, such as `cross_entropy`");
    Ok(Some(readout?))
}
