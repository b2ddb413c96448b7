//! The choice of scales and weight shifts.
//!
//! Shifts are chosen where ranges were measured; else all of them are 0, and states resolve what weights do. Where
//! weights have fewer bits than the chip, shifts by the missing bits let the states resolve what weights of all bits do.
//!
//! A group of weights with shift `k` allows a neuron the scale `127 * 2^k / max|w|`. The states then resolve
//! `1 / scale`, the weights `2^k / scale`. Both are errors per step on the neuron's input: each weight is off by up to
//! half its resolution, and each leak, rounded down, by half a unit of the state on average. Their squares are added,
//! in units of the threshold, over all neurons; the shifts with the least sum win.

use synnet_ir::graph::Quantity;

use super::headroom::{self, LayerSlice};
use super::neuron::{Limits, NetworkStatistics, Neuron};
use super::options::{Method, QuantizeOptions};
use super::refine;
use super::rounding::shift_factor;
use crate::chip::Chip;

/// The scales and shifts of a network.
pub(super) struct Scales {
    pub(super) hidden: Vec<f64>,
    pub(super) readout: Vec<f64>,
    pub(super) shift_in: u8,
    pub(super) shift_rec: u8,
    pub(super) shift_out: u8,
    /// Whether the readout's thresholds mean "never".
    pub(super) silent_readout: bool,
}

impl Scales {
    /// The best scales for these numbers.
    pub(super) fn choose<'a>(
        mut numbers: NetworkStatistics,
        layers: impl Iterator<Item = LayerSlice<'a>>,
        chip: &Chip,
        options: &QuantizeOptions,
    ) -> Self {
        let limits = Limits::new(chip, options);
        let compared = numbers.output != Quantity::Spikes;
        let shared = options.method == Method::Global;
        if let Some(percentile) = options.percentile() {
            refine::clip(&mut numbers.hidden, percentile, shared);
            refine::clip(&mut numbers.readout, percentile, shared || compared);
        }
        let headroom = headroom::limits(&numbers, layers, chip, options);
        let silent_readout =
            compared && numbers.readout.iter().all(|neuron| neuron.has_unreachable_threshold(&limits));
        let hidden = bounds(&numbers.hidden, &headroom.hidden, &limits, false);
        let all = 0..=limits.shift;
        let pairs = all.clone().flat_map(|shift_in| all.clone().map(move |shift_rec| [shift_in, shift_rec]));
        let ([shift_in, shift_rec], mut scales) = best(&hidden, pairs, shared);
        if options.refine && !shared {
            let resolution = [shift_in, shift_rec].map(shift_factor);
            for (scale, neuron) in scales.iter_mut().zip(&numbers.hidden) {
                *scale = refine::refine(&neuron.weights, resolution, *scale, limits.weight);
            }
        }
        let readout = bounds(&numbers.readout, &headroom.readout, &limits, silent_readout);
        let ([_, shift_out], readout) = best(&readout, all.map(|shift| [0, shift]), shared || compared);
        Self { hidden: scales, readout, shift_in, shift_rec, shift_out, silent_readout }
    }
}

/// What bounds the scale of a neuron, and how much an error counts.
struct Bounds {
    /// By the weights of each group without a shift; infinite where it has none of them.
    weights: [f64; 2],
    /// By everything else.
    others: f64,
    /// Whether it has weights of the group, 0 or 1.
    has: [f64; 2],
    /// An error of 1 counts as `1 / unit^2`.
    unit: f64,
}

impl Bounds {
    /// Largest scale for weights multiplied by these factors; infinite, where nothing limits it.
    fn scale(&self, factors: [f64; 2]) -> f64 {
        self.others.min(self.weights[0] * factors[0]).min(self.weights[1] * factors[1])
    }

    /// Expected squared error of a step.
    fn error(&self, scale: f64, factors: [f64; 2]) -> f64 {
        let weights = self.has[0] * factors[0] * factors[0] + self.has[1] * factors[1] * factors[1];
        let steps = scale * self.unit;
        (1.0 + weights) / (steps * steps)
    }
}

fn bounds(neurons: &[Neuron], headroom: &[f64], limits: &Limits, silent: bool) -> Vec<Bounds> {
    let bound = |value: f64, limit: f64| {
        if value > 0.0 && value.is_finite() { limit / value } else { f64::INFINITY }
    };
    let each = neurons.iter().zip(headroom);
    each.map(|(neuron, &headroom)| {
        let threshold = if silent { f64::INFINITY } else { bound(neuron.threshold.abs(), limits.threshold) };
        Bounds {
            weights: neuron.max_weights.map(|largest| bound(largest, limits.weight)),
            others: headroom.min(bound(neuron.bias.abs(), limits.threshold)).min(threshold),
            has: neuron.max_weights.map(|largest| if largest > 0.0 { 1.0 } else { 0.0 }),
            unit: if silent { 1.0 } else { neuron.threshold },
        }
    })
    .collect()
}

/// The shifts with the least error, the first where several have it, and the scale of each neuron.
fn best(bounds: &[Bounds], shifts: impl Iterator<Item = [u8; 2]>, shared: bool) -> ([u8; 2], Vec<f64>) {
    let scales = |factors: [f64; 2]| {
        let least = || bounds.iter().map(|b| b.scale(factors)).fold(f64::INFINITY, f64::min);
        let least = if shared { least() } else { f64::INFINITY };
        bounds.iter().map(move |b| b.scale(factors).min(least))
    };
    let mut best = (f64::INFINITY, [0; 2]);
    for shifts in shifts {
        let factors = shifts.map(shift_factor);
        let error = bounds.iter().zip(scales(factors)).map(|(b, scale)| b.error(scale, factors)).sum();
        if error < best.0 {
            best = (error, shifts);
        }
    }
    // A neuron that nothing limits has no numbers to scale.
    let finite = |scale: f64| if scale.is_finite() { scale } else { 1.0 };
    (best.1, scales(best.1.map(shift_factor)).map(finite).collect())
}
