//! What is chosen by looking at every weight of a neuron: the fine choice of its scale, and how many weights to clip.

use super::neuron::Neuron;
use super::rounding::round;

/// Candidates below the largest scale, and how far down the last one lies.
const CANDIDATES: u32 = 64;
const SPAN: f64 = 0.1;

/// The scale not above `largest` where the rounding errors of the weights of both groups cancel best.
///
/// Rounding errors are drawn anew for each scale. Where sources spike all the time, it is their sum that moves the
/// neuron; so of a few scales just below the largest possible, the one whose errors have the smallest sum is taken,
/// their squares counting as well. `resolution` is `2^shift` of each group.
pub(super) fn refine(weights: &[Vec<f64>; 2], resolution: [f64; 2], largest: f64, limit: f64) -> f64 {
    let error = |scale: f64| {
        let (mut sum, mut squares) = (0.0, 0.0);
        for (weights, resolution) in weights.iter().zip(resolution) {
            let steps = scale / resolution;
            let (mut group_sum, mut group_squares) = (0.0, 0.0);
            for &w in weights {
                let error = round(w * steps, limit) - w * steps;
                group_sum += error;
                group_squares += error * error;
            }
            sum += group_sum * resolution;
            squares += group_squares * resolution * resolution;
        }
        (sum * sum + squares) / (scale * scale)
    };
    let mut best = (f64::INFINITY, largest);
    for candidate in 0..CANDIDATES {
        let scale = largest * (1.0 - SPAN * f64::from(candidate) / f64::from(CANDIDATES));
        let error = error(scale);
        if error < best.0 {
            best = (error, scale);
        }
    }
    best.1
}

/// Lowers the largest weight of each group to a percentile of the weights of the neuron, or of all neurons where their
/// scale is `shared`.
pub(super) fn clip(neurons: &mut [Neuron], percentile: f64, shared: bool) {
    for group in 0..2 {
        if shared {
            let mut all: Vec<f64> = neurons.iter().flat_map(|n| &n.weights[group]).map(|w| w.abs()).collect();
            let largest = nearest_rank(&mut all, percentile);
            neurons.iter_mut().for_each(|n| n.max_weights[group] = n.max_weights[group].min(largest));
        } else {
            for neuron in neurons.iter_mut() {
                let mut own: Vec<f64> = neuron.weights[group].iter().map(|w| w.abs()).collect();
                neuron.max_weights[group] = neuron.max_weights[group].min(nearest_rank(&mut own, percentile));
            }
        }
    }
}

/// The least value that `percentile` per cent of all values do not exceed; infinite where there are none.
fn nearest_rank(values: &mut [f64], percentile: f64) -> f64 {
    let rank = (percentile / 100.0 * values.len() as f64).ceil() as usize;
    let Some(index) = rank.clamp(1, values.len().max(1)).checked_sub(1).filter(|&i| i < values.len()) else {
        return f64::INFINITY;
    };
    *values.select_nth_unstable_by(index, f64::total_cmp).1
}
