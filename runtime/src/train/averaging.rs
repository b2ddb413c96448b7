//! [`Averaging`]: the average of the learned tensors over updates.

use serde::{Deserialize, Serialize};

use crate::option_range::OptionRange;

/// Averaging of the learned tensors over updates (Polyak & Juditsky, 1992, doi:10.1137/0330046), as an exponential
/// moving average. After update `n`, counted from 0,
///
/// ```text
/// average += (1 - d) (tensors - average),   d = min(n / (n + 1), exp(-1 / (epochs * batches per epoch)))
/// ```
///
/// so it begins as the mean of all tensors so far. Gradients and metrics of the training set are those of the tensors
/// themselves. The averages are validated, selected, and returned by [`best_params`](crate::Trainer::best_params). They
/// stay within the bounds of the tensors.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Averaging {
    /// Time constant of the average, in epochs; positive.
    pub epochs: f64,
}

impl Averaging {
    /// Creates an average with this time constant, in epochs; positive.
    pub fn new(epochs: f64) -> Self {
        Self { epochs }
    }

    pub(super) fn ranges(&self) -> [OptionRange; 1] {
        [OptionRange::positive("averaging.epochs", self.epochs)]
    }

    /// Adds the tensors after update `n` to their averages. `batches` is the number of batches per epoch.
    pub(super) fn update(self, averages: &mut [Vec<f32>], tensors: &[Vec<f32>], n: u64, batches: usize) {
        let n = n as f64;
        let decay = (-1.0 / (self.epochs * batches as f64)).exp().min(n / (n + 1.0));
        let rate = (1.0 - decay) as f32;
        for (averages, tensor) in averages.iter_mut().zip(tensors) {
            for (average, value) in averages.iter_mut().zip(tensor) {
                *average += rate * (value - *average);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn average_begins_as_a_mean_and_goes_on_with_its_time_constant() {
        let mut averages = vec![vec![7.0_f32]];
        let averaging = Averaging::new(2.0);
        for (n, value) in [1.0, 2.0, 6.0].into_iter().enumerate() {
            averaging.update(&mut averages, &[vec![value]], n as u64, 10);
        }
        assert!((averages[0][0] - 3.0).abs() < 1e-6);
        // Two epochs of ten batches later, what is left of the difference is 1/e.
        let before = averages[0][0];
        for n in 100..120 {
            averaging.update(&mut averages, &[vec![0.0]], n, 10);
        }
        assert!((averages[0][0] / before - (-1.0_f32).exp()).abs() < 1e-5);
    }
}
