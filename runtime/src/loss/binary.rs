//! Binary cross entropy, for detection: each output is a detector of its own.

use serde::{Deserialize, Serialize};

use super::label::Label;
use super::outcome::{SampleOutcome, class_weight};
use super::readout::{Readout, Statistic};
use crate::option_range::{OptionRange, one, setters};

/// Binary cross entropy of each output, averaged over the outputs:
/// `-w * (positive_weight * q * ln(p) + (1 - q) * ln(1 - p))`, with
/// `p = 1 / (1 + exp(-scale * (z - offset)))` for the readout `z`, and
/// `q = (1 - label_smoothing) * y + label_smoothing / 2` for the label `y`.
///
/// This is PyTorch's `BCEWithLogitsLoss` on `scale * (z - offset)`. An output detects if `z > offset`. A
/// sample is correct if exactly the outputs with `y > 0.5` detect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BinaryCrossEntropy {
    /// The value per output from which the probability of a detection is computed.
    pub readout: Readout,
    /// Readout at which the probability of a detection is 1/2; 0 by default.
    #[serde(default)]
    pub offset: f64,
    /// Factor on the readout before the logistic function; positive, 1 by default.
    #[serde(default = "one")]
    pub scale: f64,
    /// How far labels are moved from 0 and 1 toward 1/2, at least 0 and less than 1; 0 by default.
    #[serde(default)]
    pub label_smoothing: f64,
    /// Factor on the loss of positive labels; positive, 1 by default. Above 1, it compensates for rare
    /// positives.
    #[serde(default = "one")]
    pub positive_weight: f64,
    /// Factor `w` on the loss of each output, 0 or more. Empty, the default, for 1 everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub class_weights: Vec<f64>,
}

impl BinaryCrossEntropy {
    /// Creates the loss with an offset of 0, scale 1, no smoothing and no weights.
    pub fn new(readout: Readout) -> Self {
        Self {
            readout,
            offset: 0.0,
            scale: 1.0,
            label_smoothing: 0.0,
            positive_weight: 1.0,
            class_weights: Vec::new(),
        }
    }

    setters! {
        with_offset: offset = f64;
        with_scale: scale = f64;
        with_label_smoothing: label_smoothing = f64;
        with_positive_weight: positive_weight = f64;
        with_class_weights: class_weights = Vec<f64>;
    }

    /// Returns the loss of one sample, and writes its gradient unless `gradient` is empty.
    pub(super) fn evaluate(
        &self,
        output: &[f32],
        outputs: usize,
        label: &Label,
        gradient: &mut [f32],
        statistic: &mut Statistic,
    ) -> SampleOutcome {
        statistic.read(self.readout, output, outputs);
        let Statistic { values, gradients, .. } = statistic;
        let (mut loss, mut correct) = (0.0, true);
        for (o, (&z, slope)) in values.iter().zip(gradients).enumerate() {
            let target = label.output_target(o, outputs);
            let x = self.scale * (f64::from(z) - self.offset);
            correct &= (x > 0.0) == (target > 0.5);
            let q = (1.0 - self.label_smoothing) * target + 0.5 * self.label_smoothing;
            let weight = class_weight(&self.class_weights, o) / outputs as f64;
            let (positive, negative) = (self.positive_weight * q, 1.0 - q);
            // -ln(p) = softplus(-x) and -ln(1 - p) = softplus(x) stay finite where p rounds to 0 or 1.
            loss += weight * (positive * softplus(-x) + negative * softplus(x));
            let p = 1.0 / (1.0 + (-x).exp());
            *slope = (weight * self.scale * (negative * p - positive * (1.0 - p))) as f32;
        }
        if !gradient.is_empty() {
            statistic.spread(self.readout, gradient);
        }
        SampleOutcome { loss, correct }
    }

    pub(super) fn ranges(&self) -> Vec<OptionRange> {
        let mut ranges = vec![
            OptionRange::finite("loss.offset", self.offset),
            OptionRange::positive("loss.scale", self.scale),
            OptionRange::below_one("loss.label_smoothing", self.label_smoothing),
            OptionRange::positive("loss.positive_weight", self.positive_weight),
        ];
        let weight = |(i, &w)| OptionRange::non_negative("loss.class_weights", w).item(i);
        ranges.extend(self.class_weights.iter().enumerate().map(weight));
        ranges
    }
}

/// Returns `ln(1 + exp(x))` without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
