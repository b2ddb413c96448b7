//! Printing of one layer, as text tables.

use super::table::{COLUMNS, connections, table, tensors};
use crate::display::{format_time_rounded, indent, pluralize};
use crate::graph::{Connection, Endpoint, Graph, LayerId};
use crate::network::{Network, Slot};

/// Prints a layer with its parameters, the connections into it and out of it, and their tensors. With a network, whose
/// graph is then used, tensors have the range and the mean of their values.
///
/// # Panics
/// Panics if the graph has no such layer.
pub fn to_layer_table(graph: &Graph, id: LayerId, network: Option<&Network>) -> String {
    let graph = network.map_or(graph, |network| &network.graph);
    let layer = graph.layer(id);
    let title = format!(
        "layer {} of network {}   {}   dt {}\n{}",
        layer.name,
        graph.name,
        pluralize(layer.size, &format!("{} neuron", layer.neuron.kind().name())),
        format_time_rounded(graph.dt),
        indent(&layer.docs.join("\n")),
    );
    // The name, the size and the kind stand in the title.
    let parameters = COLUMNS[3..].iter().filter_map(|(name, cell, _)| {
        let value = cell(layer)?;
        Some(vec![(*name).to_owned(), value])
    });
    let touches = |connection: &Connection| {
        connection.target == id || connection.sources.contains(&Endpoint::Layer(id))
    };
    let specs: Vec<_> = graph
        .tensors()
        .into_iter()
        .filter(|spec| match spec.slot {
            Slot::Weight(i) | Slot::LinearBias(i) => touches(&graph.connections[i]),
            Slot::Layer(of, _) => of == id,
        })
        .collect();
    let sections = [
        title,
        table(&parameters.collect::<Vec<_>>()),
        connections(graph, graph.connections.iter().filter(|connection| touches(connection))),
        tensors(&specs, network),
    ];
    sections.join("\n")
}
