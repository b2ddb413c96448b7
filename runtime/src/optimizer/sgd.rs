//! Stochastic gradient descent, with momentum and Nesterov's variant.

use serde::{Deserialize, Serialize};

use crate::kernels::{non_finite_bit, vectorized};
use crate::option_range::{OptionRange, setters};

/// Options of stochastic gradient descent. An update of a tensor `x` with gradient `g`:
/// ```text
/// g = g + weight_decay * x
/// m = momentum * m + g                 (m is 0 before the first update)
/// x = x - lr * m                       (nesterov: x - lr * (g + momentum * m))
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Sgd {
    /// Learning rate, before the schedule; positive, 0.001 by default.
    pub lr: f64,
    /// Decay of the accumulated gradient per update, at least 0 and less than 1; 0 by default.
    pub momentum: f64,
    /// Whether to use Nesterov's momentum; requires a positive `momentum`. `false` by default.
    pub nesterov: bool,
    /// L2 penalty as a part of the gradient; 0 or more, 0 by default. Acts on the weights of connections
    /// only.
    pub weight_decay: f64,
}

impl Default for Sgd {
    fn default() -> Self {
        Self { lr: 1e-3, momentum: 0.0, nesterov: false, weight_decay: 0.0 }
    }
}

impl Sgd {
    /// Creates the options with a learning rate, no momentum and no weight decay.
    pub fn new(lr: f64) -> Self {
        Self { lr, ..Self::default() }
    }

    setters! {
        with_momentum: momentum = f64;
        with_nesterov: nesterov = bool;
        with_weight_decay: weight_decay = f64;
    }

    pub(super) fn ranges(&self) -> [OptionRange; 3] {
        let nesterov_fits = !self.nesterov || self.momentum > 0.0;
        [
            OptionRange::below_one("optimizer.momentum", self.momentum),
            OptionRange::new(
                "optimizer.momentum",
                self.momentum,
                nesterov_fits,
                "positive if `nesterov` is true",
            )
            .with_help("set `momentum`, such as 0.9, or omit `nesterov`"),
            OptionRange::non_negative("optimizer.weight_decay", self.weight_decay),
        ]
    }
}

/// The factors of one update.
#[derive(Clone, Copy)]
pub(super) struct SgdUpdate {
    /// Factor on the gradients, from clipping.
    factor: f32,
    decay: f32,
    momentum: f32,
    /// Factors on the momentum and on the gradient: 1 and 0 for classical momentum, `momentum` and 1 for
    /// Nesterov's.
    nesterov_factors: (f32, f32),
    lr: f32,
}

impl SgdUpdate {
    /// Creates an update with `factor` on the gradients.
    pub(super) fn new(sgd: &Sgd, lr: f64, weight_decay: f64, factor: f32) -> Self {
        let momentum = sgd.momentum as f32;
        let nesterov_factors = if sgd.nesterov { (momentum, 1.0) } else { (1.0, 0.0) };
        Self { factor, decay: weight_decay as f32, momentum, nesterov_factors, lr: lr as f32 }
    }

    /// Writes the next values of a tensor. Returns whether all of them are finite.
    pub(super) fn plain(&self, x: &[f32], g: &[f32], next_x: &mut [f32]) -> bool {
        let Self { factor, decay, lr, .. } = *self;
        let n = x.len();
        let (g, next_x) = (&g[..n], &mut next_x[..n]);
        let bad = vectorized(
            #[inline(always)]
            || {
                let mut bad = 0;
                for i in 0..n {
                    let moved = x[i] - lr * (g[i] * factor + decay * x[i]);
                    bad |= non_finite_bit(moved);
                    next_x[i] = moved;
                }
                bad
            },
        );
        bad == 0
    }

    /// Like [`plain`](Self::plain), with momentum.
    pub(super) fn with_momentum(
        &self,
        x: &[f32],
        g: &[f32],
        momentum: &[f32],
        next_x: &mut [f32],
        next_momentum: &mut [f32],
    ) -> bool {
        let Self { factor, decay, momentum: momentum_decay, nesterov_factors, lr } = *self;
        let n = x.len();
        let (g, momentum) = (&g[..n], &momentum[..n]);
        let (next_x, next_momentum) = (&mut next_x[..n], &mut next_momentum[..n]);
        let bad = vectorized(
            #[inline(always)]
            || {
                let mut bad = 0;
                for i in 0..n {
                    let gradient = g[i] * factor + decay * x[i];
                    let m = momentum[i] * momentum_decay + gradient;
                    let moved = x[i] - lr * (nesterov_factors.0 * m + nesterov_factors.1 * gradient);
                    bad |= non_finite_bit(m) | non_finite_bit(moved);
                    (next_momentum[i], next_x[i]) = (m, moved);
                }
                bad
            },
        );
        bad == 0
    }
}
