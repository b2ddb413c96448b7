//! Which layers are aliased to which: the rules are in the documentation of [`layout`](crate::layout).

use std::collections::BTreeSet;

use synnet_ir::Graph;
use synnet_ir::graph::{Connection, Endpoint, LayerId};

use crate::chip::Chip;
use crate::role::Role;

/// The alias target of each layer of a graph, by its index. Every target comes after its sources by [`Role`], or has
/// the same role.
pub(crate) fn targets(graph: &Graph, chip: &Chip) -> Vec<Option<LayerId>> {
    let mut targets = vec![None; graph.layers.len()];
    // More layers than neurons do not fit anyway.
    if !chip.aliases || graph.layers.len() > chip.hidden {
        return targets;
    }
    let facts = AliasContext::of(graph);
    let mut is_target = vec![false; graph.layers.len()];
    for connection in &graph.connections {
        let sum: Vec<LayerId> = layers(connection).filter(|&id| id != graph.output.layer).collect();
        for &from in &sum {
            if targets[from.index()].is_some() || is_target[from.index()] {
                continue;
            }
            let fits =
                |&to: &LayerId| to != from && targets[to.index()].is_none() && facts.may_repeat(from, to);
            if let Some(to) = sum.iter().copied().rev().find(fits) {
                targets[from.index()] = Some(to);
                is_target[to.index()] = true;
            }
        }
    }
    targets
}

/// The layers among a connection's sources.
fn layers(connection: &Connection) -> impl Iterator<Item = LayerId> {
    connection.sources.iter().filter_map(|source| match source {
        Endpoint::Input => None,
        Endpoint::Layer(id) => Some(*id),
    })
}

/// What decides about an alias, for each layer.
struct AliasContext {
    /// The layers that stand in every connection that leaves it.
    companions: Vec<BTreeSet<LayerId>>,
    /// Whether the input feeds it.
    receives_input: Vec<bool>,
    /// Number of its connections to the readout.
    readout_connections: Vec<usize>,
}

impl AliasContext {
    fn of(graph: &Graph) -> Self {
        let count = graph.layers.len();
        let mut companions: Vec<Option<BTreeSet<LayerId>>> = vec![None; count];
        let mut facts = Self {
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
                facts.readout_connections[id.index()] += usize::from(connection.target == graph.output.layer);
            }
            facts.receives_input[connection.target.index()] |= connection.sources.contains(&Endpoint::Input);
        }
        facts.companions = companions.into_iter().map(Option::unwrap_or_default).collect();
        facts
    }

    /// Whether `to` may send the spikes of `from` with its own.
    fn may_repeat(&self, from: LayerId, to: LayerId) -> bool {
        // Each connection of `to` is one of `from`; what is left of those of `from` needs rows.
        let rows = |id: LayerId, served: usize| self.readout_connections[id.index()] > served;
        let role = |id: LayerId, served| Role::new(self.receives_input[id.index()], rows(id, served));
        self.companions[to.index()].contains(&from)
            && role(from, self.readout_connections[to.index()]) <= role(to, 0)
    }
}
