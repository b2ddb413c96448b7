//! The peak loss: the membrane potential of the labeled output rises to a level for a short time.

use serde::{Deserialize, Serialize};

use super::label::Label;
use super::outcome::SampleOutcome;
use super::readout::{Readout, Statistic};
use crate::option_range::{OptionRange, one, setters};

/// The peak loss of Bos and Muir ("Sub-mW Neuromorphic SNN audio processing applications with Rockpool and
/// Xylo", 2022; "Micro-power spoken keyword spotting on Xylo Audio 2", 2024), Rockpool's `PeakLoss`.
///
/// The loss of an output that should respond is `(p - level)^2`, with `p` the mean of its membrane potential
/// `v` over `window` steps from its peak on: `p = sum(v[t + i mod (T - t)] for i < window) / window`. Here
/// `t` is the first step of the maximum of `v`, and `T` the number of steps: a window that exceeds the end
/// continues at the peak. The loss of an output that should stay at rest is the mean of `v^2` over all steps.
/// The total is the mean over the outputs that should respond, plus `nontarget_weight` times the mean over
/// the others.
///
/// An output should respond if its label is above 1/2, and does respond if the maximum of its membrane
/// potential exceeds `level / 2`. A class is correct if its output has the highest peak. With one output, or
/// with a label that is not a class, a sample is correct if exactly the outputs respond that should.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Peak {
    /// Desired mean membrane potential from the peak on; positive. Rockpool's `target_output`.
    pub level: f64,
    /// Number of steps from the peak on, 1 or more. Rockpool's `max_interval`.
    pub window: usize,
    /// Weight of the outputs that should stay at rest; 0 or more, 1 by default. Rockpool's
    /// `weight_nontarget`.
    #[serde(default = "one")]
    pub nontarget_weight: f64,
}

impl Peak {
    /// Creates the loss with a weight of 1 on the outputs that should stay at rest.
    pub fn new(level: f64, window: usize) -> Self {
        Self { level, window, nontarget_weight: 1.0 }
    }

    setters! {
        with_nontarget_weight: nontarget_weight = f64;
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
        gradient.fill(0.0);
        statistic.read(Readout::MaxVmem, output, outputs);
        let should_respond = |o: usize| label.output_target(o, outputs) > 0.5;
        let active = (0..outputs).filter(|&o| should_respond(o)).count();
        let time = output.len() / outputs.max(1);
        let mut loss = 0.0;
        for o in 0..outputs {
            loss += if should_respond(o) {
                self.target_loss(output, outputs, o, statistic.step(o), active, gradient)
            } else {
                let weight = self.nontarget_weight / (outputs - active) as f64 / time.max(1) as f64;
                nontarget_loss(output, outputs, o, weight, gradient)
            };
        }
        let correct = match label {
            Label::Class(label) if outputs > 1 => statistic.prediction() == *label,
            Label::Class(_) | Label::Outputs(_) | Label::Sequence(_) => {
                let half = 0.5 * self.level;
                let mut peaks = statistic.values.iter().enumerate();
                peaks.all(|(o, &peak)| (f64::from(peak) > half) == should_respond(o))
            }
        };
        SampleOutcome { loss, correct }
    }

    /// Returns the loss of output `o`, one of `active` that should respond, with its maximum in step `peak`.
    fn target_loss(
        &self,
        output: &[f32],
        outputs: usize,
        o: usize,
        peak: usize,
        active: usize,
        gradient: &mut [f32],
    ) -> f64 {
        let time = output.len() / outputs;
        // The window wraps around from the last step to the peak, so that it can contain a step more than
        // once: `times(i)` is how often it contains step `peak + i`. A long window then takes no longer than
        // the sequence.
        let remaining = time.saturating_sub(peak).max(1);
        let times = |i: usize| (self.window / remaining + usize::from(i < self.window % remaining)) as f64;
        let window = peak..time.min(peak.saturating_add(self.window));
        let fraction = 1.0 / self.window as f64;
        let values = window.clone().map(|t| times(t - peak) * f64::from(output[t * outputs + o]));
        let excess = values.sum::<f64>() * fraction - self.level;
        if !gradient.is_empty() {
            // The position of the peak counts as a constant: an argmax has no gradient.
            for t in window {
                let slope = 2.0 * excess * times(t - peak) * fraction / active as f64;
                gradient[t * outputs + o] = slope as f32;
            }
        }
        excess * excess / active as f64
    }

    pub(super) fn ranges(&self) -> Vec<OptionRange> {
        vec![
            OptionRange::positive("loss.level", self.level),
            OptionRange::count("loss.window", self.window),
            OptionRange::non_negative("loss.nontarget_weight", self.nontarget_weight),
        ]
    }
}

/// Returns `weight` times the sum of squares of output `o`, and writes its gradient unless `gradient` is
/// empty.
fn nontarget_loss(output: &[f32], outputs: usize, o: usize, weight: f64, gradient: &mut [f32]) -> f64 {
    let factor = (2.0 * weight) as f32;
    for (g, row) in gradient.chunks_exact_mut(outputs).zip(output.chunks_exact(outputs)) {
        g[o] = factor * row[o];
    }
    let squares = output.chunks_exact(outputs).map(|row| f64::from(row[o]).powi(2));
    weight * squares.sum::<f64>()
}
