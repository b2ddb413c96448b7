//! Conversion of a layer's parameters to the constants that kernels take: f32, one value per element.

use synnet_ir::graph::{Leak, Lif, Parameter};

use crate::kernels::lif::Constants;

/// Returns the decay per time step of one element.
pub(crate) fn decay(leak: &Leak, element: usize, dt: f64) -> f32 {
    // Computed in f64 and rounded once: part of the canonical arithmetic.
    leak.decay(element, dt) as f32
}

/// Returns the decay per time step of each element; 1 without a leak.
pub(crate) fn decays(leak: Option<&Leak>, elements: usize, dt: f64) -> Vec<f32> {
    (0..elements).map(|i| leak.map_or(1.0, |leak| decay(leak, i, dt))).collect()
}

fn values(parameter: &Parameter, elements: usize) -> Vec<f32> {
    (0..elements).map(|i| parameter.get(i) as f32).collect()
}

/// Returns the constants of a layer of `size` neurons.
pub(crate) fn lif(lif: &Lif, size: usize, dt: f64) -> Constants {
    let synapses = lif.synapses.max(1);
    Constants {
        synapses,
        alpha: decays(lif.mem.as_ref(), size, dt),
        filters: lif.syn.is_some(),
        beta: decays(lif.syn.as_ref(), size * synapses, dt),
        threshold: values(&lif.threshold, size),
        bias: values(&lif.bias, size),
        reset: lif.reset,
        max_spikes: lif.max_spikes as f32,
        adaptation: lif
            .adaptation
            .as_ref()
            .map(|a| (decays(Some(&a.leak), size, dt), values(&a.w_ahp, size))),
    }
}
