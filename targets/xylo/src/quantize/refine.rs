//! The fine choice of a scale: a little below the largest one, where the weights' rounding errors cancel best.
//!
//! Rounding errors of a neuron's weights are drawn anew for each scale. Where sources spike all the time, it is their sum
//! that moves the neuron; so of a few scales just below the largest possible, the one whose errors have the
//! smallest sum is taken, their squares counting as well.

/// Candidates below the largest scale, and how far down the last one lies.
const CANDIDATES: u32 = 64;
const SPAN: f64 = 0.1;

/// Weights of a neuron with the resolution (`2^shift`) of their group.
pub(super) type Weights = Vec<(f64, f64)>;

/// The best scale not above `largest`.
pub(super) fn refine(weights: &Weights, largest: f64) -> f64 {
    let error = |scale: f64| {
        let (mut sum, mut squares) = (0.0, 0.0);
        for &(w, resolution) in weights {
            let error = (w * scale / resolution).round_ties_even() * resolution / scale - w;
            sum += error;
            squares += error * error;
        }
        sum * sum + squares
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
