//! Losses, and the statistics of the output that they and evaluation look at.

use serde::{Deserialize, Serialize};
use synnet_dsl::diagnostic::Diagnostic;
use synnet_dsl::graph::{Graph, Quantity};

use crate::codes;

/// What a classifier looks at: one number per output, from the whole sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readout {
    /// Mean of the membrane over time.
    MeanVmem,
    /// Greatest membrane.
    MaxVmem,
    /// Membrane of the last step.
    LastVmem,
    /// Number of spikes.
    SpikeCount,
}

impl Readout {
    /// Its name in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::MeanVmem => "mean_vmem",
            Self::MaxVmem => "max_vmem",
            Self::LastVmem => "last_vmem",
            Self::SpikeCount => "spike_count",
        }
    }

    /// Whether it makes sense for a network that gives `quantity`. The current of a leaky integrator
    /// counts as its membrane.
    pub fn fits(self, quantity: Quantity) -> bool {
        (self == Self::SpikeCount) == (quantity == Quantity::Spikes)
    }

    /// The statistic of one sequence `[time, outputs]`: one value per output, 0 where there is no step.
    pub fn statistic(self, output: &[f32], outputs: usize) -> Vec<f32> {
        let mut statistic = vec![0.0; outputs];
        let rows = output.chunks_exact(outputs.max(1));
        let time = rows.len();
        for (t, row) in rows.enumerate() {
            for (s, &x) in statistic.iter_mut().zip(row) {
                match self {
                    Self::MeanVmem | Self::SpikeCount => *s += x,
                    Self::MaxVmem => *s = if t == 0 || x > *s { x } else { *s },
                    Self::LastVmem => *s = x,
                }
            }
        }
        if self == Self::MeanVmem && time > 0 {
            statistic.iter_mut().for_each(|s| *s /= time as f32);
        }
        statistic
    }

    /// Adds the gradient of the statistic to that of the sequence. Of equal maxima the first gets it.
    fn backward(self, output: &[f32], d_statistic: &[f32], d_output: &mut [f32]) {
        let outputs = d_statistic.len();
        let time = output.len() / outputs.max(1);
        if time == 0 {
            return;
        }
        for (o, &d) in d_statistic.iter().enumerate() {
            let steps = (0..time).map(|t| t * outputs + o);
            match self {
                Self::MeanVmem => steps.for_each(|i| d_output[i] += d / time as f32),
                Self::SpikeCount => steps.for_each(|i| d_output[i] += d),
                Self::LastVmem => d_output[(time - 1) * outputs + o] += d,
                Self::MaxVmem => {
                    let first = steps.reduce(|a, b| if output[b] > output[a] { b } else { a });
                    d_output[first.unwrap_or(o)] += d;
                }
            }
        }
    }
}

/// An error where a readout does not fit what a network gives.
pub(crate) fn check_readout(readout: Readout, graph: &Graph) -> Option<Diagnostic> {
    let quantity = graph.output.quantity;
    if readout.fits(quantity) {
        return None;
    }
    let layer = &graph.layer(graph.output.layer).name;
    let (gives, remedy) = match quantity {
        Quantity::Spikes => ("spikes", format!("use `spike_count`, or write `output {layer}.vmem`")),
        Quantity::Vmem => ("membranes", format!("use `mean_vmem`, or write `output {layer}.spikes`")),
        Quantity::Isyn => ("currents", "use `mean_vmem`".to_owned()),
    };
    let message = format!(
        "the readout `{}` does not fit the output of `{}`, which gives {gives}",
        readout.name(),
        graph.name
    );
    Some(Diagnostic::error(&codes::READOUT, graph.output.span, message).with_help(remedy))
}

/// What training makes small.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Loss {
    /// Cross entropy of the softmax of `scale * readout` against the label, mean over samples.
    CrossEntropy {
        /// What the classifier looks at.
        readout: Readout,
        /// Share of the target that is spread evenly over all classes, from 0 to below 1.
        #[serde(default)]
        label_smoothing: f64,
        /// Factor before the softmax.
        #[serde(default = "one")]
        scale: f64,
    },
    /// Mean squared error of the output against a target sequence, over all elements.
    // Braces, so that unknown fields beside it are refused.
    Mse {},
}

fn one() -> f64 {
    1.0
}

/// What a sample should give.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A class: the index of an output.
    Class(usize),
    /// An output sequence, `[time, outputs]`.
    Sequence(Vec<f32>),
}

impl Loss {
    /// Whether a target is of the loss's kind and fits an output of `[time, outputs]`.
    pub(crate) fn accepts(&self, target: &Target, time: usize, outputs: usize) -> bool {
        match (self, target) {
            (Self::CrossEntropy { .. }, Target::Class(label)) => *label < outputs,
            (Self::Mse {}, Target::Sequence(values)) => values.len() == time * outputs,
            _ => false,
        }
    }

    /// The loss of one sample, whose output is `[time, outputs]`. Its gradient times `weight` is added
    /// to `gradient`, which may be empty. A target of the other kind counts as no loss; the trainer
    /// refuses it before.
    pub(crate) fn of_sample(
        &self,
        output: &[f32],
        outputs: usize,
        target: &Target,
        weight: f64,
        gradient: &mut [f32],
    ) -> f64 {
        match (self, target) {
            (Self::CrossEntropy { readout, label_smoothing, scale }, Target::Class(label)) => {
                let statistic = readout.statistic(output, outputs);
                let logits: Vec<f64> = statistic.iter().map(|&s| f64::from(s) * scale).collect();
                let (loss, d_logits) = cross_entropy(&logits, *label, *label_smoothing);
                if !gradient.is_empty() {
                    let d_statistic: Vec<f32> =
                        d_logits.iter().map(|d| (d * scale * weight) as f32).collect();
                    readout.backward(output, &d_statistic, gradient);
                }
                loss
            }
            (Self::Mse {}, Target::Sequence(target)) => mean_squared_error(output, target, weight, gradient),
            _ => 0.0,
        }
    }
}

/// Cross entropy of `softmax(logits)` against `(1 - smoothing) * onehot(label) + smoothing / classes`,
/// and its gradient.
fn cross_entropy(logits: &[f64], label: usize, smoothing: f64) -> (f64, Vec<f64>) {
    let classes = logits.len() as f64;
    let greatest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let log_sum = logits.iter().map(|x| (x - greatest).exp()).sum::<f64>().ln() + greatest;
    let target = |i: usize| smoothing / classes + if i == label { 1.0 - smoothing } else { 0.0 };
    let loss = logits.iter().enumerate().map(|(i, x)| target(i) * (log_sum - x)).sum();
    let gradient = logits.iter().enumerate().map(|(i, x)| (x - log_sum).exp() - target(i)).collect();
    (loss, gradient)
}

fn mean_squared_error(output: &[f32], target: &[f32], weight: f64, gradient: &mut [f32]) -> f64 {
    let len = output.len().max(1) as f64;
    let factor = (2.0 * weight / len) as f32;
    for ((g, &x), &y) in gradient.iter_mut().zip(output).zip(target) {
        *g += factor * (x - y);
    }
    output.iter().zip(target).map(|(&x, &y)| f64::from(x - y).powi(2)).sum::<f64>() / len
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: [f32; 12] = [0.1, -0.4, 0.3, 0.9, 0.2, -0.7, 0.5, 1.5, 0.0, 0.4, -1.0, 2.0];

    #[test]
    fn statistics_are_those_of_their_names() {
        let of = |readout: Readout| readout.statistic(&OUTPUT, 3);
        assert_eq!(of(Readout::MaxVmem), [0.9, 1.5, 2.0]);
        assert_eq!(of(Readout::LastVmem), [0.4, -1.0, 2.0]);
        assert_eq!(of(Readout::SpikeCount)[0], 0.1 + 0.9 + 0.5 + 0.4);
        assert_eq!(of(Readout::MeanVmem)[0], (0.1 + 0.9 + 0.5 + 0.4) / 4.0);
        assert_eq!(Readout::MaxVmem.statistic(&[], 2), [0.0, 0.0]);
    }

    #[test]
    fn gradients_of_losses_are_finite_differences() {
        let readouts = [Readout::MeanVmem, Readout::MaxVmem, Readout::LastVmem, Readout::SpikeCount];
        let entropies = readouts.map(|readout| {
            (Loss::CrossEntropy { readout, label_smoothing: 0.1, scale: 1.7 }, Target::Class(1))
        });
        let target = Target::Sequence(OUTPUT.iter().map(|x| 0.3 - x * x).collect());
        for (loss, target) in entropies.into_iter().chain([(Loss::Mse {}, target)]) {
            let mut gradient = [0.0; 12];
            loss.of_sample(&OUTPUT, 3, &target, 0.5, &mut gradient);
            for i in 0..OUTPUT.len() {
                let at = |shift: f32| {
                    let mut output = OUTPUT;
                    output[i] += shift;
                    loss.of_sample(&output, 3, &target, 0.5, &mut [])
                };
                let slope = 0.5 * (at(0.01) - at(-0.01)) / 0.02;
                assert!(
                    (f64::from(gradient[i]) - slope).abs() < 1e-4,
                    "{loss:?} at {i}: {} {slope}",
                    gradient[i]
                );
            }
        }
    }

    #[test]
    fn even_logits_cost_the_logarithm_of_the_classes() {
        let (loss, gradient) = cross_entropy(&[2.0; 4], 0, 0.0);
        assert!((loss - 4.0_f64.ln()).abs() < 1e-12);
        assert!((gradient[0] + 0.75).abs() < 1e-12);
    }
}
