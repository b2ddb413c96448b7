//! Facts about layers, connections and networks, as Markdown and as labels.

use std::fmt::Write;

use synnet_ir::display::{format_number, format_time_rounded, pluralize};
use synnet_ir::graph::{Connection, LayerId, LayerParameter, Leak, LeakUnit};
use synnet_ir::{Graph, timing};

use crate::environment::Checker;

/// Layers that are listed, so that a hover fits on a screen.
const MAX_LISTED: usize = 12;

/// Lists layers in a table, with what they take of the target.
pub(crate) fn layers(graph: &Graph, ids: &[LayerId], target: Option<&dyn Checker>) -> String {
    let mut text = "| layer | neurons | kind | time constants | inputs |\n|---|---|---|---|---|\n".to_owned();
    for &id in ids.iter().take(MAX_LISTED) {
        let layer = graph.layer(id);
        let kind = layer.neuron.kind().name();
        let leaks: Vec<String> =
            LayerParameter::ALL.iter().filter_map(|&which| leak(graph, id, which)).collect();
        let size = if layer.size == 0 { "?".to_owned() } else { layer.size.to_string() };
        let columns = match layer.synapses() {
            1 => size.clone(),
            synapses => format!("{size} x {synapses} synapses"),
        };
        let _ = writeln!(text, "| `{}` | {size} | {kind} | {} | {columns} |", layer.name, leaks.join("<br>"));
    }
    if ids.len() > MAX_LISTED {
        let _ = writeln!(text, "\nand {} more", pluralize(ids.len() - MAX_LISTED, "layer"));
    }
    for &id in ids.iter().take(MAX_LISTED) {
        if let Some(facts) = target.and_then(|target| target.describe_layer(graph, id)) {
            let _ = write!(text, "\n`{}`: {facts}\n", graph.layer(id).name);
        }
    }
    text
}

/// Describes a leak with the time constant after its bit shift is rounded to an integer, as chips do it.
fn leak(graph: &Graph, id: LayerId, which: LayerParameter) -> Option<String> {
    let layer = graph.layer(id);
    let leak = which.leak(layer)?;
    let name = which.name(layer);
    // With an unknown time step or size, there is nothing to convert.
    let len = leak.parameter.values.len();
    if graph.dt <= 0.0 || len == 0 {
        return None;
    }
    let values = (0..len).map(|i| leak.tau(i, graph.dt));
    let written = match leak.unit {
        LeakUnit::TimeConstant => range(values, format_time_rounded),
        LeakUnit::Decay | LeakUnit::BitShift => {
            let own = range(leak.parameter.values.iter().copied(), format_number);
            format!("{own} ({})", range(values, format_time_rounded))
        }
    };
    let learned = if leak.parameter.learn { " (learned)" } else { "" };
    Some(format!("`{name}` {written}{learned}, {}", rounded(leak, graph.dt)))
}

/// Describes the time constants that integer bit shifts express.
fn rounded(leak: &Leak, dt: f64) -> String {
    let shifts = || (0..leak.parameter.values.len()).map(|i| leak.dash(i, dt).round_ties_even());
    let taus = shifts().map(|dash| timing::decay_to_tau(timing::bit_shift_to_decay(dash), dt));
    format!("as bit shift {}: {}", range(shifts(), format_number), range(taus, format_time_rounded))
}

/// Formats the smallest and the largest of some values.
fn range(values: impl Iterator<Item = f64>, format: fn(f64) -> String) -> String {
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if low == high { format(low) } else { format!("{} .. {}", format(low), format(high)) }
}

/// Summarizes a network in a sentence.
pub(crate) fn network(graph: &Graph) -> String {
    let neurons: usize = graph.layers.iter().map(|layer| layer.size).sum();
    let weights: usize =
        graph.tensors().iter().filter(|t| t.learn).map(|t| t.shape.iter().product::<usize>()).sum();
    format!(
        "{}, {}, {}, time step {}",
        pluralize(graph.layers.len(), "layer"),
        pluralize(neurons, "neuron"),
        pluralize(weights, "learned parameter"),
        format_time_rounded(graph.dt)
    )
}

/// Returns the shape of a connection's weight matrix: "16 x 60". `None` if it is not known.
pub(crate) fn shape(graph: &Graph, connection: &Connection) -> Option<String> {
    let target = graph.layers.get(connection.target.index())?;
    let (rows, columns) = (graph.source_width(connection), target.input_columns());
    (rows > 0 && columns > 0).then(|| format!("{rows} x {columns}"))
}
