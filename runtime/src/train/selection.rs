//! Selection of the best epoch, and early stopping.

use serde::{Deserialize, Serialize};

use super::metrics::EpochMetrics;
use crate::option_range::setters;

/// The score by which the best epoch is selected, and the patience of early stopping.
///
/// An epoch is the new best if its score improves on that of the best so far by more than `min_delta`:
/// accuracies improve upward, losses downward. An infinite or NaN score is never the best.
///
/// On small sets, many epochs tie in accuracy. Ties go to the epoch with the lower loss on the same set, then to
/// the earliest epoch. A tie is not an improvement, so it does not extend `patience`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Selection {
    /// The metric by which epochs are compared.
    pub by: Score,
    /// Number of consecutive epochs without an improvement of the score after which training stops. By default,
    /// it does not stop early.
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
    /// The loss on the set of the score, which decides between equal accuracies; `None` if the score is a loss.
    pub tie_loss: Option<f64>,
    /// The first epoch with this score, from 0. The patience counts from here.
    pub improved_epoch: usize,
}

/// The result of comparing an epoch with the best so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelectionResult {
    /// Whether the epoch is the new best, by its score or by its loss at an equal score.
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

    /// Returns the loss on the set of the score, which decides between equal accuracies; `None` for losses.
    fn tie_loss(self, metrics: &EpochMetrics) -> Option<f64> {
        match self {
            Self::ValidationAccuracy => metrics.validation.as_ref().map(|v| v.loss),
            Self::Accuracy => Some(metrics.loss),
            Self::ValidationLoss | Self::Loss => None,
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

    /// Returns the epoch with `metrics` and this score as the new best; `None` if the best so far remains.
    pub(super) fn new_best(&self, metrics: &EpochMetrics, score: f64, best: Option<Best>) -> Option<Best> {
        let (epoch, tie_loss) = (metrics.epoch, self.by.tie_loss(metrics));
        let improved = Best { epoch, score, tie_loss, improved_epoch: epoch };
        let Some(best) = best else { return score.is_finite().then_some(improved) };
        let gain = if self.by.needs_classes() { score - best.score } else { best.score - score };
        if score.is_finite() && gain > self.min_delta {
            return Some(improved);
        }
        let is_lower = tie_loss.zip(best.tie_loss).is_some_and(|(loss, best)| loss < best);
        let wins_tie = score == best.score && is_lower;
        wins_tie.then_some(Best { improved_epoch: best.improved_epoch, ..improved })
    }

    /// Returns whether the patience is exhausted after `epochs` complete epochs.
    pub(super) fn is_exhausted(&self, epochs: usize, best: Option<Best>) -> bool {
        let since = epochs - best.map_or(0, |best| best.improved_epoch + 1).min(epochs);
        self.patience.is_some_and(|patience| since >= patience.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Validation;

    fn metrics(epoch: usize, loss: f64, accuracy: f64) -> EpochMetrics {
        EpochMetrics {
            epoch,
            complete: true,
            loss,
            accuracy: Some(accuracy),
            layers: Vec::new(),
            gradient_norms: Vec::new(),
            lr: 1e-3,
            validation: Some(Validation { loss, accuracy: Some(accuracy), rates: Vec::new() }),
            warnings: Vec::new(),
        }
    }

    /// Returns the best epoch of a series of losses and accuracies, and the number of epochs that are run.
    fn run(selection: Selection, series: &[(f64, f64)]) -> (Option<usize>, usize) {
        let mut best = None;
        for (epoch, &(loss, accuracy)) in series.iter().enumerate() {
            let metrics = metrics(epoch, loss, accuracy);
            let score = selection.by.of(&metrics).expect("all metrics are present");
            best = selection.new_best(&metrics, score, best).or(best);
            if selection.is_exhausted(epoch + 1, best) {
                return (best.map(|best| best.epoch), epoch + 1);
            }
        }
        (best.map(|best| best.epoch), series.len())
    }

    #[test]
    fn first_best_epoch_is_selected_within_patience() {
        let losses = |losses: &[f64]| losses.iter().map(|&loss| (loss, 0.0)).collect::<Vec<_>>();
        let loss = Selection { by: Score::ValidationLoss, patience: None, min_delta: 0.0 };
        assert_eq!(run(loss, &losses(&[3.0, 1.0, f64::NAN, 1.0, 2.0])), (Some(1), 5));
        let patient = Selection { patience: Some(2), ..loss };
        assert_eq!(run(patient, &losses(&[3.0, 2.0, 2.5, 2.0, 0.0])), (Some(1), 4));
        assert_eq!(run(patient, &losses(&[f64::NAN, f64::INFINITY, 1.0])), (None, 2));
        let accuracies = [0.5, 0.505, 0.52, 0.52, 0.525, 0.9].map(|accuracy| (1.0, accuracy));
        let accuracy = Selection { by: Score::Accuracy, patience: Some(2), min_delta: 0.01 };
        assert_eq!(run(accuracy, &accuracies), (Some(2), 5));
    }

    #[test]
    fn equal_accuracies_are_decided_by_the_loss() {
        let ties = [(0.9, 0.5), (0.7, 1.0), (0.4, 1.0), (0.4, 1.0), (f64::NAN, 1.0), (0.3, 0.9), (0.5, 1.0)];
        for by in [Score::ValidationAccuracy, Score::Accuracy] {
            assert_eq!(run(Selection::new(by), &ties), (Some(2), 7));
            // The accuracy last improved in epoch 1: ties do not extend the patience.
            assert_eq!(run(Selection::new(by).with_patience(3), &ties), (Some(2), 5));
            // An accuracy within `min_delta` is neither an improvement nor a tie.
            let series = [(0.9, 0.5), (0.1, 0.505), (0.2, 0.5)];
            assert_eq!(run(Selection::new(by).with_min_delta(0.01), &series), (Some(2), 3));
        }
    }
}
