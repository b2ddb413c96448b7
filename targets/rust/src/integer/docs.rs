//! What generated code in integers says about itself.

use synnet_ir::display::format_time_rounded;
use synnet_ir::fnv1a;
use synnet_ir::graph::NeuronKind;

use super::network::{IntegerLayer, IntegerNetwork};
use crate::docs::{self, author, head, one_line, quantity};
use crate::memory::Memory;

/// The comment at the head of a file in integers.
pub(super) fn header(network: &IntegerNetwork, packed: &[u8]) -> String {
    let mut description = network.clone();
    let connections = description.layers.iter_mut().flat_map(|layer| &mut layer.connections);
    connections.for_each(|connection| connection.weights.clear());
    let layers =
        network.layers.iter().map(|l| (l.name.as_str(), NeuronKind::Lif.name(), l.size(), l.dash_syn.len()));
    let input = (network.input.as_str(), "input", network.inputs, 0);
    let hash = fnv1a(format!("{description:?}").as_bytes());
    head(&network.name, "integers", hash, Some(packed), [input].into_iter().chain(layers))
}

/// The comment of a network's type in integers.
pub(super) fn network(network: &IntegerNetwork, memory: Memory) -> Vec<String> {
    let mut docs = author(&network.docs);
    if docs.is_empty() {
        docs.push(format!(" The spiking network `{}`.", one_line(&network.name)));
    }
    let output = quantity(network.quantity);
    let layer = network.layers.get(network.output).map_or("", |layer| layer.name.as_str());
    docs.push(String::new());
    docs.push(format!(
        " In each step of {}: {} channels of `{}` come in, at most {} events of each,",
        format_time_rounded(network.dt),
        network.inputs,
        network.input,
        network.max_events
    ));
    docs.push(format!(" and the {output} of layer `{layer}` go out."));
    docs.push(" Weights have 8 bits, states 16; currents and membranes decay by bit shifts.".into());
    if let Some(latency) = network.latency {
        let steps = if latency == 1 { "1 step".to_owned() } else { format!("{latency} steps") };
        docs.push(" Spikes take one step from layer to layer: the output is".into());
        docs.push(format!(" {steps} behind that of the network in f32."));
    }
    docs.push(String::new());
    docs.push(" | layer | neurons | `dash_mem` | `dash_syn` | threshold | most spikes |".into());
    docs.push(" |---|---|---|---|---|---|".into());
    for layer in &network.layers {
        docs.push(format!(
            " | `{}` | {} | {} | {} | {} | {} |",
            layer.name,
            layer.size(),
            span(layer.dash_mem.iter()),
            span(layer.dash_syn.iter().flatten()),
            span(layer.threshold.iter()),
            layer.max_spikes
        ));
    }
    docs.push(String::new());
    docs.push(format!(
        " RAM: {} bytes. Flash: {} bytes of weights and tables, and the code.",
        memory.ram, memory.flash
    ));
    docs
}

/// The comment of a layer's type in integers.
pub(super) fn layer(layer: &IntegerLayer) -> Vec<String> {
    let title = format!(" Layer `{}`: {} neurons.", layer.name, layer.size());
    let connections = layer.connections.iter().map(|c| (c.name.as_str(), c.docs.as_slice()));
    docs::layer(title, connections, &layer.docs)
}

/// The value, or the least and the greatest.
fn span<T: Copy + Ord + std::fmt::Display>(values: impl Iterator<Item = T> + Clone) -> String {
    match (values.clone().min(), values.max()) {
        (Some(least), Some(greatest)) if least != greatest => format!("{least} to {greatest}"),
        (Some(value), _) => value.to_string(),
        _ => String::new(),
    }
}
