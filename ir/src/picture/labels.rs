//! Texts beside layers and connections.

use super::palette::{range, taus};
use crate::display::{format_time_rounded, shorten};
use crate::graph::{Connection, Endpoint, Graph, Layer, LayerParameter, Leak, Quantity};

/// Maximum length of a name.
const MAX_NAME_CHARS: usize = 18;

/// The leaks that drawings show, with their names.
pub(super) const LEAKS: [(&str, LayerParameter); 3] = [
    ("\u{3c4} syn", LayerParameter::SynLeak),
    ("\u{3c4} mem", LayerParameter::MemLeak),
    ("\u{3c4} ahp", LayerParameter::AhpLeak),
];

/// Returns the lines below a layer or the input, the name first.
pub(super) fn endpoint(graph: &Graph, endpoint: Endpoint) -> Vec<String> {
    match endpoint {
        Endpoint::Input => {
            let channels = graph.input.channels;
            let noun = if channels == 1 { "channel" } else { "channels" };
            vec![shortened(&graph.input.name), format!("{channels} {noun}")]
        }
        Endpoint::Layer(id) => {
            let layer = graph.layer(id);
            let mut lines = vec![shortened(&layer.name), population(layer)];
            lines.extend(LEAKS.iter().filter_map(|(name, which)| {
                if which.is_absent(layer) {
                    return Some(format!("{name} none"));
                }
                let leak = which.leak(layer)?;
                Some(format!("{name} {}{}", tau_range(leak, graph.dt), star(leak.parameter.learn)))
            }));
            lines
        }
    }
}

fn population(layer: &Layer) -> String {
    let kind = layer.neuron.kind().name();
    match layer.synapses() {
        1 => format!("{} {kind}", layer.size),
        n => format!("{} {kind}, {n} synapses", layer.size),
    }
}

fn star(learned: bool) -> &'static str {
    if learned { "*" } else { "" }
}

/// Returns the time constants of a leak as text: "1.443 ms" or "1.443–255.5 ms".
fn tau_range(leak: &Leak, dt: f64) -> String {
    let [low, high] = range(taus(leak, dt));
    if low > high {
        return "\u{221e}".to_owned();
    }
    let (from, to) = (format_time_rounded(low), format_time_rounded(high));
    if from == to {
        return from;
    }
    match (from.split_once(' '), to.split_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number}\u{2013}{to}"),
        _ => format!("{from}\u{2013}{to}"),
    }
}

/// Returns the lines beside a connection: the shape of its weights, dropout, delay.
pub(super) fn connection(graph: &Graph, connection: &Connection) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(linear) = connection.as_linear() {
        let (rows, columns) =
            (graph.source_width(connection), graph.layer(connection.target).input_columns());
        let bias = if linear.bias.is_some() { " + bias" } else { "" };
        let fixed = if linear.learn { "" } else { ", fixed" };
        lines.push(format!("{rows} \u{d7} {columns}{bias}{fixed}"));
    } else {
        lines.push("identity".to_owned());
    }
    if connection.dropout > 0.0 {
        lines.push(format!("dropout {}", connection.dropout));
    }
    if connection.delay > 0 {
        lines.push(format!("delay {}", connection.delay));
    }
    lines
}

/// Returns the name of the output.
pub(super) fn output(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Spikes => "spikes",
        Quantity::Vmem => "membrane",
        Quantity::Isyn => "current",
    }
}

/// Returns a name of a limited length.
pub(super) fn shortened(name: &str) -> String {
    shorten(name, MAX_NAME_CHARS)
}
