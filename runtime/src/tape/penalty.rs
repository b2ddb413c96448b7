//! The penalty on membranes that lies within the backward pass, where membranes are at hand.

/// A penalty on membranes outside of a band, in units of the threshold.
///
/// With `u = v / threshold` of a membrane before reset, it is `weight * (max(0, u - high)^2 + max(0, low - u)^2)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MembranePenalty {
    pub(crate) weight: f32,
    pub(crate) low: f32,
    pub(crate) high: f32,
}

impl MembranePenalty {
    /// The penalty of one membrane `v` of a neuron with this `threshold` in one step, and its derivative by `v`.
    #[inline(always)]
    pub(crate) fn of(self, v: f32, threshold: f32) -> (f32, f32) {
        let Self { weight, low, high } = self;
        let u = v / threshold;
        let (above, below) = ((u - high).max(0.0), (low - u).max(0.0));
        (weight * (above * above + below * below), 2.0 * weight * (above - below) / threshold)
    }
}
