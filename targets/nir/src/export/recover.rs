//! What a reader makes of a planned file: the weights of a known graph, and the steps that recurrent edges add.

use synnet_ir::graph::{Endpoint, Operator};
use synnet_ir::{Diagnostic, Diagnostics, Graph, Network, Params, Tensor};

use super::ExportDialect;
use super::plan::Plan;
use crate::codes;
use crate::import::update_order;
use crate::model::{Nir, Node};
use crate::nodes::is_neuron_kind;

/// Returns the network of a graph with the weights that a file has in the nodes of its plan; `None` if nodes are missing.
pub(crate) fn recover(graph: &Graph, nir: &Nir, dialect: ExportDialect) -> Option<Network> {
    let plan = Plan::new(graph, dialect);
    let mut params = Params::default();
    for (connection, planned) in graph.connections.iter().zip(&plan.connections) {
        let Operator::Linear(linear) = &connection.operator else { continue };
        let target = graph.layer(connection.target);
        let (size, synapses) = (target.size, target.synapses());
        let (rows, columns) = (graph.source_width(connection), target.input_columns());
        let mut weights = vec![0.0; rows.checked_mul(columns)?];
        let mut biases = vec![0.0; columns];
        for (synapse, (piece, entry)) in
            planned.pieces.iter().zip(&plan.layers[connection.target.index()].entries).enumerate()
        {
            let node = find(&nir.root, piece.as_ref()?)?;
            let weight = node.array("weight").filter(|weight| weight.shape == [size, rows])?;
            let factor = |neuron: usize| {
                if entry.factors.len() == 1 { entry.factors[0] } else { entry.factors[neuron] }
            };
            for neuron in 0..size {
                let column = neuron * synapses + synapse;
                for row in 0..rows {
                    weights[row * columns + column] =
                        (weight.get(neuron * rows + row) / factor(neuron)) as f32;
                }
                // An `Affine` whose biases are all 0 is written as `Linear`.
                if let Some(bias) = node.array("bias").filter(|bias| bias.len() == size) {
                    biases[column] = (bias.get(neuron) / factor(neuron)) as f32;
                }
            }
        }
        params.tensors.insert(connection.weight_name(), Tensor::new([rows, columns], weights));
        if linear.bias.is_some() {
            params.tensors.insert(connection.bias_name(), Tensor::new([columns], biases));
        }
    }
    // Learned constants have their values in the graph.
    for spec in graph.tensors().into_iter().filter(|spec| spec.required) {
        if let synnet_ir::Slot::Layer(id, which) = spec.slot {
            let values = which.of(graph.layer(id))?.values.iter().map(|&value| value as f32).collect();
            params.tensors.insert(spec.name, Tensor::new(spec.shape, values));
        }
    }
    Network::bind(graph, &params).ok()
}

/// Finds a node by its path.
fn find<'a>(root: &'a Node, path: &str) -> Option<&'a Node> {
    path.split('.')
        .try_fold(root, |node, name| node.nodes.iter().find(|(other, _)| other == name).map(|(_, node)| node))
}

/// Returns for each connection the places of those sources whose spikes a reader of the file would deliver a step too early:
/// recurrent ones that are not part of a cycle. Warns about those that it would deliver a step too late.
pub(super) fn missing_delays(graph: &Graph, plan: &Plan, root: &Node) -> (Vec<Vec<usize>>, Diagnostics) {
    let index = |name: &str| root.nodes.iter().position(|(other, _)| other == name);
    let mut targets: Vec<Vec<usize>> = vec![Vec::new(); root.nodes.len()];
    for (from, to) in &root.edges {
        if let (Some(from), Some(to)) = (index(from), index(to)) {
            targets[from].push(to);
        }
    }
    let is_neuron: Vec<bool> = root.nodes.iter().map(|(_, node)| is_neuron_kind(&node.kind)).collect();
    let order = update_order(&targets, &is_neuron, index(&plan.input).unwrap_or(0));
    let place = |name: &str| index(name).and_then(|node| order.iter().position(|&other| other == node));
    let mut missing = vec![Vec::new(); graph.connections.len()];
    let mut warnings = Diagnostics::new();
    for (i, connection) in graph.connections.iter().enumerate() {
        for (position, source) in connection.sources.iter().enumerate() {
            let Endpoint::Layer(id) = source else { continue };
            let (from, to) = (&plan.layers[id.index()].exit, &plan.layers[connection.target.index()].exit);
            let is_read_so = place(from) >= place(to);
            match (graph.is_recurrent(*source, connection.target), is_read_so) {
                (true, false) => missing[i].push(position),
                (false, true) => warnings.push(
                    Diagnostic::warning(
                        &codes::LOST,
                        connection.span,
                        format!(
                            "other tools will deliver the spikes of `{}` one step later",
                            connection.name
                        ),
                    )
                    .with_help("declare the layers in the order in which the input reaches them"),
                ),
                _ => {}
            }
        }
    }
    (missing, warnings)
}
