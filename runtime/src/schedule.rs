//! Learning rates over time.

use serde::{Deserialize, Serialize};

/// How the learning rate changes from one update to the next.
///
/// With `k` updates done of `n` in all, of which `w` (`warm_up` epochs) warm up, the factor on the
/// optimiser's rate is `(k + 1) / w` while `k < w`, and then 1 (`constant`) or, with
/// `p = (k - w) / (n - w)`, `floor + (1 - floor) * (1 + cos(pi * p)) / 2` (`cosine`). It changes
/// with every update, not once per epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The curve after warming up.
    pub kind: ScheduleKind,
    /// Epochs of linear growth at the beginning; fractions are allowed.
    #[serde(default)]
    pub warm_up: f64,
    /// The factor at the end of a cosine.
    #[serde(default)]
    pub floor: f64,
}

/// A curve of learning rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleKind {
    /// The same all the time.
    Constant,
    /// Half a wave down (Loshchilov and Hutter, 2017, without restarts).
    Cosine,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { kind: ScheduleKind::Constant, warm_up: 0.0, floor: 0.0 }
    }
}

impl Schedule {
    /// The factor for update `done` (from 0) of `epochs` times `per_epoch`.
    pub fn factor(&self, done: u64, epochs: usize, per_epoch: usize) -> f64 {
        let total = epochs as f64 * per_epoch as f64;
        let warm_up = (self.warm_up * per_epoch as f64).min(total);
        let done = done as f64;
        if done < warm_up {
            return (done + 1.0).min(warm_up) / warm_up;
        }
        match self.kind {
            ScheduleKind::Constant => 1.0,
            ScheduleKind::Cosine => {
                let progress = ((done - warm_up) / (total - warm_up).max(1.0)).min(1.0);
                self.floor + (1.0 - self.floor) * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_pass_through_their_corner_points() {
        let cosine = Schedule { kind: ScheduleKind::Cosine, warm_up: 1.0, floor: 0.1 };
        let factors = [0, 4, 10, 30, 50, 99].map(|done| cosine.factor(done, 5, 10));
        for (found, expected) in factors.into_iter().zip([0.1, 0.5, 1.0, 0.55, 0.1, 0.1]) {
            assert!((found - expected).abs() < 1e-12, "{factors:?}");
        }
        assert_eq!(Schedule::default().factor(7, 5, 10), 1.0);
    }
}
