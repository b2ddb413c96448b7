//! The membrane penalty. The backward pass computes it, because it has every membrane potential at hand.

/// A penalty on membrane potentials outside a band, in units of the threshold.
///
/// With `u = v / threshold` for a membrane potential `v` before reset, the penalty is
/// `weight * (max(0, u - high)^2 + max(0, low - u)^2)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MembranePenalty {
    pub(crate) weight: f32,
    pub(crate) low: f32,
    pub(crate) high: f32,
}

impl MembranePenalty {
    /// Returns the penalty on a membrane potential `v`, and its derivative with respect to `v`. The threshold
    /// counts as a constant.
    #[inline(always)]
    pub(crate) fn evaluate(self, v: f32, threshold: f32) -> (f32, f32) {
        let Self { weight, low, high } = self;
        let u = v / threshold;
        let (above, below) = ((u - high).max(0.0), (low - u).max(0.0));
        (weight * (above * above + below * below), 2.0 * weight * (above - below) / threshold)
    }
}
