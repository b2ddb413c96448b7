//! The choice of scales and weight shifts.
//!
//! If ranges were measured, all shifts are candidates. Otherwise only shifts by the bits that weights lack are, so that
//! the states keep the resolution that weights of all bits would give them.
//!
//! A group of weights with shift `k` allows a neuron the scale `127 * 2^k / max|w|`. The states then resolve
//! `1 / scale`, and the weights `2^k / scale`. Both are errors per step of the neuron's input: each weight is off by up
//! to half its resolution, and each leak, which is rounded down, by half a unit of the state on average. The squares of
//! these errors, in units of the threshold, are summed over all neurons; the shifts with the smallest sum win.

use synnet_ir::graph::Quantity;

use super::headroom::{self, Headroom, LayerSlice};
use super::options::{Method, QuantizeOptions};
use super::refine;
use super::rounding::shift_factor;
use super::statistics::{Limits, NetworkStatistics, NeuronStatistics};
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
    /// The maximum scales by measured ranges; `None` if there are none.
    pub(super) measured: Option<Headroom>,
}

impl Scales {
    /// Chooses scales and shifts.
    pub(super) fn choose<'a>(
        mut statistics: NetworkStatistics,
        layers: impl Iterator<Item = LayerSlice<'a>>,
        chip: &Chip,
        options: &QuantizeOptions,
    ) -> Self {
        let limits = Limits::new(chip, options);
        // The class is the largest membrane or current, so readout neurons must share a scale to be comparable.
        let compared = statistics.output != Quantity::Spikes;
        let shared = options.method == Method::Global;
        if let Some(percentile) = options.percentile() {
            refine::clip(&mut statistics.hidden, percentile, shared);
            refine::clip(&mut statistics.readout, percentile, shared || compared);
        }
        let headroom = headroom::limits(&statistics, layers, chip, options);
        // Before scales are bounded: a threshold that means "never" must not bound them.
        let silent_readout =
            compared && statistics.readout.iter().all(|neuron| neuron.has_unreachable_threshold(&limits));
        let hidden = bounds(&statistics.hidden, &headroom.hidden, &limits, false);
        // At most 8 x 8 pairs, so all of them are tried. The readout has one group of weights, and its own shift.
        let all = 0..=limits.shift;
        let pairs = all.clone().flat_map(|shift_in| all.clone().map(move |shift_rec| [shift_in, shift_rec]));
        let ([shift_in, shift_rec], mut scales) = best(&hidden, pairs, shared);
        if options.refine && !shared {
            // After the shifts: refinement changes a scale by at most a tenth, and choosing both at once would cost 64
            // times as much.
            let resolution = [shift_in, shift_rec].map(shift_factor);
            for (scale, neuron) in scales.iter_mut().zip(&statistics.hidden) {
                *scale = refine::refine(&neuron.weights, resolution, *scale, limits.weight);
            }
        }
        let readout = bounds(&statistics.readout, &headroom.readout, &limits, silent_readout);
        let ([_, shift_out], readout) = best(&readout, all.map(|shift| [0, shift]), shared || compared);
        let measured = options.ranges.is_some().then_some(headroom);
        Self { hidden: scales, readout, shift_in, shift_rec, shift_out, silent_readout, measured }
    }
}

/// Upper bounds of the scale of a neuron, and the weight of its errors.
struct Bounds {
    /// Bound by the weights of each group without a shift; infinite without such weights.
    weights: [f64; 2],
    /// Bound by threshold, bias and headroom.
    other: f64,
    /// For each group, 1 if the neuron has such weights, else 0.
    has_weights: [f64; 2],
    /// Unit of errors: the threshold, or 1 if it means "never".
    threshold: f64,
}

impl Bounds {
    /// Returns the maximum scale for weights shifted by these factors; infinity if nothing bounds it.
    fn scale(&self, factors: [f64; 2]) -> f64 {
        self.other.min(self.weights[0] * factors[0]).min(self.weights[1] * factors[1])
    }

    /// Returns the expected squared error per step, up to a constant factor.
    fn error(&self, scale: f64, factors: [f64; 2]) -> f64 {
        let weights =
            self.has_weights[0] * factors[0] * factors[0] + self.has_weights[1] * factors[1] * factors[1];
        let steps = scale * self.threshold;
        (1.0 + weights) / (steps * steps)
    }
}

fn bounds(neurons: &[NeuronStatistics], headroom: &[f64], limits: &Limits, silent: bool) -> Vec<Bounds> {
    // Zero, infinity and NaN bound nothing: they become 0 or saturate at any scale.
    let bound = |value: f64, limit: f64| {
        if value > 0.0 && value.is_finite() { limit / value } else { f64::INFINITY }
    };
    let each = neurons.iter().zip(headroom);
    each.map(|(neuron, &headroom)| {
        let threshold = if silent { f64::INFINITY } else { bound(neuron.threshold.abs(), limits.threshold) };
        Bounds {
            weights: neuron.max_weights.map(|largest| bound(largest, limits.weight)),
            other: headroom.min(bound(neuron.bias.abs(), limits.threshold)).min(threshold),
            has_weights: neuron.max_weights.map(|largest| if largest > 0.0 { 1.0 } else { 0.0 }),
            threshold: if silent { 1.0 } else { neuron.threshold },
        }
    })
    .collect()
}

/// Returns the shifts with the smallest error, the first in case of a tie, and the scale of each neuron.
fn best(bounds: &[Bounds], shifts: impl Iterator<Item = [u8; 2]>, shared: bool) -> ([u8; 2], Vec<f64>) {
    let scales = |factors: [f64; 2]| {
        let minimum = || bounds.iter().map(|b| b.scale(factors)).fold(f64::INFINITY, f64::min);
        let minimum = if shared { minimum() } else { f64::INFINITY };
        bounds.iter().map(move |b| b.scale(factors).min(minimum))
    };
    let mut best = (f64::INFINITY, [0; 2]);
    for shifts in shifts {
        let factors = shifts.map(shift_factor);
        let error = bounds.iter().zip(scales(factors)).map(|(b, scale)| b.error(scale, factors)).sum();
        if error < best.0 {
            best = (error, shifts);
        }
    }
    // Nothing bounds the scale of a neuron whose parameters are all zero; any scale will do.
    let finite = |scale: f64| if scale.is_finite() { scale } else { 1.0 };
    (best.1, scales(best.1.map(shift_factor)).map(finite).collect())
}
