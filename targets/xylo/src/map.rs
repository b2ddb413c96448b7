//! From a network to the chip's arrays, still in the network's own numbers.
//!
//! Every connection becomes a block of one of three matrices: input to hidden, hidden to hidden (the next layer as
//! well as recurrence), hidden to readout. Blocks that meet are added. Rows are sources. A connection without weights is
//! a diagonal of ones. A sum of sources is an alias, or the same block in the rows of each source
//! ([`layout`](crate::layout)). The arrays equal those of Rockpool's `mapper`, except that bit shifts follow the decay and not
//! the ratio of times, and where that mapper is wrong (`docs/xylo.md`).

use std::borrow::Cow;
use std::ops::Range;

use synnet_ir::graph::{Connection, Endpoint, Layer, LayerId, Leak};
use synnet_ir::{Diagnostic, Diagnostics, Network};

use crate::chip::Chip;
use crate::dead_neurons;
use crate::float_specification::{FloatSpecification, MappedLayer};
use crate::layout::Layout;
use crate::rules::{self, Hidden};
use crate::specification::MAX_NEURONS;

/// How to map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MapOptions {
    /// Whether hidden neurons that can never spike, or cannot reach the readout, are left out; only what is left has to
    /// fit the chip. In float numbers the readout does exactly the same without them. Quantization may then choose
    /// finer scales, because their weights no longer count.
    pub remove_dead: bool,
}

impl MapOptions {
    /// All neurons are mapped.
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves dead neurons out, or not.
    #[must_use]
    pub fn with_remove_dead(mut self, remove_dead: bool) -> Self {
        self.remove_dead = remove_dead;
        self
    }
}

/// Lays a network out on a chip, all its neurons.
///
/// # Errors
/// As [`map_with`].
pub fn map(network: &Network, chip: &Chip) -> Result<FloatSpecification, Diagnostics> {
    map_with(network, chip, &MapOptions::default())
}

/// Lays a network out on a chip.
///
/// # Errors
/// Every design rule that the network breaks. They are those of [`rules::check`], but weights that are zero take no
/// fan-out memory.
pub fn map_with(
    network: &Network,
    chip: &Chip,
    options: &MapOptions,
) -> Result<FloatSpecification, Diagnostics> {
    let (spec, _) = lay_out(network, chip, options)?;
    let found = rules::fan_out_of_weights(&spec.weights_rec, spec.dimensions, &spec.layers, chip);
    if found.is_empty() { Ok(spec) } else { Err(found) }
}

/// Lays a network out on a chip whose memory of connections is not looked at, because quantization may still make
/// weights zero. With warnings.
///
/// # Errors
/// Every other design rule that the network breaks, and the warnings.
pub(crate) fn lay_out(
    network: &Network,
    chip: &Chip,
    options: &MapOptions,
) -> Result<(FloatSpecification, Diagnostics), Diagnostics> {
    let graph = &network.graph;
    let layout = Layout::of(graph, chip);
    let mut found = rules::check_behavior(graph, chip, &layout);
    let d = layout.dimensions(graph);
    let too_large = rules::sizes(graph, chip, d, &Hidden::of(graph, &layout));
    let may_shrink = options.remove_dead && d.hidden <= MAX_NEURONS && d.inputs <= chip.inputs;
    if found.iter().any(Diagnostic::is_error) || !(too_large.is_empty() || may_shrink) {
        found.extend(too_large);
        return Err(found);
    }
    let mut spec = place(network, &layout);
    if options.remove_dead {
        dead_neurons::remove(&mut spec);
        let hidden: Vec<Hidden<'_>> = spec
            .layers
            .iter()
            .filter(|layer| !layer.readout)
            .map(|layer| Hidden {
                name: &layer.name,
                role: layout.role(layer.layer),
                size: layer.ids.len(),
                span: layer.span,
            })
            .collect();
        found.extend(rules::sizes(graph, chip, spec.dimensions, &hidden));
        if found.iter().any(Diagnostic::is_error) {
            return Err(found);
        }
    }
    Ok((spec, found))
}

/// The arrays of a network that breaks no rule of its chip.
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
        spec.layers.push(mapped(layer, placed.layer, placed.ids.clone(), layout));
    }
    let readout = graph.layer(layout.readout);
    if let Some(lif) = readout.as_lif() {
        spec.dash_mem_out.extend((0..readout.size).map(|n| lif.mem.dash(n, graph.dt)));
        spec.dash_syn_out.extend((0..readout.size).map(|n| lif.syn.dash(n, graph.dt)));
        spec.threshold_out.extend((0..readout.size).map(|n| lif.threshold.get(n)));
        spec.bias_out.extend((0..readout.size).map(|n| lif.bias.get(n)));
    }
    spec.layers.push(mapped(readout, layout.readout, 0..readout.size, layout));
    let start = |id: LayerId| {
        layout.hidden.iter().find(|placed| placed.layer == id).map_or(0, |placed| placed.ids.start)
    };
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
            if !layout.is_repeated(source, &connection.sources) {
                spec.add_block(source, connection, &matrix, graph.layer(connection.target), layout);
            }
        }
    }
    spec
}

/// The matrix of a connection without weights.
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
    /// Adds a connection's matrix `[sources, target columns]` at its place.
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
