//! Input of the choice of scales: statistics of each neuron's parameters, and the limits of the chip's integers.

use synnet_ir::graph::Quantity;

use super::options::QuantizeOptions;
use crate::chip::Chip;

/// Limits of the chip's integers, as float numbers.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Maximum magnitude of a weight with the bits that the options allow.
    pub(super) weight: f64,
    /// Maximum magnitude of a weight with all bits of the chip.
    pub(super) full_weight: f64,
    /// Maximum magnitude of a threshold or a bias, at least 1.
    pub(super) threshold: f64,
    /// Maximum weight shift.
    pub(super) shift: u8,
}

impl Limits {
    pub(super) fn new(chip: &Chip, options: &QuantizeOptions) -> Self {
        let weight = options.weight_limit(chip);
        // Shifts by the missing bits restore the resolution of the states that weights of all bits give. They need no
        // measured ranges, because they do not raise the scale beyond that of all bits.
        let full_weight = f64::from(chip.weight_limit());
        let spare = ((full_weight + 1.0) / (weight + 1.0)).log2() as u8;
        let shift = match options {
            QuantizeOptions { weight_shifts: false, .. } => 0,
            QuantizeOptions { ranges: None, .. } => spare,
            _ => u8::MAX,
        };
        Self {
            weight,
            full_weight,
            threshold: f64::from(chip.threshold).max(1.0),
            shift: shift.min(chip.weight_shift).min(crate::specification::MAX_WEIGHT_SHIFT),
        }
    }
}

/// Groups of a neuron's weights, each with a weight shift of its own: weights from the input, and from hidden neurons.
#[derive(Clone, Copy)]
pub(super) enum Group {
    Input,
    Hidden,
}

/// Statistics of a neuron's parameters, which decide its scale.
#[derive(Clone)]
pub(super) struct NeuronStatistics {
    pub(super) threshold: f64,
    pub(super) bias: f64,
    /// Bit shift of the fastest synapse, not rounded.
    pub(super) dash_syn: f64,
    /// For each group, the maximum magnitude of a weight that is represented; larger weights are clipped.
    pub(super) max_weights: [f64; 2],
    /// For each group, the finite nonzero weights, if `keep` was given; else empty.
    pub(super) weights: [Vec<f64>; 2],
}

impl NeuronStatistics {
    pub(super) fn new(threshold: f64, bias: f64, dash_syn: f64) -> Self {
        Self { threshold, bias, dash_syn, max_weights: [0.0; 2], weights: [Vec::new(), Vec::new()] }
    }

    /// Adds a weight to the statistics, and keeps it with `keep`.
    pub(super) fn observe_weight(&mut self, group: Group, weight: f64, keep: bool) {
        // Infinity saturates on the chip and must not make the scale 0.
        if weight == 0.0 || !weight.is_finite() {
            return;
        }
        let max_weights = &mut self.max_weights[group as usize];
        *max_weights = max_weights.max(weight.abs());
        if keep {
            self.weights[group as usize].push(weight);
        }
    }

    /// Returns the maximum magnitude over both groups.
    pub(super) fn max_weight(&self) -> f64 {
        self.max_weights[0].max(self.max_weights[1])
    }

    /// Returns the decay factor per step of the fastest synapse: 1/2 at least, because a synapse has a bit shift of 1
    /// or more.
    pub(super) fn fastest_decay(&self) -> f64 {
        (1.0 - (-self.dash_syn.round_ties_even()).exp2()).clamp(0.5, 1.0)
    }

    /// Returns whether the threshold means "never": with weights of full size, it would exceed every state.
    pub(super) fn has_unreachable_threshold(&self, limits: &Limits) -> bool {
        // `threshold * s > 32767` with `s = 127 / max_weight`, without the division, which fails for a neuron without
        // weights. All bits count, so that `weight_bits` does not change what a threshold means.
        !self.threshold.is_finite()
            || self.threshold * limits.full_weight > self.max_weight() * limits.threshold
    }
}

/// Statistics of all neurons, by id.
pub(super) struct NetworkStatistics {
    pub(super) hidden: Vec<NeuronStatistics>,
    pub(super) readout: Vec<NeuronStatistics>,
    /// Quantity of the readout that is the network's output.
    pub(super) output: Quantity,
}
