//! Connections as chains: each goes on from the target of the one before it, where it can.

use synnet_ir::Graph;
use synnet_ir::graph::{Connection, Distribution, Endpoint, Init, Linear, Operator};

use super::numbers::{number, values};
use crate::vocabulary::{ChainOperator, LinearOption};

/// A chain of connections without its semicolon.
pub(super) struct Chain {
    pub(super) text: String,
    pub(super) docs: Vec<String>,
}

/// Returns the chains that give the connections of a graph, in their order.
pub(super) fn chains(graph: &Graph) -> Vec<Chain> {
    let mut chains: Vec<Chain> = Vec::new();
    for (i, connection) in graph.connections.iter().enumerate() {
        let before = i.checked_sub(1).map(|before| &graph.connections[before]);
        let goes_on = before.is_some_and(|before| {
            // The documentation of a chain is that of all its connections. A layer that feeds itself ends a chain, so that
            // recurrence is seen.
            let is_loop =
                |c: &Connection| c.sources.iter().any(|&source| graph.is_recurrent(source, c.target));
            connection.sources == [Endpoint::Layer(before.target)]
                && connection.docs == before.docs
                && connection.docs.is_empty()
                && !is_loop(connection)
                && !is_loop(before)
        });
        let step = step(graph, connection);
        match chains.last_mut().filter(|_| goes_on) {
            Some(chain) => chain.text.push_str(&step),
            None => {
                let sources: Vec<&str> = graph.source_names(connection).collect();
                chains.push(Chain { text: sources.join(" + ") + &step, docs: connection.docs.to_vec() });
            }
        }
    }
    chains
}

/// Returns operators and target of a connection: ` -> linear -> h1`.
fn step(graph: &Graph, connection: &Connection) -> String {
    let mut text = String::new();
    let mut add = |operator: &str| text.push_str(&format!(" -> {operator}"));
    if connection.delay > 0 {
        add(&format!("{}({})", ChainOperator::Delay.name(), connection.delay));
    }
    if connection.dropout > 0.0 {
        add(&format!("{}({})", ChainOperator::Dropout.name(), number(connection.dropout)));
    }
    if let Operator::Linear(linear) = &connection.operator {
        let options = options(graph, connection, linear);
        let options =
            if options.is_empty() { String::new() } else { format!(" {{ {} }}", options.join(", ")) };
        add(&format!("{}{options}", ChainOperator::Linear.name()));
    }
    add(&graph.layer(connection.target).name);
    text
}

/// Returns the options of a matrix that differ from their defaults.
fn options(graph: &Graph, connection: &Connection, linear: &Linear) -> Vec<String> {
    let mut options = Vec::new();
    let mut add = |option: LinearOption, value: &str| options.push(format!("{}: {value}", option.name()));
    if !linear.learn {
        add(LinearOption::Learn, "false");
    }
    if let Some(bias) = &linear.bias {
        let is_zero = bias.init.distribution == Distribution::Constant(0.0);
        let drawn = distribution(&bias.init.distribution);
        add(LinearOption::Bias, if is_zero { "true" } else { &drawn });
    }
    if linear.init.distribution != Distribution::default_of(graph.source_width(connection)) {
        add(LinearOption::Init, &distribution(&linear.init.distribution));
    }
    if linear.init.scale != Init::default_scale(graph.layer(connection.target), graph.dt) {
        add(LinearOption::Scale, &values(&linear.init.scale, number));
    }
    options
}

fn distribution(distribution: &Distribution) -> String {
    match distribution {
        Distribution::Constant(value) => format!("constant({})", number(*value)),
        Distribution::Uniform { low, high } => format!("uniform({}, {})", number(*low), number(*high)),
        Distribution::Normal { mean, std } => format!("normal({}, {})", number(*mean), number(*std)),
    }
}
