//! Colors of time constants.

use super::Subject;
use crate::graph::{LayerParameter, Leak};

/// Number of colors; the style sheet has the classes `t0` (fast) to `t9` (slow).
pub(super) const COLORS: usize = 10;
/// The color of all time constants if they are equal.
const MIDDLE: usize = 3;

/// A logarithmic scale of colors from the smallest to the largest time constant.
pub(super) struct Palette {
    /// Smallest and largest time constant, in seconds.
    pub(super) range: [f64; 2],
}

impl Palette {
    /// Returns the scale of the synaptic and membrane time constants of what is drawn; `None` if there are none.
    pub(super) fn new(subject: &Subject<'_>) -> Option<Self> {
        let dt = subject.graph.dt;
        let leaks = subject.graph.layers.iter().flat_map(|layer| {
            [LayerParameter::SynLeak, LayerParameter::MemLeak]
                .into_iter()
                .filter_map(|which| which.leak(layer))
        });
        let range = range(leaks.flat_map(|leak| taus(leak, dt)));
        (range[0] <= range[1]).then_some(Self { range })
    }

    /// Returns the index of the color of a time constant.
    pub(super) fn color(&self, tau: f64) -> usize {
        let [low, high] = self.range.map(f64::ln);
        if !tau.is_finite() {
            return COLORS - 1;
        }
        if high - low < 1e-6 {
            return MIDDLE;
        }
        let share = (tau.ln() - low) / (high - low);
        ((share * COLORS as f64) as usize).min(COLORS - 1)
    }

    /// Returns whether all time constants have the same color.
    pub(super) fn is_uniform(&self) -> bool {
        self.color(self.range[0]) == self.color(self.range[1])
    }
}

/// Returns the time constants of a leak, in seconds; infinite if the state does not decay in f64.
pub(super) fn taus(leak: &Leak, dt: f64) -> impl Iterator<Item = f64> + '_ {
    (0..leak.parameter.values.len()).map(move |i| tau(leak, i, dt))
}

/// Returns the time constant of element `i`.
pub(super) fn tau(leak: &Leak, i: usize, dt: f64) -> f64 {
    let tau = leak.tau(i, dt);
    if tau.is_finite() && tau > 0.0 { tau } else { f64::INFINITY }
}

/// Returns minimum and maximum of the finite values; the minimum is above the maximum if there are none.
pub(super) fn range(values: impl Iterator<Item = f64>) -> [f64; 2] {
    values
        .filter(|x| x.is_finite())
        .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(x), high.max(x)])
}
