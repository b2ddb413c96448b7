//! What `train` and `eval` share: recipe, network, recordings, and the two engines on the test set.

use synnet_dsl::graph::Quantity;
use synnet_dsl::{Diagnostic, Graph, Network};
use synnet_runtime::{Evaluation, Loss, Readout, TrainOptions};
use synnet_xylo::{Build, Chip, QuantizeOptions};

use crate::chip::{self, ChipEvaluation};
use crate::cli::RecipeArgs;
use crate::data::{self, Corpus, Input};
use crate::failure::Failure;
use crate::recipe::{Format, FrontEnd, Recipe};
use crate::source::{self, Loaded};
use crate::{progress, terminal};

/// Membranes of readouts stay well below this.
const SILENT_THRESHOLD: f64 = 1000.0;

/// A recipe with its network and its recordings.
pub struct Experiment {
    /// The recipe.
    pub recipe: Recipe,
    /// Its network.
    pub loaded: Loaded,
    /// Its recordings.
    pub corpus: Corpus,
    /// The statistic of the output by which recordings are classified.
    readout: Readout,
}

/// What a trained network does on a chip.
pub struct OnChip {
    /// The chip.
    pub chip: &'static Chip,
    /// The network on it.
    pub build: Build,
    /// The test set on its simulator.
    pub result: ChipEvaluation,
}

impl Experiment {
    /// Reads recipe, network and recordings; checks that they fit together.
    pub fn open(args: &RecipeArgs) -> Result<Self, Failure> {
        if let Some(threads) = args.threads {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global();
            pool.map_err(|e| Failure::Io(format!("cannot start {threads} threads: {e}")))?;
        }
        let recipe = Recipe::read(args)?;
        let readout = readout(&recipe.training)?;
        let loaded = source::compile(&recipe.network, recipe.name.as_deref(), &recipe.network_params())?;
        let graph = &loaded.graph;
        let classes = recipe.data.classes.len();
        if graph.outputs() != classes {
            let outputs = graph.outputs();
            let message =
                format!("network `{}` has {outputs} outputs; the recipe names {classes} classes", graph.name);
            return Err(Failure::input(&args.recipe, message));
        }
        warn_of_spiking_readout(graph);
        let FrontEnd::XyloAudio3(front_end) = &recipe.front_end;
        if recipe.data.format == Format::Wav && (front_end.dt() / graph.dt - 1.0).abs() > 0.01 {
            terminal::warn(format_args!(
                "the front end gives steps of {:.3} ms, network `{}` takes {:.3} ms; set `front_end` -> `decimation`",
                1e3 * front_end.dt(),
                graph.name,
                1e3 * graph.dt
            ));
        }
        let bar = progress::counter("recordings");
        let input = Input { channels: graph.input.channels, dt: graph.dt, outputs: graph.outputs() };
        let corpus = data::load(&recipe.data, &recipe.front_end, input, &bar);
        bar.finish_and_clear();
        Ok(Self { corpus: corpus?, recipe, loaded, readout })
    }

    /// The float network on the test set.
    pub fn evaluate(&self, network: &Network) -> Result<Evaluation, Failure> {
        synnet_runtime::evaluate(network, &self.corpus.test, self.readout).map_err(|d| self.rendered(&d))
    }

    /// Quantises for a chip and runs the test set on its simulator.
    pub fn evaluate_on_chip(&self, network: &Network, name: &str) -> Result<OnChip, Failure> {
        let chip = Chip::find(name).ok_or_else(|| Failure::Io(format!("there is no chip `{name}`")))?;
        let build =
            synnet_xylo::build(network, chip, &QuantizeOptions::default()).map_err(|d| self.rendered(&d))?;
        source::accept(&build.warnings, &self.loaded.sources)?;
        let result = chip::evaluate(&build, network, &self.corpus.test, self.readout)?;
        if result.dropped_events > 0 {
            terminal::warn(format_args!(
                "{} input events dropped on {name}: a channel takes at most 15 in a step",
                result.dropped_events
            ));
        }
        Ok(OnChip { chip, build, result })
    }

    /// Diagnostics about the network as a failure.
    pub fn rendered(&self, diagnostics: &[Diagnostic]) -> Failure {
        Failure::Rendered(synnet_dsl::render(diagnostics, &self.loaded.sources, terminal::color()))
    }
}

/// A readout that is used for its membrane but also spikes loses what its resets take away.
fn warn_of_spiking_readout(graph: &Graph) {
    let layer = graph.layer(graph.output.layer);
    let Some(lif) = layer.as_lif().filter(|_| graph.output.quantity == Quantity::Vmem) else { return };
    if lif.threshold.values.iter().any(|&threshold| threshold < SILENT_THRESHOLD) {
        terminal::warn(format_args!(
            "layer `{}` is read out by its membrane, but spikes and resets it; give it `threshold: 32767`",
            layer.name
        ));
    }
}

fn readout(options: &TrainOptions) -> Result<Readout, Failure> {
    match options.loss {
        Loss::CrossEntropy { readout, .. } => Ok(readout),
        _ => Err(Failure::Input("`training.loss`: a classifier needs the loss `cross_entropy`".into())),
    }
}
