//! The result of a loss on one sample.

/// The result of a loss on one sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SampleOutcome {
    pub(crate) loss: f64,
    /// Whether the output is correct; always `false` for losses without classes.
    pub(crate) correct: bool,
}

/// Returns the weight of a class; 1 if `weights` is empty.
pub(super) fn class_weight(weights: &[f64], class: usize) -> f64 {
    weights.get(class).copied().unwrap_or(1.0)
}
