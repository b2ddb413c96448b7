//! Which chip neuron each neuron of a network becomes.
//!
//! Only the first hidden ids have input weights, and only the last ones have readout weights. So the layers that
//! the input feeds come first, those that feed the readout last, the others between; within each class in the
//! order of the graph. A layer that does both stands behind those that only receive input.

use std::ops::Range;

use synnet_dsl::Graph;
use synnet_dsl::graph::{Endpoint, LayerId};

use crate::specification::Dimensions;

/// What a layer is to the chip, in the order of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Receives input.
    Input,
    /// Receives input and feeds the readout.
    Both,
    /// Neither.
    Inner,
    /// Feeds the readout.
    Output,
    /// Is the readout.
    Readout,
}

/// A hidden layer and its ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The layer.
    pub layer: LayerId,
    /// What it is to the chip.
    pub role: Role,
    /// The ids of its neurons, in their order.
    pub ids: Range<usize>,
}

/// Where the layers of a network lie on a chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The hidden layers in the order of their ids.
    pub hidden: Vec<Placed>,
    /// The output layer; its neurons are the readout neurons in their order.
    pub readout: LayerId,
    /// By how many steps the chip is behind the float network, for each layer of the graph.
    lags: Vec<usize>,
}

impl Layout {
    /// Lays out a graph. Whether it fits a chip is another question ([`check`](crate::rules::check)).
    pub fn of(graph: &Graph) -> Self {
        let readout = graph.output.layer;
        let role = |id: LayerId| {
            let from_input = graph
                .connections_into(id)
                .any(|(_, connection)| connection.sources.contains(&Endpoint::Input));
            let to_readout = graph
                .connections_into(readout)
                .any(|(_, connection)| connection.sources.contains(&Endpoint::Layer(id)));
            match (from_input, to_readout) {
                (true, true) => Role::Both,
                (true, false) => Role::Input,
                (false, true) => Role::Output,
                (false, false) => Role::Inner,
            }
        };
        let ids = graph.layers_with_ids().map(|(id, _)| id).filter(|&id| id != readout);
        let mut hidden: Vec<Placed> = ids.map(|id| Placed { layer: id, role: role(id), ids: 0..0 }).collect();
        hidden.sort_by_key(|placed| placed.role);
        let mut next = 0;
        for placed in &mut hidden {
            let end = next + graph.layer(placed.layer).size;
            placed.ids = next..end;
            next = end;
        }
        Self { hidden, readout, lags: lags(graph) }
    }

    /// What a layer is to the chip.
    pub fn role(&self, layer: LayerId) -> Role {
        self.hidden.iter().find(|placed| placed.layer == layer).map_or(Role::Readout, |placed| placed.role)
    }

    /// By how many steps a layer on the chip is behind the float network, because the chip takes a step for each
    /// forward connection that leaves a hidden neuron (along the longest path).
    pub fn lag(&self, layer: LayerId) -> usize {
        self.lags[layer.index()]
    }

    /// By how many steps the readout is behind the float network: the number of hidden layers in a chain.
    pub fn latency(&self) -> usize {
        self.lag(self.readout)
    }

    /// The sizes that the network needs.
    pub fn dimensions(&self, graph: &Graph) -> Dimensions {
        let hidden = self.hidden.last().map_or(0, |placed| placed.ids.end);
        let fed = |placed: &&Placed| matches!(placed.role, Role::Input | Role::Both);
        let feeds = |placed: &&Placed| matches!(placed.role, Role::Output | Role::Both);
        let synapses = self.hidden.iter().map(|placed| graph.layer(placed.layer).synapses()).max();
        Dimensions {
            inputs: graph.input.channels,
            input_expansion: self.hidden.iter().rfind(fed).map_or(0, |placed| placed.ids.end),
            hidden,
            output_expansion: self.hidden.iter().find(feeds).map_or(0, |placed| hidden - placed.ids.start),
            outputs: graph.outputs(),
            synapses: synapses.unwrap_or(1),
        }
    }
}

/// Forward connections lead to later layers, so one pass in the order of update suffices.
fn lags(graph: &Graph) -> Vec<usize> {
    let mut lags = vec![0; graph.layers.len()];
    for (id, _) in graph.layers_with_ids() {
        let forward = graph.connections_into(id).flat_map(|(_, connection)| &connection.sources);
        let forward = forward.filter(|&&source| !graph.is_recurrent(source, id));
        let arrivals = forward.filter_map(|source| match source {
            Endpoint::Input => None,
            Endpoint::Layer(from) => Some(lags[from.index()] + 1),
        });
        lags[id.index()] = arrivals.max().unwrap_or(0);
    }
    lags
}
