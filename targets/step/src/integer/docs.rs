//! Header and documentation comments of generated code in integers.

use synnet_ir::display::format_time_rounded;
use synnet_ir::fnv1a;
use synnet_ir::graph::NeuronKind;

use super::network::{IntegerLayer, IntegerNetwork};
use crate::docs::{self, author, one_line, quantity};

/// Returns the comment at the head of a generated file.
pub(super) fn header(network: &IntegerNetwork, packed: &[u8]) -> String {
    // The weights have a hash of their own.
    let mut description = network.clone();
    let connections = description.layers.iter_mut().flat_map(|layer| &mut layer.connections);
    connections.for_each(|connection| connection.weights.clear());
    let layers =
        network.layers.iter().map(|l| (l.name.as_str(), NeuronKind::Lif.name(), l.size(), l.dash_syn.len()));
    let input = (network.input.as_str(), "input", network.inputs, 0);
    let hash = fnv1a(format!("{description:?}").as_bytes());
    docs::header(&network.name, "integers", hash, Some(packed), [input].into_iter().chain(layers))
}

/// Returns the comment of the network: the author's text, then shapes and layers.
pub(super) fn network(network: &IntegerNetwork) -> Vec<String> {
    let mut docs = author(&network.docs);
    if docs.is_empty() {
        docs.push(format!(" The spiking network `{}`.", one_line(&network.name)));
    }
    let output = quantity(network.quantity);
    let layer = network.layers.get(network.output).map_or("", |layer| layer.name.as_str());
    docs.push(String::new());
    docs.push(format!(
        " Each step of {} takes {} channels of `{}`, at most {} events of each,",
        format_time_rounded(network.dt),
        network.inputs,
        network.input,
        network.max_events
    ));
    docs.push(format!(" and returns the {output} of layer `{layer}`."));
    docs.push(" Weights have 8 bits, states 16; currents and membranes decay by bit shifts.".into());
    if let Some(latency) = network.latency {
        let steps = if latency == 1 { "1 step".to_owned() } else { format!("{latency} steps") };
        docs.push(" Spikes take one step from layer to layer: the output lags".into());
        docs.push(format!(" {steps} behind that of the network in f32."));
    }
    docs.push(String::new());
    docs.push(" | layer | neurons | `dash_mem` | `dash_syn` | threshold | maximum spikes per step |".into());
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
    docs
}

/// Returns the comment of a layer's type: its connections, and the author's text.
pub(super) fn layer(layer: &IntegerLayer) -> Vec<String> {
    let title = format!(" Layer `{}`: {} neurons.", layer.name, layer.size());
    let connections = layer.connections.iter().map(|c| (c.name.as_str(), c.docs.as_slice()));
    docs::layer(title, connections, &layer.docs)
}

/// Returns the value if all are equal, otherwise the minimum and the maximum.
fn span<T: Copy + Ord + std::fmt::Display>(values: impl Iterator<Item = T> + Clone) -> String {
    match (values.clone().min(), values.max()) {
        (Some(minimum), Some(maximum)) if minimum != maximum => format!("{minimum} to {maximum}"),
        (Some(value), _) => value.to_string(),
        _ => String::new(),
    }
}
