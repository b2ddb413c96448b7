//! Adam and AdamW.

use serde::{Deserialize, Serialize};

use crate::kernels::{not_finite, vectorized};
use crate::option::{Range, setters};

/// The constants of Adam. For update `k = 1, 2, ...` with gradient `g`:
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
    /// Learning rate, before the schedule; positive.
    pub lr: f64,
    /// Decays `b1` and `b2` of the first and second moment, each from 0 to below 1.
    pub betas: [f64; 2],
    /// Added to the root of the second moment; positive.
    pub eps: f64,
    /// Weight decay as part of the gradient, 0 or more; acts on the weights of connections only.
    pub weight_decay: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0 }
    }
}

impl Adam {
    /// With a learning rate, and the rest by default.
    pub fn new(lr: f64) -> Self {
        Self { lr, ..Self::default() }
    }

    setters! {
        with_betas: betas = [f64; 2];
        with_eps: eps = f64;
        with_weight_decay: weight_decay = f64;
    }
}

/// The constants of AdamW: [`Adam`] but for its weight decay, which does not pass through the moments:
/// `x = (1 - lr * weight_decay) x` before each update.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AdamW {
    /// Learning rate, before the schedule; positive.
    pub lr: f64,
    /// Decays `b1` and `b2` of the first and second moment, each from 0 to below 1.
    pub betas: [f64; 2],
    /// Added to the root of the second moment; positive.
    pub eps: f64,
    /// Decoupled weight decay, 0 or more; acts on the weights of connections only.
    pub weight_decay: f64,
}

impl Default for AdamW {
    fn default() -> Self {
        Self { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.01 }
    }
}

impl AdamW {
    /// With a learning rate, and the rest by default.
    pub fn new(lr: f64) -> Self {
        Self { lr, ..Self::default() }
    }

    setters! {
        with_betas: betas = [f64; 2];
        with_eps: eps = f64;
        with_weight_decay: weight_decay = f64;
    }
}

pub(super) fn ranges(betas: [f64; 2], eps: f64, weight_decay: f64) -> [Range; 4] {
    [
        Range::below_one("optimizer.betas", betas[0]),
        Range::below_one("optimizer.betas", betas[1]),
        Range::positive("optimizer.eps", eps),
        Range::not_negative("optimizer.weight_decay", weight_decay),
    ]
}

/// The constants of one update.
#[derive(Clone, Copy)]
pub(super) struct Step {
    factor: f32,
    coupled: f32,
    shrink: f32,
    keep1: f32,
    take1: f32,
    keep2: f32,
    take2: f32,
    size: f32,
    root: f32,
    eps: f32,
}

impl Step {
    /// Update `k` of Adam, with `factor` on the gradients.
    pub(super) fn adam(adam: &Adam, lr: f64, weight_decay: f64, k: u64, factor: f32) -> Self {
        let step = Self::new(adam.betas, adam.eps, lr, k, factor);
        Self { coupled: weight_decay as f32, ..step }
    }

    /// Update `k` of AdamW.
    pub(super) fn adamw(adam: &AdamW, lr: f64, weight_decay: f64, k: u64, factor: f32) -> Self {
        let step = Self::new(adam.betas, adam.eps, lr, k, factor);
        Self { shrink: (1.0 - lr * weight_decay) as f32, ..step }
    }

    fn new([b1, b2]: [f64; 2], eps: f64, lr: f64, k: u64, factor: f32) -> Self {
        let correction = |b: f64| 1.0 - b.powf(k as f64);
        Self {
            factor,
            coupled: 0.0,
            shrink: 1.0,
            keep1: b1 as f32,
            take1: (1.0 - b1) as f32,
            keep2: b2 as f32,
            take2: (1.0 - b2) as f32,
            size: (lr / correction(b1)) as f32,
            root: correction(b2).sqrt() as f32,
            eps: eps as f32,
        }
    }

    /// Writes the next values of a tensor and its moments, and says whether all are finite.
    pub(super) fn run(
        &self,
        x: &[f32],
        g: &[f32],
        (first, second): (&[f32], &[f32]),
        next_x: &mut [f32],
        (next_first, next_second): (&mut [f32], &mut [f32]),
    ) -> bool {
        let Self { factor, coupled, shrink, keep1, take1, keep2, take2, size, root, eps } = *self;
        let n = x.len();
        let (g, first, second) = (&g[..n], &first[..n], &second[..n]);
        let (next_x, next_first, next_second) =
            (&mut next_x[..n], &mut next_first[..n], &mut next_second[..n]);
        let bad = vectorized(
            #[inline(always)]
            || {
                let mut bad = 0;
                for i in 0..n {
                    let gradient = g[i] * factor + coupled * x[i];
                    let m = first[i] * keep1 + gradient * take1;
                    let v = second[i] * keep2 + gradient * gradient * take2;
                    let moved = x[i] * shrink - size * (m / (v.sqrt() / root + eps));
                    bad |= not_finite(m) | not_finite(v) | not_finite(moved);
                    (next_first[i], next_second[i], next_x[i]) = (m, v, moved);
                }
                bad
            },
        );
        bad == 0
    }
}
