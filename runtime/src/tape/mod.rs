//! The autodiff tape: a graph as a list of operations on whole sequences.
//!
//! A [`Tape`] is recorded once from a graph and replayed for every sample. One operation is a layer
//! or a matrix product over all time steps, never a single step. A [`Workspace`] holds the values
//! and gradients of one sample, small enough for a core's cache, and is used again and again.
//!
//! The tape reads its numbers from a [`Network`](synnet_dsl::Network) and adds gradients into
//! [`Gradients`], one tensor per tensor that learns.

mod backward;
mod forward;
mod record;
mod tensors;

use synnet_dsl::graph::{Graph, Layer, Neuron};
use synnet_dsl::network::{Network, Slot};

use crate::constants;
use crate::kernels::lif::{ConstantGradients, Constants};
pub(crate) use tensors::{Gradients, LearntTensors};

/// Index of a value in a [`Workspace`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ValueId(usize);

/// A sequence that operations read or write.
#[derive(Clone, Copy, Debug)]
struct Value {
    width: usize,
    /// Whether something that learns lies before it.
    differentiable: bool,
}

/// An operation on whole sequences. Unless said otherwise the output is overwritten.
#[derive(Clone, Debug)]
enum Op {
    /// All zero: the beginning of a layer's input.
    Zero { output: ValueId },
    /// `output += input`, arriving `delay` steps later.
    Add { input: ValueId, output: ValueId, delay: usize },
    /// Each count set to zero with a probability.
    Dropout { input: ValueId, output: ValueId, probability: f64, site: u32 },
    /// `output += input @ weight (+ bias)`, of a connection.
    Linear { input: ValueId, output: ValueId, connection: usize, bias: bool },
    /// A layer of leaky integrate-and-fire neurons.
    Lif(LifOp),
    /// A layer of leaky integrators.
    ExpSyn { layer: usize, input: ValueId, isyn: ValueId },
}

/// A layer of leaky integrate-and-fire neurons; its recurrent connections are part of the scan.
#[derive(Clone, Debug)]
struct LifOp {
    layer: usize,
    input: ValueId,
    spikes: ValueId,
    before_reset: ValueId,
    /// Present where the network gives the membrane.
    vmem: Option<ValueId>,
    /// Present where the network gives the current, or a constant learns.
    isyn: Option<ValueId>,
    /// Present where a constant of an adaptive neuron learns.
    iahp: Option<ValueId>,
    /// Connections of the layer to itself, with the steps that they take.
    recurrent: Vec<(usize, usize)>,
}

/// A graph as operations on whole sequences.
#[derive(Clone, Debug)]
pub(crate) struct Tape {
    values: Vec<Value>,
    ops: Vec<Op>,
    input: ValueId,
    output: ValueId,
    /// The spikes (integrators: currents) of each layer.
    layers: Vec<ValueId>,
    /// The tensors that learn, and where each slot stands among them.
    learnt: LearntTensors,
}

/// The constants of all layers as kernels take them, made anew when parameters have changed.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    lif: Vec<Option<Constants>>,
    expsyn: Vec<Option<Vec<f32>>>,
}

/// Values and gradients of one sample.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    values: Vec<Vec<f32>>,
    gradients: Vec<Vec<f32>>,
    /// The sums over time of the constants' gradients of the layer in hand.
    constants: Vec<Option<ConstantGradients>>,
}

impl Tape {
    /// The tensors that learn, in the order of [`Gradients`].
    pub(crate) fn learnt(&self) -> &LearntTensors {
        &self.learnt
    }

    /// The network's output.
    pub(crate) fn output(&self) -> ValueId {
        self.output
    }

    /// The spikes of each layer (the currents of leaky integrators), in the order of update.
    pub(crate) fn layers(&self) -> &[ValueId] {
        &self.layers
    }

    /// Whether gradients flow back from a value.
    pub(crate) fn is_differentiable(&self, value: ValueId) -> bool {
        self.values[value.0].differentiable
    }

    /// Whether a parameter of a layer learns.
    fn learns_constants(&self, layer: usize) -> bool {
        self.learnt.slots().any(|slot| matches!(slot, Slot::Layer(id, _) if id.index() == layer))
    }
}

impl Prepared {
    /// Reads the constants of a network.
    pub(crate) fn new(network: &Network) -> Self {
        let graph = &network.graph;
        let layers = || graph.layers.iter();
        Self {
            lif: layers().map(|l| l.as_lif().map(|lif| constants::lif(lif, l.size, graph.dt))).collect(),
            expsyn: layers().map(|l| expsyn_decays(graph, l)).collect(),
        }
    }

    fn lif(&self, layer: usize) -> &Constants {
        self.lif[layer].as_ref().expect("the layer is of integrate-and-fire neurons")
    }

    fn expsyn(&self, layer: usize) -> &[f32] {
        self.expsyn[layer].as_ref().expect("the layer is of leaky integrators")
    }
}

fn expsyn_decays(graph: &Graph, layer: &Layer) -> Option<Vec<f32>> {
    match &layer.neuron {
        Neuron::ExpSyn(e) => Some(constants::decays(&e.syn, layer.size, graph.dt)),
        Neuron::Lif(_) => None,
    }
}

impl Workspace {
    /// Room for one sample of `time` steps.
    pub(crate) fn new(tape: &Tape, prepared: &Prepared, time: usize) -> Self {
        let room = |wanted: bool, width: usize| if wanted { vec![0.0; time * width] } else { Vec::new() };
        let learns = |layer: &usize| tape.learns_constants(*layer);
        Self {
            values: tape.values.iter().map(|v| room(true, v.width)).collect(),
            gradients: tape.values.iter().map(|v| room(v.differentiable, v.width)).collect(),
            constants: (0..prepared.lif.len())
                .map(|i| prepared.lif[i].as_ref().filter(|_| learns(&i)).map(ConstantGradients::new))
                .collect(),
        }
    }

    /// A value, `[time, width]`.
    pub(crate) fn value(&self, id: ValueId) -> &[f32] {
        &self.values[id.0]
    }

    /// A value, and the gradient on it to be filled before the tape is walked backwards (empty where
    /// nothing before the value learns).
    pub(crate) fn value_and_gradient(&mut self, id: ValueId) -> (&[f32], &mut [f32]) {
        (&self.values[id.0], &mut self.gradients[id.0])
    }

    /// The first layer with a membrane or current that is not finite, and the time step.
    pub(crate) fn first_not_finite(&self, tape: &Tape) -> Option<(usize, usize)> {
        tape.ops.iter().find_map(|op| {
            let (layer, state) = match op {
                Op::Lif(op) => (op.layer, op.before_reset),
                Op::ExpSyn { layer, isyn, .. } => (*layer, *isyn),
                _ => return None,
            };
            let place = self.values[state.0].iter().position(|x| !x.is_finite())?;
            Some((layer, place / tape.values[state.0].width.max(1)))
        })
    }
}

/// Keys of random numbers for one sample in training.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DropoutKey(pub(crate) u32);
