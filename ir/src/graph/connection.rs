//! Connections, and what they do to the counts that pass.

use serde::{Deserialize, Serialize};

use super::layer::LayerId;
use crate::source::Span;

/// Where spikes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// The network's input.
    Input,
    /// A layer's spikes (its current, for [`Neuron::ExpSyn`](super::Neuron::ExpSyn)).
    Layer(LayerId),
}

/// A path from one or several sources into a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// `<source>-><target>`, with several sources `<a>+<b>-><target>`: the stem of its tensors' names.
    pub name: String,
    /// Sources of equal width; their counts are added.
    pub sources: Vec<Endpoint>,
    /// The layer that receives.
    pub target: LayerId,
    /// Time steps between leaving and arriving, beyond the one of a recurrent connection.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub delay: u32,
    /// Probability of dropping a count, in training.
    #[serde(default)]
    pub dropout: f64,
    /// What happens on the way.
    pub operator: Operator,
    /// The lines of its `///` comment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub docs: Vec<String>,
    /// The declaration.
    #[serde(skip)]
    pub span: Span,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl Connection {
    /// The matrix, if there is one.
    pub fn as_linear(&self) -> Option<&Linear> {
        match &self.operator {
            Operator::Linear(linear) => Some(linear),
            Operator::Identity => None,
        }
    }

    /// Name of the tensor with the weights.
    pub fn weight_name(&self) -> String {
        format!("{}.weight", self.name)
    }

    /// Name of the tensor with the bias.
    pub fn bias_name(&self) -> String {
        format!("{}.bias", self.name)
    }
}

/// What a connection does to the counts that pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// Counts arrive as they are; source and target have equal widths.
    Identity,
    /// Counts are multiplied by a matrix `[sources, target columns]`.
    Linear(Linear),
}

/// A matrix of weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Linear {
    /// Whether training changes the weights.
    pub learn: bool,
    /// How training starts.
    pub init: Init,
    /// One value per target column, added in every step, if present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<LinearBias>,
}

/// The bias of a [`Linear`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinearBias {
    /// Whether training changes it.
    pub learn: bool,
    /// How training starts.
    pub init: Init,
}

/// Initial values of a tensor: a draw, then a factor for each target column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Init {
    /// What is drawn.
    pub distribution: Distribution,
    /// One factor for all, or one per target column.
    pub scale: Vec<f64>,
}

/// A distribution of initial values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Always this value.
    Constant(f64),
    /// Evenly between the bounds.
    Uniform {
        /// Least value.
        low: f64,
        /// Greatest value.
        high: f64,
    },
    /// Gaussian.
    Normal {
        /// Center.
        mean: f64,
        /// Standard deviation.
        std: f64,
    },
}
