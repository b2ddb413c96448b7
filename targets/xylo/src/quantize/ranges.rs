//! Ranges of states, measured in the float network on typical input.

use serde::{Deserialize, Serialize};

/// Ranges of the float network's states.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ranges {
    /// One range per layer, in the order of the graph.
    pub layers: Vec<LayerRange>,
}

/// Maximum magnitudes that the states of a layer reach, in units of the float network: one value for all neurons, or
/// one per neuron.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerRange {
    /// Membrane before its reset: `|vmem + spikes * threshold|`.
    pub vmem: Vec<f64>,
    /// Synaptic currents at the end of a step, after decay.
    pub isyn: Vec<f64>,
}

impl LayerRange {
    /// Extends the range by one step of one sample. Each slice has one value per neuron; with several synapses, `isyn`
    /// is the current with the largest magnitude.
    pub fn observe(&mut self, vmem: &[f32], isyn: &[f32], spikes: &[f32], threshold: impl Fn(usize) -> f64) {
        let widen = |range: &mut Vec<f64>, n: usize, x: f64| {
            if range.len() <= n {
                range.resize(n + 1, 0.0);
            }
            range[n] = range[n].max(x.abs());
        };
        for (n, (&v, &spikes)) in vmem.iter().zip(spikes).enumerate() {
            // Both the membrane after the reset and the peak before it: either may have the larger magnitude.
            widen(&mut self.vmem, n, f64::from(v));
            widen(&mut self.vmem, n, f64::from(v) + f64::from(spikes) * threshold(n));
        }
        for (n, &i) in isyn.iter().enumerate() {
            widen(&mut self.isyn, n, f64::from(i));
        }
    }

    /// Extends the range by that of other samples of the same layer.
    pub fn merge(&mut self, other: &Self) {
        let widen = |range: &mut Vec<f64>, other: &[f64]| {
            range.resize(range.len().max(other.len()), 0.0);
            range.iter_mut().zip(other).for_each(|(max, &x)| *max = max.max(x));
        };
        widen(&mut self.vmem, &other.vmem);
        widen(&mut self.isyn, &other.isyn);
    }
}
