//! Figures of layers.

use serde::{Deserialize, Serialize};
use synnet_ir::graph::LayerId;
use synnet_ir::{Graph, Slot};

/// A neuron whose mean over the epoch is at least this many spikes per step counts as saturated: it spikes
/// in nearly every step, so that its spikes say little about when.
pub const SATURATED_RATE: f64 = 0.95;

/// Figures of a spiking layer over an epoch (or a part of it).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerMetrics {
    /// Name of the layer.
    pub layer: String,
    /// Mean spikes per neuron and step.
    pub rate: f64,
    /// Share of neurons that never spiked, from 0 to 1.
    pub silent_neurons: f64,
    /// Share of neurons with a rate of at least [`SATURATED_RATE`], from 0 to 1.
    pub saturated_neurons: f64,
    /// Share of samples in which no neuron of the layer spiked, from 0 to 1.
    pub silent_samples: f64,
    /// Mean over the batches of the L2 norm of the gradients of everything that learns in the layer: the
    /// weights and biases of the connections into it, and its own parameters; without the part of a weight
    /// regulariser. 0 where nothing learns.
    pub gradient_norm: f64,
}

/// The layer that a tensor belongs to: its own, or the one that its connection feeds.
pub(super) fn owner(graph: &Graph, slot: Slot) -> LayerId {
    match slot {
        Slot::Weight(i) | Slot::LinearBias(i) => graph.connections[i].target,
        Slot::Layer(id, _) => id,
    }
}
