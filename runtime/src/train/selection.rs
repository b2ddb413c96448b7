//! Selection of the best epoch, and early stopping.

use serde::{Deserialize, Serialize};

use super::metrics::EpochMetrics;
use crate::option_range::setters;

/// The score by which the best epoch is selected, and the patience of early stopping.
///
/// An epoch is the new best if its score improves on that of the best so far by more than `min_delta`:
/// accuracies improve upward, losses downward. On a tie, the earlier epoch stays the best. An infinite or NaN
/// score is never the best.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Selection {
    /// The metric by which epochs are compared.
    pub by: Score,
    /// Number of consecutive epochs without a new best after which training stops. By default, it does not
    /// stop early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<usize>,
    /// Minimum improvement, in the unit of the score; 0 or more, 0 by default.
    #[serde(default)]
    pub min_delta: f64,
}

/// A metric by which epochs are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Score {
    /// Loss on the validation set; lower is better.
    ValidationLoss,
    /// Accuracy on the validation set; higher is better.
    ValidationAccuracy,
    /// Loss on the training set; lower is better.
    Loss,
    /// Accuracy on the training set; higher is better.
    Accuracy,
}

/// The best epoch so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// The epoch, from 0.
    pub epoch: usize,
    /// The score of the epoch; finite.
    pub score: f64,
}

/// The result of comparing an epoch with the best so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelectionResult {
    /// Whether the epoch is the new best.
    pub improved: bool,
    /// Whether training should end, because all epochs are complete or the patience is exhausted.
    pub stop: bool,
}

impl Score {
    /// Returns the score's name in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::ValidationLoss => "validation_loss",
            Self::ValidationAccuracy => "validation_accuracy",
            Self::Loss => "loss",
            Self::Accuracy => "accuracy",
        }
    }

    /// Returns whether the score requires a validation set.
    pub fn needs_validation(self) -> bool {
        matches!(self, Self::ValidationLoss | Self::ValidationAccuracy)
    }

    /// Returns whether the score requires a loss with classes.
    pub(super) fn needs_classes(self) -> bool {
        matches!(self, Self::ValidationAccuracy | Self::Accuracy)
    }

    /// Returns the score of an epoch; `None` if it was not measured.
    pub fn of(self, metrics: &EpochMetrics) -> Option<f64> {
        let validation = metrics.validation.as_ref();
        match self {
            Self::ValidationLoss => validation.map(|v| v.loss),
            Self::ValidationAccuracy => validation.and_then(|v| v.accuracy),
            Self::Loss => Some(metrics.loss),
            Self::Accuracy => metrics.accuracy,
        }
    }
}

impl Selection {
    /// Creates a selection by `by`, without a minimum improvement and without early stopping.
    pub fn new(by: Score) -> Self {
        Self { by, patience: None, min_delta: 0.0 }
    }

    setters! {
        with_patience: patience = usize;
        with_min_delta: min_delta = f64;
    }

    /// Returns whether a score improves on the best so far.
    pub(super) fn is_better(&self, score: f64, best: Option<Best>) -> bool {
        let gain = |best: Best| if self.by.needs_classes() { score - best.score } else { best.score - score };
        score.is_finite() && best.is_none_or(|best| gain(best) > self.min_delta)
    }

    /// Returns whether the patience is exhausted after `epochs` complete epochs.
    pub(super) fn is_exhausted(&self, epochs: usize, best: Option<Best>) -> bool {
        let since = epochs - best.map_or(0, |best| best.epoch + 1).min(epochs);
        self.patience.is_some_and(|patience| since >= patience.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the best epoch of a series of scores, and the number of epochs that are run.
    fn run(selection: Selection, scores: &[f64]) -> (Option<usize>, usize) {
        let mut best = None;
        for (epoch, &score) in scores.iter().enumerate() {
            if selection.is_better(score, best) {
                best = Some(Best { epoch, score });
            }
            if selection.is_exhausted(epoch + 1, best) {
                return (best.map(|best| best.epoch), epoch + 1);
            }
        }
        (best.map(|best| best.epoch), scores.len())
    }

    #[test]
    fn first_best_epoch_is_selected_within_patience() {
        let loss = Selection { by: Score::ValidationLoss, patience: None, min_delta: 0.0 };
        assert_eq!(run(loss, &[3.0, 1.0, f64::NAN, 1.0, 2.0]), (Some(1), 5));
        assert_eq!(run(Selection { patience: Some(2), ..loss }, &[3.0, 2.0, 2.5, 2.0, 0.0]), (Some(1), 4));
        assert_eq!(run(Selection { patience: Some(2), ..loss }, &[f64::NAN, f64::INFINITY, 1.0]), (None, 2));
        let accuracy = Selection { by: Score::Accuracy, patience: Some(2), min_delta: 0.01 };
        assert_eq!(run(accuracy, &[0.5, 0.505, 0.52, 0.52, 0.525, 0.9]), (Some(2), 5));
    }
}
