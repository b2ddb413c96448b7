//! Printing as a table at a glance: one line per layer.

use super::labels::{is_recurrent, leak, shape, sources};
use super::table::{COLUMNS, Column, heading, leak_of, row, table, trained_constants};
use crate::display::pluralize;
use crate::graph::{Connection, Graph, LayerParameter, Leak, Parameter};
use crate::network::{Network, Slot};

/// Prints a graph at a glance: for each layer its size, kind and time constants, the connections into it, and the number
/// of its learned parameters, weights of these connections included. [`to_table`](super::to_table) prints every tensor.
pub fn to_summary(graph: &Graph) -> String {
    [first_paragraph(&heading(graph)), layers(graph)].join("\n")
}

/// Like [`to_summary`], with the trained values of a network, and beside the constants that training or the weights
/// file set those of the source, `declared`.
pub fn to_trained_summary(declared: &Graph, network: &Network) -> String {
    let mut sections = vec![to_summary(&network.graph)];
    sections.extend(trained_constants(declared, &network.graph));
    sections.join("\n")
}

/// Returns the lines up to the first empty one: of a long comment, the part that summarizes it.
fn first_paragraph(text: &str) -> String {
    text.lines().take_while(|line| !line.is_empty()).map(|line| format!("{line}\n")).collect()
}

/// The columns that show the state of the neurons. A leak is learned if the last column says so.
const NEURON_COLUMNS: [Column; 4] = [
    COLUMNS[SYNAPSES],
    ("tau_mem", |layer| leak_of(layer, LayerParameter::MemLeak, values), false),
    ("tau_syn", |layer| leak_of(layer, LayerParameter::SynLeak, values), false),
    ("tau_ahp", |layer| LayerParameter::AhpLeak.leak(layer).map(values), true),
];

/// Maximum number of lines for the connections into a layer, besides that of the layer.
const MAX_FURTHER: usize = 40;

/// Index of the column that counts synapses.
const SYNAPSES: usize = 3;

/// Returns the values of a leak, without the mark of learned ones.
fn values(of: &Leak) -> String {
    leak(&Leak { unit: of.unit, parameter: Parameter { learn: false, ..of.parameter.clone() } })
}

fn layers(graph: &Graph) -> String {
    let columns: Vec<Column> = COLUMNS[..SYNAPSES]
        .iter()
        .chain(&NEURON_COLUMNS)
        .filter(|(_, cell, is_optional)| {
            !is_optional || graph.layers.iter().any(|layer| cell(layer).is_some())
        })
        .copied()
        .collect();
    let mut rows = vec![columns.iter().map(|(name, ..)| (*name).to_owned()).collect::<Vec<_>>()];
    rows[0].extend(row(["inputs", "learned"]));
    let (mut neurons, mut total) = (0, 0);
    for ((layer, learned), incoming) in graph.layers.iter().zip(Learned::of(graph)).zip(graph.incoming()) {
        neurons += layer.size;
        total += learned.count;
        let mut line: Vec<String> =
            columns.iter().map(|(_, cell, _)| cell(layer).unwrap_or_else(|| "-".to_owned())).collect();
        let further = incoming.len().saturating_sub(1);
        let mut inputs = incoming.into_iter().map(|i| input(graph, &graph.connections[i]));
        line.push(inputs.next().unwrap_or_else(|| "-".to_owned()));
        line.push(learned.to_string());
        rows.push(line);
        // Further connections stand below the first.
        let shown = if further > MAX_FURTHER { MAX_FURTHER - 1 } else { further };
        let more = (further > shown).then(|| format!("and {} more connections", further - shown));
        rows.extend(inputs.take(shown).chain(more).map(|text| {
            let mut line = vec![String::new(); columns.len()];
            line.push(text);
            line
        }));
    }
    let mut last = row(["total", &neurons.to_string()]);
    last.resize(columns.len() + 1, String::new());
    last.push(total.to_string());
    rows.push(last);
    table(&rows)
}

/// Describes a connection into a layer: "h0 (24 x 24, dropout 0.1)".
fn input(graph: &Graph, connection: &Connection) -> String {
    let mut parts = Vec::new();
    match connection.as_linear() {
        Some(linear) => {
            let bias = if linear.bias.is_some() { " + bias" } else { "" };
            parts.push(format!("{}{bias}", shape(graph, connection)));
            if !linear.learn {
                parts.push("fixed".to_owned());
            }
        }
        None => parts.push("identity".to_owned()),
    }
    if connection.dropout > 0.0 {
        parts.push(format!("dropout {}", connection.dropout));
    }
    if connection.delay > 0 {
        parts.push(format!("delay {}", pluralize(connection.delay as usize, "step")));
    }
    if is_recurrent(graph, connection) {
        parts.push("step before".to_owned());
    }
    format!("{} ({})", sources(graph, connection), parts.join(", "))
}

/// The learned values of a layer and of the connections into it.
struct Learned {
    count: usize,
    /// Names of the learned constants.
    constants: Vec<&'static str>,
}

impl Learned {
    /// Returns the learned values of each layer.
    fn of(graph: &Graph) -> Vec<Self> {
        let mut all: Vec<Self> =
            graph.layers.iter().map(|_| Self { count: 0, constants: Vec::new() }).collect();
        for spec in graph.tensor_specs().filter(|spec| spec.learn) {
            let id = match spec.slot {
                Slot::Weight(i) | Slot::LinearBias(i) => graph.connections[i].target,
                Slot::Layer(id, _) => id,
            };
            let learned = &mut all[id.index()];
            learned.count += spec.shape.iter().product::<usize>();
            if let Slot::Layer(_, which) = spec.slot {
                learned.constants.push(which.name(graph.layer(id)));
            }
        }
        all
    }
}

impl std::fmt::Display for Learned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.count)?;
        if !self.constants.is_empty() {
            write!(f, " with {}", self.constants.join(", "))?;
        }
        Ok(())
    }
}
