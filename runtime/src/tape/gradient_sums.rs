//! Gradients as the walk backwards adds them up, and as tensors.

use synnet_ir::graph::{LayerParameter, Leak, LeakUnit, Neuron};
use synnet_ir::{Network, Slot};

use super::plan::LayerPlan;
use super::prepared::Tape;
use super::tensors::Gradients;
use super::workspace::Rows;
use crate::kernels::membrane::ConstantSums;
use crate::kernels::rows::add;

/// Sums of gradients over samples, padded as [`PackedWeights`](super::PackedWeights) weights are. Independent sums
/// may be filled by several threads and then added up.
#[derive(Debug)]
pub struct GradientSums {
    /// By the index of the connection; `None` where nothing learns.
    pub(super) connections: Vec<Option<LinearSums>>,
    pub(super) layers: Vec<Option<LayerSums>>,
}

#[derive(Debug)]
pub(super) struct LinearSums {
    /// `[sources, columns]`; empty where the matrix does not learn.
    pub(super) matrix: Rows,
    /// One value per column; empty where the bias does not learn.
    pub(super) bias: Vec<f32>,
}

/// Sums of a layer whose constants learn.
#[derive(Debug)]
pub(super) struct LayerSums {
    pub(super) constants: ConstantSums,
    /// Of the synaptic decays, `[synapses, width]`.
    pub(super) beta: Vec<f32>,
}

impl GradientSums {
    /// Back to zero.
    pub fn clear(&mut self) {
        for sums in self.connections.iter_mut().flatten() {
            sums.matrix.used_mut().fill(0.0);
            sums.bias.fill(0.0);
        }
        for sums in self.layers.iter_mut().flatten() {
            sums.constants.all_mut().into_iter().for_each(|sum| sum.fill(0.0));
            sums.beta.fill(0.0);
        }
    }

    /// Adds other sums of the same tape.
    pub fn add(&mut self, other: &mut Self) {
        for (sums, other) in self.connections.iter_mut().flatten().zip(other.connections.iter().flatten()) {
            add(sums.matrix.used_mut(), other.matrix.used());
            add(&mut sums.bias, &other.bias);
        }
        for (sums, other) in self.layers.iter_mut().flatten().zip(other.layers.iter_mut().flatten()) {
            let others = other.constants.all_mut();
            sums.constants.all_mut().into_iter().zip(others).for_each(|(sum, other)| add(sum, other));
            add(&mut sums.beta, &other.beta);
        }
    }
}

impl Tape {
    /// Sums of zero.
    pub fn sums(&self) -> GradientSums {
        let count =
            self.plan.layers.iter().flat_map(|layer| &layer.incoming).map(|path| path.connection + 1).max();
        let mut connections: Vec<Option<LinearSums>> = (0..count.unwrap_or(0)).map(|_| None).collect();
        for layer in &self.plan.layers {
            for path in layer.incoming.iter().filter(|path| path.learns_matrix || path.learns_bias) {
                connections[path.connection] = Some(LinearSums {
                    matrix: Rows::new(if path.learns_matrix { path.source_size } else { 0 }, layer.columns()),
                    bias: vec![0.0; if path.learns_bias { layer.columns() } else { 0 }],
                });
            }
        }
        let sums = |layer: &LayerPlan| LayerSums {
            constants: ConstantSums::new(if layer.is_spiking() { layer.width } else { 0 }),
            beta: vec![0.0; layer.columns()],
        };
        let learns = |layer: &LayerPlan| layer.learns_constants || layer.learns_synapses;
        let layers = self.plan.layers.iter().map(|layer| learns(layer).then(|| sums(layer))).collect();
        GradientSums { connections, layers }
    }

    /// The gradients of the network's tensors that learn. A value for all elements gets the sum of
    /// theirs, and a time constant or bit shift the gradient through its decay.
    pub fn gradients(&self, network: &Network, sums: &GradientSums) -> Gradients {
        let mut gradients = self.learned().zeros();
        self.read_gradients(network, sums, &mut gradients);
        gradients
    }

    /// As [`gradients`](Self::gradients), into gradients that are there.
    pub fn read_gradients(&self, network: &Network, sums: &GradientSums, gradients: &mut Gradients) {
        for (spec, tensor) in self.learned.specs().iter().zip(&mut gradients.tensors) {
            match spec.slot {
                Slot::Weight(i) => {
                    let layer = &self.plan.layers[network.graph.connections[i].target.index()];
                    let linear = sums.connections[i].as_ref().expect("a matrix that learns has sums");
                    let width = layer.size * layer.synapses;
                    for (source, row) in tensor.chunks_exact_mut(width.max(1)).enumerate() {
                        unpad(layer, linear.matrix.row(source), row);
                    }
                }
                Slot::LinearBias(i) => {
                    let layer = &self.plan.layers[network.graph.connections[i].target.index()];
                    let linear = sums.connections[i].as_ref().expect("a bias that learns has sums");
                    unpad(layer, &linear.bias, tensor);
                }
                Slot::Layer(id, which) => {
                    let layer = &self.plan.layers[id.index()];
                    let sums = sums.layers[id.index()].as_ref().expect("a layer that learns has sums");
                    read_constants(layer, sums, network, id.index(), which, tensor);
                }
            }
        }
    }
}

/// From padded columns to those that are declared.
fn unpad(layer: &LayerPlan, padded: &[f32], columns: &mut [f32]) {
    if layer.synapses == 1 {
        columns.copy_from_slice(&padded[..columns.len()]);
    } else {
        columns.iter_mut().enumerate().for_each(|(column, x)| *x = padded[layer.padded_index(column)]);
    }
}

fn read_constants(
    plan: &LayerPlan,
    sums: &LayerSums,
    network: &Network,
    layer: usize,
    which: LayerParameter,
    tensor: &mut [f32],
) {
    let (layer, dt) = (&network.graph.layers[layer], network.graph.dt);
    let constants = &sums.constants;
    let (elements, leak) = match (&layer.neuron, which) {
        (Neuron::Lif(lif), LayerParameter::MemLeak) => (&constants.alpha, Some(&lif.mem)),
        (Neuron::Lif(lif), LayerParameter::SynLeak) => (&sums.beta, Some(&lif.syn)),
        (Neuron::ExpSyn(expsyn), _) => (&sums.beta, Some(&expsyn.syn)),
        (Neuron::Lif(lif), LayerParameter::AhpLeak) => {
            (&constants.ahp_decay, lif.adaptation.as_ref().map(|a| &a.leak))
        }
        (_, LayerParameter::Threshold) => (&constants.threshold, None),
        (_, LayerParameter::Bias) => (&constants.bias, None),
        (_, LayerParameter::AhpWeight) => (&constants.ahp_weight, None),
    };
    let of_columns = std::ptr::eq(elements, &sums.beta);
    let count = if of_columns { plan.size * plan.synapses } else { plan.size };
    let uniform = tensor.len() == 1;
    tensor.fill(0.0);
    for i in 0..count {
        let slope = leak.map_or(1.0, |leak| decay_derivative(leak, i, dt));
        let element = elements[if of_columns { plan.padded_index(i) } else { i }];
        tensor[if uniform { 0 } else { i }] += element * slope as f32;
    }
}

/// Derivative of the decay of element `i` by the number that is declared.
fn decay_derivative(leak: &Leak, i: usize, dt: f64) -> f64 {
    let value = leak.parameter.get(i);
    match leak.unit {
        LeakUnit::TimeConstant => leak.decay(i, dt) * dt / (value * value),
        LeakUnit::Decay => 1.0,
        LeakUnit::BitShift => std::f64::consts::LN_2 * (-value).exp2(),
    }
}
