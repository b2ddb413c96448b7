//! The strategy for each connection: add the rows of sources that spike, or add all rows.
//!
//! Both give the same bits: a silent source adds a zero, which changes no sum.

use std::collections::BTreeMap;

use synnet_ir::Graph;
use synnet_ir::graph::{Connection, Endpoint, Neuron};

use crate::operation::Rows;

/// Returns the rate, in events per source per step, from which adding all rows is faster.
fn dense_threshold(columns: usize) -> f64 {
    // Measured, as an average of baseline x86-64 and x86-64-v3: finding a source costs about as much as adding 8
    // columns. `docs/rust.md` has the table.
    if columns <= MAX_NARROW_COLUMNS { 0.45 } else { 0.9 }
}

/// Maximum number of columns of a narrow row, for which finding the source dominates.
const MAX_NARROW_COLUMNS: usize = 16;

/// The strategy for each connection of a graph.
pub(super) struct Strategies {
    /// By connection: the strategy, and the reason as a line of documentation.
    choices: Vec<(Rows, String)>,
}

impl Strategies {
    /// Chooses a strategy for each connection, by the kinds of its sources and by their mean rates, if known.
    pub(super) fn choose(graph: &Graph, rates: &BTreeMap<String, f64>) -> Self {
        let choose = |connection| choose(graph, connection, rates);
        Self { choices: graph.connections.iter().map(choose).collect() }
    }

    /// Returns how the rows of a connection are added, by its index.
    pub(super) fn rows(&self, i: usize) -> Rows {
        self.choices[i].0
    }

    /// Returns the reason for the choice, as a line of documentation.
    pub(super) fn reason(&self, i: usize) -> String {
        self.choices[i].1.clone()
    }
}

fn choose(graph: &Graph, connection: &Connection, rates: &BTreeMap<String, f64>) -> (Rows, String) {
    // Currents are nonzero in nearly every step, so looking for silent sources never pays.
    let analog = connection.sources.iter().find_map(|&source| match source {
        Endpoint::Layer(id) if matches!(graph.layer(id).neuron, Neuron::ExpSyn(_)) => Some(graph.layer(id)),
        Endpoint::Layer(_) | Endpoint::Input => None,
    });
    if let Some(layer) = analog {
        let reason = format!(" Adds all rows: `{}` emits a current in every step.", layer.name);
        return (Rows::All, reason);
    }
    // Counts of several sources are summed before the rows are found, so their rates add up. One unknown rate makes the
    // sum unknown.
    let measured: Option<f64> = graph.source_names(connection).map(|name| rates.get(name).copied()).sum();
    let Some(rate) = measured.filter(|rate| rate.is_finite()) else {
        return (Rows::Spiking, " Adds the rows of sources that spike: few sources spike in a step.".into());
    };
    let measured = format!("measured {rate:.2} events per source per step");
    if rate >= dense_threshold(graph.layer(connection.target).input_columns()) {
        (Rows::All, format!(" Adds all rows: {measured}."))
    } else {
        (Rows::Spiking, format!(" Adds the rows of sources that spike: {measured}."))
    }
}
