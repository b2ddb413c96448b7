//! Rules of structure: the readout receives from hidden layers and feeds nothing; paths that meet have equal length.

use synnet_ir::graph::{Connection, Endpoint, LayerId};
use synnet_ir::{Diagnostic, Diagnostics, Graph};

use crate::chip::Chip;
use crate::codes;
use crate::layout::Layout;

pub(super) fn check(graph: &Graph, chip: &Chip, layout: &Layout) -> Diagnostics {
    let mut found = Diagnostics::new();
    let readout = &graph.layer(layout.readout).name;
    if graph.layers.len() < 2 {
        let message = format!("{} needs a hidden layer between input and output", chip.title);
        found.push(
            Diagnostic::error(&codes::NO_HIDDEN_LAYER, graph.span, message)
                .with_help("add a layer that the input feeds and that feeds the output layer"),
        );
    }
    for connection in &graph.connections {
        if connection.sources.contains(&Endpoint::Layer(layout.readout)) {
            let target = &graph.layer(connection.target).name;
            let message = format!(
                "the output layer `{readout}` feeds `{target}`; the readout of {} feeds nothing",
                chip.title
            );
            found.push(
                Diagnostic::error(&codes::READOUT_HAS_TARGETS, connection.span, message)
                    .with_note(graph.output.span, "the output is taken here")
                    .with_help("remove the connection, or add a layer after this one and make it the output"),
            );
        }
        // A network of one layer already has the error NO_HIDDEN_LAYER.
        let from_input = connection.sources.contains(&Endpoint::Input);
        if connection.target == layout.readout && from_input && graph.layers.len() > 1 {
            let message = format!(
                "the input feeds the output layer `{readout}`; the readout of {} receives from hidden layers only",
                chip.title
            );
            found.push(
                Diagnostic::error(&codes::INPUT_TO_READOUT, connection.span, message)
                    .with_help("insert a hidden layer between the input and the output layer"),
            );
        }
    }
    for connection in &graph.connections {
        paths(graph, connection, chip, layout, &mut found);
    }
    found.forget_repeats();
    found
}

/// Warns if signals that meet in the float network miss each other on the chip.
fn paths(graph: &Graph, connection: &Connection, chip: &Chip, layout: &Layout, found: &mut Diagnostics) {
    let target = connection.target;
    let expected = layout.lag(target);
    for &source in &connection.sources {
        let (name, arrives) = match source {
            // Connections that no chip supports are errors already.
            Endpoint::Input if target == layout.readout => continue,
            Endpoint::Layer(id) if id == layout.readout => continue,
            Endpoint::Input => (&graph.input.name, 0),
            Endpoint::Layer(id) => {
                // A recurrent connection takes a step in both networks, so it adds no lag.
                let hop = usize::from(!graph.is_recurrent(source, target));
                (&graph.layer(id).name, layout.lag(id) + hop)
            }
        };
        if arrives == expected {
            continue;
        }
        let target = &graph.layer(target).name;
        let message = format!(
            "{} delays the spikes of `{name}` to `{target}` by {}, other input of `{target}` by {}",
            chip.title,
            steps(arrives),
            steps(expected)
        );
        let mut warning = Diagnostic::warning(&codes::UNBALANCED_PATHS, connection.span, message)
            .with_help("each hidden layer delays by one step: give all paths the same number of layers");
        if let Some(repeats) = repeats(source, connection, layout) {
            let cap = chip.events.hidden;
            let repeats = &graph.layer(repeats).name;
            warning = warning.with_label(format!(
                "`{repeats}` sends them with its own spikes: together at most {cap} per step"
            ));
        }
        found.push(warning);
    }
}

/// Returns the alias target through which a source reaches a connection, if there is one.
fn repeats(source: Endpoint, connection: &Connection, layout: &Layout) -> Option<LayerId> {
    let Endpoint::Layer(id) = source else { return None };
    layout.is_repeated(source, &connection.sources).then(|| layout.alias_target(id)).flatten()
}

fn steps(n: usize) -> String {
    if n == 1 { "1 step".into() } else { format!("{n} steps") }
}
