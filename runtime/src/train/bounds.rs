//! Bounds of the learned neuron parameters.

use serde::{Deserialize, Serialize};
use synnet_ir::graph::{LayerParameter, LeakUnit};
use synnet_ir::{Diagnostic, Graph, Slot, TensorSpec, timing};

use crate::codes;
use crate::option_range::{OptionRange, setters};

/// Bounds of the trainable neuron parameters. After every update, a parameter outside its bounds is set to
/// the nearer bound (projected gradient descent). The optimizer's moments do not change.
///
/// Weights, biases and after-hyperpolarization currents are unbounded.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Bounds {
    /// Minimum time constant, in time steps; positive, 1 by default. A shorter one forgets most of its state
    /// in one step.
    pub min_tau: f64,
    /// Minimum decay per time step, for leaks declared as a decay or a bit shift; above 0, 0.001 by default.
    pub min_decay: f64,
    /// Maximum decay per time step, for the same leaks; below 1, 0.9999 by default.
    pub max_decay: f64,
    /// Minimum threshold; positive, 0.01 by default.
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

    /// Returns the minimum and maximum of a tensor, in its declared unit; `None` if it is unbounded.
    pub(super) fn range(&self, graph: &Graph, spec: &TensorSpec) -> Option<(f32, f32)> {
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

/// Returns an error if a value of a tensor is outside its bounds before training.
pub(super) fn check_initial(
    spec: &TensorSpec,
    bounds: Option<(f32, f32)>,
    values: &[f32],
) -> Option<Diagnostic> {
    let (min, max) = bounds?;
    let value = values.iter().find(|value| !(min..=max).contains(*value))?;
    let range = if max < f32::MAX { format!("between {min} and {max}") } else { format!("at least {min}") };
    let message = format!("`{}` starts at {value}, but its bounds require {range}", spec.name);
    Some(
        Diagnostic::error(&codes::OPTION_RANGE, spec.span, message)
            .with_help("choose an initial value within the bounds, or widen them with the option `bounds`"),
    )
}
