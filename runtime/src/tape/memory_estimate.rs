//! The memory estimate of training: its formula, from the plan alone.

use super::pass::{BLOCK_STEPS, Recompute};
use super::plan::LayerPlan;
use super::prepared::Tape;
use crate::kernels::event_lists::capacity;
use crate::kernels::{LANES, padded};

/// The memory that training needs, in bytes, estimated before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryEstimate {
    /// Per thread: membrane potentials, currents, the sample, its output, and the states saved at segment boundaries.
    pub states: u64,
    /// Per thread: events.
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
    /// Estimates the memory for sequences of `steps` time steps if every channel and neuron has an event in every step.
    ///
    /// Per stored step, a neuron takes 4 bytes, 4 more per synapse if the synaptic leak is trainable, and 4
    /// more if it is adaptive and its parameters are trainable. An event takes 8 bytes.
    pub fn memory(&self, steps: usize, recompute: Recompute) -> MemoryEstimate {
        self.memory_at_rates(steps, recompute, &[])
    }

    /// Like [`memory`](Self::memory), at the given rates: the fraction of steps, from 0 to 1, in which a channel of the
    /// input (first) and a neuron of each layer has an event. Sources without a rate have an event in every step.
    pub fn memory_at_rates(&self, steps: usize, recompute: Recompute, rates: &[f64]) -> MemoryEstimate {
        // In u128, so that no number of steps and neurons overflows before the total saturates.
        let (span, plan) = (recompute.span(steps) as u128, &self.plan);
        let saved = (steps as u128).div_ceil(span.max(1));
        let max_delay = |source| plan.max_delay(source, steps) as u128;
        let layers = plan.layers.iter().enumerate().map(|(i, layer)| {
            let block = max_delay(i + 1) + BLOCK_STEPS as u128;
            let state = (layer.columns() + 3 * layer.width) as u128;
            4 * (kept_numbers(layer) * span + layer.width as u128 * block + state * saved)
        });
        // The sample is kept twice: augmented, and for recomputed segments. The output has a gradient.
        let sequences = 8 * steps as u128 * (plan.outputs() + plan.channels) as u128;
        // Each span but the first keeps a copy of the events that delayed connections still read when it
        // begins.
        let copies = saved.saturating_sub(1);
        let events = plan.sources.iter().enumerate().map(|(source, &size)| {
            let delay = max_delay(source);
            let kept = (span + delay).min(steps as u128);
            let rate = rates.get(source).map_or(1.0, |rate| rate.clamp(0.0, 1.0));
            let count = |steps: u128| (rate * (size as u128 * steps) as f64) as u128;
            // A block is appended with room for an event of each of its neurons. While the buffers grow, the
            // allocator keeps holes of the size of earlier ones: measured, a third to two thirds of the events.
            let block = (padded(size) * BLOCK_STEPS + LANES) as u128;
            let room = usize::try_from((count(kept) + block).min(size as u128 * kept + block)).ok();
            let room = room
                .filter(|room| *room < usize::MAX / 4)
                .map_or(u128::MAX >> 64, |room| capacity(room) as u128);
            8 * (room * 7 / 5 + kept + copies * (count(delay) + delay))
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
            states: bytes(layers.sum::<u128>() + sequences + self.block_buffers()),
            events: bytes(events.sum()),
            sums: bytes(matrices),
            weights: bytes(2 * matrices),
        }
    }

    /// Returns the bytes of the buffers for one block, which all layers share.
    fn block_buffers(&self) -> u128 {
        let max = |width: fn(&LayerPlan) -> usize| self.plan.layers.iter().map(width).max().unwrap_or(0);
        let source = self.plan.sources.iter().map(|&size| padded(size)).max().unwrap_or(0);
        let row = max(LayerPlan::columns) + 5 * max(|layer| layer.width) + 2 * source;
        (4 * BLOCK_STEPS * row) as u128
    }
}

/// Returns how many values a layer stores per step, with padding.
fn kept_numbers(layer: &LayerPlan) -> u128 {
    let membrane = if layer.is_spiking() { layer.width } else { 0 };
    let isyn = if layer.learns_synapses { layer.columns() } else { 0 };
    let iahp = if layer.keeps_iahp() { layer.width } else { 0 };
    (membrane + isyn + iahp) as u128
}
