//! From a network to the chip's arrays, still in the network's own numbers.
//!
//! Every connection becomes a block of one of three matrices: input to hidden, hidden to hidden (the next layer as
//! well as recurrence), hidden to readout. Blocks that meet are added. Rows are sources. The arrays equal those of
//! Rockpool's `mapper`, except that bit shifts follow the decay and not the ratio of times (`docs/xylo.md`).

use std::ops::Range;

use synnet_dsl::graph::{Endpoint, Layer, LayerId, Leak, Quantity};
use synnet_dsl::{Diagnostic, Network, Span};

use crate::chip::Chip;
use crate::layout::Layout;
use crate::rules;
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
    /// The layers, hidden ones in the order of ids, then the readout.
    pub layers: Vec<MappedLayer>,
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

impl FloatSpecification {
    /// By how many steps the chip's output is behind the float network's.
    pub fn latency(&self) -> usize {
        self.layers.iter().find(|layer| layer.readout).map_or(0, |layer| layer.lag)
    }
}

/// Lays a network out on a chip.
///
/// # Errors
/// Every design rule that the network breaks ([`rules::check`]).
pub fn map(network: &Network, chip: &Chip) -> Result<FloatSpecification, Vec<Diagnostic>> {
    let mut found = rules::check(&network.graph, chip);
    found.retain(Diagnostic::is_error);
    if found.is_empty() { Ok(place(network)) } else { Err(found) }
}

/// The layout of a network that breaks no rule of its chip.
pub(crate) fn place(network: &Network) -> FloatSpecification {
    let graph = &network.graph;
    let layout = Layout::of(graph);
    let d = layout.dimensions(graph);
    let mut spec = FloatSpecification {
        dimensions: d,
        dt: graph.dt,
        weights_in: vec![0.0; d.inputs * d.input_expansion * d.synapses],
        weights_rec: vec![0.0; d.hidden * d.hidden * d.synapses],
        weights_out: vec![0.0; d.output_expansion * d.outputs],
        dash_mem: Vec::with_capacity(d.hidden),
        dash_syn: Vec::with_capacity(d.hidden),
        dash_syn_2: Vec::with_capacity(d.hidden),
        dash_mem_out: Vec::new(),
        dash_syn_out: Vec::new(),
        threshold: Vec::with_capacity(d.hidden),
        threshold_out: Vec::new(),
        bias: Vec::with_capacity(d.hidden),
        bias_out: Vec::new(),
        alias_target: vec![None; d.hidden],
        output: graph.output.quantity,
        layers: Vec::new(),
    };
    for placed in &layout.hidden {
        let layer = graph.layer(placed.layer);
        let Some(lif) = layer.as_lif() else { continue };
        let dash = |leak: &Leak, i: usize| leak.dash(i, graph.dt);
        let synapses = lif.synapses;
        spec.dash_mem.extend((0..layer.size).map(|n| dash(&lif.mem, n)));
        spec.dash_syn.extend((0..layer.size).map(|n| dash(&lif.syn, n * synapses)));
        let second = |n: usize| if synapses > 1 { dash(&lif.syn, n * synapses + 1) } else { 0.0 };
        spec.dash_syn_2.extend((0..layer.size).map(second));
        spec.threshold.extend((0..layer.size).map(|n| lif.threshold.get(n)));
        spec.bias.extend((0..layer.size).map(|n| lif.bias.get(n)));
        spec.layers.push(mapped(layer, placed.layer, placed.ids.clone(), &layout));
    }
    let readout = graph.layer(layout.readout);
    if let Some(lif) = readout.as_lif() {
        spec.dash_mem_out.extend((0..readout.size).map(|n| lif.mem.dash(n, graph.dt)));
        spec.dash_syn_out.extend((0..readout.size).map(|n| lif.syn.dash(n, graph.dt)));
        spec.threshold_out.extend((0..readout.size).map(|n| lif.threshold.get(n)));
        spec.bias_out.extend((0..readout.size).map(|n| lif.bias.get(n)));
    }
    spec.layers.push(mapped(readout, layout.readout, 0..readout.size, &layout));
    for (i, connection) in graph.connections.iter().enumerate() {
        let matrix = &network.linear(i).matrix.data;
        for &source in &connection.sources {
            spec.add_block(source, connection.target, matrix, graph.layer(connection.target), &layout);
        }
    }
    spec
}

fn mapped(layer: &Layer, id: LayerId, ids: Range<usize>, layout: &Layout) -> MappedLayer {
    let readout = id == layout.readout;
    MappedLayer {
        layer: id,
        name: layer.name.clone(),
        neurons: (0..ids.len()).collect(),
        ids,
        readout,
        lag: layout.lag(id),
        span: layer.span,
    }
}

impl FloatSpecification {
    /// Adds a connection's matrix `[sources, target columns]` at its place.
    fn add_block(
        &mut self,
        source: Endpoint,
        target: LayerId,
        matrix: &[f32],
        layer: &Layer,
        layout: &Layout,
    ) {
        let d = self.dimensions;
        let start = |id: LayerId| {
            layout.hidden.iter().find(|placed| placed.layer == id).map_or(0, |placed| placed.ids.start)
        };
        let to_readout = target == layout.readout;
        let (weights, first_row, width, synapses) = match source {
            Endpoint::Input => (&mut self.weights_in, 0, d.input_expansion, d.synapses),
            Endpoint::Layer(id) if to_readout => {
                (&mut self.weights_out, start(id) - (d.hidden - d.output_expansion), d.outputs, 1)
            }
            Endpoint::Layer(id) => (&mut self.weights_rec, start(id), d.hidden, d.synapses),
        };
        let first_column = if to_readout { 0 } else { start(target) };
        let own = layer.synapses();
        for (row, values) in matrix.chunks_exact(layer.input_columns()).enumerate() {
            for (column, &w) in values.iter().enumerate() {
                let neuron = first_column + column / own;
                weights[((first_row + row) * width + neuron) * synapses + column % own] += f64::from(w);
            }
        }
    }
}
