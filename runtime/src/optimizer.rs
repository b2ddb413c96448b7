//! Adam (Kingma and Ba, 2015), step for step as PyTorch's `torch.optim.Adam` without weight decay.

use serde::{Deserialize, Serialize};

/// The constants of Adam.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adam {
    /// Learning rate, before the schedule.
    pub lr: f64,
    /// Decays of the first and second moment, each from 0 to below 1.
    #[serde(default = "betas")]
    pub betas: [f64; 2],
    /// Added to the root of the second moment.
    #[serde(default = "eps")]
    pub eps: f64,
}

fn betas() -> [f64; 2] {
    [0.9, 0.999]
}

fn eps() -> f64 {
    1e-8
}

impl Default for Adam {
    fn default() -> Self {
        Self { lr: 1e-3, betas: betas(), eps: eps() }
    }
}

/// The moments of every learnt tensor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Moments {
    /// Updates done.
    pub(crate) step: u64,
    /// Running means of the gradients.
    pub(crate) first: Vec<Vec<f32>>,
    /// Running means of their squares.
    pub(crate) second: Vec<Vec<f32>>,
}

impl Moments {
    /// Zero, for tensors of these sizes.
    pub(crate) fn new(tensors: &[Vec<f32>]) -> Self {
        let zeros = || tensors.iter().map(|tensor| vec![0.0; tensor.len()]).collect();
        Self { step: 0, first: zeros(), second: zeros() }
    }

    /// Updates the tensors along their gradients:
    /// `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2`,
    /// `x -= lr / (1 - b1^k) * m / (sqrt(v) / sqrt(1 - b2^k) + eps)` for update `k = 1, 2, ...`.
    pub(crate) fn update(&mut self, adam: &Adam, lr: f64, tensors: &mut [Vec<f32>], gradients: &[Vec<f32>]) {
        self.step += 1;
        let [b1, b2] = adam.betas;
        let correction = |b: f64| 1.0 - b.powf(self.step as f64);
        let step_size = (lr / correction(b1)) as f32;
        let root = correction(b2).sqrt() as f32;
        let (keep1, take1) = (b1 as f32, (1.0 - b1) as f32);
        let (keep2, take2) = (b2 as f32, (1.0 - b2) as f32);
        let eps = adam.eps as f32;
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((tensor, gradient), (first, second)) in tensors.iter_mut().zip(gradients).zip(moments) {
            for (((x, &g), m), v) in tensor.iter_mut().zip(gradient).zip(first).zip(second) {
                *m = *m * keep1 + g * take1;
                *v = *v * keep2 + g * g * take2;
                *x -= step_size * (*m / (v.sqrt() / root + eps));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_update_is_the_learning_rate_against_the_sign() {
        let mut tensors = vec![vec![1.0, 1.0, 1.0]];
        let mut moments = Moments::new(&tensors);
        moments.update(&Adam::default(), 0.01, &mut tensors, &[vec![3.0, -0.2, 0.0]]);
        for (x, expected) in tensors[0].iter().zip([0.99, 1.01, 1.0]) {
            assert!((x - expected).abs() < 1e-6, "{x} {expected}");
        }
    }
}
