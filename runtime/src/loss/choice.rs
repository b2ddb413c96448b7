//! [`Loss`]: one enum over all losses, which dispatches to their modules.

use serde::{Deserialize, Serialize};
use synnet_ir::display::pluralize;
use synnet_ir::graph::Quantity;
use synnet_ir::{Diagnostic, Diagnostics, Graph};

use super::binary::BinaryCrossEntropy;
use super::cross_entropy::CrossEntropy;
use super::custom::CustomLoss;
use super::label::Label;
use super::mse::MeanSquaredError;
use super::outcome::SampleOutcome;
use super::peak::Peak;
use super::readout::{Readout, Statistic, check_readout};
use crate::codes;
use crate::option_range::{OptionError, OptionRange};

/// The loss that training minimizes.
///
/// ```
/// use synnet_runtime::loss::CrossEntropy;
/// use synnet_runtime::{Loss, Readout};
///
/// let loss = Loss::from(CrossEntropy::new(Readout::MeanVmem).with_label_smoothing(0.1));
/// assert!(loss.classifies());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Loss {
    /// Cross entropy between the softmax of a readout and a class.
    CrossEntropy(CrossEntropy),
    /// Mean squared error between the output and a label sequence.
    Mse(MeanSquaredError),
    /// The peak loss of Bos and Muir: the membrane potential of the labeled output rises once, the others
    /// stay at rest.
    Peak(Peak),
    /// Binary cross entropy of every output separately, for detection.
    BinaryCrossEntropy(BinaryCrossEntropy),
    /// A user-defined function. Recipes cannot contain one.
    #[serde(skip_deserializing)]
    Custom(CustomLoss),
}

/// Buffers that are reused from sample to sample.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    statistic: Statistic,
    /// Takes the gradient of a custom loss if only the value is needed.
    spare: Vec<f32>,
}

impl From<CrossEntropy> for Loss {
    fn from(loss: CrossEntropy) -> Self {
        Self::CrossEntropy(loss)
    }
}

impl From<MeanSquaredError> for Loss {
    fn from(loss: MeanSquaredError) -> Self {
        Self::Mse(loss)
    }
}

impl From<Peak> for Loss {
    fn from(loss: Peak) -> Self {
        Self::Peak(loss)
    }
}

impl From<BinaryCrossEntropy> for Loss {
    fn from(loss: BinaryCrossEntropy) -> Self {
        Self::BinaryCrossEntropy(loss)
    }
}

impl From<CustomLoss> for Loss {
    fn from(loss: CustomLoss) -> Self {
        Self::Custom(loss)
    }
}

impl Loss {
    /// Returns the loss of one sample, whose `output` is `[time, outputs]` in row-major order. Overwrites
    /// `gradient` with the gradient with respect to the output; pass an empty slice to skip it. The loss of a
    /// label that is not [accepted](Self::accepts) is 0.
    ///
    /// # Panics
    /// If `gradient` is neither empty nor as long as `output`.
    pub fn sample_loss(&self, output: &[f32], outputs: usize, label: &Label, gradient: &mut [f32]) -> f64 {
        self.evaluate(output, outputs, label, gradient, &mut Scratch::default()).loss
    }

    /// Like [`sample_loss`](Self::sample_loss), and tells whether the output is correct.
    pub(crate) fn evaluate(
        &self,
        output: &[f32],
        outputs: usize,
        label: &Label,
        gradient: &mut [f32],
        scratch: &mut Scratch,
    ) -> SampleOutcome {
        assert!(
            gradient.is_empty() || gradient.len() == output.len(),
            "the gradient is as long as the output"
        );
        if !self.accepts(label, output.len() / outputs.max(1), outputs) {
            gradient.fill(0.0);
            return SampleOutcome { loss: 0.0, correct: false };
        }
        let Scratch { statistic, spare } = scratch;
        match (self, label) {
            (Self::CrossEntropy(loss), Label::Class(label)) => {
                loss.evaluate(output, outputs, *label, gradient, statistic)
            }
            (Self::Mse(loss), Label::Sequence(label)) => {
                SampleOutcome { loss: loss.sample_loss(output, label, gradient), correct: false }
            }
            (Self::Peak(loss), label) => loss.evaluate(output, outputs, label, gradient, statistic),
            (Self::BinaryCrossEntropy(loss), label) => {
                loss.evaluate(output, outputs, label, gradient, statistic)
            }
            (Self::Custom(loss), label) => {
                SampleOutcome { loss: loss.sample_loss(output, label, gradient, spare), correct: false }
            }
            (Self::CrossEntropy(_), Label::Outputs(_) | Label::Sequence(_))
            | (Self::Mse(_), Label::Class(_) | Label::Outputs(_)) => {
                unreachable!("the loss accepts the label")
            }
        }
    }

    /// Returns whether a label is of the kind that the loss takes, and fits an output of shape
    /// `[time, outputs]`.
    pub fn accepts(&self, label: &Label, time: usize, outputs: usize) -> bool {
        match self {
            Self::CrossEntropy(_) => match label {
                Label::Class(label) => *label < outputs,
                Label::Outputs(_) | Label::Sequence(_) => false,
            },
            Self::Mse(_) => match label {
                Label::Sequence(values) => Some(values.len()) == time.checked_mul(outputs),
                Label::Class(_) | Label::Outputs(_) => false,
            },
            Self::Peak(_) | Self::BinaryCrossEntropy(_) => match label {
                // A single output has two classes: 0 for silence, 1 for a response.
                Label::Class(label) => *label < outputs.max(2),
                Label::Outputs(values) => {
                    values.len() == outputs && values.iter().all(|y| (0.0..=1.0).contains(y))
                }
                Label::Sequence(_) => false,
            },
            Self::Custom(_) => true,
        }
    }

    /// Describes the accepted labels, for error messages.
    pub(crate) fn expected_labels(&self, time: usize, outputs: usize) -> String {
        match self {
            Self::CrossEntropy(_) => format!("a class below {outputs}"),
            Self::Custom(_) => "any label".to_owned(),
            Self::Mse(_) => format!("a sequence of {time} steps of {outputs} outputs"),
            Self::Peak(_) | Self::BinaryCrossEntropy(_) => {
                format!("a class below {} or {outputs} numbers from 0 to 1", outputs.max(2))
            }
        }
    }

    /// Returns whether outputs are correct or wrong under this loss, so that an accuracy is defined.
    pub fn classifies(&self) -> bool {
        match self {
            Self::CrossEntropy(_) | Self::Peak(_) | Self::BinaryCrossEntropy(_) => true,
            Self::Mse(_) | Self::Custom(_) => false,
        }
    }

    /// Returns the readout by which a network trained with this loss classifies; `None` for losses without
    /// classes.
    pub fn readout(&self) -> Option<Readout> {
        match self {
            Self::CrossEntropy(loss) => Some(loss.readout),
            Self::BinaryCrossEntropy(loss) => Some(loss.readout),
            Self::Peak(_) => Some(Readout::MaxVmem),
            Self::Mse(_) | Self::Custom(_) => None,
        }
    }

    /// Checks the loss against the output of a graph.
    pub(crate) fn check(&self, graph: &Graph) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        if let (Self::Peak(_), Quantity::Spikes) = (self, graph.output.quantity) {
            let message =
                format!("loss `peak` requires membranes, but network `{}` outputs spikes", graph.name);
            let layer = &graph.layer(graph.output.layer).name;
            diagnostics.push(
                Diagnostic::error(&codes::READOUT, graph.output.span, message)
                    .with_help(format!("write `output {layer}.vmem`")),
            );
        } else if let Some(readout) = self.readout() {
            diagnostics.extend(check_readout(readout, graph));
        }
        diagnostics
    }

    /// Returns an error if the number of class weights is not that of the outputs.
    pub(crate) fn class_weights_error(&self, outputs: usize) -> Option<OptionError> {
        let weights = match self {
            Self::CrossEntropy(loss) => loss.class_weights.len(),
            Self::BinaryCrossEntropy(loss) => loss.class_weights.len(),
            Self::Peak(_) | Self::Mse(_) | Self::Custom(_) => 0,
        };
        (weights != 0 && weights != outputs).then(|| OptionError {
            path: ["loss", "class_weights"].map(str::to_owned).to_vec(),
            is_key: false,
            predicate: format!(
                "has {}, but the network has {}",
                pluralize(weights, "weight"),
                pluralize(outputs, "output")
            ),
            help: Some("list one weight for each output, in their order".to_owned()),
        })
    }

    /// Returns the options with their permitted ranges.
    pub(crate) fn ranges(&self) -> Vec<OptionRange> {
        match self {
            Self::CrossEntropy(loss) => loss.ranges(),
            Self::Mse(_) | Self::Custom(_) => Vec::new(),
            Self::Peak(loss) => loss.ranges(),
            Self::BinaryCrossEntropy(loss) => loss.ranges(),
        }
    }
}
