//! The program of the interpreter: a network's constants in f32, and its connections by target layer.

use synnet_ir::Network;
use synnet_ir::graph::{Connection, Neuron, Quantity};

use crate::constants;
use crate::kernels::lif::Constants;
use crate::source_index::source;

/// Everything that is constant while a network runs.
#[derive(Debug)]
pub(super) struct Program {
    /// Name of the network, for error messages.
    pub(super) name: String,
    /// Number of input channels.
    pub(super) channels: usize,
    /// Number of outputs per step.
    pub(super) outputs: usize,
    /// The layer and the quantity that are the network's output.
    pub(super) output: (usize, Quantity),
    /// The layers, in the order of update.
    pub(super) layers: Vec<LayerProgram>,
    /// Longest delay, in steps, of the connections from the input (first) and from each layer.
    pub(super) max_lag: Vec<usize>,
}

/// A layer and its incoming connections.
#[derive(Debug)]
pub(super) struct LayerProgram {
    pub(super) name: String,
    /// Number of neurons.
    pub(super) size: usize,
    pub(super) dynamics: Dynamics,
    /// In the order of summation.
    pub(super) incoming: Vec<ConnectionProgram>,
}

/// The neuron model of a layer, with its constants.
#[derive(Debug)]
pub(super) enum Dynamics {
    /// Leaky integrate-and-fire.
    Lif {
        constants: Constants,
        /// Standard deviation of the noise current per step: `noise_std * sqrt(dt)`.
        noise: f32,
    },
    /// Leaky integrator, with its decay per step and neuron, and whether it has one: without, it passes its input on.
    ExpSyn { decay: Vec<f32>, filters: bool },
}

impl Dynamics {
    /// Returns the number of input columns: neurons times synapses.
    pub(super) fn columns(&self) -> usize {
        match self {
            Self::Lif { constants, .. } => constants.beta.len(),
            Self::ExpSyn { decay, .. } => decay.len(),
        }
    }

    /// Returns the number of synapses per neuron.
    pub(super) fn synapses(&self) -> usize {
        match self {
            Self::Lif { constants, .. } => constants.synapses,
            Self::ExpSyn { .. } => 1,
        }
    }

    /// Returns whether the neurons spike; leaky integrators do not.
    pub(super) fn is_spiking(&self) -> bool {
        matches!(self, Self::Lif { .. })
    }
}

/// A connection into a layer.
#[derive(Debug)]
pub(super) struct ConnectionProgram {
    /// Index (0 is the input, `i + 1` is layer `i`) and delay in steps of each source.
    pub(super) sources: Vec<(usize, usize)>,
    /// `[sources, columns]`; `None` if counts are added unchanged.
    pub(super) matrix: Option<Vec<f32>>,
    /// One value per column; `None` without a bias.
    pub(super) bias: Option<Vec<f32>>,
}

impl Program {
    pub(super) fn new(network: &Network) -> Self {
        let graph = &network.graph;
        let layers: Vec<LayerProgram> = graph
            .layers
            .iter()
            .zip(graph.incoming())
            .map(|(layer, incoming)| LayerProgram {
                name: layer.name.clone(),
                size: layer.size,
                dynamics: match &layer.neuron {
                    Neuron::Lif(lif) => Dynamics::Lif {
                        constants: constants::lif(lif, layer.size, graph.dt),
                        noise: (lif.noise_std * graph.dt.sqrt()) as f32,
                    },
                    Neuron::ExpSyn(expsyn) => Dynamics::ExpSyn {
                        decay: constants::decays(expsyn.syn.as_ref(), layer.size, graph.dt),
                        filters: expsyn.syn.is_some(),
                    },
                },
                incoming: incoming
                    .into_iter()
                    .map(|i| connection_program(network, i, &graph.connections[i]))
                    .collect(),
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

fn connection_program(network: &Network, i: usize, connection: &Connection) -> ConnectionProgram {
    let weights = network.weights.get(i).and_then(Option::as_ref);
    ConnectionProgram {
        sources: connection.sources.iter().map(|&s| source(&network.graph, connection, s)).collect(),
        matrix: weights.map(|w| w.matrix.data.clone()),
        bias: weights.and_then(|w| w.bias.clone()),
    }
}
