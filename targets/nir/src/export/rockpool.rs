//! What Rockpool's importer (`rockpool.nn.modules.torch.nir`, Rockpool 3.1.0) understands.

use synnet_ir::graph::{Connection, Endpoint, Neuron, Operator, Reset};
use synnet_ir::{Diagnostics, Graph};

use super::not_expressible;
use crate::model::Node;
use crate::nodes::port;

/// Returns an error for everything that Rockpool's importer refuses.
pub(crate) fn check(graph: &Graph) -> Diagnostics {
    const HELP: &str = "use the dialect `euler`, or `--target rockpool`";
    let mut diagnostics = Diagnostics::new();
    for layer in &graph.layers {
        let name = &layer.name;
        let mut refuse = |what: &str| {
            diagnostics.push(not_expressible(
                layer.span,
                format!("Rockpool's importer of NIR does not take {what}: `{name}`"),
                HELP,
            ));
        };
        match &layer.neuron {
            Neuron::ExpSyn(_) => refuse("leaky integrators (`expsyn`)"),
            Neuron::Lif(lif) => {
                let facts = [
                    (lif.synapses > 1, "several synapses"),
                    (lif.adaptation.is_some(), "adaptation"),
                    (lif.syn.is_none(), "neurons without synaptic filter"),
                    (lif.mem.is_none(), "neurons without leak"),
                    (lif.reset == Reset::Zero, "reset to zero"),
                ];
                facts.iter().filter(|(is, _)| *is).for_each(|(_, what)| refuse(what));
            }
        }
    }
    for connection in &graph.connections {
        let name = &connection.name;
        let mut refuse = |what: &str| {
            diagnostics.push(not_expressible(
                connection.span,
                format!("Rockpool's importer of NIR does not take {what}: `{name}`"),
                HELP,
            ));
        };
        if connection.delay > 0 {
            refuse("delays");
        }
        let is_recurrent =
            connection.sources.iter().any(|source| graph.is_recurrent(*source, connection.target));
        if is_recurrent && !is_self_recurrent(connection) {
            refuse("recurrent connections between layers");
        }
        if is_recurrent && connection.as_linear().is_some_and(|linear| linear.bias.is_some()) {
            refuse("biases of recurrent connections");
        }
    }
    diagnostics
}

/// Returns whether a connection leads from a layer to itself, through a matrix.
pub(super) fn is_self_recurrent(connection: &Connection) -> bool {
    connection.sources == [Endpoint::Layer(connection.target)]
        && connection.delay == 0
        && matches!(connection.operator, Operator::Linear(_))
}

/// Returns the graph of a neuron with weights to itself, as Rockpool and snnTorch write it.
pub(super) fn recurrent(neuron: Node, weights: Node, size: usize) -> Node {
    let mut graph = Node::new(Node::GRAPH);
    graph.nodes = vec![
        ("input".to_owned(), port("Input", size)),
        ("lif".to_owned(), neuron),
        ("w_rec".to_owned(), weights),
        ("output".to_owned(), port("Output", size)),
    ];
    let edges = [("input", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "output")];
    graph.edges = edges.map(|(from, to)| (from.to_owned(), to.to_owned())).to_vec();
    graph
}
