//! Printing as text tables with every layer, connection and tensor.

use super::labels::{edge_label, is_recurrent, leak, shape, sources};
use crate::display::{format_list, format_number, format_time_rounded, indent, quantity_name};
use crate::graph::{Connection, Graph, Layer, LayerParameter, Leak, Parameter, Reset, Surrogate};
use crate::network::{Network, TensorSpec};

/// Prints layers, connections and tensors with their sizes, as text for people.
pub fn to_table(graph: &Graph) -> String {
    let specs = graph.tensors();
    let sections =
        [heading(graph), layers(graph), connections(graph, &graph.connections), tensors(&specs, None)];
    sections.join("\n")
}

/// Like [`to_table`], for trained weights: layers have the trained values. A further table has the trained constants
/// beside those of the source, `declared`; tensors have the range and the mean of their values.
pub fn to_trained_table(declared: &Graph, network: &Network) -> String {
    let graph = &network.graph;
    let specs = graph.tensors();
    let mut sections = vec![heading(graph), layers(graph), connections(graph, &graph.connections)];
    sections.extend(trained_constants(declared, graph));
    sections.push(tensors(&specs, Some(network)));
    sections.join("\n")
}

pub(super) fn heading(graph: &Graph) -> String {
    let mut text = format!(
        "network {}   dt {}   input {} ({} channels)   output {} of {} ({})\n",
        graph.name,
        format_time_rounded(graph.dt),
        graph.input.name,
        graph.input.channels,
        quantity_name(graph.output.quantity),
        graph.layer(graph.output.layer).name,
        graph.outputs(),
    );
    for line in &graph.docs {
        text.push_str(format!("  {line}").trim_end());
        text.push('\n');
    }
    text
}

/// A column of the table of layers: its name, its cell for a layer, and whether it is left out if all cells are "-".
pub(super) type Column = (&'static str, fn(&Layer) -> Option<String>, bool);

pub(super) const COLUMNS: [Column; 14] = [
    ("layer", |layer| Some(layer.name.clone()), false),
    ("neurons", |layer| Some(layer.size.to_string()), false),
    ("kind", |layer| Some(layer.neuron.kind().name().into()), false),
    ("synapses", |layer| Some(layer.synapses()).filter(|&n| n > 1).map(|n| n.to_string()), true),
    ("tau_mem", |layer| leak_of(layer, LayerParameter::MemLeak, leak), false),
    ("tau_syn", |layer| leak_of(layer, LayerParameter::SynLeak, leak), false),
    ("tau_ahp", |layer| LayerParameter::AhpLeak.leak(layer).map(leak), true),
    ("w_ahp", |layer| LayerParameter::AhpWeight.of(layer).map(numbers), true),
    ("bias", |layer| LayerParameter::Bias.of(layer).filter(|bias| is_used(bias)).map(numbers), true),
    (
        "noise_std",
        |layer| layer.as_lif().filter(|lif| lif.noise_std > 0.0).map(|lif| format_number(lif.noise_std)),
        true,
    ),
    ("threshold", |layer| LayerParameter::Threshold.of(layer).map(numbers), false),
    ("reset", |layer| reset(layer).map(|reset| reset.name().to_owned()), true),
    ("max_spikes", |layer| layer.as_lif().map(|lif| lif.max_spikes.to_string()), false),
    ("surrogate", |layer| layer.as_lif().map(|lif| surrogate(lif.surrogate)), false),
];

/// Returns a leak as `text` formats it, or "none" if the neurons have none by declaration.
pub(super) fn leak_of(layer: &Layer, which: LayerParameter, text: fn(&Leak) -> String) -> Option<String> {
    if which.is_absent(layer) { Some("none".to_owned()) } else { which.leak(layer).map(text) }
}

/// Returns the reset if it is not the usual one.
fn reset(layer: &Layer) -> Option<Reset> {
    layer.as_lif().map(|lif| lif.reset).filter(|&reset| reset != Reset::default())
}

/// Returns whether a bias is learned or not 0.
fn is_used(bias: &Parameter) -> bool {
    bias.learn || bias.values.iter().any(|&value| value != 0.0)
}

fn surrogate(surrogate: Surrogate) -> String {
    format!("{}({})", surrogate.kind.name(), format_number(surrogate.window))
}

pub(super) fn layers(graph: &Graph) -> String {
    let cells = |column: &Column| -> Vec<String> {
        let (name, cell, _) = column;
        let cells = graph.layers.iter().map(|layer| cell(layer).unwrap_or_else(|| "-".to_owned()));
        std::iter::once((*name).to_owned()).chain(cells).collect()
    };
    let columns: Vec<Vec<String>> = COLUMNS
        .iter()
        .map(|column| (cells(column), column.2))
        .filter(|(cells, is_optional)| !is_optional || cells[1..].iter().any(|cell| cell != "-"))
        .map(|(cells, _)| cells)
        .collect();
    let row = |i: usize| columns.iter().map(|column| column[i].clone()).collect();
    table(&(0..=graph.layers.len()).map(row).collect::<Vec<_>>())
}

/// Returns the range of values without a unit.
pub(super) fn numbers(parameter: &Parameter) -> String {
    let [low, high] = extremes(&parameter.values);
    let (low, high) = (format_number(low), format_number(high));
    let range = if low == high { low } else { format!("{low} .. {high}") };
    if parameter.learn { format!("{range} (learned)") } else { range }
}

fn extremes(values: &[f64]) -> [f64; 2] {
    values.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], &x| [low.min(x), high.max(x)])
}

/// Lists the constants that the weights set, beside those of the source; `None` if there are none.
pub(super) fn trained_constants(declared: &Graph, trained: &Graph) -> Option<String> {
    let mut rows = vec![row(["constant", "declared", "trained", "mean"])];
    for (before, after) in declared.layers.iter().zip(&trained.layers) {
        for which in LayerParameter::ALL {
            let (Some(old), Some(new)) = (which.of(before), which.of(after)) else { continue };
            if old.values == new.values && !new.learn {
                continue;
            }
            let text = |layer: &Layer, parameter: &Parameter| {
                let parameter = Parameter { learn: false, ..parameter.clone() };
                match which.leak(layer) {
                    Some(of) => leak(&Leak { unit: of.unit, parameter }),
                    None => numbers(&parameter),
                }
            };
            let mean = new.values.iter().sum::<f64>() / new.values.len().max(1) as f64;
            let name = format!("{}.{}", after.name, which.name(after));
            let mean = text(after, &Parameter::uniform(mean));
            rows.push(vec![name, text(before, old), text(after, new), mean]);
        }
    }
    (rows.len() > 1).then(|| table(&rows))
}

/// Lists connections of a graph.
pub(super) fn connections<'a>(
    graph: &Graph,
    connections: impl IntoIterator<Item = &'a Connection>,
) -> String {
    let mut rows = vec![row(["from", "to", "by", "shape", "time"])];
    for connection in connections {
        let target = graph.layer(connection.target);
        let shape = shape(graph, connection);
        let recurrent = is_recurrent(graph, connection);
        rows.push(vec![
            sources(graph, connection),
            target.name.clone(),
            edge_label(connection),
            shape,
            if recurrent { "step before".into() } else { "same step".into() },
        ]);
    }
    table(&rows)
}

/// Lists the tensors; with a network, also the range and the mean of their values.
pub(super) fn tensors(specs: &[TensorSpec], network: Option<&Network>) -> String {
    let mut head = row(["tensor", "shape", "values", ""]);
    head.extend(network.iter().flat_map(|_| row(["min", "mean", "max"])));
    let mut rows = vec![head];
    let (mut total, mut learned) = (0, 0);
    for spec in specs {
        let count: usize = spec.shape.iter().product();
        total += count;
        learned += if spec.learn { count } else { 0 };
        let role = if spec.learn { "learned" } else { "constant" };
        let mut row = vec![spec.name.clone(), format!("{:?}", spec.shape), count.to_string(), role.into()];
        if let Some(network) = network {
            let statistics = network.tensor(spec.slot).statistics().unwrap_or_default();
            row.extend([statistics.min, statistics.mean, statistics.max].map(format_number));
        }
        rows.push(row);
    }
    rows.push(vec!["total".into(), String::new(), total.to_string(), format!("{learned} learned")]);
    table(&rows)
}

pub(super) fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

/// Aligns the columns of rows.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    indent(&format_list(rows))
}
