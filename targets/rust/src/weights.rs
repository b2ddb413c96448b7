//! The bytes that a generated module reads its weights from.
//!
//! They begin with a fingerprint of the network (8 bytes), so that the weights of another network
//! are refused. Then, for each linear connection in the order of the graph, follow its matrix,
//! row by row (one row per source), and its bias if it has one: 32-bit floats, little-endian.

use synnet_ir::{Graph, Network, Slot, fnv1a};

/// Bytes before the first matrix.
pub(crate) const HEADER: u64 = 8;

/// The weights of a network as the bytes that its generated module takes.
pub fn pack(network: &Network) -> Vec<u8> {
    let mut bytes = fingerprint(&network.graph).to_le_bytes().to_vec();
    for weights in network.weights.iter().flatten() {
        let bias = weights.bias.iter().flatten();
        bytes.extend(weights.matrix.data.iter().chain(bias).flat_map(|x| x.to_le_bytes()));
    }
    bytes
}

/// A number that tells networks apart which cannot run with each other's weights: those with other
/// tensors, another time step, or other constants of layers (which weights files may override).
pub(crate) fn fingerprint(graph: &Graph) -> u64 {
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

/// Length of the packed weights; 0 where the network has none.
pub(crate) fn packed_len(graph: &Graph) -> u64 {
    let lengths = graph.connections.iter().filter_map(|connection| {
        let linear = connection.as_linear()?;
        let rows = graph.source_width(connection) as u64 + u64::from(linear.bias.is_some());
        Some(rows.saturating_mul(graph.layer(connection.target).input_columns() as u64).saturating_mul(4))
    });
    let numbers = lengths.fold(0, u64::saturating_add);
    if numbers == 0 { 0 } else { numbers.saturating_add(HEADER) }
}
