//! The graph: what a spiking network means, independent of how and where it runs.
//!
//! A [`Graph`] is flat. Instances of other networks, parameters, lists and loops are gone; what is
//! left are an input, layers of neurons, connections between them, and an output. It holds every
//! fact that decides what the network computes, and no learnt numbers: weights live in
//! [`Params`](crate::Params) and meet the graph in a [`Network`](crate::Network).
//!
//! # Time
//! Time runs in steps of [`Graph::dt`] seconds. All states are zero before the first step. In each
//! step the layers are updated one after another in the order of [`Graph::layers`]. A connection
//! from a layer that stands earlier delivers the spikes of the same step; a connection from a layer
//! to itself or to an earlier one is *recurrent* and delivers the spikes of the step before
//! ([`Graph::is_recurrent`]). [`Connection::delay`] adds whole steps to either.
//!
//! # What a layer receives
//! A layer of `N` neurons with `S` synapses each has `N * S` input columns; column `n * S + s` feeds
//! synapse `s` of neuron `n`. Its input is the sum over its connections, in the order of
//! [`Graph::connections`]. A connection first adds the spike counts of its sources (they have equal
//! widths), then applies dropout (in training only: each count of each step is set to zero with
//! probability `p`, without rescaling), then its [`Operator`]: a matrix of weights, or nothing.
//!
//! In the float engines that is, in f32 and in exactly this order, starting from `input = 0`:
//! for each connection, the bias if it has one, then `input[c] = input[c] + count[i] * w[i][c]` for
//! ascending `i`, with two roundings (no fused multiply-add). Zero counts may be skipped.
//!
//! # What a neuron does
//! [`Neuron::Lif`], for neuron `n` with synapses `s` (Rockpool's `LIFTorch`; `spikes` are those of
//! the step before where they stand on the right):
//! ```text
//! isyn[s] = (isyn[s] + input[s]) * decay_syn[s]
//! iahp    = (iahp + spikes * w_ahp) * decay_ahp             (adaptive neurons only)
//! vmem    = vmem * decay_mem
//! vmem    = vmem + isyn[0] + isyn[1] + ... + iahp + bias + noise_std * sqrt(dt) * N(0, 1)
//! spikes  = vmem >= threshold ? min(floor(vmem / threshold), max_spikes) : 0
//! vmem    = vmem - spikes * threshold
//! ```
//! The currents are first summed with each other, in the order written, then added to the decayed
//! membrane; noise is absent where `noise_std` is 0. An input thus decays in its own step already;
//! several spikes per step are possible; the reset subtracts. Recorded states are those at the end
//! of the step.
//!
//! [`Neuron::ExpSyn`] is a leaky integrator without spikes: `isyn = (isyn + input) * decay_syn`.
//!
//! Decays are `exp(-dt / tau)`, the decay itself, or `1 - 2^-dash`, whichever the network declares
//! ([`Leak`]); they are computed in f64 and rounded to f32 once.
//!
//! # Gradients
//! Training replaces the derivative of the spike count by [`Surrogate`]. The reset is differentiated.

mod connection;
mod neuron;
mod parameter;

pub use connection::{Connection, Distribution, Endpoint, Init, Linear, LinearBias, Operator};
pub use neuron::{Adaptation, ExpSyn, Leak, LeakUnit, Lif, Neuron, Parameter, Surrogate, SurrogateKind};
pub use parameter::{LayerParameter, Range};

use serde::{Deserialize, Serialize};

use crate::source::Span;

/// A spiking network. See the [module](self) for its meaning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// Name of the network, as declared.
    pub name: String,
    /// The lines of its `///` comment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub docs: Vec<String>,
    /// Duration of a time step, in seconds.
    pub dt: f64,
    /// Where events come in.
    pub input: Input,
    /// Neurons, in the order of update.
    pub layers: Vec<Layer>,
    /// Connections, in the order of the source text.
    pub connections: Vec<Connection>,
    /// What the network gives.
    pub output: Output,
    /// The declaration.
    #[serde(skip)]
    pub span: Span,
}

/// The input of a network: event counts (or any real values) per channel and step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Name, as declared.
    pub name: String,
    /// Number of channels.
    pub channels: usize,
    /// The lines of its `///` comment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub docs: Vec<String>,
    /// The declaration.
    #[serde(skip)]
    pub span: Span,
}

/// Handle of a layer: its index in [`Graph::layers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LayerId(pub u32);

impl LayerId {
    /// The index in [`Graph::layers`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A population of neurons of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Hierarchical name: `h0`, or `body.h0` inside the instance `body`.
    pub name: String,
    /// Number of neurons.
    pub size: usize,
    /// What each of them does.
    pub neuron: Neuron,
    /// The lines of its `///` comment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub docs: Vec<String>,
    /// The declaration.
    #[serde(skip)]
    pub span: Span,
}

impl Layer {
    /// Number of synapses of each neuron.
    pub fn synapses(&self) -> usize {
        match &self.neuron {
            Neuron::Lif(lif) => lif.synapses,
            Neuron::ExpSyn(_) => 1,
        }
    }

    /// Number of input columns: neurons times synapses.
    pub fn input_columns(&self) -> usize {
        self.size * self.synapses()
    }

    /// The leaky integrate-and-fire neuron, if it is one.
    pub fn as_lif(&self) -> Option<&Lif> {
        match &self.neuron {
            Neuron::Lif(lif) => Some(lif),
            Neuron::ExpSyn(_) => None,
        }
    }
}

/// What the network gives in each step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// The layer.
    pub layer: LayerId,
    /// Which of its quantities.
    pub quantity: Quantity,
    /// The declaration.
    #[serde(skip)]
    pub span: Span,
}

/// A quantity of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Spike counts.
    Spikes,
    /// Membrane potential after reset.
    Vmem,
    /// Synaptic current (of the first synapse).
    Isyn,
}

impl Graph {
    /// The layer behind a handle.
    pub fn layer(&self, id: LayerId) -> &Layer {
        &self.layers[id.index()]
    }

    /// The layers with their handles, in the order of update.
    pub fn layers_with_ids(&self) -> impl Iterator<Item = (LayerId, &Layer)> {
        self.layers.iter().enumerate().map(|(i, layer)| (LayerId(i as u32), layer))
    }

    /// The connections into a layer, with their indices, in the order of summation.
    pub fn connections_into(&self, target: LayerId) -> impl Iterator<Item = (usize, &Connection)> {
        self.connections.iter().enumerate().filter(move |(_, c)| c.target == target)
    }

    /// Number of channels or neurons of an endpoint.
    pub fn width(&self, endpoint: Endpoint) -> usize {
        match endpoint {
            Endpoint::Input => self.input.channels,
            Endpoint::Layer(id) => self.layer(id).size,
        }
    }

    /// Number of rows of a connection's matrix.
    pub fn source_width(&self, connection: &Connection) -> usize {
        connection.sources.first().map_or(0, |&source| self.width(source))
    }

    /// Whether spikes from `source` reach `target` one step later: `target` stands at or before it
    /// in the order of update.
    pub fn is_recurrent(&self, source: Endpoint, target: LayerId) -> bool {
        matches!(source, Endpoint::Layer(id) if id >= target)
    }

    /// Number of values that the network gives in each step.
    pub fn outputs(&self) -> usize {
        self.layer(self.output.layer).size
    }
}
