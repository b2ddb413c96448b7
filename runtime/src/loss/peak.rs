//! The peak loss.

use serde::{Deserialize, Serialize};

use super::label::Label;
use super::outcome::SampleOutcome;
use super::readout::{Readout, Statistic};
use crate::option_range::{OptionRange, one, setters};

/// The peak loss of Bos and Muir ("Sub-mW Neuromorphic SNN audio processing applications with Rockpool and
/// Xylo", 2022; "Micro-power spoken keyword spotting on Xylo Audio 2", 2024), Rockpool's `PeakLoss`.
///
/// An output that should respond costs `(p - level)^2`, where `p` is the mean of its membrane `v` over the
/// `window` steps from its peak on: `p = sum(v[t + i mod (T - t)] for i < window) / window`, with `t` the
/// first step of the greatest `v` among `T` (a window that reaches past the end goes on at the peak). An
/// output that should rest costs the mean of `v^2` over all steps. The loss is the mean cost of those that
/// should respond plus `nontarget_weight` times the mean cost of those that should rest.
///
/// Targets above one half should respond. An output responds where its greatest membrane exceeds half of
/// `level`. A class is right where its output has the greatest peak; other targets, and those of networks
/// with one output, where exactly those outputs respond that should.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Peak {
    /// The mean membrane that is wanted from the peak on; positive. Rockpool's `target_output`.
    pub level: f64,
    /// Steps from the peak on, 1 or more. Rockpool's `max_interval`.
    pub window: usize,
    /// Price of the outputs that should rest; 0 or more. Rockpool's `weight_nontarget`.
    #[serde(default = "one")]
    pub nontarget_weight: f64,
}

impl Peak {
    /// A mean membrane of `level` over `window` steps from the peak on, and a price of 1 on outputs that should
    /// rest.
    pub fn new(level: f64, window: usize) -> Self {
        Self { level, window, nontarget_weight: 1.0 }
    }

    setters! {
        with_rest_weight: nontarget_weight = f64;
    }

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
        let responds = |o: usize| label.of_output(o, outputs) > 0.5;
        let active = (0..outputs).filter(|&o| responds(o)).count();
        let time = output.len() / outputs.max(1);
        let mut loss = 0.0;
        for o in 0..outputs {
            loss += if responds(o) {
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
                peaks.all(|(o, &peak)| (f64::from(peak) > half) == responds(o))
            }
        };
        SampleOutcome { loss, correct }
    }

    /// The cost of output `o`, one of `active` that should respond, with its peak in step `peak`.
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
        let left = time.saturating_sub(peak).max(1);
        // How often step `peak + i` is part of the window.
        let times = |i: usize| (self.window / left + usize::from(i < self.window % left)) as f64;
        let reach = peak..time.min(peak.saturating_add(self.window));
        let fraction = 1.0 / self.window as f64;
        let values = reach.clone().map(|t| times(t - peak) * f64::from(output[t * outputs + o]));
        let excess = values.sum::<f64>() * fraction - self.level;
        if !gradient.is_empty() {
            for t in reach {
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

/// `weight` times the sum of squares of output `o`.
fn nontarget_loss(output: &[f32], outputs: usize, o: usize, weight: f64, gradient: &mut [f32]) -> f64 {
    let factor = (2.0 * weight) as f32;
    for (g, row) in gradient.chunks_exact_mut(outputs).zip(output.chunks_exact(outputs)) {
        g[o] = factor * row[o];
    }
    let squares = output.chunks_exact(outputs).map(|row| f64::from(row[o]).powi(2));
    weight * squares.sum::<f64>()
}
