//! How large the states of a neuron become, and so how large its scale may be.

use std::ops::Range;

use super::neuron::{NetworkStatistics, Neuron};
use super::options::QuantizeOptions;
use super::ranges::LayerRange;
use crate::chip::Chip;

/// Largest state of the chip.
const STATE: f64 = 32767.0;

/// A layer of the network among the neurons of a chip.
pub(super) struct LayerSlice<'a> {
    /// Its index in the graph.
    pub(super) layer: usize,
    /// Ids of its neurons, among the hidden ones or the readout's.
    pub(super) ids: Range<usize>,
    /// Which neuron of the layer each id is; their order, where none is missing.
    pub(super) neurons: Option<&'a [usize]>,
    pub(super) readout: bool,
}

/// Largest scales that keep the states within 16 bits.
pub(super) struct Headroom {
    pub(super) hidden: Vec<f64>,
    pub(super) readout: Vec<f64>,
}

/// The limits of all neurons.
pub(super) fn limits<'a>(
    numbers: &NetworkStatistics,
    layers: impl Iterator<Item = LayerSlice<'a>>,
    chip: &Chip,
    options: &QuantizeOptions,
) -> Headroom {
    let max_spikes = f64::from(chip.events.hidden);
    let mut result =
        Headroom { hidden: vec![0.0; numbers.hidden.len()], readout: vec![0.0; numbers.readout.len()] };
    for layer in layers {
        let (neurons, result) = if layer.readout {
            (&numbers.readout, &mut result.readout)
        } else {
            (&numbers.hidden, &mut result.hidden)
        };
        let measured = options.ranges.as_ref().and_then(|ranges| ranges.layers.get(layer.layer));
        for (n, id) in layer.ids.clone().enumerate() {
            let n = layer.neurons.and_then(|neurons| neurons.get(n).copied()).unwrap_or(n);
            let neuron = &neurons[id];
            result[id] = match measured.and_then(|range| peak(range, n, neuron)) {
                Some(peak) => STATE / (options.headroom() * peak),
                // Not measured: as with all bits and without shifts, and with room for what a step's spikes can spend.
                None => {
                    let unshifted = f64::from(chip.weight_limit()) / neuron.max_weight();
                    let spent = if layer.readout { 0.0 } else { (max_spikes + 1.0) * neuron.threshold };
                    unshifted.min(STATE / spent)
                }
            };
        }
    }
    result
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
