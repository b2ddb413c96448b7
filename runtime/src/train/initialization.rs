//! [`Initialization`]: initial weights that are scaled to the data.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use synnet_ir::graph::{LayerId, Neuron, Parameter};
use synnet_ir::{Graph, Network};

use crate::dataset::Dataset;
use crate::interpreter::Interpreter;
use crate::option_range::{OptionRange, setters};

/// Maximum number of training samples that are measured.
const MAX_SAMPLES: usize = 64;
/// A threshold that no membrane potential reaches.
const UNREACHABLE: f64 = 1e30;
/// A threshold from which on neurons practically never spike: that of a readout that is read by its membrane.
pub const SILENT_THRESHOLD: f64 = 1000.0;

/// How the declared initial weights are scaled before the first update.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Initialization {
    /// Scaled to the fluctuations of the membrane potential that the training data cause.
    FluctuationDriven(FluctuationDriven),
}

/// Fluctuation-driven initialization (Rossbroich, Gygax & Zenke, 2022, doi:10.1088/2634-4386/ac97bb): spikes come from
/// fluctuations of the membrane potential `U` around its mean, and `xi` standard deviations lie between mean and
/// threshold,
///
/// ```text
/// xi = (threshold - mean(U)) / std(U)
/// ```
///
/// The paper derives mean and standard deviation of the weights from the firing rates of the inputs. Here, they are
/// measured: layer by layer in the order of update, up to 64 training samples run through the network, with a threshold
/// that the layer does not reach. The incoming weights of each neuron are shifted by one value, so that `mean(U)` over
/// samples and steps is 0 without biases, and then multiplied by `threshold / (xi * std(U))`. The next layer is measured with the
/// spikes that follow.
///
/// A layer whose threshold is 1000 or more, and one of leaky integrators, have 1 in place of the threshold. Weights that
/// are not learned, and neurons without input, keep their values. Recurrent weights are changed like the others,
/// although the layer does not spike while it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct FluctuationDriven {
    /// Standard deviations between the mean of the membrane potential and the threshold; positive, 1 by default. The
    /// paper recommends 1 to 3: the larger, the fewer spikes.
    pub xi: f64,
}

impl Default for FluctuationDriven {
    fn default() -> Self {
        Self { xi: 1.0 }
    }
}

impl FluctuationDriven {
    setters! {
        with_xi: xi = f64;
    }
}

impl From<FluctuationDriven> for Initialization {
    fn from(initialization: FluctuationDriven) -> Self {
        Self::FluctuationDriven(initialization)
    }
}

impl Initialization {
    pub(super) fn ranges(&self) -> [OptionRange; 1] {
        let Self::FluctuationDriven(FluctuationDriven { xi }) = *self;
        [OptionRange::positive("init.xi", xi)]
    }

    /// Scales the weights of a network to a dataset, which fits it.
    pub(super) fn apply(&self, network: &mut Network, dataset: &Dataset) {
        let Self::FluctuationDriven(FluctuationDriven { xi }) = *self;
        for layer in 0..network.graph.layers.len() {
            let declared = free_moments(network, layer, dataset);
            let mut uniform = network.clone();
            change_inputs(&mut uniform, layer, |_, weight| *weight = 1.0);
            let uniform = free_moments(&uniform, layer, dataset);
            let shifts: Vec<f32> = declared.iter().zip(&uniform).map(|(of, ones)| of.shift(ones)).collect();
            change_inputs(network, layer, |neuron, weight| *weight += shifts[neuron]);
            let threshold = scale_of(&network.graph, layer);
            let factors: Vec<f32> = free_moments(network, layer, dataset)
                .into_iter()
                .enumerate()
                .map(|(neuron, moments)| moments.factor(threshold(neuron), xi))
                .collect();
            change_inputs(network, layer, |neuron, weight| *weight *= factors[neuron]);
        }
    }
}

/// Sums over samples and steps.
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f32) {
        let value = f64::from(value);
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    fn join(&mut self, other: Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    fn mean(&self) -> f64 {
        self.sum / self.count
    }

    /// Returns what to add to each weight for a mean of 0, from the moments with weights of 1; 0 without input.
    fn shift(&self, ones: &Self) -> f32 {
        let shift = (-self.mean() / ones.mean()) as f32;
        if shift.is_finite() { shift } else { 0.0 }
    }

    /// Returns the factor on weights that puts the threshold `xi` standard deviations above the mean of 0; 1 without
    /// fluctuations.
    fn factor(&self, threshold: f64, xi: f64) -> f32 {
        let std = (self.squares / self.count - self.mean().powi(2)).max(0.0).sqrt();
        let factor = (threshold / (xi * std)) as f32;
        if factor.is_finite() { factor } else { 1.0 }
    }
}

/// Returns the membrane potential that counts as the threshold of a neuron.
fn scale_of(graph: &Graph, layer: usize) -> impl Fn(usize) -> f64 + use<> {
    let thresholds = graph.layers[layer].as_lif().map(|lif| lif.threshold.values.clone()).unwrap_or_default();
    move |neuron| {
        let threshold = thresholds.get(neuron).or(thresholds.first()).copied();
        threshold.filter(|&threshold| threshold < SILENT_THRESHOLD).unwrap_or(1.0)
    }
}

/// Runs the network without spikes and biases of one layer, and returns the moments of the membrane potential of each of its
/// neurons; of the current of leaky integrators.
fn free_moments(network: &Network, layer: usize, dataset: &Dataset) -> Vec<Moments> {
    let mut network = network.clone();
    let size = network.graph.layers[layer].size;
    let has_membrane = match &mut network.graph.layers[layer].neuron {
        Neuron::Lif(lif) => {
            (lif.threshold, lif.bias) = (Parameter::uniform(UNREACHABLE), Parameter::uniform(0.0));
            true
        }
        Neuron::ExpSyn(_) => false,
    };
    for (connection, weights) in network.graph.connections.iter().zip(&mut network.weights) {
        if connection.target.index() == layer {
            weights.iter_mut().flat_map(|weights| &mut weights.bias).for_each(|bias| bias.fill(0.0));
        }
    }
    let interpreter = Interpreter::new(&network);
    let (channels, steps) = (dataset.channels(), dataset.steps());
    let measure = |sample: usize| {
        let mut raster = vec![0.0; steps * channels];
        dataset.write_sample(sample, &mut raster);
        let mut moments = vec![Moments::default(); size];
        interpreter.visit_steps(
            steps,
            0,
            sample as u64,
            |t, row| row.copy_from_slice(&raster[t * channels..][..channels]),
            |states| {
                let values = if has_membrane { states.vmem(layer) } else { states.isyn(layer) };
                moments.iter_mut().zip(values).for_each(|(moments, &value)| moments.add(value));
            },
        );
        moments
    };
    // Samples of one class may stand together: take them from everywhere.
    let (all, count) = (dataset.samples().len(), dataset.samples().len().min(MAX_SAMPLES));
    let measured: Vec<Vec<Moments>> = (0..count).into_par_iter().map(|i| measure(i * all / count)).collect();
    // In the order of the samples, so that sums do not depend on the number of threads.
    let mut total = vec![Moments::default(); size];
    for moments in measured {
        total.iter_mut().zip(moments).for_each(|(total, moments)| total.join(moments));
    }
    total
}

/// Changes each learned weight of the connections to a layer, given the neuron that it leads to.
fn change_inputs(network: &mut Network, layer: usize, change: impl Fn(usize, &mut f32)) {
    let target = LayerId(layer as u32);
    let (columns, synapses) =
        (network.graph.layer(target).input_columns(), network.graph.layer(target).synapses());
    let Network { graph, weights } = network;
    for (connection, weights) in graph.connections.iter().zip(weights) {
        let (Some(linear), Some(weights)) = (connection.as_linear(), weights) else { continue };
        if connection.target != target || !linear.learn {
            continue;
        }
        for row in weights.matrix.data.chunks_mut(columns) {
            row.iter_mut().enumerate().for_each(|(column, weight)| change(column / synapses, weight));
        }
    }
}
