//! Packed weights: the bytes from which generated code reads its weights.
//!
//! They start with a fingerprint of the network (8 bytes), so that weights of another network are refused. Then each
//! [`Table`](crate::Table) follows, row by row.
//!
//! * In f32: for each linear connection, in the order of the graph, its matrix (one row per source), then its bias if it
//!   has one. Numbers are 32-bit floats. [`pack`] writes this form.
//! * In integers: for each connection and each synapse its matrix. Numbers are signed bytes.
//!
//! Numbers are little-endian.

use synnet_ir::{Graph, Network, Slot, fnv1a};

/// Size of the fingerprint before the first matrix, in bytes.
pub const HEADER: usize = 8;

/// Packs the weights of a network for generated code in f32.
pub fn pack(network: &Network) -> Vec<u8> {
    let mut bytes = fingerprint(&network.graph).to_le_bytes().to_vec();
    for weights in network.weights.iter().flatten() {
        let bias = weights.bias.iter().flatten();
        bytes.extend(weights.matrix.data.iter().chain(bias).flat_map(|x| x.to_le_bytes()));
    }
    bytes
}

/// Returns a number that differs between networks that cannot run with each other's weights: those with other tensors,
/// a different time step, or different constants of layers.
pub(crate) fn fingerprint(graph: &Graph) -> u64 {
    // Constants are part of the code, but a weights file may override them, so two files for one source may differ in
    // them.
    let mut layout = format!("{:?}\n", graph.dt);
    for spec in graph.tensors() {
        layout.push_str(&format!("{} {:?}", spec.name, spec.shape));
        if let Slot::Layer(id, which) = spec.slot {
            layout.push_str(&format!(" {:?}", which.of(graph.layer(id)).map(|parameter| &parameter.values)));
        }
        layout.push('\n');
    }
    fnv1a(layout.as_bytes())
}
