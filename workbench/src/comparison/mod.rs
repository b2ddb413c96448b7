//! Comparison of a network on three engines, layer by layer: in f32, in f32 with quantized parameters, and on the chip.
//! The first pair isolates the effect of quantizing weights, thresholds and leaks, the second pair the effect of the
//! chip's integer states.
//!
//! Each hidden layer of a chain adds one step of lag on the chip. Every layer is compared at its own lag, so lag does
//! not count as a difference.

mod charts;
mod discrepancy;
mod engines;
mod examples;
mod findings;
mod html;
mod table;

use std::sync::Arc;

use rayon::prelude::*;
use synnet_ir::graph::LayerId;
use synnet_ir::{Graph, Network};
use synnet_runtime::{Evaluation, Label, Readout};
use synnet_xylo::MappedLayer;
use synnet_xylo::quantize::dequantize;
use synnet_xylo::{Build, chip::Chip, quantize::QuantizeOptions};

use crate::error::Error;
use crate::experiment::Experiment;
use crate::observer::{Observer, Stage};
use discrepancy::{Discrepancy, LayerActivity, Metric};
use engines::{CHIP, ENGINES, Engines, FLOAT, QUANTIZED, SampleRun};

/// Number of samples whose summaries are in memory at a time.
const CHUNK: usize = 64;

/// The compared pairs of engines, the reference first.
const PAIRS: [(usize, usize); 3] = [(FLOAT, QUANTIZED), (QUANTIZED, CHIP), (FLOAT, CHIP)];
/// Index of the pair that shows the effect of quantized parameters.
const WEIGHT_QUANTIZATION: usize = 0;
/// Index of the pair that shows the effect of integer states.
const STATE_ROUNDING: usize = 1;
/// Index of the pair that shows both effects.
const END_TO_END: usize = 2;

/// The input of a comparison.
pub struct ComparisonInput<'a> {
    /// The experiment, whose test set is used.
    pub experiment: &'a Experiment,
    /// The trained network.
    pub network: &'a Network,
    /// The chip to compare with.
    pub chip: Arc<Chip>,
    /// The name of the weights in reports, such as their path; empty by default.
    pub weights: String,
    /// Maximum number of samples, spread evenly over the test set; all by default.
    pub samples: Option<usize>,
    /// The network with the quantized parameters, in units of the float network.
    quantized: Network,
    /// The network on the chip.
    build: Build,
    /// The options of `build`, for advice in findings.
    options: QuantizeOptions,
}

impl<'a> ComparisonInput<'a> {
    /// Quantizes a network for a chip with the options of the recipe. The whole test set is compared by default.
    ///
    /// # Errors
    /// Returns every rule of the chip that the network breaks.
    pub fn new(
        experiment: &'a Experiment,
        network: &'a Network,
        chip: &Arc<Chip>,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        let options = experiment.quantize_options(network)?;
        let build = experiment.build_with(network, chip, &options, observer)?;
        let quantized = dequantize(network, &build);
        let (chip, weights) = (Arc::clone(chip), String::new());
        Ok(Self { experiment, network, chip, weights, samples: None, quantized, build, options })
    }
}

/// The result of a comparison.
pub struct Comparison<'a> {
    /// The input.
    pub input: &'a ComparisonInput<'a>,
    /// Indices of the compared samples in the test set.
    samples: Vec<usize>,
    /// Silent steps after each sample on the chip.
    padding: usize,
    /// The layers in the order of the graph.
    layers: Vec<LayerComparison>,
    /// The evaluation of each engine, if samples have classes.
    evaluations: Option<[Evaluation; ENGINES]>,
    /// Number of input events in all samples.
    input_events: u64,
    /// Input events that the chip dropped.
    clipped_events: u64,
    /// For each sample, the mean agreement of float and chip over all layers that are compared by their spikes.
    similarity: Vec<Option<f64>>,
}

/// A layer on the three engines.
struct LayerComparison {
    id: LayerId,
    name: String,
    /// Number of neurons on the chip.
    neurons: usize,
    /// Number of neurons that are not on the chip, because they have no effect.
    removed: usize,
    readout: bool,
    /// Steps by which the chip lags the float network.
    lag: usize,
    metric: Metric,
    /// The discrepancy of each of [`PAIRS`].
    discrepancies: [Discrepancy; 3],
    /// Total spikes of each neuron, on each engine.
    spikes: [Vec<f64>; ENGINES],
    /// Number of steps in which each neuron saturates on the chip.
    saturations: Vec<u64>,
    /// Neuron steps in float with more spikes than the chip allows.
    above_chip_limit: u64,
    /// Neuron steps on the chip with more spikes than the network's `max_spikes`.
    above_max_spikes: u64,
}

impl<'a> Comparison<'a> {
    /// Runs the samples on all engines. The result does not depend on the number of threads.
    ///
    /// # Errors
    /// Returns an error if a sample has event counts that a chip cannot take.
    pub fn run(input: &'a ComparisonInput<'a>, observer: &dyn Observer) -> Result<Self, Error> {
        let test = &input.experiment.corpus.test;
        let all = test.samples().len();
        let count = input.samples.unwrap_or(all).min(all);
        let samples: Vec<usize> = (0..count).map(|i| i * all / count).collect();
        let engines = Engines::new(input.network, &input.quantized, &input.build, test)?;
        let readout = input.experiment.readout();
        let mut comparison = Self {
            input,
            layers: engines
                .layers()
                .iter()
                .map(|layer| LayerComparison::new(layer, &input.network.graph))
                .collect(),
            evaluations: None,
            input_events: 0,
            clipped_events: 0,
            similarity: Vec::new(),
            padding: engines.padding(),
            samples,
        };
        let mut scores: [Vec<f32>; ENGINES] = Default::default();
        observer.items_added(Stage::Comparing, count);
        // Summaries are added in the order of the samples, whichever thread finishes first.
        for chunk in comparison.samples.clone().chunks(CHUNK) {
            let summarize = |engines: &mut Engines<'_>, &i: &usize| {
                engines.run_sample(i).map(|sample_run| {
                    SampleSummary::new(&sample_run, &comparison.layers, comparison.input, readout)
                })
            };
            let summaries: Result<Vec<SampleSummary>, Error> =
                chunk.par_iter().map_init(|| engines.clone(), summarize).collect();
            for summary in summaries? {
                comparison.add(summary, &mut scores);
                observer.item_done(Stage::Comparing);
            }
        }
        observer.stage_done(Stage::Comparing);
        if readout.is_some() {
            comparison.evaluations = Some(comparison.evaluate(scores)?);
        }
        Ok(comparison)
    }

    fn add(&mut self, summary: SampleSummary, scores: &mut [Vec<f32>; ENGINES]) {
        for (layer, of_sample) in self.layers.iter_mut().zip(summary.layers) {
            layer.append(of_sample);
        }
        scores.iter_mut().zip(summary.scores).for_each(|(all, values)| all.extend(values));
        self.input_events += summary.input_events;
        self.clipped_events += summary.clipped_events;
        self.similarity.push(summary.similarity);
    }

    /// Evaluates each engine from the scores of its samples, so that no output is kept over time.
    fn evaluate(&self, scores: [Vec<f32>; ENGINES]) -> Result<[Evaluation; ENGINES], Error> {
        let width = self.input.network.graph.outputs();
        let samples = self.input.experiment.corpus.test.samples();
        let class = |&i: &usize| match samples[i].label {
            Label::Class(class) => Some(class),
            _ => None,
        };
        let labels: Vec<usize> = self.samples.iter().filter_map(class).collect();
        let [float, quantized, chip] = scores.map(|values| {
            Evaluation::from_scores(values, width, &labels).map_err(|errors| Error::without_place(&errors))
        });
        Ok([float?, quantized?, chip?])
    }

    /// Returns the total number of time steps of all samples.
    fn steps(&self) -> usize {
        self.samples.len() * self.input.experiment.corpus.test.steps()
    }

    /// Returns the total number of steps on the chip, padding included.
    fn chip_steps(&self) -> usize {
        self.steps() + self.samples.len() * self.padding
    }

    /// Returns the short names of the engines.
    fn engine_names(&self) -> [&str; ENGINES] {
        ["float", "quantized weights", &self.input.chip.name]
    }
}

impl LayerComparison {
    fn new(layer: &MappedLayer, graph: &Graph) -> Self {
        let by_spikes = graph.uses_spikes_of(&layer.name);
        let neurons = layer.ids.len();
        Self {
            id: layer.layer,
            name: layer.name.clone(),
            neurons,
            removed: graph.layer(layer.layer).size - neurons,
            readout: layer.readout,
            lag: layer.lag,
            metric: if by_spikes { Metric::Spikes } else { Metric::States },
            discrepancies: Default::default(),
            spikes: std::array::from_fn(|_| vec![0.0; neurons]),
            saturations: vec![0; neurons],
            above_chip_limit: 0,
            above_max_spikes: 0,
        }
    }

    /// Appends a sample.
    fn append(&mut self, part: LayerSummary) {
        self.discrepancies
            .iter_mut()
            .zip(part.discrepancies)
            .for_each(|(discrepancy, more)| discrepancy.append(more));
        for (all, more) in self.spikes.iter_mut().zip(part.spikes) {
            all.iter_mut().zip(more).for_each(|(sum, count)| *sum += count);
        }
        self.saturations.iter_mut().zip(part.saturations).for_each(|(sum, count)| *sum += u64::from(count));
        self.above_chip_limit += part.above_chip_limit;
        self.above_max_spikes += part.above_max_spikes;
    }

    /// Returns the mean spikes per neuron per step on an engine.
    fn rate(&self, engine: usize, steps: usize) -> f64 {
        self.spikes[engine].iter().sum::<f64>() / (steps * self.neurons).max(1) as f64
    }

    /// Returns the number of neurons that never spike on an engine.
    fn silent(&self, engine: usize) -> usize {
        self.spikes[engine].iter().filter(|count| **count == 0.0).count()
    }

    /// Returns the number of neurons that spike in float, but never on the chip.
    fn silenced(&self) -> usize {
        let both = self.spikes[FLOAT].iter().zip(&self.spikes[CHIP]);
        both.filter(|(float, chip)| **float > 0.0 && **chip == 0.0).count()
    }

    /// Returns the number of neurons that saturate on the chip at least once.
    fn saturated_neurons(&self) -> usize {
        self.saturations.iter().filter(|count| **count > 0).count()
    }

    /// Returns the number of neuron steps that saturate, and their fraction of all neuron steps, if the chip ran
    /// `steps`.
    fn saturations(&self, steps: usize) -> (u64, f64) {
        let sum: u64 = self.saturations.iter().sum();
        (sum, sum as f64 / (steps * self.neurons).max(1) as f64)
    }

    /// Returns whether the layer is compared by its spikes.
    fn by_spikes(&self) -> bool {
        self.metric == Metric::Spikes
    }
}

/// What is kept of a sample: no values over time, so that memory does not grow with the test set.
struct SampleSummary {
    layers: Vec<LayerSummary>,
    /// Scores of the classes on each engine; empty if there are no classes.
    scores: [Vec<f32>; ENGINES],
    input_events: u64,
    clipped_events: u64,
    similarity: Option<f64>,
}

/// The part of a [`LayerComparison`] that one sample contributes.
struct LayerSummary {
    discrepancies: [Discrepancy; 3],
    spikes: [Vec<f64>; ENGINES],
    saturations: Vec<u32>,
    above_chip_limit: u64,
    above_max_spikes: u64,
}

impl SampleSummary {
    fn new(
        sample_run: &SampleRun,
        layers: &[LayerComparison],
        input: &ComparisonInput<'_>,
        readout: Option<Readout>,
    ) -> Self {
        let graph = &input.network.graph;
        let mut summaries = Vec::new();
        let (mut sum, mut count) = (0.0, 0u32);
        for ((layer, activities), saturations) in
            layers.iter().zip(&sample_run.layers).zip(&sample_run.saturations)
        {
            let discrepancies =
                PAIRS.map(|(a, b)| Discrepancy::between(&activities[a], &activities[b], layer.metric));
            if let Some(agreement) = discrepancies[END_TO_END].spikes().filter(|_| layer.by_spikes()) {
                (sum, count) = (sum + agreement, count + 1);
            }
            let events = &input.chip.events;
            let chip_limit = if layer.readout { events.readout } else { events.hidden };
            let max_spikes = graph.layer(layer.id).as_lif().map_or(chip_limit, |lif| lif.max_spikes);
            let above = |engine: usize, limit: u32| {
                activities[engine].spikes.iter().filter(|count| f64::from(**count) > f64::from(limit)).count()
                    as u64
            };
            summaries.push(LayerSummary {
                discrepancies,
                spikes: std::array::from_fn(|engine| totals(&activities[engine])),
                saturations: saturations.clone(),
                above_chip_limit: above(FLOAT, chip_limit),
                above_max_spikes: above(CHIP, max_spikes),
            });
        }
        let width = graph.outputs();
        let scores =
            |output: &Vec<f32>| readout.map_or(Vec::new(), |readout| readout.statistic(output, width));
        Self {
            layers: summaries,
            scores: sample_run.outputs.each_ref().map(scores),
            input_events: sample_run.input_events,
            clipped_events: sample_run.clipped_events,
            similarity: (count > 0).then(|| sum / f64::from(count)),
        }
    }
}

/// Returns the total spikes of each neuron.
fn totals(activity: &LayerActivity) -> Vec<f64> {
    let mut totals = vec![0.0; activity.neurons];
    for row in activity.spikes.chunks_exact(activity.neurons.max(1)) {
        totals.iter_mut().zip(row).for_each(|(sum, &count)| *sum += f64::from(count));
    }
    totals
}
