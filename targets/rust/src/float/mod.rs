//! The arithmetic in f32, in the order that [`synnet_dsl::graph`] defines.

mod constant;
pub(crate) mod kernels;
mod layer;

use synnet_dsl::graph::{Layer, Neuron};

pub(crate) use constant::{number, size};
pub(crate) use layer::{counts_by_division, emitted, layer};

/// Bytes of the constants that a layer holds per element.
pub(crate) fn constant_bytes(layer: &Layer, dt: f64) -> u64 {
    let constants = match &layer.neuron {
        Neuron::Lif(lif) => layer::lif_constants(layer, lif, dt),
        Neuron::ExpSyn(expsyn) => layer::expsyn_constants(layer, expsyn, dt),
    };
    constants.iter().map(constant::Constant::bytes).sum()
}
