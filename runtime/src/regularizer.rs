//! Regularizers: penalties on firing rates, on membrane potentials and on weights.
//!
//! Each is a pure function that returns a penalty and writes a gradient. Training adds the penalty to the
//! loss of each sample.

use serde::{Deserialize, Serialize};

use crate::option_range::{OptionRange, setters};
use crate::tape::MembranePenalty;

/// A penalty on firing rates outside a band, for each spiking layer except the output.
///
/// For a rate `r` in spikes per neuron per step, the penalty is
/// `weight * max(0, r - target)^2 + silent_weight * max(0, minimum - r)^2`. [`RateScope`] says which rates it
/// is applied to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RateRegularizer {
    /// Weight of the penalty on rates above `target`; 0 or more.
    pub weight: f64,
    /// Maximum rate without a penalty, in spikes per neuron per step; 0 or more.
    pub target: f64,
    /// Weight of the penalty on rates below `minimum`; 0 or more, 0 by default.
    #[serde(default)]
    pub silent_weight: f64,
    /// Minimum rate without a penalty, in spikes per neuron per step; from 0 to `target`, 0 by default.
    #[serde(default)]
    pub minimum: f64,
    /// Whether the rate is that of a layer or of each neuron.
    #[serde(default)]
    pub per: RateScope,
}

/// The unit whose firing rate is penalized.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateScope {
    /// The layer: the penalty is that of the mean rate of its neurons.
    #[default]
    Layer,
    /// Each neuron: the penalty is the mean over the neurons of a layer.
    Neuron,
}

impl RateRegularizer {
    /// Creates a penalty on layers with rates above `target`, without one on low rates.
    pub fn new(weight: f64, target: f64) -> Self {
        Self { weight, target, silent_weight: 0.0, minimum: 0.0, per: RateScope::default() }
    }

    setters! {
        with_silent_weight: silent_weight = f64;
        with_minimum: minimum = f64;
        with_per: per = RateScope;
    }

    /// Returns the penalty on a layer in one sample, from the number of spikes of each neuron over `steps`
    /// steps. Overwrites `gradient` with the gradient with respect to these numbers.
    ///
    /// # Panics
    /// If `gradient` is not as long as `totals`.
    pub fn penalty(&self, totals: &[f32], steps: usize, gradient: &mut [f32]) -> f64 {
        assert_eq!(totals.len(), gradient.len(), "there is a gradient for each neuron");
        let neurons = totals.len().max(1) as f64;
        let steps = steps.max(1) as f64;
        match self.per {
            RateScope::Layer => {
                let total: f64 = totals.iter().map(|&n| f64::from(n)).sum();
                let (penalty, slope) = self.rate_penalty(total / (neurons * steps));
                gradient.fill((slope / (neurons * steps)) as f32);
                penalty
            }
            RateScope::Neuron => {
                let mut sum = 0.0;
                for (&total, g) in totals.iter().zip(gradient) {
                    let (penalty, slope) = self.rate_penalty(f64::from(total) / steps);
                    sum += penalty;
                    *g = (slope / (neurons * steps)) as f32;
                }
                sum / neurons
            }
        }
    }

    /// Returns the penalty on one rate, and its derivative.
    fn rate_penalty(&self, rate: f64) -> (f64, f64) {
        let (above, below) = ((rate - self.target).max(0.0), (self.minimum - rate).max(0.0));
        (
            self.weight * above * above + self.silent_weight * below * below,
            2.0 * (self.weight * above - self.silent_weight * below),
        )
    }

    pub(crate) fn ranges(&self) -> [OptionRange; 5] {
        let ordered = self.minimum <= self.target;
        [
            OptionRange::non_negative("rate_regularizer.weight", self.weight),
            OptionRange::non_negative("rate_regularizer.target", self.target),
            OptionRange::non_negative("rate_regularizer.silent_weight", self.silent_weight),
            OptionRange::non_negative("rate_regularizer.minimum", self.minimum),
            OptionRange::new(
                "rate_regularizer.minimum",
                self.minimum,
                ordered,
                "at most `rate_regularizer.target`",
            ),
        ]
    }
}

/// A penalty on membrane potentials outside a band, for each spiking layer except the output.
///
/// With `u = v / threshold` for a membrane potential `v` before reset, the penalty is
/// `weight * (max(0, u - high)^2 + max(0, low - u)^2)`, averaged over the steps and neurons of a layer. `low`
/// keeps membrane potentials from sinking far below rest, where surrogate gradients vanish; `high` keeps them
/// within the range of a chip's registers. Learned thresholds count as constants: the penalty moves membrane
/// potentials, not thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MembraneRegularizer {
    /// Weight of the penalty; 0 or more.
    pub weight: f64,
    /// Minimum membrane potential without a penalty, in thresholds.
    pub low: f64,
    /// Maximum membrane potential without a penalty, in thresholds; `low` or more.
    pub high: f64,
}

impl MembraneRegularizer {
    /// Creates a penalty on membrane potentials below `low` and above `high`, in thresholds.
    pub fn new(weight: f64, low: f64, high: f64) -> Self {
        Self { weight, low, high }
    }

    /// Returns the penalty in the form that
    /// [`Workspace::penalize_membranes`](crate::tape::Workspace::penalize_membranes) takes.
    pub fn penalty(&self) -> MembranePenalty {
        MembranePenalty { weight: self.weight as f32, low: self.low as f32, high: self.high as f32 }
    }

    pub(crate) fn ranges(&self) -> [OptionRange; 3] {
        [
            OptionRange::non_negative("membrane_regularizer.weight", self.weight),
            OptionRange::finite("membrane_regularizer.low", self.low),
            OptionRange::new(
                "membrane_regularizer.high",
                self.high,
                self.high.is_finite() && self.high >= self.low,
                "at least `membrane_regularizer.low`",
            ),
        ]
    }
}

/// A penalty on the learned weights of connections: `l2` times the sum of their squares plus `l1` times the
/// sum of their absolute values. Biases and neuron parameters are exempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct WeightRegularizer {
    /// Weight of the squares; 0 or more, 0 by default.
    pub l2: f64,
    /// Weight of the absolute values, which drives weights to 0; 0 or more, 0 by default. The gradient at 0
    /// is 0.
    pub l1: f64,
}

impl WeightRegularizer {
    setters! {
        with_l2: l2 = f64;
        with_l1: l1 = f64;
    }

    /// Returns the penalty on weights, and adds its gradient to `gradient`.
    ///
    /// # Panics
    /// If `gradient` is not as long as `weights`.
    pub fn penalty(&self, weights: &[f32], gradient: &mut [f32]) -> f64 {
        assert_eq!(weights.len(), gradient.len(), "there is a gradient for each weight");
        let (l2, l1) = ((2.0 * self.l2) as f32, self.l1 as f32);
        for (&w, g) in weights.iter().zip(gradient) {
            *g += l2 * w + if w == 0.0 { 0.0 } else { l1.copysign(w) };
        }
        let penalty = |&w: &f32| self.l2 * f64::from(w).powi(2) + self.l1 * f64::from(w).abs();
        weights.iter().map(penalty).sum()
    }

    pub(crate) fn ranges(&self) -> [OptionRange; 2] {
        [
            OptionRange::non_negative("weight_regularizer.l2", self.l2),
            OptionRange::non_negative("weight_regularizer.l1", self.l1),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_penalty_gradients_match_finite_differences() {
        for per in [RateScope::Layer, RateScope::Neuron] {
            let regularizer =
                RateRegularizer { weight: 3.0, target: 0.6, silent_weight: 20.0, minimum: 0.45, per };
            for totals in [[2.0, 0.0, 9.0, 5.0], [9.0, 8.0, 9.0, 5.0], [1.0, 0.0, 3.0, 2.0]] {
                let mut gradient = [9.0; 4];
                regularizer.penalty(&totals, 10, &mut gradient);
                for i in 0..4 {
                    let at = |shift: f32| {
                        let mut totals = totals;
                        totals[i] += shift;
                        regularizer.penalty(&totals, 10, &mut [0.0; 4])
                    };
                    let slope = (at(0.01) - at(-0.01)) / 0.02;
                    assert!((f64::from(gradient[i]) - slope).abs() < 1e-4, "{per:?} {totals:?} {i}");
                }
            }
        }
    }

    #[test]
    fn rates_within_the_band_have_no_penalty() {
        let free = RateRegularizer {
            weight: 3.0,
            target: 0.5,
            silent_weight: 3.0,
            minimum: 0.5,
            per: RateScope::Layer,
        };
        let mut gradient = [9.0; 2];
        assert_eq!(free.penalty(&[10.0, 0.0], 10, &mut gradient), 0.0);
        assert_eq!(gradient, [0.0; 2]);
        let neurons = RateRegularizer { per: RateScope::Neuron, ..free };
        assert_eq!(neurons.penalty(&[10.0, 0.0], 10, &mut gradient), 3.0 * 0.25);
    }

    #[test]
    fn membrane_and_weight_penalties_match_finite_differences() {
        let membrane = MembraneRegularizer::new(0.7, -1.0, 2.0).penalty();
        for v in [-3.0_f32, -1.2, -0.3, 0.0, 1.4, 2.9, 5.0] {
            let slope = (membrane.evaluate(v + 0.01, 0.8).0 - membrane.evaluate(v - 0.01, 0.8).0) / 0.02;
            assert!((membrane.evaluate(v, 0.8).1 - slope).abs() < 1e-2, "{v}");
        }
        assert_eq!(membrane.evaluate(1.0, 0.8), (0.0, 0.0));
        let weights = WeightRegularizer { l2: 0.3, l1: 0.2 };
        let mut gradient = [1.0; 3];
        let penalty = weights.penalty(&[2.0, -1.0, 0.0], &mut gradient);
        assert!((penalty - (0.3 * 5.0 + 0.2 * 3.0)).abs() < 1e-7);
        for (g, expected) in gradient.iter().zip([1.0 + 1.2 + 0.2, 1.0 - 0.6 - 0.2, 1.0]) {
            assert!((g - expected).abs() < 1e-6);
        }
    }
}
