//! Which chip neuron each neuron of a network becomes, and which of its connections need weights.
//!
//! Only the first hidden ids have input weights, and only the last ones have readout weights. So the layers that
//! the input feeds come first, those that feed the readout last, the others between; within each class in the
//! order of the graph, except that a layer comes after those that are aliased to it. A layer that both receives input
//! and feeds the readout stands behind those that only receive input.
//!
//! Sums of sources become aliases where that changes nothing else, as in Rockpool's `Residual`: layer `a` is
//! *aliased* to layer `b` if
//!
//! * both are hidden and stand in a sum, `a + b -> linear -> c`, and every connection that leaves `b` is a sum with
//!   `a`, because an alias changes all that `b` sends;
//! * `a` has no other alias target (a neuron has one), and neither is `a` an alias target nor `b` aliased itself;
//! * ids of `a` can be lower than those of `b`: `b` then takes its turn later in the step, and what it repeats leaves
//!   together with its own spikes.
//!
//! Sums are looked at in the order of the connections, alias targets from the last source on. Where there is no
//! alias, and for the input, the same weights stand in the rows of every source. The chip does the same either way,
//! with one difference: a neuron and the one that is aliased to it share the most spikes that one neuron can send in a
//! step. Rows of their own cost fan-out memory.

use std::collections::BTreeMap;
use std::ops::Range;

use synnet_ir::Graph;
use synnet_ir::graph::{Endpoint, LayerId, Operator};

use crate::aliases;
use crate::chip::Chip;
pub use crate::role::Role;
use crate::specification::Dimensions;

/// A hidden layer and its ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedLayer {
    /// The layer.
    pub layer: LayerId,
    /// What it is to the chip.
    pub role: Role,
    /// The ids of its neurons, in their order.
    pub ids: Range<usize>,
}

/// Which weights there are between a source and a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// A one for each source: a connection without weights.
    Diagonal,
    /// From every source to every synapse.
    Full,
}

/// The weights between a source and a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Where spikes come from.
    pub source: Endpoint,
    /// The layer that receives.
    pub target: LayerId,
    /// Which weights there are; with several connections between the two, the most.
    pub pattern: Pattern,
}

impl Block {
    /// Neurons of the target that each source reaches.
    pub fn fan_out(&self, graph: &Graph) -> usize {
        match self.pattern {
            Pattern::Diagonal => 1,
            Pattern::Full => graph.layer(self.target).size,
        }
    }

    /// Number of weights.
    pub fn weights(&self, graph: &Graph) -> usize {
        let sources = graph.width(self.source);
        match self.pattern {
            Pattern::Diagonal => sources,
            Pattern::Full => sources.saturating_mul(graph.layer(self.target).input_columns()),
        }
    }
}

/// Where the layers of a network lie on a chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The hidden layers in the order of their ids.
    pub hidden: Vec<PlacedLayer>,
    /// The output layer; its neurons are the readout neurons in their order.
    pub readout: LayerId,
    /// For each layer of the graph, that which repeats its spikes.
    alias_targets: Vec<Option<LayerId>>,
    /// Every pair of source and target with weights, in ascending order; the input is `None`.
    blocks: BTreeMap<(Option<LayerId>, LayerId), Pattern>,
    /// By how many steps the chip is behind the float network, for each layer of the graph.
    lags: Vec<usize>,
}

impl Layout {
    /// Lays out a graph. Whether it fits the chip is another question ([`check`](crate::rules::check)).
    pub fn of(graph: &Graph, chip: &Chip) -> Self {
        let mut layout = Self {
            hidden: Vec::new(),
            readout: graph.output.layer,
            alias_targets: aliases::targets(graph, chip),
            blocks: BTreeMap::new(),
            lags: lags(graph),
        };
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
        // The last layer of the same class that is aliased to each one; other aliases come from earlier classes.
        let mut follows: Vec<LayerId> = graph.layers_with_ids().map(|(id, _)| id).collect();
        for (from, to) in self.aliased().filter(|&(from, to)| role(from) == role(to)) {
            follows[to.index()] = follows[to.index()].max(from);
        }
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

    /// What a layer is to the chip.
    pub fn role(&self, layer: LayerId) -> Role {
        self.hidden.iter().find(|placed| placed.layer == layer).map_or(Role::Readout, |placed| placed.role)
    }

    /// The layer whose neurons repeat the spikes of this one's.
    pub fn alias_target(&self, layer: LayerId) -> Option<LayerId> {
        self.alias_targets[layer.index()]
    }

    /// The layers that have an alias target, each with it.
    pub fn aliased(&self) -> impl Iterator<Item = (LayerId, LayerId)> {
        let targets = self.alias_targets.iter().enumerate();
        targets.filter_map(|(from, to)| to.map(|to| (LayerId(from as u32), to)))
    }

    /// Whether the spikes of `source` reach a connection by way of another of its `sources`, its alias target.
    pub fn is_repeated(&self, source: Endpoint, sources: &[Endpoint]) -> bool {
        let Endpoint::Layer(id) = source else { return false };
        self.alias_target(id).is_some_and(|to| sources.contains(&Endpoint::Layer(to)))
    }

    /// Every pair of source and target with weights, the input's first, then in the order of the graph.
    pub fn blocks(&self) -> impl Iterator<Item = Block> {
        self.blocks.iter().map(|(&(source, target), &pattern)| Block {
            source: source.map_or(Endpoint::Input, Endpoint::Layer),
            target,
            pattern,
        })
    }

    /// The blocks between hidden layers: those that take fan-out memory.
    pub fn recurrent_blocks(&self) -> impl Iterator<Item = Block> {
        let hidden = |block: &Block| {
            ![Endpoint::Input, Endpoint::Layer(self.readout)].contains(&block.source)
                && block.target != self.readout
        };
        self.blocks().filter(hidden)
    }

    /// Hidden targets of each neuron of every layer of the graph, by its index, all weights counted.
    pub fn fan_outs(&self, graph: &Graph) -> Vec<usize> {
        let mut fan_outs = vec![0_usize; graph.layers.len()];
        for block in self.recurrent_blocks() {
            if let Endpoint::Layer(id) = block.source {
                fan_outs[id.index()] = fan_outs[id.index()].saturating_add(block.fan_out(graph));
            }
        }
        fan_outs
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
