//! A network laid out for running: constants in f32, connections sorted by target.

use synnet_ir::Network;
use synnet_ir::graph::{Connection, Neuron, Quantity};

use crate::constants;
use crate::kernels::lif::Constants;
use crate::source_index::source;

/// Everything that does not change while a network runs.
#[derive(Debug)]
pub(super) struct Program {
    /// Name of the network.
    pub(super) name: String,
    /// Width of the input.
    pub(super) channels: usize,
    /// Width of the output.
    pub(super) outputs: usize,
    /// The layer and quantity that the network gives.
    pub(super) output: (usize, Quantity),
    /// The layers, in the order of update.
    pub(super) layers: Vec<LayerProgram>,
    /// How many past steps of the input (first) and of each layer are read.
    pub(super) max_lag: Vec<usize>,
}

/// A layer with what comes into it.
#[derive(Debug)]
pub(super) struct LayerProgram {
    /// Its name.
    pub(super) name: String,
    /// Number of neurons.
    pub(super) size: usize,
    /// What the neurons do.
    pub(super) dynamics: Dynamics,
    /// Connections, in the order of summation.
    pub(super) incoming: Vec<ConnectionProgram>,
}

/// What the neurons of a layer do.
#[derive(Debug)]
pub(super) enum Dynamics {
    /// Leaky integrate-and-fire.
    Lif {
        /// Decays, thresholds and so on.
        constants: Constants,
        /// `noise_std * sqrt(dt)`.
        noise: f32,
    },
    /// Leaky integrator with its decays.
    ExpSyn(Vec<f32>),
}

impl Dynamics {
    /// Number of input columns.
    pub(super) fn columns(&self) -> usize {
        match self {
            Self::Lif { constants, .. } => constants.beta.len(),
            Self::ExpSyn(decay) => decay.len(),
        }
    }

    /// Synapses of each neuron.
    pub(super) fn synapses(&self) -> usize {
        match self {
            Self::Lif { constants, .. } => constants.synapses,
            Self::ExpSyn(_) => 1,
        }
    }

    /// Whether the neurons spike.
    pub(super) fn is_spiking(&self) -> bool {
        matches!(self, Self::Lif { .. })
    }
}

/// A connection into a layer.
#[derive(Debug)]
pub(super) struct ConnectionProgram {
    /// Where counts come from (0 is the input, `i + 1` layer `i`) and how many steps later they arrive.
    pub(super) sources: Vec<(usize, usize)>,
    /// `[sources, columns]`; `None` where counts arrive as they are.
    pub(super) matrix: Option<Vec<f32>>,
    /// One value per column.
    pub(super) bias: Option<Vec<f32>>,
}

impl Program {
    pub(super) fn new(network: &Network) -> Self {
        let graph = &network.graph;
        let layers: Vec<LayerProgram> = graph
            .layers_with_ids()
            .map(|(id, layer)| LayerProgram {
                name: layer.name.clone(),
                size: layer.size,
                dynamics: match &layer.neuron {
                    Neuron::Lif(lif) => Dynamics::Lif {
                        constants: constants::lif(lif, layer.size, graph.dt),
                        noise: (lif.noise_std * graph.dt.sqrt()) as f32,
                    },
                    Neuron::ExpSyn(expsyn) => {
                        Dynamics::ExpSyn(constants::decays(&expsyn.syn, layer.size, graph.dt))
                    }
                },
                incoming: graph.connections_into(id).map(|(i, c)| path(network, i, c)).collect(),
            })
            .collect();
        let mut max_lag = vec![0; layers.len() + 1];
        for &(source, lag) in layers.iter().flat_map(|l| &l.incoming).flat_map(|p| &p.sources) {
            max_lag[source] = max_lag[source].max(lag);
        }
        Self {
            name: graph.name.clone(),
            channels: graph.input.channels,
            outputs: graph.outputs(),
            output: (graph.output.layer.index(), graph.output.quantity),
            layers,
            max_lag,
        }
    }
}

fn path(network: &Network, i: usize, connection: &Connection) -> ConnectionProgram {
    let weights = network.weights.get(i).and_then(Option::as_ref);
    ConnectionProgram {
        sources: connection.sources.iter().map(|&s| source(&network.graph, connection, s)).collect(),
        matrix: weights.map(|w| w.matrix.data.clone()),
        bias: weights.and_then(|w| w.bias.clone()),
    }
}
