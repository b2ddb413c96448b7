//! Metrics of single layers: firing rates, silence, saturation and gradient norms.

use serde::{Deserialize, Serialize};
use synnet_ir::graph::LayerId;
use synnet_ir::{Graph, Slot};

/// The rate, in spikes per step over an epoch, from which a neuron counts as saturated: it spikes in nearly
/// every step, so the times of its spikes carry little information.
pub const SATURATED_RATE: f64 = 0.95;

/// Metrics of a spiking layer over an epoch or a part of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerMetrics {
    /// Name of the layer.
    pub layer: String,
    /// Mean spikes per neuron per step.
    pub rate: f64,
    /// Fraction of neurons that never spiked, from 0 to 1.
    pub silent_neurons: f64,
    /// Fraction of neurons with a rate of at least [`SATURATED_RATE`], from 0 to 1.
    pub saturated_neurons: f64,
    /// Fraction of samples in which no neuron of the layer spiked, from 0 to 1.
    pub silent_samples: f64,
    /// L2 norm of all gradients of the layer, averaged over the batches: those of the weights and biases of
    /// incoming connections, and those of its own parameters; without the gradient of a weight penalty. 0 if
    /// nothing learns.
    pub gradient_norm: f64,
}

/// Returns the layer to which a tensor belongs; for weights and biases of a connection, its target.
pub(super) fn owner(graph: &Graph, slot: Slot) -> LayerId {
    match slot {
        Slot::Weight(i) | Slot::LinearBias(i) => graph.connections[i].target,
        Slot::Layer(id, _) => id,
    }
}
