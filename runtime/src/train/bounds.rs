//! Where learned constants of neurons are kept.

use serde::{Deserialize, Serialize};
use synnet_ir::graph::{LayerParameter, LeakUnit};
use synnet_ir::{Diagnostic, Graph, Slot, TensorSpec, timing};

use crate::codes;
use crate::option_range::{OptionRange, setters};

/// Bounds of the constants of neurons that learn. After every update a constant beyond a bound is set to
/// that bound (projected gradient descent); its moments stay as they are.
///
/// Weights, biases and the currents of after-hyperpolarization are not bounded.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Bounds {
    /// Least time constant, in time steps; positive. Shorter ones forget within a step.
    pub min_tau: f64,
    /// Least factor per time step of a leak that is declared as a decay or a bit shift; above 0.
    pub min_decay: f64,
    /// Greatest factor per time step of such a leak; below 1.
    pub max_decay: f64,
    /// Least threshold; positive.
    pub min_threshold: f64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { min_tau: 1.0, min_decay: 1e-3, max_decay: 0.9999, min_threshold: 0.01 }
    }
}

impl Bounds {
    setters! {
        with_min_tau: min_tau = f64;
        with_min_decay: min_decay = f64;
        with_max_decay: max_decay = f64;
        with_min_threshold: min_threshold = f64;
    }

    /// Least and greatest value of a tensor, if it is bounded.
    pub(super) fn of(&self, graph: &Graph, spec: &TensorSpec) -> Option<(f32, f32)> {
        let Slot::Layer(id, which) = spec.slot else { return None };
        let decays = [self.min_decay, self.max_decay];
        let [low, high] = match which {
            LayerParameter::Bias | LayerParameter::AhpWeight => return None,
            LayerParameter::Threshold => [self.min_threshold, f64::from(f32::MAX)],
            LayerParameter::MemLeak | LayerParameter::SynLeak | LayerParameter::AhpLeak => {
                match which.leak(graph.layer(id))?.unit {
                    LeakUnit::TimeConstant => [self.min_tau * graph.dt, f64::from(f32::MAX)],
                    LeakUnit::Decay => decays,
                    LeakUnit::BitShift => decays.map(timing::decay_to_bit_shift),
                }
            }
        };
        Some((low as f32, high as f32))
    }

    pub(super) fn ranges(&self) -> [OptionRange; 4] {
        let ordered = self.min_decay < self.max_decay && self.max_decay < 1.0;
        [
            OptionRange::positive("bounds.min_tau", self.min_tau),
            OptionRange::positive("bounds.min_decay", self.min_decay),
            OptionRange::new(
                "bounds.max_decay",
                self.max_decay,
                ordered,
                "above `bounds.min_decay` and below 1",
            ),
            OptionRange::positive("bounds.min_threshold", self.min_threshold),
        ]
    }
}

/// An error where a tensor starts beyond its bounds.
pub(super) fn check_initial(
    spec: &TensorSpec,
    bounds: Option<(f32, f32)>,
    values: &[f32],
) -> Option<Diagnostic> {
    let (least, greatest) = bounds?;
    let value = values.iter().find(|value| !(least..=greatest).contains(*value))?;
    let kept = if greatest < f32::MAX {
        format!("from {least} to {greatest}")
    } else {
        format!("at {least} or more")
    };
    let message = format!("`{}` starts at {value}; training keeps it {kept}", spec.name);
    Some(
        Diagnostic::error(&codes::OPTION_RANGE, spec.span, message)
            .with_help("start within the bounds, or widen them with the option `bounds`"),
    )
}
