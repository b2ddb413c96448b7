//! Headroom: the maximum scale of each neuron that keeps its states within 16 bits.
//!
//! Measured ranges of the states decide if there are any; else the threshold does, as `docs/quantization.md` derives.

use std::ops::Range;

use super::options::QuantizeOptions;
use super::ranges::LayerRange;
use super::statistics::{NetworkStatistics, NeuronStatistics};
use crate::chip::Chip;

/// Maximum state of the chip.
const STATE: f64 = 32767.0;

/// A layer of the network, as a range of the chip's neurons.
pub(super) struct LayerSlice<'a> {
    /// Index in the graph.
    pub(super) layer: usize,
    /// Ids of the neurons, among the hidden ones or the readout's.
    pub(super) ids: Range<usize>,
    /// For each id, the index of the neuron within the layer; `None` if no neuron was removed.
    pub(super) neurons: Option<&'a [usize]>,
    pub(super) readout: bool,
}

/// Maximum scales that keep the states within 16 bits, by id.
pub(super) struct Headroom {
    pub(super) hidden: Vec<f64>,
    pub(super) readout: Vec<f64>,
}

/// Returns the maximum scales of all neurons.
pub(super) fn limits<'a>(
    statistics: &NetworkStatistics,
    layers: impl Iterator<Item = LayerSlice<'a>>,
    chip: &Chip,
    options: &QuantizeOptions,
) -> Headroom {
    let max_spikes = f64::from(chip.events.hidden);
    let mut result =
        Headroom { hidden: vec![0.0; statistics.hidden.len()], readout: vec![0.0; statistics.readout.len()] };
    for layer in layers {
        let (neurons, result) = if layer.readout {
            (&statistics.readout, &mut result.readout)
        } else {
            (&statistics.hidden, &mut result.hidden)
        };
        let measured = options.ranges.as_ref().and_then(|ranges| ranges.layers.get(layer.layer));
        for (n, id) in layer.ids.clone().enumerate() {
            let n = layer.neurons.and_then(|neurons| neurons.get(n).copied()).unwrap_or(n);
            let neuron = &neurons[id];
            result[id] = match measured.and_then(|range| peak(range, n, neuron)) {
                Some(peak) => STATE / (options.headroom() * peak),
                // Without a measurement, nothing is known of the input. A step can subtract 31 thresholds and leave
                // less than one, so a membrane needs room for 32 of them; a readout does not use its spikes. The scale
                // of all bits without shifts is a second bound: states never resolve more than weights of 8 bits do.
                None => {
                    let unshifted = f64::from(chip.weight_limit()) / neuron.max_weight();
                    let reset_sum = if layer.readout { 0.0 } else { (max_spikes + 1.0) * neuron.threshold };
                    unshifted.min(STATE / reset_sum)
                }
            };
        }
    }
    result
}

/// Returns the maximum state of a neuron within a step, from the states at the ends of steps. `None` if the range does
/// not hold the neuron.
fn peak(range: &LayerRange, n: usize, neuron: &NeuronStatistics) -> Option<f64> {
    // A range of one value holds for all neurons of the layer.
    let get =
        |values: &[f64]| values.get(n).or(if values.len() == 1 { values.first() } else { None }).copied();
    let (vmem, isyn) = (get(&range.vmem)?, get(&range.isyn)?);
    // Ranges hold currents after their decay, but a current is largest before it.
    let peak = vmem.max(isyn / neuron.fastest_decay());
    (peak.is_finite() && peak > 0.0).then_some(peak)
}
