//! Adam (Kingma and Ba, 2015) and AdamW (Loshchilov and Hutter, 2019).

use serde::{Deserialize, Serialize};

use crate::kernels::{non_finite_bit, vectorized};
use crate::option_range::{OptionRange, setters};

/// Options of Adam. Update `k = 1, 2, ...` of a tensor `x` with gradient `g`:
/// ```text
/// g = g + weight_decay * x
/// m = b1 m + (1 - b1) g
/// v = b2 v + (1 - b2) g^2
/// x = x - lr / (1 - b1^k) * m / (sqrt(v) / sqrt(1 - b2^k) + eps)
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Adam {
    /// Learning rate, before the schedule; positive, 0.001 by default.
    pub lr: f64,
    /// Decays `b1` and `b2` of the first and second moment, each at least 0 and less than 1; 0.9 and 0.999 by default.
    pub betas: [f64; 2],
    /// Added to the root of the second moment; positive, 1e-8 by default.
    pub eps: f64,
    /// L2 penalty as a part of the gradient; 0 or more, 0 by default. Acts on the weights of connections
    /// only.
    pub weight_decay: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0 }
    }
}

impl Adam {
    /// Creates the options with a learning rate and defaults for the rest.
    pub fn new(lr: f64) -> Self {
        Self { lr, ..Self::default() }
    }

    setters! {
        with_betas: betas = [f64; 2];
        with_eps: eps = f64;
        with_weight_decay: weight_decay = f64;
    }
}

/// Options of AdamW: [`Adam`] with weight decay decoupled from the moments, as
/// `x = (1 - lr * weight_decay) x` before each update.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AdamW {
    /// Learning rate, before the schedule; positive, 0.001 by default.
    pub lr: f64,
    /// Decays `b1` and `b2` of the first and second moment, each at least 0 and less than 1; 0.9 and 0.999 by default.
    pub betas: [f64; 2],
    /// Added to the root of the second moment; positive, 1e-8 by default.
    pub eps: f64,
    /// Decoupled weight decay; 0 or more, 0.01 by default. Acts on the weights of connections only.
    pub weight_decay: f64,
}

impl Default for AdamW {
    fn default() -> Self {
        Self { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.01 }
    }
}

impl AdamW {
    /// Creates the options with a learning rate and defaults for the rest.
    pub fn new(lr: f64) -> Self {
        Self { lr, ..Self::default() }
    }

    setters! {
        with_betas: betas = [f64; 2];
        with_eps: eps = f64;
        with_weight_decay: weight_decay = f64;
    }
}

pub(super) fn ranges(betas: [f64; 2], eps: f64, weight_decay: f64) -> [OptionRange; 4] {
    [
        OptionRange::below_one("optimizer.betas", betas[0]).item(0),
        OptionRange::below_one("optimizer.betas", betas[1]).item(1),
        OptionRange::positive("optimizer.eps", eps),
        OptionRange::non_negative("optimizer.weight_decay", weight_decay),
    ]
}

/// The factors of one update, computed in f64 and rounded once.
#[derive(Clone, Copy)]
pub(super) struct AdamUpdate {
    /// Factor on the gradients, from clipping.
    factor: f32,
    /// Weight decay of Adam; 0 for AdamW.
    l2_decay: f32,
    /// Factor on the value: `1 - lr * weight_decay` for AdamW; 1 for Adam.
    decoupled_decay: f32,
    beta1: f32,
    one_minus_beta1: f32,
    beta2: f32,
    one_minus_beta2: f32,
    /// `lr / (1 - b1^k)`.
    step_size: f32,
    /// `sqrt(1 - b2^k)`.
    sqrt_bias_correction2: f32,
    eps: f32,
}

impl AdamUpdate {
    /// Creates update `k` of Adam, with `factor` on the gradients.
    pub(super) fn adam(adam: &Adam, lr: f64, weight_decay: f64, k: u64, factor: f32) -> Self {
        let step = Self::new(adam.betas, adam.eps, lr, k, factor);
        Self { l2_decay: weight_decay as f32, ..step }
    }

    /// Creates update `k` of AdamW, with `factor` on the gradients.
    pub(super) fn adamw(adam: &AdamW, lr: f64, weight_decay: f64, k: u64, factor: f32) -> Self {
        let step = Self::new(adam.betas, adam.eps, lr, k, factor);
        Self { decoupled_decay: (1.0 - lr * weight_decay) as f32, ..step }
    }

    fn new([b1, b2]: [f64; 2], eps: f64, lr: f64, k: u64, factor: f32) -> Self {
        let correction = |b: f64| 1.0 - b.powf(k as f64);
        Self {
            factor,
            l2_decay: 0.0,
            decoupled_decay: 1.0,
            beta1: b1 as f32,
            one_minus_beta1: (1.0 - b1) as f32,
            beta2: b2 as f32,
            one_minus_beta2: (1.0 - b2) as f32,
            step_size: (lr / correction(b1)) as f32,
            sqrt_bias_correction2: correction(b2).sqrt() as f32,
            eps: eps as f32,
        }
    }

    /// Writes the next values of a tensor and its moments. Returns whether all of them are finite.
    pub(super) fn run(
        &self,
        x: &[f32],
        g: &[f32],
        (first, second): (&[f32], &[f32]),
        next_x: &mut [f32],
        (next_first, next_second): (&mut [f32], &mut [f32]),
    ) -> bool {
        let Self {
            factor,
            l2_decay,
            decoupled_decay,
            beta1,
            one_minus_beta1,
            beta2,
            one_minus_beta2,
            step_size,
            sqrt_bias_correction2,
            eps,
        } = *self;
        // Slices of one length let the compiler drop the bounds checks and vectorize the loop.
        let n = x.len();
        let (g, first, second) = (&g[..n], &first[..n], &second[..n]);
        let (next_x, next_first, next_second) =
            (&mut next_x[..n], &mut next_first[..n], &mut next_second[..n]);
        let bad = vectorized(
            #[inline(always)]
            || {
                let mut bad = 0;
                for i in 0..n {
                    // The operations and their order are PyTorch's.
                    let gradient = g[i] * factor + l2_decay * x[i];
                    let m = first[i] * beta1 + gradient * one_minus_beta1;
                    let v = second[i] * beta2 + gradient * gradient * one_minus_beta2;
                    let moved =
                        x[i] * decoupled_decay - step_size * (m / (v.sqrt() / sqrt_bias_correction2 + eps));
                    bad |= non_finite_bit(m) | non_finite_bit(v) | non_finite_bit(moved);
                    (next_first[i], next_second[i], next_x[i]) = (m, v, moved);
                }
                bad
            },
        );
        bad == 0
    }
}
