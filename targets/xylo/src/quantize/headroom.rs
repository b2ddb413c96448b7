//! How large the states of a neuron become, and so how large its scale may be.

use serde::{Deserialize, Serialize};

use crate::chip::Chip;
use crate::map::FloatSpecification;

use super::QuantizeOptions;
use super::shifts::Neuron;

/// Largest state of the chip.
const STATE: f64 = 32767.0;

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

/// Largest scales that keep the states within 16 bits.
pub(super) struct Headroom {
    pub(super) hidden: Vec<f64>,
    pub(super) readout: Vec<f64>,
}

/// The limits of all neurons.
pub(super) fn limits(
    float: &FloatSpecification,
    hidden: &[Neuron],
    readout: &[Neuron],
    chip: &Chip,
    options: &QuantizeOptions,
) -> Headroom {
    let (weight_limit, max_spikes) = (f64::from(chip.weight_limit()), f64::from(chip.events.hidden));
    let mut limits = Headroom { hidden: vec![0.0; hidden.len()], readout: vec![0.0; readout.len()] };
    let headroom = if options.headroom >= 1.0 { options.headroom } else { 1.0 };
    for layer in &float.layers {
        let (neurons, limits) =
            if layer.readout { (readout, &mut limits.readout) } else { (hidden, &mut limits.hidden) };
        let measured = options.ranges.as_ref().and_then(|ranges| ranges.layers.get(layer.layer.index()));
        for (&n, id) in layer.neurons.iter().zip(layer.ids.clone()) {
            let neuron = &neurons[id];
            limits[id] = match measured.and_then(|range| peak(range, n, neuron)) {
                Some(peak) => STATE / (headroom * peak),
                // Not measured: as without shifts, and with room for what a step's spikes can spend.
                None => {
                    let unshifted = weight_limit / neuron.largest_weight();
                    let spent = if layer.readout { 0.0 } else { (max_spikes + 1.0) * neuron.threshold };
                    unshifted.min(STATE / spent)
                }
            };
        }
    }
    limits
}

/// Largest state of a neuron within a step, from those at the ends of steps.
fn peak(range: &LayerRange, n: usize, neuron: &Neuron) -> Option<f64> {
    let get =
        |values: &[f64]| values.get(n).or(if values.len() == 1 { values.first() } else { None }).copied();
    let (vmem, isyn) = (get(&range.vmem)?, get(&range.isyn)?);
    // A current is largest before its decay.
    let peak = vmem.max(isyn / neuron.fastest_decay());
    (peak.is_finite() && peak > 0.0).then_some(peak)
}
