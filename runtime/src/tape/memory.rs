//! How much memory training takes.

use super::plan::LayerPlan;
use super::{BLOCK, Checkpoint, Tape};

/// Bytes that training needs, computed before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Of each thread for membranes, currents and buffers; exact.
    pub states: u64,
    /// Of each thread for events if every neuron spikes in every step. At a rate of `r` spikes per
    /// neuron and step it is about `r` times this.
    pub events: u64,
    /// Of each set of [`Sums`](super::Sums).
    pub sums: u64,
    /// Of the packed weights, once.
    pub weights: u64,
}

impl Memory {
    /// The most that `threads` threads need with `sums` sets of sums.
    pub fn most(self, threads: usize, sums: usize) -> u64 {
        let threads = (threads as u64).saturating_mul(self.states.saturating_add(self.events));
        threads.saturating_add((sums as u64).saturating_mul(self.sums)).saturating_add(self.weights)
    }
}

impl Tape {
    /// The memory for sequences of `steps` time steps.
    ///
    /// A neuron takes 4 bytes per kept step, the more 4 per synapse where the synaptic leak learns
    /// and 4 where an adaptive neuron's constants do. Its events take 8 bytes each.
    pub fn memory(&self, steps: usize, checkpoint: Checkpoint) -> Memory {
        let span = checkpoint.span(steps);
        let plan = &self.plan;
        let layers = plan.layers.iter().enumerate().map(|(i, layer)| {
            let reach = plan.reach(i + 1, steps) as u64;
            let block = reach + BLOCK as u64;
            4 * (kept_numbers(layer) * span as u64 + layer.width as u64 * block)
        });
        let saved = steps.div_ceil(span.max(1)) as u64;
        let state = |layer: &LayerPlan| 4 * (layer.columns() + 3 * layer.width) as u64;
        let states = plan.layers.iter().map(state).sum::<u64>() * saved;
        let (steps, outputs, channels) = (steps as u64, plan.outputs() as u64, plan.channels as u64);
        let sequences = 4 * steps * (2 * outputs + channels);
        let neurons: u64 = plan.sources.iter().map(|&size| size as u64).sum();
        let matrices = plan.layers.iter().flat_map(|layer| {
            layer
                .paths
                .iter()
                .filter(|path| path.linear)
                .map(|path| (path.source_size * layer.columns()) as u64)
        });
        let matrices = 4 * matrices.sum::<u64>();
        Memory {
            states: layers.sum::<u64>() + states + sequences,
            events: 8 * neurons * span as u64,
            sums: matrices,
            weights: 2 * matrices,
        }
    }
}

/// Numbers that a layer keeps of every step.
fn kept_numbers(layer: &LayerPlan) -> u64 {
    let membrane = if layer.is_spiking() { layer.width } else { 0 };
    let isyn = if layer.learns_synapses { layer.columns() } else { 0 };
    let iahp = if layer.keeps_iahp() { layer.width } else { 0 };
    (membrane + isyn + iahp) as u64
}
