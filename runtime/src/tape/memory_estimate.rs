//! How much memory training takes.

use super::pass::{BLOCK_STEPS, Recompute};
use super::plan::LayerPlan;
use super::prepared::Tape;

/// Bytes that training needs, computed before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryEstimate {
    /// Of each thread for membranes, currents and what is kept of segments.
    pub states: u64,
    /// Of each thread for events if every neuron spikes in every step. At a rate of `r` spikes per
    /// neuron and step it is about `r` times this.
    pub events: u64,
    /// Of each set of [`GradientSums`](super::GradientSums).
    pub sums: u64,
    /// Of the packed weights, once.
    pub weights: u64,
}

impl MemoryEstimate {
    /// The most that `threads` threads need with `sums` sets of sums.
    pub fn peak_bytes(self, threads: usize, sums: usize) -> u64 {
        let threads = (threads as u64).saturating_mul(self.states.saturating_add(self.events));
        threads.saturating_add((sums as u64).saturating_mul(self.sums)).saturating_add(self.weights)
    }
}

impl Tape {
    /// The memory for sequences of `steps` time steps.
    ///
    /// A neuron takes 4 bytes per kept step, the more 4 per synapse where the synaptic leak learns
    /// and 4 where an adaptive neuron's constants do. Its events take 8 bytes each.
    pub fn memory(&self, steps: usize, recompute: Recompute) -> MemoryEstimate {
        let (span, plan) = (recompute.span(steps) as u128, &self.plan);
        let saved = (steps as u128).div_ceil(span.max(1));
        let max_delay = |source| plan.max_delay(source, steps) as u128;
        let layers = plan.layers.iter().enumerate().map(|(i, layer)| {
            let block = max_delay(i + 1) + BLOCK_STEPS as u128;
            let state = (layer.columns() + 3 * layer.width) as u128;
            4 * (kept_numbers(layer) * span + layer.width as u128 * block + state * saved)
        });
        let sequences = 4 * steps as u128 * (2 * plan.outputs() + plan.channels) as u128;
        // Each span but the first keeps a copy of the events that are still under way when it begins.
        let copies = saved.saturating_sub(1);
        let events = plan.sources.iter().enumerate().map(|(source, &size)| {
            let kept = (span + max_delay(source)).min(steps as u128) + copies * max_delay(source);
            8 * size as u128 * kept
        });
        let linear = |layer: &LayerPlan| {
            let sizes = layer.incoming.iter().filter(|path| path.linear).map(|path| path.source_size as u128);
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

/// Numbers that a layer keeps of every step.
fn kept_numbers(layer: &LayerPlan) -> u128 {
    let membrane = if layer.is_spiking() { layer.width } else { 0 };
    let isyn = if layer.learns_synapses { layer.columns() } else { 0 };
    let iahp = if layer.keeps_iahp() { layer.width } else { 0 };
    (membrane + isyn + iahp) as u128
}
