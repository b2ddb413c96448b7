//! A network in the shape of a chip, still in the network's own numbers: what the mapping makes and quantization takes.

use std::ops::Range;

use synnet_ir::Span;
use synnet_ir::graph::{LayerId, Quantity};

use crate::specification::Dimensions;

/// A network in the shape of a chip, in float numbers. Arrays as in
/// [`Specification`](crate::Specification); bit shifts are not rounded yet.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatSpecification {
    /// Sizes.
    pub dimensions: Dimensions,
    /// Duration of a step, in seconds.
    pub dt: f64,
    /// `[inputs, input_expansion, synapses]`.
    pub weights_in: Vec<f64>,
    /// `[hidden, hidden, synapses]`.
    pub weights_rec: Vec<f64>,
    /// `[output_expansion, outputs]`.
    pub weights_out: Vec<f64>,
    /// Leak of each hidden membrane.
    pub dash_mem: Vec<f64>,
    /// Leak of each hidden neuron's first synapse.
    pub dash_syn: Vec<f64>,
    /// Leak of each hidden neuron's second synapse; 0 where it has none.
    pub dash_syn_2: Vec<f64>,
    /// Leak of each readout membrane.
    pub dash_mem_out: Vec<f64>,
    /// Leak of each readout synapse.
    pub dash_syn_out: Vec<f64>,
    /// Threshold of each hidden neuron.
    pub threshold: Vec<f64>,
    /// Threshold of each readout neuron.
    pub threshold_out: Vec<f64>,
    /// Bias of each hidden neuron.
    pub bias: Vec<f64>,
    /// Bias of each readout neuron.
    pub bias_out: Vec<f64>,
    /// The hidden neuron that also spikes when this one does.
    pub alias_target: Vec<Option<usize>>,
    /// What of the readout is the network's output.
    pub output: Quantity,
    /// The layers, hidden ones in the order of ids, then the readout. A layer of which no neuron is left is missing.
    pub layers: Vec<MappedLayer>,
    /// The neurons that were taken out, by layer ([`MapOptions::remove_dead`](crate::MapOptions::remove_dead)).
    pub removed: Vec<RemovedNeurons>,
}

/// A layer of the network on the chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedLayer {
    /// Its place in the graph.
    pub layer: LayerId,
    /// Its name.
    pub name: String,
    /// Ids of its neurons, among the hidden ones or among the readout's.
    pub ids: Range<usize>,
    /// Which neuron of the layer each of these ids is, in ascending order.
    pub neurons: Vec<usize>,
    /// Whether it is the readout.
    pub readout: bool,
    /// By how many steps it is behind the float network.
    pub lag: usize,
    /// Its declaration.
    pub span: Span,
}

/// Neurons of a layer that change nothing and were taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedNeurons {
    /// The layer.
    pub layer: LayerId,
    /// Its name.
    pub name: String,
    /// Those that can never spike: no positive bias, and no positive weight from anything that can spike.
    pub silent: Vec<usize>,
    /// Those whose spikes cannot reach the readout.
    pub without_effect: Vec<usize>,
}

impl FloatSpecification {
    /// By how many steps the chip's output is behind the float network's.
    pub fn latency(&self) -> usize {
        self.layers.iter().find(|layer| layer.readout).map_or(0, |layer| layer.lag)
    }
}
