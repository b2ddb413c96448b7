//! A network on three engines, layer by layer: in float numbers, in float numbers with the chip's weights, and on the
//! chip. The first pair tells what the quantization of weights, thresholds and leaks does, the second what the
//! chip's whole-numbered states do.
//!
//! The chip is one step late for each hidden layer in a chain. That is no difference: every layer is compared at its own
//! time.

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
use synnet_runtime::{Evaluation, Label, Readout, Sequence};
use synnet_xylo::MappedLayer;
use synnet_xylo::quantize::dequantize;
use synnet_xylo::{Build, Chip, QuantizeOptions};

use crate::error::Error;
use crate::experiment::Experiment;
use crate::observer::{Observer, Stage};
use discrepancy::{Discrepancy, LayerActivity, Metric};
use engines::{CHIP, ENGINES, Engines, FLOAT, QUANTIZED, SampleRun};

/// Recordings that are under way at once: bounds the memory.
const CHUNK: usize = 64;

/// The pairs of engines that are compared, the reference first.
const PAIRS: [(usize, usize); 3] = [(FLOAT, QUANTIZED), (QUANTIZED, CHIP), (FLOAT, CHIP)];
/// Their indices.
const WEIGHT_QUANTIZATION: usize = 0;
const STATE_ROUNDING: usize = 1;
const END_TO_END: usize = 2;

/// What is compared.
pub struct ComparisonInput<'a> {
    /// Recipe and recordings.
    pub experiment: &'a Experiment,
    /// The network with its weights.
    pub network: &'a Network,
    /// The chip.
    pub chip: Arc<Chip>,
    /// The name of the weights in reports.
    pub weights: String,
    /// Recordings of the test set to take, spread over it; all by default.
    pub samples: Option<usize>,
    /// The network with the numbers of the build, in units of the float network.
    quantized: Network,
    /// The network on the chip.
    build: Build,
    /// How it was quantized.
    options: QuantizeOptions,
}

impl<'a> ComparisonInput<'a> {
    /// Quantizes a network for a chip as the recipe says, to be compared on the whole test set.
    ///
    /// # Errors
    /// A network that does not fit the chip.
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

/// What the comparison found.
pub struct Comparison<'a> {
    /// What was compared.
    pub subject: &'a ComparisonInput<'a>,
    /// Which recordings of the test set.
    recordings: Vec<usize>,
    /// Silent steps behind each recording on the chip.
    silence: usize,
    /// The layers in the order of the graph.
    layers: Vec<LayerComparison>,
    /// What each engine made of the recordings, where they have classes. The outputs are the statistic that decides.
    classes: Option<[Evaluation; ENGINES]>,
    /// Input events of all recordings.
    input_events: u64,
    /// Those of them that the chip dropped.
    clipped_events: u64,
    /// Of each recording the agreement of float and chip in the spikes of all layers that count.
    similarity: Vec<Option<f64>>,
}

/// A layer on the three engines.
struct LayerComparison {
    id: LayerId,
    name: String,
    /// Neurons on the chip.
    neurons: usize,
    /// Neurons of the network that the chip does without.
    removed: usize,
    /// Whether it is the readout.
    readout: bool,
    /// By how many steps the chip is late.
    lag: usize,
    metric: Metric,
    /// Of each pair.
    discrepancies: [Discrepancy; 3],
    /// Of each engine, the spikes of each neuron.
    spikes: [Vec<f64>; ENGINES],
    /// In how many steps each neuron met a rail on the chip.
    saturations: Vec<u64>,
    /// In how many steps a neuron of the float network spiked more often than the chip can.
    capped: u64,
    /// In how many steps a neuron of the chip spiked more often than the network declares.
    uncapped: u64,
}

impl<'a> Comparison<'a> {
    /// Runs the recordings on all engines. The result does not depend on the number of threads.
    pub fn of(subject: &'a ComparisonInput<'a>, observer: &dyn Observer) -> Result<Self, Error> {
        let test = &subject.experiment.corpus.test;
        let all = test.samples().len();
        let wanted = subject.samples.unwrap_or(all).min(all);
        let recordings: Vec<usize> = (0..wanted).map(|i| i * all / wanted).collect();
        let engines = Engines::new(subject.network, &subject.quantized, &subject.build, test)?;
        let readout = subject.experiment.readout();
        let mut comparison = Self {
            subject,
            layers: engines
                .layers()
                .iter()
                .map(|layer| LayerComparison::new(layer, &subject.network.graph))
                .collect(),
            classes: None,
            input_events: 0,
            clipped_events: 0,
            similarity: Vec::new(),
            silence: engines.silence(),
            recordings,
        };
        let mut statistics: [Vec<f32>; ENGINES] = Default::default();
        observer.items(Stage::Comparing, wanted);
        for chunk in comparison.recordings.clone().chunks(CHUNK) {
            let summarize = |engines: &mut Engines<'_>, &i: &usize| {
                engines.run_sample(i).map(|sample_run| {
                    Summary::new(&sample_run, &comparison.layers, comparison.subject, readout)
                })
            };
            let summaries: Result<Vec<Summary>, Error> =
                chunk.par_iter().map_init(|| engines.clone(), summarize).collect();
            for summary in summaries? {
                comparison.add(summary, &mut statistics);
                observer.item_done(Stage::Comparing);
            }
        }
        observer.stage_done(Stage::Comparing);
        if let Some(readout) = readout {
            comparison.classes = Some(comparison.classify(statistics, readout)?);
        }
        Ok(comparison)
    }

    fn add(&mut self, summary: Summary, statistics: &mut [Vec<f32>; ENGINES]) {
        for (layer, part) in self.layers.iter_mut().zip(summary.layers) {
            layer.append(part);
        }
        statistics.iter_mut().zip(summary.statistics).for_each(|(all, values)| all.extend(values));
        self.input_events += summary.input_events;
        self.clipped_events += summary.clipped_events;
        self.similarity.push(summary.similarity);
    }

    /// The statistic of an output, as the only step of a sequence, has itself as its statistic.
    fn classify(
        &self,
        statistics: [Vec<f32>; ENGINES],
        readout: Readout,
    ) -> Result<[Evaluation; ENGINES], Error> {
        let width = self.subject.network.graph.outputs();
        let samples = self.subject.experiment.corpus.test.samples();
        let class = |&i: &usize| match samples[i].label {
            Label::Class(label) => Some(label),
            _ => None,
        };
        let labels: Vec<usize> = self.recordings.iter().filter_map(class).collect();
        let [float, quantized, chip] = statistics.map(|values| {
            let outputs = Sequence::new(self.recordings.len(), 1, width, values);
            let outputs = outputs.map_err(Error::input)?;
            Evaluation::from_outputs(outputs, &labels, readout)
                .map_err(|errors| Error::without_place(&errors))
        });
        Ok([float?, quantized?, chip?])
    }

    /// Time steps of all recordings together.
    fn steps(&self) -> usize {
        self.recordings.len() * self.subject.experiment.corpus.test.steps()
    }

    /// Steps of the chip, with the silent ones behind the recordings.
    fn chip_steps(&self) -> usize {
        self.steps() + self.recordings.len() * self.silence
    }

    /// Names of the engines, for people.
    fn engine_names(&self) -> [&str; ENGINES] {
        ["float", "quantized weights", &self.subject.chip.name]
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
            capped: 0,
            uncapped: 0,
        }
    }

    fn append(&mut self, part: LayerSummary) {
        self.discrepancies
            .iter_mut()
            .zip(part.discrepancies)
            .for_each(|(discrepancy, more)| discrepancy.append(more));
        for (all, more) in self.spikes.iter_mut().zip(part.spikes) {
            all.iter_mut().zip(more).for_each(|(sum, count)| *sum += count);
        }
        self.saturations.iter_mut().zip(part.saturations).for_each(|(sum, count)| *sum += u64::from(count));
        self.capped += part.capped;
        self.uncapped += part.uncapped;
    }

    /// Mean spikes per neuron and step on an engine.
    fn rate(&self, engine: usize, steps: usize) -> f64 {
        self.spikes[engine].iter().sum::<f64>() / (steps * self.neurons).max(1) as f64
    }

    /// Neurons that never spiked on an engine.
    fn silent(&self, engine: usize) -> usize {
        self.spikes[engine].iter().filter(|count| **count == 0.0).count()
    }

    /// Neurons that spike in float, but never on the chip.
    fn silenced(&self) -> usize {
        let both = self.spikes[FLOAT].iter().zip(&self.spikes[CHIP]);
        both.filter(|(float, chip)| **float > 0.0 && **chip == 0.0).count()
    }

    /// Neurons that met a rail.
    fn saturated_neurons(&self) -> usize {
        self.saturations.iter().filter(|count| **count > 0).count()
    }

    /// Steps of neurons in which a rail was met, and their share of all `steps` of the chip.
    fn saturations(&self, steps: usize) -> (u64, f64) {
        let sum: u64 = self.saturations.iter().sum();
        (sum, sum as f64 / (steps * self.neurons).max(1) as f64)
    }

    /// Whether spikes tell anything of the layer.
    fn by_spikes(&self) -> bool {
        self.metric == Metric::Spikes
    }
}

/// What is kept of one recording.
struct Summary {
    layers: Vec<LayerSummary>,
    /// What decides on the class, on each engine; empty where there are no classes.
    statistics: [Vec<f32>; ENGINES],
    input_events: u64,
    clipped_events: u64,
    similarity: Option<f64>,
}

struct LayerSummary {
    discrepancies: [Discrepancy; 3],
    spikes: [Vec<f64>; ENGINES],
    saturations: Vec<u32>,
    capped: u64,
    uncapped: u64,
}

impl Summary {
    fn new(
        sample_run: &SampleRun,
        layers: &[LayerComparison],
        subject: &ComparisonInput<'_>,
        readout: Option<Readout>,
    ) -> Self {
        let graph = &subject.network.graph;
        let mut summaries = Vec::new();
        let (mut sum, mut pluralize) = (0.0, 0u32);
        for ((layer, activities), saturations) in
            layers.iter().zip(&sample_run.layers).zip(&sample_run.saturations)
        {
            let discrepancies =
                PAIRS.map(|(a, b)| Discrepancy::between(&activities[a], &activities[b], layer.metric));
            if let Some(share) = discrepancies[END_TO_END].spikes().filter(|_| layer.by_spikes()) {
                (sum, pluralize) = (sum + share, pluralize + 1);
            }
            let events = &subject.chip.events;
            let cap = if layer.readout { events.readout } else { events.hidden };
            let declared = graph.layer(layer.id).as_lif().map_or(cap, |lif| lif.max_spikes);
            let above = |engine: usize, limit: u32| {
                activities[engine].spikes.iter().filter(|count| f64::from(**count) > f64::from(limit)).count()
                    as u64
            };
            summaries.push(LayerSummary {
                discrepancies,
                spikes: std::array::from_fn(|engine| totals(&activities[engine])),
                saturations: saturations.clone(),
                capped: above(FLOAT, cap),
                uncapped: above(CHIP, declared),
            });
        }
        let width = graph.outputs();
        let statistic =
            |output: &Vec<f32>| readout.map_or(Vec::new(), |readout| readout.statistic(output, width));
        Self {
            layers: summaries,
            statistics: sample_run.outputs.each_ref().map(statistic),
            input_events: sample_run.input_events,
            clipped_events: sample_run.clipped_events,
            similarity: (pluralize > 0).then(|| sum / f64::from(pluralize)),
        }
    }
}

/// The spikes of each neuron.
fn totals(activity: &LayerActivity) -> Vec<f64> {
    let mut totals = vec![0.0; activity.neurons];
    for row in activity.spikes.chunks_exact(activity.neurons.max(1)) {
        totals.iter_mut().zip(row).for_each(|(sum, &count)| *sum += f64::from(count));
    }
    totals
}
