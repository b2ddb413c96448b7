//! Mean squared error.

use serde::{Deserialize, Serialize};

/// Mean squared error of the output (raster or membrane) against a target sequence: the mean of
/// `(output - label)^2` over all steps and outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
// Braces, so that unknown fields are refused.
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MeanSquaredError {}

impl MeanSquaredError {
    /// The loss; it has no options.
    pub fn new() -> Self {
        Self {}
    }

    /// The loss, and the gradient by the output.
    pub(super) fn sample_loss(self, output: &[f32], label: &[f32], gradient: &mut [f32]) -> f64 {
        let len = output.len().max(1) as f64;
        let factor = (2.0 / len) as f32;
        for ((g, &x), &y) in gradient.iter_mut().zip(output).zip(label) {
            *g = factor * (x - y);
        }
        // Eight sums side by side, in an order that does not depend on the machine.
        let mut sums = [0.0_f64; 8];
        for (x, y) in output.chunks(8).zip(label.chunks(8)) {
            for ((sum, &x), &y) in sums.iter_mut().zip(x).zip(y) {
                *sum += f64::from(x - y).powi(2);
            }
        }
        sums.iter().sum::<f64>() / len
    }
}
