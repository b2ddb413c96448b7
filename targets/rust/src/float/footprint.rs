//! Footprint estimate of generated code in f32.

use synnet_ir::Graph;
use synnet_ir::graph::{Layer, Neuron};

use super::constant::Constant;
use super::layer;
use crate::footprint::Footprint;
use crate::weights::packed_len;

/// Estimates RAM and flash of the generated code of a graph. Rows of embedded weights are aligned to 16 bytes.
pub(super) fn estimate(graph: &Graph, embedded: bool) -> Footprint {
    // Saturating, because sizes come from the user and need not be of a network that fits anywhere.
    let layers = graph.layers.iter().map(|layer| {
        let vectors = match &layer.neuron {
            // Membranes and spikes, then currents and adaptation.
            Neuron::Lif(lif) => 2 + lif.synapses as u64 + u64::from(lif.adaptation.is_some()),
            Neuron::ExpSyn(_) => 1,
        };
        (layer.size as u64).saturating_mul(vectors).saturating_mul(4)
    });
    let delays = graph.connections.iter().filter(|connection| connection.delay > 0).map(|connection| {
        let counts = (graph.source_width(connection) as u64).saturating_mul(u64::from(connection.delay));
        // The index of the oldest counts takes 4 bytes.
        counts.saturating_mul(4).saturating_add(4)
    });
    let constants = graph.layers.iter().map(|layer| constant_bytes(layer, graph.dt));
    let weights = if embedded { aligned_weights(graph) } else { packed_len(graph) };
    Footprint {
        ram: layers.chain(delays).fold(0, u64::saturating_add),
        flash: constants.fold(weights, u64::saturating_add),
    }
}

/// Returns the size of all weights and biases in bytes, with aligned rows.
fn aligned_weights(graph: &Graph) -> u64 {
    let matrices = graph.connections.iter().filter_map(|connection| {
        let linear = connection.as_linear()?;
        let rows = graph.source_width(connection) as u64 + u64::from(linear.bias.is_some());
        let columns = graph.layer(connection.target).input_columns() as u64;
        Some(columns.saturating_mul(4).div_ceil(16).saturating_mul(16).saturating_mul(rows))
    });
    matrices.fold(0, u64::saturating_add)
}

/// Returns the size of a layer's tables of constants in bytes.
fn constant_bytes(layer: &Layer, dt: f64) -> u64 {
    let constants = match &layer.neuron {
        Neuron::Lif(lif) => layer::lif_constants(layer, lif, dt),
        Neuron::ExpSyn(expsyn) => layer::expsyn_constants(layer, expsyn, dt),
    };
    constants.iter().map(Constant::bytes).sum()
}
