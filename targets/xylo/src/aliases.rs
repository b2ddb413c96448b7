//! The choice of aliases. The documentation of [`layout`](crate::layout#aliases) states the conditions.

use std::collections::BTreeSet;

use synnet_ir::Graph;
use synnet_ir::graph::{Connection, Endpoint, LayerId};

use crate::chip::Chip;
use crate::role::Role;

/// Returns the alias target of each layer of a graph, by its index. The [`Role`] of a target is never lower than that
/// of its sources, so its ids can be higher.
pub(crate) fn targets(graph: &Graph, chip: &Chip) -> Vec<Option<LayerId>> {
    let mut targets = vec![None; graph.layers.len()];
    // A graph with more layers than the chip has neurons is refused later; the search below would be quadratic in them.
    if !chip.aliases || graph.layers.len() > chip.hidden {
        return targets;
    }
    let context = AliasContext::new(graph);
    let mut is_target = vec![false; graph.layers.len()];
    for connection in &graph.connections {
        let sum: Vec<LayerId> = layers(connection).filter(|&id| id != graph.output.layer).collect();
        for &from in &sum {
            if targets[from.index()].is_some() || is_target[from.index()] {
                continue;
            }
            let fits =
                |&to: &LayerId| to != from && targets[to.index()].is_none() && context.may_repeat(from, to);
            // The last source is the latest layer, whose ids are most likely higher.
            if let Some(to) = sum.iter().copied().rev().find(fits) {
                targets[from.index()] = Some(to);
                is_target[to.index()] = true;
            }
        }
    }
    targets
}

/// Iterates over the layers among a connection's sources.
fn layers(connection: &Connection) -> impl Iterator<Item = LayerId> {
    connection.sources.iter().filter_map(|source| match source {
        Endpoint::Input => None,
        Endpoint::Layer(id) => Some(*id),
    })
}

/// The properties of layers that decide whether an alias is possible; all lists are indexed by layer.
struct AliasContext {
    /// The layers that are sources of every connection that leaves the layer.
    companions: Vec<BTreeSet<LayerId>>,
    /// Whether the input feeds the layer.
    receives_input: Vec<bool>,
    /// Number of connections from the layer to the readout.
    readout_connections: Vec<usize>,
}

impl AliasContext {
    fn new(graph: &Graph) -> Self {
        let count = graph.layers.len();
        let mut companions: Vec<Option<BTreeSet<LayerId>>> = vec![None; count];
        let mut context = Self {
            companions: Vec::new(),
            receives_input: vec![false; count],
            readout_connections: vec![0; count],
        };
        for connection in &graph.connections {
            let sum: BTreeSet<LayerId> = layers(connection).collect();
            for id in &sum {
                let common = &mut companions[id.index()];
                *common = Some(match common.take() {
                    Some(common) => &common & &sum,
                    None => sum.clone(),
                });
                context.readout_connections[id.index()] +=
                    usize::from(connection.target == graph.output.layer);
            }
            context.receives_input[connection.target.index()] |=
                connection.sources.contains(&Endpoint::Input);
        }
        context.companions = companions.into_iter().map(Option::unwrap_or_default).collect();
        context
    }

    /// Returns whether `to` may send the spikes of `from` with its own.
    fn may_repeat(&self, from: LayerId, to: LayerId) -> bool {
        // Every connection of `to` has `from` as a source, too. Only the other connections of `from` still need rows,
        // so `from` feeds the readout itself only if it has more connections to it than `to`.
        let rows = |id: LayerId, served: usize| self.readout_connections[id.index()] > served;
        let role = |id: LayerId, served| Role::new(self.receives_input[id.index()], rows(id, served));
        self.companions[to.index()].contains(&from)
            && role(from, self.readout_connections[to.index()]) <= role(to, 0)
    }
}
