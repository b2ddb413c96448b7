//! Layout: the id of each neuron on the chip, the aliases, and the blocks of weights.
//!
//! A graph gives aliases ([`aliases`](self#aliases)), aliases decide which blocks of weights are needed, blocks decide
//! the role of each layer, and roles decide the order of ids.
//!
//! # Ids
//! Only the first hidden ids have input weights, and only the last ones have readout weights. So the layers that the
//! input feeds come first, those that feed the readout come last, and the others lie between. Within each class, layers
//! keep the order of the graph, except that a layer comes after those that are aliased to it. A layer that both
//! receives input and feeds the readout comes after those that only receive input.
//!
//! # Aliases
//! A sum of sources becomes an alias if that changes nothing else, as in Rockpool's `Residual`. Layer `a` is *aliased*
//! to layer `b` if
//!
//! * both are hidden and part of a sum, `a + b -> linear -> c`, and every connection that leaves `b` is a sum with `a`,
//!   because an alias changes everything that `b` sends;
//! * `a` has no other alias target (a neuron has only one), `a` is not an alias target, and `b` is not aliased itself;
//! * ids of `a` can be lower than those of `b`: `b` is then updated later in the step, and sends the spikes of `a`
//!   together with its own.
//!
//! Sums are examined in the order of the connections, and alias targets from the last source to the first. Without an
//! alias, and for the input, the rows of every source hold the same weights. The chip computes the same either way,
//! with one difference: a neuron and its alias target share the maximum number of spikes per step. Rows cost fan-out
//! memory.

use std::collections::BTreeMap;
use std::ops::Range;

use synnet_ir::Graph;
use synnet_ir::graph::{Endpoint, LayerId, Operator};

use crate::aliases;
use crate::chip::Chip;
pub use crate::role::Role;
use crate::specification::Dimensions;

/// A hidden layer with its ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedLayer {
    /// Index in the graph.
    pub layer: LayerId,
    /// Role on the chip, which decides the order of ids.
    pub role: Role,
    /// Ids of the neurons, in the layer's order.
    pub ids: Range<usize>,
}

/// Pattern of the weights between a source and a target, in ascending order of their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// Each source feeds the neuron of the same index: a connection without weights.
    Diagonal,
    /// Each source feeds every synapse of every neuron.
    Full,
}

/// A block of weights between a source and a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The input, or the layer that sends spikes.
    pub source: Endpoint,
    /// The layer that receives them.
    pub target: LayerId,
    /// Pattern of the weights; if several connections share the block, the fullest one.
    pub pattern: Pattern,
}

impl Block {
    /// Returns the number of target neurons that each source reaches.
    pub fn fan_out(&self, graph: &Graph) -> usize {
        match self.pattern {
            Pattern::Diagonal => 1,
            Pattern::Full => graph.layer(self.target).size,
        }
    }

    /// Returns the number of weights, zeros included.
    pub fn weights(&self, graph: &Graph) -> usize {
        let sources = graph.width(self.source);
        match self.pattern {
            Pattern::Diagonal => sources,
            Pattern::Full => sources.saturating_mul(graph.layer(self.target).input_columns()),
        }
    }
}

/// Placement of a network's layers on a chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The hidden layers, in the order of their ids, which have no gaps.
    pub hidden: Vec<PlacedLayer>,
    /// The output layer. Its neurons are the readout neurons, in the layer's order.
    pub readout: LayerId,
    /// For each layer of the graph, the layer that repeats its spikes.
    alias_targets: Vec<Option<LayerId>>,
    /// Every pair of source and target with weights, in ascending order; the input is `None`.
    blocks: BTreeMap<(Option<LayerId>, LayerId), Pattern>,
    /// For each layer of the graph, the number of steps by which the chip lags behind the float network.
    lags: Vec<usize>,
}

impl Layout {
    /// Lays out a graph, whether or not it fits the chip ([`check`](crate::rules::check)).
    pub fn new(graph: &Graph, chip: &Chip) -> Self {
        let mut layout = Self {
            hidden: Vec::new(),
            readout: graph.output.layer,
            alias_targets: aliases::targets(graph, chip),
            blocks: BTreeMap::new(),
            lags: lags(graph),
        };
        // Ids depend on roles, and roles on the blocks that are left after aliasing.
        layout.find_blocks(graph);
        layout.place(graph);
        layout
    }

    fn find_blocks(&mut self, graph: &Graph) {
        for connection in &graph.connections {
            let pattern = match connection.operator {
                Operator::Identity => Pattern::Diagonal,
                Operator::Linear(_) => Pattern::Full,
            };
            for &source in &connection.sources {
                let key = match source {
                    Endpoint::Input => None,
                    Endpoint::Layer(id) => Some(id),
                };
                if !self.is_repeated(source, &connection.sources) {
                    let known = self.blocks.entry((key, connection.target)).or_insert(pattern);
                    *known = pattern.max(*known);
                }
            }
        }
    }

    fn place(&mut self, graph: &Graph) {
        let role = |id: LayerId| {
            let (from_input, to_readout) = ((None, id), (Some(id), self.readout));
            Role::new(self.blocks.contains_key(&from_input), self.blocks.contains_key(&to_readout))
        };
        let ids = graph.layers_with_ids().map(|(id, _)| id).filter(|&id| id != self.readout);
        let mut hidden: Vec<PlacedLayer> =
            ids.map(|id| PlacedLayer { layer: id, role: role(id), ids: 0..0 }).collect();
        // For each layer, the last layer of the same role that is aliased to it, else the layer itself. Aliases from
        // other roles come from lower ids anyway (`aliases::targets`).
        let mut follows: Vec<LayerId> = graph.layers_with_ids().map(|(id, _)| id).collect();
        for (from, to) in self.aliased().filter(|&(from, to)| role(from) == role(to)) {
            follows[to.index()] = follows[to.index()].max(from);
        }
        // A layer that follows another one sorts directly after it: the same second key, and `true` after `false`.
        hidden.sort_by_key(|placed| {
            let last = follows[placed.layer.index()];
            (placed.role, last, last != placed.layer, placed.layer)
        });
        let mut next = 0;
        for placed in &mut hidden {
            let end = next + graph.layer(placed.layer).size;
            placed.ids = next..end;
            next = end;
        }
        self.hidden = hidden;
    }

    /// Returns the role of a layer on the chip.
    pub fn role(&self, layer: LayerId) -> Role {
        self.hidden.iter().find(|placed| placed.layer == layer).map_or(Role::Readout, |placed| placed.role)
    }

    /// Returns the layer whose neurons repeat the spikes of this layer, if it is aliased.
    pub fn alias_target(&self, layer: LayerId) -> Option<LayerId> {
        self.alias_targets[layer.index()]
    }

    /// Iterates over the aliased layers, each with its alias target.
    pub fn aliased(&self) -> impl Iterator<Item = (LayerId, LayerId)> {
        let targets = self.alias_targets.iter().enumerate();
        targets.filter_map(|(from, to)| to.map(|to| (LayerId(from as u32), to)))
    }

    /// Returns whether the spikes of `source` reach a connection through its alias target, which is another of the
    /// connection's `sources`.
    pub fn is_repeated(&self, source: Endpoint, sources: &[Endpoint]) -> bool {
        let Endpoint::Layer(id) = source else { return false };
        self.alias_target(id).is_some_and(|to| sources.contains(&Endpoint::Layer(to)))
    }

    /// Iterates over the blocks of weights: those of the input first, then in the order of the graph.
    pub fn blocks(&self) -> impl Iterator<Item = Block> {
        self.blocks.iter().map(|(&(source, target), &pattern)| Block {
            source: source.map_or(Endpoint::Input, Endpoint::Layer),
            target,
            pattern,
        })
    }

    /// Iterates over the blocks between hidden layers, which take fan-out memory.
    pub fn recurrent_blocks(&self) -> impl Iterator<Item = Block> {
        let hidden = |block: &Block| {
            ![Endpoint::Input, Endpoint::Layer(self.readout)].contains(&block.source)
                && block.target != self.readout
        };
        self.blocks().filter(hidden)
    }

    /// Returns, for each layer of the graph, the number of hidden targets of each of its neurons, zero weights
    /// included.
    pub fn fan_outs(&self, graph: &Graph) -> Vec<usize> {
        let mut fan_outs = vec![0_usize; graph.layers.len()];
        for block in self.recurrent_blocks() {
            if let Endpoint::Layer(id) = block.source {
                fan_outs[id.index()] = fan_outs[id.index()].saturating_add(block.fan_out(graph));
            }
        }
        fan_outs
    }

    /// Returns the number of steps by which a layer on the chip lags behind the float network. The chip takes a step
    /// for each forward connection that leaves a hidden neuron; the longest path counts.
    pub fn lag(&self, layer: LayerId) -> usize {
        self.lags[layer.index()]
    }

    /// Returns the number of steps by which the readout lags behind the float network: the number of hidden layers of a
    /// chain.
    pub fn latency(&self) -> usize {
        self.lag(self.readout)
    }

    /// Returns the sizes that the network needs.
    pub fn dimensions(&self, graph: &Graph) -> Dimensions {
        let hidden = self.hidden.last().map_or(0, |placed| placed.ids.end);
        // Expansion neurons are counted from the first or to the last id, so layers in between count, too.
        let fed = self.hidden.iter().rfind(|placed| placed.role.receives_input());
        let feeds = self.hidden.iter().find(|placed| placed.role.feeds_readout());
        let synapses = self.hidden.iter().map(|placed| graph.layer(placed.layer).synapses()).max();
        Dimensions {
            inputs: graph.input.channels,
            input_expansion: fed.map_or(0, |placed| placed.ids.end),
            hidden,
            output_expansion: feeds.map_or(0, |placed| hidden - placed.ids.start),
            outputs: graph.outputs(),
            synapses: synapses.unwrap_or(1),
        }
    }
}

/// Returns the lag of each layer: the maximum number of forward connections on a path from a hidden neuron to it.
fn lags(graph: &Graph) -> Vec<usize> {
    // Forward connections lead to later layers, so one pass in the order of update suffices.
    let mut lags = vec![0; graph.layers.len()];
    for ((id, _), incoming) in graph.layers_with_ids().zip(graph.incoming()) {
        let forward = incoming.into_iter().flat_map(|i| &graph.connections[i].sources);
        let forward = forward.filter(|&&source| !graph.is_recurrent(source, id));
        let arrivals = forward.filter_map(|source| match source {
            Endpoint::Input => None,
            Endpoint::Layer(from) => Some(lags[from.index()] + 1),
        });
        lags[id.index()] = arrivals.max().unwrap_or(0);
    }
    lags
}
