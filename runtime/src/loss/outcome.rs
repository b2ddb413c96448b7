//! What losses say of samples.

/// What a loss says of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SampleOutcome {
    pub(crate) loss: f64,
    /// Whether the output is right; never, for losses without classes.
    pub(crate) correct: bool,
}

/// The weight of a class; 1 where none are given.
pub(super) fn class_weight(weights: &[f64], class: usize) -> f64 {
    weights.get(class).copied().unwrap_or(1.0)
}
