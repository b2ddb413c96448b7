//! Binary cross entropy, for detection.

use serde::{Deserialize, Serialize};

use super::label::Label;
use super::outcome::{SampleOutcome, class_weight};
use super::readout::{Readout, Statistic};
use crate::option_range::{OptionRange, one, setters};

/// Binary cross entropy of each output by itself, mean over the outputs:
/// `-w * (positive_weight * q * ln(p) + (1 - q) * ln(1 - p))`, where `p = 1 / (1 + exp(-scale * (z - offset)))`
/// of the readout `z`, and `q = (1 - label_smoothing) * y + label_smoothing / 2` of the target `y`.
///
/// It is PyTorch's `BCEWithLogitsLoss` on `scale * (z - offset)`. An output detects where `z > offset`; a
/// sample is right where every output detects exactly if `y > 0.5`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BinaryCrossEntropy {
    /// What the detector looks at.
    pub readout: Readout,
    /// The readout at which a detection is as likely as none.
    #[serde(default)]
    pub offset: f64,
    /// Factor before the logistic function; positive.
    #[serde(default = "one")]
    pub scale: f64,
    /// How far targets are moved from 0 and 1 towards one half, from 0 to below 1.
    #[serde(default)]
    pub label_smoothing: f64,
    /// A factor on the part of the loss where a detection is wanted, positive: above 1 where these are rare.
    #[serde(default = "one")]
    pub positive_weight: f64,
    /// A factor `w` on the loss of each output, 0 or more; 1 for all where it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub class_weights: Vec<f64>,
}

impl BinaryCrossEntropy {
    /// Without offset, scale, smoothing and weights.
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
            let wanted = label.of_output(o, outputs);
            let x = self.scale * (f64::from(z) - self.offset);
            correct &= (x > 0.0) == (wanted > 0.5);
            let q = (1.0 - self.label_smoothing) * wanted + 0.5 * self.label_smoothing;
            let weight = class_weight(&self.class_weights, o) / outputs as f64;
            let (yes, no) = (self.positive_weight * q, 1.0 - q);
            loss += weight * (yes * softplus(-x) + no * softplus(x));
            let p = 1.0 / (1.0 + (-x).exp());
            *slope = (weight * self.scale * (no * p - yes * (1.0 - p))) as f32;
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
        ranges.extend(self.class_weights.iter().map(|&w| OptionRange::non_negative("loss.class_weights", w)));
        ranges
    }
}

/// `ln(1 + exp(x))` without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
