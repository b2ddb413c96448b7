//! The tensors that training changes: where they stand in a network, and their gradients.

use synnet_dsl::graph::{Graph, Leak, LeakUnit, Neuron};
use synnet_dsl::network::{LayerParameter, Network, Slot, TensorSpec};

use crate::kernels::lif::ConstantGradients;

/// The tensors of a graph that learn, in the order of [`Graph::tensors`].
#[derive(Clone, Debug)]
pub(crate) struct LearntTensors {
    specs: Vec<TensorSpec>,
}

/// One gradient per learnt tensor, in the order of [`LearntTensors`].
#[derive(Clone, Debug)]
pub(crate) struct Gradients {
    /// The gradients, row-major.
    pub(crate) tensors: Vec<Vec<f32>>,
}

impl LearntTensors {
    /// The tensors of a graph that learn.
    pub(crate) fn new(graph: &Graph) -> Self {
        Self { specs: graph.tensors().into_iter().filter(|spec| spec.learn).collect() }
    }

    /// Name, slot and shape of each.
    pub(crate) fn specs(&self) -> &[TensorSpec] {
        &self.specs
    }

    /// The slot of each.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.specs.iter().map(|spec| spec.slot)
    }

    /// The index of a slot's tensor, if it learns.
    pub(crate) fn index(&self, slot: Slot) -> Option<usize> {
        self.specs.iter().position(|spec| spec.slot == slot)
    }

    /// Gradients of zero.
    pub(crate) fn zeros(&self) -> Gradients {
        Gradients { tensors: self.specs.iter().map(|s| vec![0.0; s.shape.iter().product()]).collect() }
    }

    /// The values of each in a network.
    pub(crate) fn read(&self, network: &Network) -> Vec<Vec<f32>> {
        let read = |spec: &TensorSpec| match spec.slot {
            Slot::Weight(i) => network.linear(i).matrix.data.clone(),
            Slot::LinearBias(i) => network.linear(i).bias.clone().unwrap_or_default(),
            Slot::Layer(id, which) => which
                .of(network.graph.layer(id))
                .map(|parameter| parameter.values.iter().map(|&v| v as f32).collect())
                .unwrap_or_default(),
        };
        self.specs.iter().map(read).collect()
    }

    /// Puts values into a network.
    pub(crate) fn write(&self, network: &mut Network, values: &[Vec<f32>]) {
        for (spec, values) in self.specs.iter().zip(values) {
            match spec.slot {
                Slot::Weight(i) => {
                    if let Some(weights) = &mut network.weights[i] {
                        weights.matrix.data.copy_from_slice(values);
                    }
                }
                Slot::LinearBias(i) => {
                    if let Some(bias) = network.weights[i].as_mut().and_then(|w| w.bias.as_mut()) {
                        bias.copy_from_slice(values);
                    }
                }
                Slot::Layer(id, which) => {
                    if let Some(parameter) = which.of_mut(&mut network.graph.layers[id.index()]) {
                        parameter.values = values.iter().map(|&v| f64::from(v)).collect();
                    }
                }
            }
        }
    }
}

impl Gradients {
    /// Back to zero.
    pub(crate) fn clear(&mut self) {
        self.tensors.iter_mut().for_each(|tensor| tensor.fill(0.0));
    }

    /// Adds other gradients.
    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, part) in self.tensors.iter_mut().zip(&other.tensors) {
            crate::kernels::rows::add(sum, part);
        }
    }

    /// Adds the gradients of a layer's constants, given per element and on decays, to the tensors
    /// that are declared: a value for all gets the sum, and a time constant or bit shift the
    /// gradient through its decay.
    pub(super) fn add_constants(
        &mut self,
        learnt: &LearntTensors,
        network: &Network,
        layer: usize,
        constants: &ConstantGradients,
    ) {
        let (graph, layer_of) = (&network.graph, &network.graph.layers[layer]);
        for (spec, tensor) in learnt.specs.iter().zip(&mut self.tensors) {
            let Slot::Layer(id, which) = spec.slot else { continue };
            if id.index() != layer {
                continue;
            }
            let (elements, leak) = match (&layer_of.neuron, which) {
                (Neuron::Lif(lif), LayerParameter::MemLeak) => (&constants.alpha, Some(&lif.mem)),
                (Neuron::Lif(lif), LayerParameter::SynLeak) => (&constants.beta, Some(&lif.syn)),
                (Neuron::ExpSyn(expsyn), _) => (&constants.beta, Some(&expsyn.syn)),
                (Neuron::Lif(lif), LayerParameter::AhpLeak) => {
                    (&constants.ahp_decay, lif.adaptation.as_ref().map(|a| &a.leak))
                }
                (_, LayerParameter::Threshold) => (&constants.threshold, None),
                (_, LayerParameter::Bias) => (&constants.bias, None),
                (_, LayerParameter::AhpWeight) => (&constants.ahp_weight, None),
            };
            let uniform = tensor.len() == 1;
            for (i, &g) in elements.iter().enumerate() {
                let slope = leak.map_or(1.0, |leak| slope_of_decay(leak, i, graph.dt));
                tensor[if uniform { 0 } else { i }] += g * slope as f32;
            }
        }
    }
}

/// Derivative of the decay of element `i` by the number that is declared.
fn slope_of_decay(leak: &Leak, i: usize, dt: f64) -> f64 {
    let value = leak.parameter.get(i);
    match leak.unit {
        LeakUnit::TimeConstant => leak.decay(i, dt) * dt / (value * value),
        LeakUnit::Decay => 1.0,
        LeakUnit::BitShift => std::f64::consts::LN_2 * (-value).exp2(),
    }
}
