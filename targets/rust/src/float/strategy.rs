//! How a connection is evaluated: row by row for the sources that spike, or all at once.
//!
//! Both give the same numbers: a source that is silent adds a zero, which changes no sum.

use std::collections::BTreeMap;

use synnet_ir::Graph;
use synnet_ir::graph::{Connection, Endpoint, Neuron};

/// Share of sources that spike from which on all at once is faster, on average of baseline x86-64 and
/// x86-64-v3: finding a source that spikes costs about as much as 8 columns. `docs/rust.md` has the figures.
fn dense_threshold(columns: usize) -> f64 {
    if columns <= MAX_NARROW_COLUMNS { 0.45 } else { 0.9 }
}

/// Most columns of a row that costs no more than finding it.
const MAX_NARROW_COLUMNS: usize = 16;

/// How each connection of a graph is evaluated.
pub(crate) struct Strategies {
    choices: Vec<(Strategy, String)>,
}

/// How a connection is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// The rows of sources that spike are added.
    Rows,
    /// All rows are added.
    Dense,
}

impl Strategies {
    /// Chooses from what sources are, and from their mean rates where those are known.
    pub(crate) fn choose(graph: &Graph, rates: &BTreeMap<String, f64>) -> Self {
        let choose = |connection| choose(graph, connection, rates);
        Self { choices: graph.connections.iter().map(choose).collect() }
    }

    /// The choice for a connection, by its index.
    pub(crate) fn of(&self, i: usize) -> Strategy {
        self.choices[i].0
    }

    /// The choice with its reason, as a line of documentation.
    pub(crate) fn reason(&self, i: usize) -> String {
        self.choices[i].1.clone()
    }

    /// Whether a linear connection takes this path.
    pub(crate) fn any(&self, graph: &Graph, path: Strategy) -> bool {
        let mut choices = self.choices.iter().zip(&graph.connections);
        choices.any(|((choice, _), connection)| *choice == path && connection.as_linear().is_some())
    }
}

fn choose(graph: &Graph, connection: &Connection, rates: &BTreeMap<String, f64>) -> (Strategy, String) {
    let analog = connection.sources.iter().find_map(|&source| match source {
        Endpoint::Layer(id) if matches!(graph.layer(id).neuron, Neuron::ExpSyn(_)) => Some(graph.layer(id)),
        Endpoint::Layer(_) | Endpoint::Input => None,
    });
    if let Some(layer) = analog {
        let reason = format!(" All rows are added: `{}` gives a current in every step.", layer.name);
        return (Strategy::Dense, reason);
    }
    let rate = |source: &Endpoint| match source {
        Endpoint::Input => rates.get(&graph.input.name),
        Endpoint::Layer(id) => rates.get(&graph.layer(*id).name),
    };
    let measured: Option<f64> = connection.sources.iter().map(|source| rate(source).copied()).sum();
    let Some(rate) = measured.filter(|rate| rate.is_finite()) else {
        return (
            Strategy::Rows,
            " The rows of sources that spike are added: most sources are silent.".into(),
        );
    };
    let measured = format!("{rate:.2} events per source and step were measured");
    if rate >= dense_threshold(graph.layer(connection.target).input_columns()) {
        (Strategy::Dense, format!(" All rows are added: {measured}."))
    } else {
        (Strategy::Rows, format!(" The rows of sources that spike are added: {measured}."))
    }
}
