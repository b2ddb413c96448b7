//! Ranges of states, measured in the float network.

use serde::{Deserialize, Serialize};

/// Ranges of the float network's states, one for each layer of the graph, in its order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ranges {
    /// One for each layer.
    pub layers: Vec<LayerRange>,
}

/// Largest magnitudes that the states of a layer reach; one value for all neurons, or one for each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerRange {
    /// Of the membrane before its reset: `|vmem + spikes * threshold|`.
    pub vmem: Vec<f64>,
    /// Of the synaptic currents at the end of a step.
    pub isyn: Vec<f64>,
}

impl LayerRange {
    /// Extends the range by one step of one recording, each slice with one value per neuron. Of several
    /// synapses, `isyn` is the one with the largest magnitude.
    pub fn observe(&mut self, vmem: &[f32], isyn: &[f32], spikes: &[f32], threshold: impl Fn(usize) -> f64) {
        let widen = |range: &mut Vec<f64>, n: usize, x: f64| {
            if range.len() <= n {
                range.resize(n + 1, 0.0);
            }
            range[n] = range[n].max(x.abs());
        };
        for (n, (&v, &spikes)) in vmem.iter().zip(spikes).enumerate() {
            // After the reset it is the remainder, before it the peak; a negative membrane had no spikes.
            widen(&mut self.vmem, n, f64::from(v));
            widen(&mut self.vmem, n, f64::from(v) + f64::from(spikes) * threshold(n));
        }
        for (n, &i) in isyn.iter().enumerate() {
            widen(&mut self.isyn, n, f64::from(i));
        }
    }
}
