//! Which epoch is the best, and when to stop early.

use serde::{Deserialize, Serialize};

use super::metrics::EpochMetrics;
use crate::option_range::setters;

/// How the best epoch is chosen, and after how many epochs without a better one training stops.
///
/// An epoch is better than the best so far where its score exceeds that by more than `min_delta` (lies
/// below it by more, for losses). A score that is not finite is never better. Of equal epochs the first
/// stays the best.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Selection {
    /// The score.
    pub by: Score,
    /// Training stops after this many epochs in a row without a better one; never, where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<usize>,
    /// By how much an epoch must be better, in the unit of the score; 0 or more.
    #[serde(default)]
    pub min_delta: f64,
}

/// A figure of an epoch by which epochs are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Score {
    /// Loss on the validation set; the least is the best.
    ValidationLoss,
    /// Accuracy on the validation set; the greatest is the best.
    ValidationAccuracy,
    /// Loss on the training set; the least is the best.
    Loss,
    /// Accuracy on the training set; the greatest is the best.
    Accuracy,
}

/// The best epoch so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// The epoch, from 0.
    pub epoch: usize,
    /// Its score; finite.
    pub score: f64,
}

/// What an epoch means for the choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelectionResult {
    /// Whether it is the best so far.
    pub improved: bool,
    /// Whether training should end: all epochs are done, or patience is at its end.
    pub stop: bool,
}

impl Score {
    /// Its name in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::ValidationLoss => "validation_loss",
            Self::ValidationAccuracy => "validation_accuracy",
            Self::Loss => "loss",
            Self::Accuracy => "accuracy",
        }
    }

    /// Whether it needs a validation set.
    pub fn needs_validation(self) -> bool {
        matches!(self, Self::ValidationLoss | Self::ValidationAccuracy)
    }

    /// Whether it needs a loss with classes.
    pub(super) fn needs_classes(self) -> bool {
        matches!(self, Self::ValidationAccuracy | Self::Accuracy)
    }

    /// The figure of an epoch; `None` where it was not measured.
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
    /// The best epoch by this score, however small its lead; training does not stop early.
    pub fn new(by: Score) -> Self {
        Self { by, patience: None, min_delta: 0.0 }
    }

    setters! {
        with_patience: patience = usize;
        with_min_delta: min_delta = f64;
    }

    /// Whether a score beats the best so far.
    pub(super) fn is_better(&self, score: f64, best: Option<Best>) -> bool {
        let gain = |best: Best| if self.by.needs_classes() { score - best.score } else { best.score - score };
        score.is_finite() && best.is_none_or(|best| gain(best) > self.min_delta)
    }

    /// Whether patience is at its end when `epochs` epochs are complete.
    pub(super) fn is_exhausted(&self, epochs: usize, best: Option<Best>) -> bool {
        let since = epochs - best.map_or(0, |best| best.epoch + 1).min(epochs);
        self.patience.is_some_and(|patience| since >= patience.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The best epoch, and the number of epochs that are run, of a series of scores.
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
