//! The kinds of schedules, with their options.

use serde::{Deserialize, Serialize};

use crate::option_range::setters;

/// A factor of 1 throughout, after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Constant {
    /// Epochs of linear warm-up; 0 or more, 0 by default.
    pub warm_up: f64,
}

/// Cosine annealing without restarts (Loshchilov and Hutter, 2017):
/// `floor + (1 - floor) * (1 + cos(pi * (k - w) / (n - w))) / 2`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Cosine {
    /// Epochs of linear warm-up; 0 or more, 0 by default.
    pub warm_up: f64,
    /// The factor at the end, from 0 to 1; 0 by default.
    pub floor: f64,
}

/// Step decay: the factor is multiplied by `factor` every `every` epochs. Epochs count from the start of
/// training, warm-up included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StepDecay {
    /// Epochs of linear warm-up; 0 or more, 0 by default.
    #[serde(default)]
    pub warm_up: f64,
    /// Epochs between two steps; positive.
    pub every: f64,
    /// Factor of each step, from 0 to 1; 0.1 by default.
    #[serde(default = "tenth")]
    pub factor: f64,
}

/// The one-cycle policy (Smith and Topin, 2018): up from `start` to 1 and down to `floor`, both along half a
/// cosine wave. The maximum is at update `rise * n - 1` of `n`, counted from 0, the minimum at the last. Equals PyTorch's
/// `OneCycleLR` with `pct_start = rise`, `div_factor = 1 / start`, `final_div_factor = start / floor`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct OneCycle {
    /// Fraction of the training during which the rate rises, from 0 to 1; 0.3 by default.
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
    /// Creates a decay to a tenth every `every` epochs, without warm-up.
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
