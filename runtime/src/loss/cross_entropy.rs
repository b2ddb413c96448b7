//! Cross entropy of a softmax, for classification.

use serde::{Deserialize, Serialize};

use super::outcome::{SampleOutcome, class_weight};
use super::readout::{Readout, Statistic};
use crate::option_range::{OptionRange, one, setters};

/// Cross entropy between `softmax(scale * z)` of the readout `z` and a class:
/// `-w * sum(q * ln(softmax(scale * z)))`, with `q = label_smoothing / classes`, plus `1 - label_smoothing`
/// for the labeled class, whose weight is `w`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CrossEntropy {
    /// The value per output that serves as a logit.
    pub readout: Readout,
    /// Fraction of the label distribution that is uniform over all classes, at least 0 and less than 1; 0 by default.
    #[serde(default)]
    pub label_smoothing: f64,
    /// Factor on the readout before the softmax; positive, 1 by default.
    #[serde(default = "one")]
    pub scale: f64,
    /// Factor on the loss of the samples of each class, 0 or more. Empty, the default, for 1 everywhere. The
    /// mean over a batch divides by the number of samples, not by the sum of their weights.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub class_weights: Vec<f64>,
}

impl CrossEntropy {
    /// Creates the loss with no smoothing, scale 1 and no weights.
    pub fn new(readout: Readout) -> Self {
        Self { readout, label_smoothing: 0.0, scale: 1.0, class_weights: Vec::new() }
    }

    setters! {
        with_label_smoothing: label_smoothing = f64;
        with_scale: scale = f64;
        with_class_weights: class_weights = Vec<f64>;
    }

    /// Returns the loss of one sample, and writes its gradient unless `gradient` is empty.
    pub(super) fn evaluate(
        &self,
        output: &[f32],
        outputs: usize,
        label: usize,
        gradient: &mut [f32],
        statistic: &mut Statistic,
    ) -> SampleOutcome {
        statistic.read(self.readout, output, outputs);
        let correct = statistic.prediction() == label;
        let weight = class_weight(&self.class_weights, label);
        let Statistic { values, gradients, .. } = statistic;
        let logit = |z: f32| f64::from(z) * self.scale;
        // Less the maximum, no exponential overflows. In f64, since membrane potentials and `scale` may be
        // large.
        let max_logit = values.iter().map(|&z| logit(z)).fold(f64::NEG_INFINITY, f64::max);
        let log_sum = values.iter().map(|&z| (logit(z) - max_logit).exp()).sum::<f64>().ln() + max_logit;
        let uniform = self.label_smoothing / outputs as f64;
        let mut loss = 0.0;
        for (o, (&z, slope)) in values.iter().zip(gradients).enumerate() {
            let target = uniform + if o == label { 1.0 - self.label_smoothing } else { 0.0 };
            loss += target * (log_sum - logit(z));
            *slope = (weight * self.scale * ((logit(z) - log_sum).exp() - target)) as f32;
        }
        if !gradient.is_empty() {
            statistic.spread(self.readout, gradient);
        }
        SampleOutcome { loss: weight * loss, correct }
    }

    pub(super) fn ranges(&self) -> Vec<OptionRange> {
        let mut ranges = vec![
            OptionRange::below_one("loss.label_smoothing", self.label_smoothing),
            OptionRange::positive("loss.scale", self.scale),
        ];
        let weight = |(i, &w)| OptionRange::non_negative("loss.class_weights", w).item(i);
        ranges.extend(self.class_weights.iter().enumerate().map(weight));
        ranges
    }
}
