//! Gradients summed over samples, in the kernels' layout, and their conversion to tensors.

use synnet_ir::graph::{LayerParameter, Leak, LeakUnit, Neuron};
use synnet_ir::{Network, Slot};

use super::plan::LayerPlan;
use super::prepared::Tape;
use super::tensors::Gradients;
use super::workspace::Rows;
use crate::kernels::membrane::ConstantSums;
use crate::kernels::rows::add;

/// Sums of gradients over samples, padded like [`PackedWeights`](super::PackedWeights). Each thread can fill
/// a set of its own; [`add`](Self::add) then combines them.
#[derive(Debug)]
pub struct GradientSums {
    /// Indexed by connection; `None` if neither its matrix nor its bias is trainable.
    pub(super) connections: Vec<Option<LinearSums>>,
    /// Indexed by layer; `None` if no parameter of its neurons is trainable.
    pub(super) layers: Vec<Option<LayerSums>>,
}

#[derive(Debug)]
pub(super) struct LinearSums {
    /// `[sources, columns]`; empty if the matrix is not trainable.
    pub(super) matrix: Rows,
    /// One value per column; empty if the bias is not trainable.
    pub(super) bias: Vec<f32>,
}

/// Sums of a layer with trainable neuron parameters.
#[derive(Debug)]
pub(super) struct LayerSums {
    pub(super) constants: ConstantSums,
    /// With respect to the synaptic decays, `[synapses, width]`.
    pub(super) beta: Vec<f32>,
}

impl GradientSums {
    /// Sets all sums to zero, in place.
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

    /// Adds another set of sums, of the same tape. Floating-point addition is not associative: for equal
    /// bits, add sets in a fixed order.
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
    /// Returns sums of zero, with buffers for all trainable parameters.
    pub fn sums(&self) -> GradientSums {
        let count = self
            .plan
            .layers
            .iter()
            .flat_map(|layer| &layer.incoming)
            .map(|connection| connection.index + 1)
            .max();
        let mut connections: Vec<Option<LinearSums>> = (0..count.unwrap_or(0)).map(|_| None).collect();
        for layer in &self.plan.layers {
            for connection in
                layer.incoming.iter().filter(|connection| connection.learns_matrix || connection.learns_bias)
            {
                connections[connection.index] = Some(LinearSums {
                    matrix: Rows::new(
                        if connection.learns_matrix { connection.source_size } else { 0 },
                        layer.columns(),
                    ),
                    bias: vec![0.0; if connection.learns_bias { layer.columns() } else { 0 }],
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

    /// Returns the gradients with respect to the network's learned tensors, in their declared layout. A value
    /// shared by all elements gets the sum of their gradients; a time constant or bit shift gets the gradient
    /// through its decay.
    pub fn gradients(&self, network: &Network, sums: &GradientSums) -> Gradients {
        let mut gradients = self.learned().zeros();
        self.read_gradients(network, sums, &mut gradients);
        gradients
    }

    /// Like [`gradients`](Self::gradients), but overwrites existing `gradients`, without allocation.
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

/// Copies padded columns to the declared order, in which the synapses of a neuron are adjacent.
fn unpad(layer: &LayerPlan, padded: &[f32], columns: &mut [f32]) {
    if layer.synapses == 1 {
        columns.copy_from_slice(&padded[..columns.len()]);
    } else {
        columns.iter_mut().enumerate().for_each(|(column, x)| *x = padded[layer.padded_index(column)]);
    }
}

/// Writes the gradient with respect to one constant of a layer, by the chain rule through its decay if it is
/// a leak.
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
        (Neuron::Lif(lif), LayerParameter::MemLeak) => (&constants.alpha, lif.mem.as_ref()),
        (Neuron::Lif(lif), LayerParameter::SynLeak) => (&sums.beta, lif.syn.as_ref()),
        (Neuron::ExpSyn(expsyn), _) => (&sums.beta, expsyn.syn.as_ref()),
        (Neuron::Lif(lif), LayerParameter::AhpLeak) => {
            (&constants.ahp_decay, lif.adaptation.as_ref().map(|a| &a.leak))
        }
        (_, LayerParameter::Threshold) => (&constants.threshold, None),
        (_, LayerParameter::Bias) => (&constants.bias, None),
        (_, LayerParameter::AhpWeight) => (&constants.ahp_weight, None),
    };
    // Synaptic decays have one value per input column, everything else one per neuron.
    let per_column = std::ptr::eq(elements, &sums.beta);
    let count = if per_column { plan.size * plan.synapses } else { plan.size };
    let uniform = tensor.len() == 1;
    tensor.fill(0.0);
    for i in 0..count {
        let slope = leak.map_or(1.0, |leak| decay_derivative(leak, i, dt));
        let element = elements[if per_column { plan.padded_index(i) } else { i }];
        // A parameter shared by the layer receives the sum, as in Rockpool.
        tensor[if uniform { 0 } else { i }] += element * slope as f32;
    }
}

/// Returns the derivative of the decay of element `i` with respect to the declared parameter.
fn decay_derivative(leak: &Leak, i: usize, dt: f64) -> f64 {
    let value = leak.parameter.get(i);
    match leak.unit {
        // decay = exp(-dt / tau)
        LeakUnit::TimeConstant => leak.decay(i, dt) * dt / (value * value),
        LeakUnit::Decay => 1.0,
        // decay = 1 - 2^-shift
        LeakUnit::BitShift => std::f64::consts::LN_2 * (-value).exp2(),
    }
}
