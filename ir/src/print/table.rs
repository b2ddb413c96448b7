//! Printing as text tables.

use super::labels::{edge_label, leak, sources};
use crate::display::{format_list, format_number, format_time_rounded, indent, quantity_name};
use crate::graph::{Graph, Layer, Neuron};

/// Prints layers, connections and tensors with their sizes, as text for people.
pub fn to_table(graph: &Graph) -> String {
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
    text.push('\n');
    text.push_str(&layers(graph));
    text.push('\n');
    text.push_str(&connections(graph));
    text.push('\n');
    text.push_str(&tensors(graph));
    text
}

fn layers(graph: &Graph) -> String {
    let mut rows = vec![row(["layer", "neurons", "kind", "tau_mem", "tau_syn", "threshold", "max_spikes"])];
    for layer in &graph.layers {
        let [mem, syn, threshold, max_spikes] = constants(layer);
        let size = layer.size.to_string();
        rows.push(vec![
            layer.name.clone(),
            size,
            layer.neuron.kind().name().into(),
            mem,
            syn,
            threshold,
            max_spikes,
        ]);
    }
    table(&rows)
}

fn constants(layer: &Layer) -> [String; 4] {
    match &layer.neuron {
        Neuron::ExpSyn(expsyn) => ["-".into(), leak(&expsyn.syn), "-".into(), "-".into()],
        Neuron::Lif(lif) => {
            let values = &lif.threshold.values;
            let threshold = if lif.threshold.is_uniform() {
                format_number(values[0])
            } else {
                format!("{} values", values.len())
            };
            let learned = if lif.threshold.learn { " (learned)" } else { "" };
            let synapses =
                if lif.synapses > 1 { format!(" x {} synapses", lif.synapses) } else { String::new() };
            [
                leak(&lif.mem),
                format!("{}{synapses}", leak(&lif.syn)),
                format!("{threshold}{learned}"),
                lif.max_spikes.to_string(),
            ]
        }
    }
}

fn connections(graph: &Graph) -> String {
    let mut rows = vec![row(["from", "to", "by", "shape", "time"])];
    for connection in &graph.connections {
        let target = graph.layer(connection.target);
        let shape = format!("{} x {}", graph.source_width(connection), target.input_columns());
        let recurrent =
            connection.sources.iter().any(|source| graph.is_recurrent(*source, connection.target));
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

fn tensors(graph: &Graph) -> String {
    let mut rows = vec![row(["tensor", "shape", "values", ""])];
    let (mut total, mut learned) = (0, 0);
    for spec in graph.tensors() {
        let count: usize = spec.shape.iter().product();
        total += count;
        learned += if spec.learn { count } else { 0 };
        let role = if spec.learn { "learned" } else { "constant" };
        rows.push(vec![spec.name, format!("{:?}", spec.shape), count.to_string(), role.into()]);
    }
    rows.push(vec!["total".into(), String::new(), total.to_string(), format!("{learned} learned")]);
    table(&rows)
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

/// Aligns the columns of rows.
fn table(rows: &[Vec<String>]) -> String {
    indent(&format_list(rows))
}
