//! What each layer of a network takes of a chip.

use synnet_ir::Graph;
use synnet_ir::graph::{Endpoint, LayerId};

use crate::budget::Resource;
use crate::chip::Chip;
use crate::layout::Layout;

/// The part of a chip that a layer takes, with connections in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerUse {
    /// The layer.
    pub layer: LayerId,
    neurons: usize,
    is_readout: bool,
    is_fed_by_input: bool,
    feeds_readout: bool,
    /// Hidden targets of each of its neurons.
    fan_out: usize,
    /// Weights from the input, into it from hidden layers, and from it to the readout.
    weights: [usize; 3],
}

impl LayerUse {
    /// Returns the use of each layer of a graph, in the order of the graph, whether or not it fits the chip.
    pub fn of_graph(graph: &Graph, chip: &Chip) -> Vec<Self> {
        let layout = Layout::new(graph, chip);
        let fan_outs = layout.fan_outs(graph);
        let mut uses: Vec<Self> = graph
            .layers_with_ids()
            .map(|(id, layer)| Self {
                layer: id,
                neurons: layer.size,
                is_readout: id == layout.readout,
                is_fed_by_input: false,
                feeds_readout: false,
                fan_out: fan_outs[id.index()],
                weights: [0; 3],
            })
            .collect();
        for block in layout.blocks() {
            let weights = block.weights(graph);
            let target = block.target.index();
            match block.source {
                Endpoint::Input if uses[target].is_readout => {}
                Endpoint::Input => {
                    uses[target].is_fed_by_input = true;
                    uses[target].weights[0] = uses[target].weights[0].saturating_add(weights);
                }
                Endpoint::Layer(source) if uses[source.index()].is_readout => {}
                Endpoint::Layer(source) if uses[target].is_readout => {
                    let source = &mut uses[source.index()];
                    source.feeds_readout = true;
                    source.weights[2] = source.weights[2].saturating_add(weights);
                }
                Endpoint::Layer(_) => {
                    uses[target].weights[1] = uses[target].weights[1].saturating_add(weights);
                }
            }
        }
        uses
    }

    /// Returns the amount of a resource that the layer takes; `None` if the resource is not divided among layers. The
    /// amounts of all layers add up to that of the [`Budget`](crate::budget::Budget), but for layers without input
    /// between those that it feeds, and likewise before the readout. Weights between hidden neurons
    /// count for the layer that receives them, fan-out memory for the one that sends.
    pub fn get(&self, resource: Resource) -> Option<usize> {
        let neurons_if = |condition: bool| if condition { self.neurons } else { 0 };
        match resource {
            Resource::Hidden => Some(neurons_if(!self.is_readout)),
            Resource::InputExpansion => Some(neurons_if(self.is_fed_by_input)),
            Resource::OutputExpansion => Some(neurons_if(self.feeds_readout)),
            Resource::Outputs => Some(neurons_if(self.is_readout)),
            Resource::FanOutMemory if self.is_readout => Some(0),
            Resource::FanOutMemory => Some(self.fan_out.saturating_mul(self.neurons)),
            Resource::InputWeights => Some(self.weights[0]),
            Resource::HiddenWeights => Some(self.weights[1]),
            Resource::ReadoutWeights => Some(self.weights[2]),
            Resource::Inputs
            | Resource::HiddenSynapses
            | Resource::ReadoutSynapses
            | Resource::LargestFanOut
            | Resource::Aliases
            | Resource::Biases => None,
        }
    }
}
