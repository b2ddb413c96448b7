//! The memory estimate of training: its formula, from the plan alone.

use super::pass::{BLOCK_STEPS, Recompute};
use super::plan::LayerPlan;
use super::prepared::Tape;

/// The memory that training needs, in bytes, estimated before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryEstimate {
    /// Per thread: membrane potentials, currents, and the states saved at segment boundaries.
    pub states: u64,
    /// Per thread: events, if every neuron spikes in every step. At `r` spikes per neuron per step (`r` below
    /// 1), about `r` times this.
    pub events: u64,
    /// Per set of [`GradientSums`](super::GradientSums).
    pub sums: u64,
    /// The packed weights, which all threads share.
    pub weights: u64,
}

impl MemoryEstimate {
    /// Returns the peak for `threads` threads and `sums` sets of gradient sums, in bytes. Saturates at
    /// `u64::MAX`.
    pub fn peak_bytes(self, threads: usize, sums: usize) -> u64 {
        let threads = (threads as u64).saturating_mul(self.states.saturating_add(self.events));
        threads.saturating_add((sums as u64).saturating_mul(self.sums)).saturating_add(self.weights)
    }
}

impl Tape {
    /// Estimates the memory for sequences of `steps` time steps.
    ///
    /// Per stored step, a neuron takes 4 bytes, 4 more per synapse if the synaptic leak is trainable, and 4
    /// more if it is adaptive and its parameters are trainable. An event takes 8 bytes.
    pub fn memory(&self, steps: usize, recompute: Recompute) -> MemoryEstimate {
        // In u128, so that no number of steps and neurons overflows before the total saturates.
        let (span, plan) = (recompute.span(steps) as u128, &self.plan);
        let saved = (steps as u128).div_ceil(span.max(1));
        let max_delay = |source| plan.max_delay(source, steps) as u128;
        let layers = plan.layers.iter().enumerate().map(|(i, layer)| {
            let block = max_delay(i + 1) + BLOCK_STEPS as u128;
            let state = (layer.columns() + 3 * layer.width) as u128;
            4 * (kept_numbers(layer) * span + layer.width as u128 * block + state * saved)
        });
        let sequences = 4 * steps as u128 * (2 * plan.outputs() + plan.channels) as u128;
        // Each span but the first keeps a copy of the events that delayed connections still read when it
        // begins.
        let copies = saved.saturating_sub(1);
        let events = plan.sources.iter().enumerate().map(|(source, &size)| {
            let kept = (span + max_delay(source)).min(steps as u128) + copies * max_delay(source);
            8 * size as u128 * kept
        });
        let linear = |layer: &LayerPlan| {
            let sizes = layer
                .incoming
                .iter()
                .filter(|connection| connection.linear)
                .map(|connection| connection.source_size as u128);
            sizes.sum::<u128>() * layer.columns() as u128
        };
        let matrices = 4 * plan.layers.iter().map(linear).sum::<u128>();
        let bytes = |count: u128| u64::try_from(count).unwrap_or(u64::MAX);
        MemoryEstimate {
            states: bytes(layers.sum::<u128>() + sequences),
            events: bytes(events.sum()),
            sums: bytes(matrices),
            weights: bytes(2 * matrices),
        }
    }
}

/// Returns how many values a layer stores per step, with padding.
fn kept_numbers(layer: &LayerPlan) -> u128 {
    let membrane = if layer.is_spiking() { layer.width } else { 0 };
    let isyn = if layer.learns_synapses { layer.columns() } else { 0 };
    let iahp = if layer.keeps_iahp() { layer.width } else { 0 };
    (membrane + isyn + iahp) as u128
}
