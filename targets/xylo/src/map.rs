//! Mapping: a network becomes the arrays of a chip, in float numbers.
//!
//! The layout assigns ids ([`layout`](crate::layout)), the design rules are checked, the arrays are filled, and dead
//! neurons are removed if asked for.
//!
//! Every connection becomes a block of one of three matrices, whose rows are sources: input to hidden, hidden to hidden
//! (the next layer as well as recurrence), hidden to readout. Overlapping blocks are added. A connection without
//! weights is a diagonal of ones. A sum of sources is an alias, or the same block in the rows of each source. The
//! arrays equal those of Rockpool's `mapper`, with two exceptions: bit shifts follow the decay, not the ratio of times,
//! and faults of that mapper are not reproduced (`docs/xylo.md`).

use std::borrow::Cow;
use std::ops::Range;

use synnet_ir::graph::{Connection, Endpoint, Layer, LayerId, Leak, Lif};
use synnet_ir::{Diagnostic, Diagnostics, Graph, Network};

use crate::chip::Chip;
use crate::dead_neurons;
use crate::float_specification::{FloatSpecification, MappedLayer};
use crate::layout::Layout;
use crate::rules::{self, HiddenLayer};
use crate::specification::MAX_NEURONS;

/// Options of the mapping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MapOptions {
    /// Whether to remove hidden neurons that can never spike or cannot reach the readout; only the others have to fit
    /// the chip. In float numbers, the readout does exactly the same without them. Quantization may then choose finer
    /// scales, because their weights no longer count. False by default.
    pub remove_dead: bool,
}

impl MapOptions {
    /// Returns the defaults: all neurons are mapped.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether dead neurons are removed.
    #[must_use]
    pub fn with_remove_dead(mut self, remove_dead: bool) -> Self {
        self.remove_dead = remove_dead;
        self
    }
}

/// Maps a network to a chip, with all its neurons.
///
/// # Errors
/// As [`map_with`].
pub fn map(network: &Network, chip: &Chip) -> Result<FloatSpecification, Diagnostics> {
    map_with(network, chip, &MapOptions::default())
}

/// Maps a network to a chip.
///
/// # Errors
/// Returns every design rule that the network breaks. The rules are those of [`rules::check`], except that zero weights
/// take no fan-out memory.
pub fn map_with(
    network: &Network,
    chip: &Chip,
    options: &MapOptions,
) -> Result<FloatSpecification, Diagnostics> {
    let (spec, _) = lay_out(network, chip, options)?;
    let found = rules::fan_out_of_weights(&spec.weights_rec, spec.dimensions, &spec.layers, chip);
    if found.is_empty() { Ok(spec) } else { Err(found) }
}

/// Maps a network to a chip without checking fan-out, because quantization may still make weights zero. Returns the
/// warnings, too.
///
/// # Errors
/// Returns every other design rule that the network breaks, with the warnings.
pub(crate) fn lay_out(
    network: &Network,
    chip: &Chip,
    options: &MapOptions,
) -> Result<(FloatSpecification, Diagnostics), Diagnostics> {
    let graph = &network.graph;
    let layout = Layout::new(graph, chip);
    let mut found = rules::check_behavior(graph, chip, &layout);
    let d = layout.dimensions(graph);
    let too_large = rules::sizes(graph, chip, d, &HiddenLayer::from_graph(graph, &layout));
    // Dead neurons are found in the arrays, so those are built even if they are too large for the chip, as long as they
    // fit in memory. Input channels are never removed.
    let may_shrink = options.remove_dead && d.hidden <= MAX_NEURONS && d.inputs <= chip.inputs;
    if found.iter().any(Diagnostic::is_error) || !(too_large.is_empty() || may_shrink) {
        found.extend(too_large);
        return Err(found);
    }
    let mut spec = place(network, &layout);
    if options.remove_dead {
        dead_neurons::remove(&mut spec);
        let hidden: Vec<HiddenLayer<'_>> = spec
            .layers
            .iter()
            .filter(|layer| !layer.readout)
            .map(|layer| HiddenLayer {
                name: &layer.name,
                role: layout.role(layer.layer),
                size: layer.ids.len(),
                span: layer.span,
            })
            .collect();
        // What is left must fit. Roles stay as in the full layout, because ids keep their order.
        found.extend(rules::sizes(graph, chip, spec.dimensions, &hidden));
        if found.iter().any(Diagnostic::is_error) {
            return Err(found);
        }
    }
    Ok((spec, found))
}

/// Builds the arrays of a network that breaks no rule of its chip.
fn place(network: &Network, layout: &Layout) -> FloatSpecification {
    let graph = &network.graph;
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
        removed: Vec::new(),
    };
    place_neurons(graph, layout, &mut spec);
    let start = |id: LayerId| {
        layout.hidden.iter().find(|placed| placed.layer == id).map_or(0, |placed| placed.ids.start)
    };
    // Layers of a sum have the same width, so each neuron has its counterpart.
    for (from, to) in layout.aliased() {
        for n in 0..graph.layer(from).size {
            spec.alias_target[start(from) + n] = Some(start(to) + n);
        }
    }
    for (i, connection) in graph.connections.iter().enumerate() {
        let matrix = match &network.weights[i] {
            Some(weights) => Cow::Borrowed(weights.matrix.data.as_slice()),
            None => Cow::Owned(ones(graph.source_width(connection))),
        };
        for &source in &connection.sources {
            // The alias target sends these spikes with its own, so rows for them would count them twice.
            if !layout.is_repeated(source, &connection.sources) {
                spec.add_block(source, connection, &matrix, graph.layer(connection.target), layout);
            }
        }
    }
    spec
}

/// Appends leaks, thresholds and biases of the hidden layers, then of the readout.
fn place_neurons(graph: &Graph, layout: &Layout, spec: &mut FloatSpecification) {
    // `layout.hidden` is in the order of ids, so appending layer by layer puts each neuron's value at its id.
    for placed in &layout.hidden {
        let layer = graph.layer(placed.layer);
        // The rules refuse any other neuron kind, and neurons without leak.
        let Some((lif, mem, syn)) = leaky(layer) else { continue };
        let dash = |leak: &Leak, i: usize| leak.dash(i, graph.dt);
        // Leaks of synapses are neuron-major. Rockpool 3.1's mapper for Audio 3 takes the first `size` elements
        // instead, and mixes the two synapses (`docs/xylo.md`).
        let synapses = lif.synapses;
        spec.dash_mem.extend((0..layer.size).map(|n| dash(mem, n)));
        spec.dash_syn.extend((0..layer.size).map(|n| dash(syn, n * synapses)));
        // 0 marks a missing second synapse; the rules refuse it as a bit shift of a synapse.
        let second = |n: usize| if synapses > 1 { dash(syn, n * synapses + 1) } else { 0.0 };
        spec.dash_syn_2.extend((0..layer.size).map(second));
        spec.threshold.extend((0..layer.size).map(|n| lif.threshold.get(n)));
        spec.bias.extend((0..layer.size).map(|n| lif.bias.get(n)));
        spec.layers.push(mapped(layer, placed.layer, placed.ids.clone(), layout));
    }
    let readout = graph.layer(layout.readout);
    if let Some((lif, mem, syn)) = leaky(readout) {
        spec.dash_mem_out.extend((0..readout.size).map(|n| mem.dash(n, graph.dt)));
        spec.dash_syn_out.extend((0..readout.size).map(|n| syn.dash(n, graph.dt)));
        spec.threshold_out.extend((0..readout.size).map(|n| lif.threshold.get(n)));
        spec.bias_out.extend((0..readout.size).map(|n| lif.bias.get(n)));
    }
    spec.layers.push(mapped(readout, layout.readout, 0..readout.size, layout));
}

/// Returns the neurons of a layer with the leaks of membrane and synapses.
fn leaky(layer: &Layer) -> Option<(&Lif, &Leak, &Leak)> {
    let lif = layer.as_lif()?;
    Some((lif, lif.mem.as_ref()?, lif.syn.as_ref()?))
}

/// Returns the matrix `[width, width]` of a connection without weights: a diagonal of ones.
fn ones(width: usize) -> Vec<f32> {
    let mut matrix = vec![0.0; width * width];
    matrix.iter_mut().step_by(width + 1).for_each(|w| *w = 1.0);
    matrix
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
    /// Adds the matrix `[sources, target columns]` of a connection to the block of one of its sources.
    fn add_block(
        &mut self,
        source: Endpoint,
        connection: &Connection,
        matrix: &[f32],
        layer: &Layer,
        layout: &Layout,
    ) {
        let d = self.dimensions;
        let start = |id: LayerId| {
            layout.hidden.iter().find(|placed| placed.layer == id).map_or(0, |placed| placed.ids.start)
        };
        let target = connection.target;
        let to_readout = target == layout.readout;
        let (weights, first_row, width, synapses) = match source {
            Endpoint::Input => (&mut self.weights_in, 0, d.input_expansion, d.synapses),
            // Rows exist for the last `output_expansion` ids only. The layout gives these to the layers that feed the
            // readout, so the subtraction does not underflow.
            Endpoint::Layer(id) if to_readout => {
                (&mut self.weights_out, start(id) - (d.hidden - d.output_expansion), d.outputs, 1)
            }
            Endpoint::Layer(id) => (&mut self.weights_rec, start(id), d.hidden, d.synapses),
        };
        let first_column = if to_readout { 0 } else { start(target) };
        // Input columns are neuron-major, and so are the chip's cells. A layer with one synapse fills only the first
        // one of a chip with two, as in Rockpool's mapper.
        let own = layer.synapses();
        for (row, values) in matrix.chunks_exact(layer.input_columns()).enumerate() {
            for (column, &w) in values.iter().enumerate() {
                // Added, not assigned as in Rockpool's mapper: two connections may share a block.
                let neuron = first_column + column / own;
                weights[((first_row + row) * width + neuron) * synapses + column % own] += f64::from(w);
            }
        }
    }
}
