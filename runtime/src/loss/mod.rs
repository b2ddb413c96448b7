//! Losses: what training makes small.
//!
//! A loss is a pure function of one sample's output `[time, outputs]` and its [`Target`]; it gives a value
//! and the gradient by the output. The loss of a batch is the mean over its samples.

mod binary;
mod cross_entropy;
mod peak;
mod readout;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use synnet_ir::graph::Quantity;
use synnet_ir::{Diagnostic, Diagnostics, Graph};

use crate::codes;
use crate::train::Range;
pub use binary::BinaryCrossEntropy;
pub use cross_entropy::CrossEntropy;
pub use peak::Peak;
pub use readout::Readout;
use readout::Statistic;
pub(crate) use readout::{check_readout, greatest};

/// What training makes small.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Loss {
    /// Cross entropy of the softmax of a readout against a class.
    CrossEntropy(CrossEntropy),
    /// Mean squared error of the output (raster or membrane) against a target sequence: the mean of
    /// `(output - target)^2` over all steps and outputs.
    // Braces, so that unknown fields beside it are refused.
    Mse {},
    /// The peak loss of Bos and Muir: the membrane of the right output rises once, the others rest.
    Peak(Peak),
    /// Binary cross entropy of every output by itself, for detection.
    BinaryCrossEntropy(BinaryCrossEntropy),
}

/// What a sample should give.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A class: the index of an output. For the losses that detect, a network with a single output knows
    /// the classes 0 (nothing) and 1 (something).
    Class(usize),
    /// One number per output, from 0 (it should rest) to 1 (it should respond), `[outputs]`.
    Outputs(Vec<f32>),
    /// An output sequence, `[time, outputs]`.
    Sequence(Vec<f32>),
}

/// What a loss says of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Judged {
    pub(crate) loss: f64,
    /// Whether the output is right; never, for losses without classes.
    pub(crate) right: bool,
}

/// Buffers that a loss uses again and again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    statistic: Statistic,
}

impl Loss {
    /// The loss of one sample, whose output is `[time, outputs]` in row-major order. `gradient` is
    /// overwritten with the gradient by the output; it is as long as the output, or empty where it is
    /// not wanted. A target that the loss does not [accept](Self::accepts) counts as no loss.
    ///
    /// # Panics
    /// Where `gradient` is neither empty nor as long as `output`.
    pub fn of_sample(&self, output: &[f32], outputs: usize, target: &Target, gradient: &mut [f32]) -> f64 {
        self.judge(output, outputs, target, gradient, &mut Scratch::default()).loss
    }

    /// As [`of_sample`](Self::of_sample), and whether the sample is classified right.
    pub(crate) fn judge(
        &self,
        output: &[f32],
        outputs: usize,
        target: &Target,
        gradient: &mut [f32],
        scratch: &mut Scratch,
    ) -> Judged {
        assert!(
            gradient.is_empty() || gradient.len() == output.len(),
            "the gradient is as long as the output"
        );
        if !self.accepts(target, output.len() / outputs.max(1), outputs) {
            gradient.fill(0.0);
            return Judged { loss: 0.0, right: false };
        }
        let statistic = &mut scratch.statistic;
        match (self, target) {
            (Self::CrossEntropy(loss), Target::Class(label)) => {
                loss.judge(output, outputs, *label, gradient, statistic)
            }
            (Self::Mse {}, Target::Sequence(target)) => {
                Judged { loss: mean_squared_error(output, target, gradient), right: false }
            }
            (Self::Peak(loss), target) => loss.judge(output, outputs, target, gradient, statistic),
            (Self::BinaryCrossEntropy(loss), target) => {
                loss.judge(output, outputs, target, gradient, statistic)
            }
            _ => Judged { loss: 0.0, right: false },
        }
    }

    /// Whether a target is of the loss's kind and fits an output of `[time, outputs]`.
    pub fn accepts(&self, target: &Target, time: usize, outputs: usize) -> bool {
        match (self, target) {
            (Self::CrossEntropy(_), Target::Class(label)) => *label < outputs,
            (Self::Mse {}, Target::Sequence(values)) => Some(values.len()) == time.checked_mul(outputs),
            (Self::Peak(_) | Self::BinaryCrossEntropy(_), Target::Class(label)) => *label < outputs.max(2),
            (Self::Peak(_) | Self::BinaryCrossEntropy(_), Target::Outputs(values)) => {
                values.len() == outputs && values.iter().all(|y| (0.0..=1.0).contains(y))
            }
            _ => false,
        }
    }

    /// The targets that it accepts, in words.
    pub(crate) fn needs(&self, time: usize, outputs: usize) -> String {
        match self {
            Self::CrossEntropy(_) => format!("a class below {outputs}"),
            Self::Mse {} => format!("a sequence of {time} steps of {outputs} outputs"),
            Self::Peak(_) | Self::BinaryCrossEntropy(_) => {
                format!("a class below {} or {outputs} numbers from 0 to 1", outputs.max(2))
            }
        }
    }

    /// Whether it tells right outputs from wrong ones, so that there is an accuracy.
    pub fn classifies(&self) -> bool {
        !matches!(self, Self::Mse {})
    }

    /// What a classifier that was trained with this loss looks at; `None` for losses without classes.
    pub fn readout(&self) -> Option<Readout> {
        match self {
            Self::CrossEntropy(loss) => Some(loss.readout),
            Self::BinaryCrossEntropy(loss) => Some(loss.readout),
            Self::Peak(_) => Some(Readout::MaxVmem),
            Self::Mse {} => None,
        }
    }

    /// An error where it does not fit what a network gives, and where the weights of classes are not as
    /// many as the outputs.
    pub(crate) fn check(&self, graph: &Graph) -> Diagnostics {
        let outputs = graph.outputs();
        let mut diagnostics = Diagnostics::new();
        if let (Self::Peak(_), Quantity::Spikes) = (self, graph.output.quantity) {
            let message =
                format!("the loss `peak` needs membranes; the output of `{}` is spikes", graph.name);
            let layer = &graph.layer(graph.output.layer).name;
            diagnostics.push(
                Diagnostic::error(&codes::READOUT, graph.output.span, message)
                    .with_help(format!("write `output {layer}.vmem`")),
            );
        } else if let Some(readout) = self.readout() {
            diagnostics.extend(check_readout(readout, graph));
        }
        let weights = match self {
            Self::CrossEntropy(loss) => loss.class_weights.len(),
            Self::BinaryCrossEntropy(loss) => loss.class_weights.len(),
            Self::Peak(_) | Self::Mse {} => 0,
        };
        if weights != 0 && weights != outputs {
            let message = format!("`loss.class_weights` has {weights} weights for {outputs} outputs");
            diagnostics.push(Diagnostic::error_without_place(&codes::OPTION_RANGE, message));
        }
        diagnostics
    }

    /// The options with their ranges.
    pub(crate) fn ranges(&self) -> Vec<Range> {
        match self {
            Self::CrossEntropy(loss) => loss.ranges(),
            Self::Mse {} => Vec::new(),
            Self::Peak(loss) => loss.ranges(),
            Self::BinaryCrossEntropy(loss) => loss.ranges(),
        }
    }
}

impl Target {
    /// What output `o` of `outputs` should be, from 0 to 1; 0 for sequences.
    fn of_output(&self, o: usize, outputs: usize) -> f64 {
        match self {
            Self::Class(label) if outputs == 1 => f64::from(u8::from(*label == 1)),
            Self::Class(label) => f64::from(u8::from(*label == o)),
            Self::Outputs(values) => values.get(o).map_or(0.0, |&y| f64::from(y)),
            Self::Sequence(_) => 0.0,
        }
    }
}

fn mean_squared_error(output: &[f32], target: &[f32], gradient: &mut [f32]) -> f64 {
    let len = output.len().max(1) as f64;
    let factor = (2.0 / len) as f32;
    for ((g, &x), &y) in gradient.iter_mut().zip(output).zip(target) {
        *g = factor * (x - y);
    }
    // Eight sums side by side, in an order that does not depend on the machine.
    let mut sums = [0.0_f64; 8];
    for (x, y) in output.chunks(8).zip(target.chunks(8)) {
        for ((sum, &x), &y) in sums.iter_mut().zip(x).zip(y) {
            *sum += f64::from(x - y).powi(2);
        }
    }
    sums.iter().sum::<f64>() / len
}

/// The weight of a class; 1 where none are given.
fn class_weight(weights: &[f64], class: usize) -> f64 {
    weights.get(class).copied().unwrap_or(1.0)
}

fn one() -> f64 {
    1.0
}
