//! What scales are chosen from: the numbers of each neuron, and the bounds of the chip.

use synnet_ir::graph::Quantity;

use super::options::QuantizeOptions;
use crate::chip::Chip;

/// Bounds of the chip's numbers.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Largest magnitude of a weight.
    pub(super) weight: f64,
    /// Largest magnitude of a weight of all bits.
    pub(super) whole: f64,
    /// Largest threshold and bias.
    pub(super) threshold: f64,
    /// Largest weight shift.
    pub(super) shift: u8,
}

impl Limits {
    pub(super) fn new(chip: &Chip, options: &QuantizeOptions) -> Self {
        let weight = options.weight_limit(chip);
        // Bits that the weights leave to the states: with them, the states are as they are with all bits.
        let whole = f64::from(chip.weight_limit());
        let spare = ((whole + 1.0) / (weight + 1.0)).log2() as u8;
        let shift = match options {
            QuantizeOptions { weight_shifts: false, .. } => 0,
            QuantizeOptions { ranges: None, .. } => spare,
            _ => u8::MAX,
        };
        Self {
            weight,
            whole,
            threshold: f64::from(chip.threshold).max(1.0),
            shift: shift.min(chip.weight_shift).min(crate::specification::MAX_WEIGHT_SHIFT),
        }
    }
}

/// Groups of a neuron's weights, each with a shift of its own: those from the input and those from hidden neurons.
#[derive(Clone, Copy)]
pub(super) enum Group {
    Input,
    Hidden,
}

/// What decides the scale of a neuron.
#[derive(Clone)]
pub(super) struct Neuron {
    pub(super) threshold: f64,
    pub(super) bias: f64,
    /// Bit shift of its fastest synapse.
    pub(super) dash_syn: f64,
    /// Largest magnitude of the weights of each group that is to be represented.
    pub(super) max_weights: [f64; 2],
    /// The weights of each group that are not zero, where they are needed one by one.
    pub(super) weights: [Vec<f64>; 2],
}

impl Neuron {
    pub(super) fn new(threshold: f64, bias: f64, dash_syn: f64) -> Self {
        Self { threshold, bias, dash_syn, max_weights: [0.0; 2], weights: [Vec::new(), Vec::new()] }
    }

    /// Takes note of a weight.
    pub(super) fn observe_weight(&mut self, group: Group, weight: f64, keep: bool) {
        if weight == 0.0 || !weight.is_finite() {
            return;
        }
        let max_weights = &mut self.max_weights[group as usize];
        *max_weights = max_weights.max(weight.abs());
        if keep {
            self.weights[group as usize].push(weight);
        }
    }

    /// Largest magnitude of all weights.
    pub(super) fn max_weight(&self) -> f64 {
        self.max_weights[0].max(self.max_weights[1])
    }

    /// Decay per step of the fastest synapse; 1/2 at least, as currents of `dash` 0 have no meaning.
    pub(super) fn fastest_decay(&self) -> f64 {
        (1.0 - (-self.dash_syn.round_ties_even()).exp2()).clamp(0.5, 1.0)
    }

    /// Whether the threshold cannot be meant: with weights of full size it would exceed every state.
    pub(super) fn has_unreachable_threshold(&self, limits: &Limits) -> bool {
        !self.threshold.is_finite() || self.threshold * limits.whole > self.max_weight() * limits.threshold
    }
}

/// What the scales of a network are chosen from.
pub(super) struct NetworkStatistics {
    pub(super) hidden: Vec<Neuron>,
    pub(super) readout: Vec<Neuron>,
    /// What of the readout is the output.
    pub(super) output: Quantity,
}
