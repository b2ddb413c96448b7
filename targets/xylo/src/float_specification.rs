//! A network as the arrays of a chip, in float numbers: output of the mapping and input of quantization.

use std::ops::Range;

use synnet_ir::Span;
use synnet_ir::graph::{LayerId, Quantity};

use crate::specification::Dimensions;

/// A network as the arrays of a chip, in float numbers. Matrices are row-major, and rows are sources. The arrays
/// correspond to those of [`Specification`](crate::specification::Specification); bit shifts are not rounded yet.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatSpecification {
    /// Sizes, from which the lengths of all arrays follow.
    pub dimensions: Dimensions,
    /// Duration of a step, in seconds.
    pub dt: f64,
    /// Weights from the input, `[inputs, input_expansion, synapses]`.
    pub weights_in: Vec<f64>,
    /// Weights between hidden neurons, `[hidden, hidden, synapses]`.
    pub weights_rec: Vec<f64>,
    /// Weights to the readout, `[output_expansion, outputs]`.
    pub weights_out: Vec<f64>,
    /// Bit shifts of the hidden membranes' leaks, `[hidden]`.
    pub dash_mem: Vec<f64>,
    /// Bit shifts of the leaks of first synapses, `[hidden]`.
    pub dash_syn: Vec<f64>,
    /// Bit shifts of the leaks of second synapses, `[hidden]`; 0 for neurons without one.
    pub dash_syn_2: Vec<f64>,
    /// Bit shifts of the readout membranes' leaks, `[outputs]`.
    pub dash_mem_out: Vec<f64>,
    /// Bit shifts of the leaks of readout synapses, `[outputs]`.
    pub dash_syn_out: Vec<f64>,
    /// Thresholds of hidden neurons, `[hidden]`.
    pub threshold: Vec<f64>,
    /// Thresholds of readout neurons, `[outputs]`.
    pub threshold_out: Vec<f64>,
    /// Biases of hidden neurons, `[hidden]`.
    pub bias: Vec<f64>,
    /// Biases of readout neurons, `[outputs]`.
    pub bias_out: Vec<f64>,
    /// For each hidden neuron, the one that also spikes when it does, `[hidden]`.
    pub alias_target: Vec<Option<usize>>,
    /// Quantity of the readout that is the network's output.
    pub output: Quantity,
    /// The layers: hidden ones in the order of ids, then the readout. Layers without remaining neurons are missing.
    pub layers: Vec<MappedLayer>,
    /// The neurons that were removed, by layer ([`MapOptions::remove_dead`](crate::map::MapOptions::remove_dead)).
    pub removed: Vec<RemovedNeurons>,
}

/// A layer of the network, as placed on the chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedLayer {
    /// Index in the graph.
    pub layer: LayerId,
    /// Name in the network.
    pub name: String,
    /// Ids of the neurons, among the hidden ones or among the readout's.
    pub ids: Range<usize>,
    /// For each of these ids, the index of the neuron within the layer, in ascending order.
    pub neurons: Vec<usize>,
    /// Whether the layer is the readout.
    pub readout: bool,
    /// Number of steps by which the layer lags behind the float network.
    pub lag: usize,
    /// Span of the declaration.
    pub span: Span,
}

/// Dead neurons of a layer, which were removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedNeurons {
    /// Index of the layer in the graph.
    pub layer: LayerId,
    /// Name of the layer in the network.
    pub name: String,
    /// Neurons that can never spike: no positive bias, and no positive weight from anything that can spike.
    pub silent: Vec<usize>,
    /// Neurons that can spike, but whose spikes cannot reach the readout.
    pub without_effect: Vec<usize>,
}

impl FloatSpecification {
    /// Returns the number of steps by which the chip's output lags behind the float network's.
    pub fn latency(&self) -> usize {
        self.layers.iter().find(|layer| layer.readout).map_or(0, |layer| layer.lag)
    }
}
