//! The kinds of schedules with their constants.

use serde::{Deserialize, Serialize};

use crate::option_range::setters;

/// The factor 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Constant {
    /// Epochs of linear growth at the beginning; 0 or more.
    pub warm_up: f64,
}

/// Half a wave down: `floor + (1 - floor) * (1 + cos(pi * (k - w) / (n - w))) / 2` (Loshchilov and Hutter,
/// 2017, without restarts).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Cosine {
    /// Epochs of linear growth at the beginning; 0 or more.
    pub warm_up: f64,
    /// The factor at the end, from 0 to 1.
    pub floor: f64,
}

/// `factor^s`, where `s` is the number of whole times that `every` epochs have passed since the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StepDecay {
    /// Epochs of linear growth at the beginning; 0 or more.
    #[serde(default)]
    pub warm_up: f64,
    /// Epochs from step to step; positive.
    pub every: f64,
    /// What a step multiplies the rate by, from 0 to 1; 0.1 by default.
    #[serde(default = "tenth")]
    pub factor: f64,
}

/// Up from `start` to 1 and down to `floor`, both along half a wave (Smith and Topin, 2018). The
/// greatest rate is reached with update `rise * n - 1`, the least with the last. PyTorch's
/// `OneCycleLR` with `pct_start = rise`, `div_factor = 1 / start`, `final_div_factor = start / floor`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct OneCycle {
    /// Part of the training that the rate rises, from 0 to 1; 0.3 by default.
    pub rise: f64,
    /// The factor at the beginning, from 0 to 1; 0.04 by default.
    pub start: f64,
    /// The factor at the end, from 0 to 1; 4e-6 by default.
    pub floor: f64,
}

impl Constant {
    setters! {
        with_warm_up: warm_up = f64;
    }
}

impl Cosine {
    setters! {
        with_warm_up: warm_up = f64;
        with_floor: floor = f64;
    }
}

impl StepDecay {
    /// A tenth of the rate after every `every` epochs, without warm-up.
    pub fn new(every: f64) -> Self {
        Self { warm_up: 0.0, every, factor: tenth() }
    }

    setters! {
        with_warm_up: warm_up = f64;
        with_factor: factor = f64;
    }
}

impl Default for OneCycle {
    fn default() -> Self {
        Self { rise: 0.3, start: 0.04, floor: 4e-6 }
    }
}

impl OneCycle {
    setters! {
        with_rise: rise = f64;
        with_start: start = f64;
        with_floor: floor = f64;
    }
}

fn tenth() -> f64 {
    0.1
}
