//! Mean squared error, for regression to a label sequence.

use serde::{Deserialize, Serialize};

/// Mean squared error between the output (spikes, membrane potentials or currents) and a label sequence: the
/// mean of `(output - label)^2` over all steps and outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
// With braces: serde rejects unknown fields of a struct, but not of a unit struct.
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MeanSquaredError {}

impl MeanSquaredError {
    /// Creates the loss, which has no options.
    pub fn new() -> Self {
        Self {}
    }

    /// Returns the loss of one sample, and writes its gradient unless `gradient` is empty.
    pub(super) fn sample_loss(self, output: &[f32], label: &[f32], gradient: &mut [f32]) -> f64 {
        let len = output.len().max(1) as f64;
        let factor = (2.0 / len) as f32;
        for ((g, &x), &y) in gradient.iter_mut().zip(output).zip(label) {
            *g = factor * (x - y);
        }
        // Eight partial sums vectorize, and fix the order of the additions on every machine.
        let mut sums = [0.0_f64; 8];
        for (x, y) in output.chunks(8).zip(label.chunks(8)) {
            for ((sum, &x), &y) in sums.iter_mut().zip(x).zip(y) {
                *sum += f64::from(x - y).powi(2);
            }
        }
        sums.iter().sum::<f64>() / len
    }
}
