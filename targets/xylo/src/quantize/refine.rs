//! Choices that need every weight of a neuron: the refinement of its scale, and clipping.

use super::rounding::round;
use super::statistics::NeuronStatistics;

/// Number of candidates, from the largest scale down.
const CANDIDATES: u32 = 64;
/// Share of the largest scale that the candidates cover. States get coarser in proportion, so the search stays near it.
const SPAN: f64 = 0.1;

/// Returns the scale, at most `largest`, at which the rounding errors of the weights of both groups cancel best.
///
/// Each scale draws the rounding errors anew. Sources spike again and again, so the sum of the errors moves the neuron
/// most. Among candidates just below the largest scale, the one with the smallest error wins: the square of the sum of
/// the errors plus the sum of their squares. `resolution` is `2^shift` of each group.
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
        // Errors count in units of the float network; otherwise the smallest scale would win.
        (sum * sum + squares) / (scale * scale)
    };
    let mut best = (f64::INFINITY, largest);
    for candidate in 0..CANDIDATES {
        let scale = largest * (1.0 - SPAN * f64::from(candidate) / f64::from(CANDIDATES));
        let error = error(scale);
        // Ties go to the larger scale.
        if error < best.0 {
            best = (error, scale);
        }
    }
    best.1
}

/// Lowers the maximum weight of each group to a percentile of the weights: those of the neuron, or those of all neurons
/// if their scale is `shared`.
pub(super) fn clip(neurons: &mut [NeuronStatistics], percentile: f64, shared: bool) {
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

/// Returns the smallest value that `percentile` percent of all values do not exceed (nearest rank); infinity if there
/// are no values.
fn nearest_rank(values: &mut [f64], percentile: f64) -> f64 {
    let rank = (percentile / 100.0 * values.len() as f64).ceil() as usize;
    let Some(index) = rank.clamp(1, values.len().max(1)).checked_sub(1).filter(|&i| i < values.len()) else {
        return f64::INFINITY;
    };
    *values.select_nth_unstable_by(index, f64::total_cmp).1
}
