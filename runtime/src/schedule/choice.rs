//! [`Schedule`]: one enum over all learning rate schedules.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::kinds::{Constant, Cosine, OneCycle, StepDecay};
use crate::option_range::OptionRange;

/// A learning rate schedule: a factor on the optimizer's learning rate, which changes with every update.
///
/// The equations use the number of updates so far, `k`; the number of all updates, `n` (epochs times
/// batches); and the number of updates in the first `warm_up` epochs, `w`. While `k < w`, the factor is
/// `(k + 1) / w`; from then on, it follows the kind. Times are in epochs, and may be fractions.
///
/// ```
/// use synnet_runtime::Schedule;
/// use synnet_runtime::schedule::Cosine;
///
/// let schedule = Schedule::from(Cosine::default().with_warm_up(2.0).with_floor(0.01));
/// // The first of 10 updates in the first of 20 epochs.
/// assert_eq!(schedule.factor(0, 20, 10), 0.05);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Schedule {
    /// The constant factor 1.
    Constant(Constant),
    /// Cosine annealing: half a cosine wave from 1 down to a floor.
    Cosine(Cosine),
    /// A constant factor at regular intervals.
    #[serde(rename = "step")]
    StepDecay(StepDecay),
    /// The one-cycle policy: up and down once, each along half a cosine wave.
    OneCycle(OneCycle),
}

impl Default for Schedule {
    fn default() -> Self {
        Self::Constant(Constant::default())
    }
}

impl From<Constant> for Schedule {
    fn from(schedule: Constant) -> Self {
        Self::Constant(schedule)
    }
}

impl From<Cosine> for Schedule {
    fn from(schedule: Cosine) -> Self {
        Self::Cosine(schedule)
    }
}

impl From<StepDecay> for Schedule {
    fn from(schedule: StepDecay) -> Self {
        Self::StepDecay(schedule)
    }
}

impl From<OneCycle> for Schedule {
    fn from(schedule: OneCycle) -> Self {
        Self::OneCycle(schedule)
    }
}

impl Schedule {
    /// Returns the factor for the update after `done` others, of `epochs * per_epoch` in total.
    pub fn factor(&self, done: u64, epochs: usize, per_epoch: usize) -> f64 {
        let total = epochs as f64 * per_epoch as f64;
        let warm_up = (self.warm_up() * per_epoch as f64).min(total);
        let done = done as f64;
        // `done + 1`, so that the first update is not lost to a factor of 0.
        if done < warm_up {
            return (done + 1.0).min(warm_up) / warm_up;
        }
        match *self {
            Self::Constant(Constant { .. }) => 1.0,
            Self::Cosine(Cosine { floor, .. }) => {
                anneal_cosine(1.0, floor, (done - warm_up) / (total - warm_up).max(1.0))
            }
            Self::StepDecay(StepDecay { every, factor, .. }) => {
                factor.powf((done / (every * per_epoch as f64)).floor())
            }
            Self::OneCycle(OneCycle { rise, start, floor }) => {
                // The update with the maximum, as in PyTorch's `OneCycleLR`; it need not be an integer.
                let peak = (rise * total - 1.0).max(0.0);
                if done < peak {
                    anneal_cosine(start, 1.0, done / peak)
                } else {
                    anneal_cosine(1.0, floor, (done - peak) / (total - 1.0 - peak).max(1.0))
                }
            }
        }
    }

    fn warm_up(&self) -> f64 {
        match *self {
            Self::Constant(Constant { warm_up })
            | Self::Cosine(Cosine { warm_up, .. })
            | Self::StepDecay(StepDecay { warm_up, .. }) => warm_up,
            Self::OneCycle(OneCycle { .. }) => 0.0,
        }
    }

    /// Returns the options with their permitted ranges.
    pub(crate) fn ranges(&self) -> Vec<OptionRange> {
        let mut ranges = vec![OptionRange::non_negative("schedule.warm_up", self.warm_up())];
        match *self {
            Self::Constant(Constant { .. }) => {}
            Self::Cosine(Cosine { floor, .. }) => ranges.push(OptionRange::fraction("schedule.floor", floor)),
            Self::StepDecay(StepDecay { every, factor, .. }) => {
                ranges.push(OptionRange::positive("schedule.every", every));
                ranges.push(OptionRange::fraction("schedule.factor", factor));
            }
            Self::OneCycle(OneCycle { rise, start, floor }) => ranges.extend([
                OptionRange::fraction("schedule.rise", rise),
                OptionRange::fraction("schedule.start", start),
                OptionRange::fraction("schedule.floor", floor),
            ]),
        }
        ranges
    }
}

/// Interpolates between two values along half a cosine wave, for `progress` from 0 to 1.
fn anneal_cosine(from: f64, to: f64, progress: f64) -> f64 {
    to + (from - to) * 0.5 * (1.0 + (PI * progress.min(1.0)).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_named_as_in_recipes() {
        for (json, expected) in [
            (r#"{ "kind": "constant" }"#, Schedule::from(Constant::default())),
            (r#"{ "kind": "cosine" }"#, Schedule::from(Cosine::default())),
            (r#"{ "kind": "step", "every": 30 }"#, Schedule::from(StepDecay::new(30.0))),
            (r#"{ "kind": "one_cycle" }"#, Schedule::from(OneCycle::default())),
        ] {
            assert_eq!(serde_json::from_str::<Schedule>(json).expect("the kind is known"), expected);
        }
    }

    const ONE_CYCLE: [f64; 10] = [
        0.04,
        0.52,
        1.0,
        0.9504846320134737,
        0.8117456539497631,
        0.6112620219362893,
        0.38874197806371075,
        0.18825834605023697,
        0.049519367986526286,
        4e-06,
    ];
    const OTHER_CYCLE: [f64; 10] = [
        0.25,
        0.35983495705504476,
        0.625,
        0.8901650429449552,
        1.0,
        0.9068957847577869,
        0.6631457847577868,
        0.3618542152422132,
        0.11810421524221318,
        0.025,
    ];

    fn assert_factors(schedule: Schedule, per_epoch: usize, at: &[u64], expected: &[f64]) {
        for (&done, expected) in at.iter().zip(expected) {
            let found = schedule.factor(done, 5, per_epoch);
            assert!((found - expected).abs() < 1e-12, "{schedule:?} at {done}: {found}, not {expected}");
        }
    }

    #[test]
    fn schedules_pass_through_their_corner_points() {
        let cosine = Schedule::Cosine(Cosine { warm_up: 1.0, floor: 0.1 });
        assert_factors(cosine, 10, &[0, 4, 10, 30, 50, 99], &[0.1, 0.5, 1.0, 0.55, 0.1, 0.1]);
        let step = Schedule::StepDecay(StepDecay { warm_up: 0.5, every: 2.0, factor: 0.5 });
        assert_factors(step, 10, &[0, 4, 5, 19, 20, 39, 40], &[0.2, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25]);
        assert_factors(Schedule::default(), 10, &[0, 7], &[1.0, 1.0]);
        let warm = Schedule::Constant(Constant { warm_up: 2.0 });
        assert_factors(warm, 2, &[0, 1, 3, 4], &[0.25, 0.5, 1.0, 1.0]);
    }

    /// `torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1, total_steps=10, cycle_momentum=False)`, and
    /// with `pct_start=0.5, div_factor=4, final_div_factor=10`.
    #[test]
    fn one_cycle_matches_pytorch() {
        let default = Schedule::OneCycle(OneCycle::default());
        assert_factors(default, 2, &(0..10).collect::<Vec<_>>(), &ONE_CYCLE);
        let other = Schedule::OneCycle(OneCycle { rise: 0.5, start: 0.25, floor: 0.025 });
        assert_factors(other, 2, &(0..10).collect::<Vec<_>>(), &OTHER_CYCLE);
        assert_eq!(default.factor(0, 1, 1), 1.0);
    }
}
