//! Printing as a Graphviz drawing.

use std::fmt::Write;

use super::labels::{edge_label, sources};
use crate::display::quantity_name;
use crate::graph::{Endpoint, Graph};

/// Prints the graph in the language of Graphviz: a box per layer, an arrow per source of a connection,
/// recurrent ones dashed.
pub fn to_dot(graph: &Graph) -> String {
    let mut text = String::new();
    write_dot(graph, &mut text).expect("writing to a string does not fail");
    text
}

fn write_dot(graph: &Graph, text: &mut String) -> std::fmt::Result {
    writeln!(text, "digraph {} {{", quoted(&graph.name))?;
    writeln!(text, "    rankdir=LR;")?;
    writeln!(text, "    node [shape=box, fontname=\"sans-serif\"];")?;
    writeln!(text, "    edge [fontname=\"sans-serif\"];")?;
    let input = format!("{}\n{} channels", graph.input.name, graph.input.channels);
    writeln!(text, "    input [shape=ellipse, label={}];", quoted(&input))?;
    for (id, layer) in graph.layers_with_ids() {
        let label = format!("{}\n{} {}", layer.name, layer.size, layer.neuron.kind().name());
        writeln!(text, "    layer{} [label={}];", id.0, quoted(&label))?;
    }
    for connection in &graph.connections {
        let label = if connection.sources.len() > 1 {
            format!("{} of {}", edge_label(connection), sources(graph, connection))
        } else {
            edge_label(connection)
        };
        for source in &connection.sources {
            let from = match source {
                Endpoint::Input => "input".to_owned(),
                Endpoint::Layer(id) => format!("layer{}", id.0),
            };
            let style = if graph.is_recurrent(*source, connection.target) { ", style=dashed" } else { "" };
            writeln!(text, "    {from} -> layer{} [label={}{style}];", connection.target.0, quoted(&label))?;
        }
    }
    writeln!(text, "    output [shape=ellipse, label={}];", quoted(quantity_name(graph.output.quantity)))?;
    writeln!(text, "    layer{} -> output;", graph.output.layer.0)?;
    writeln!(text, "}}")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
