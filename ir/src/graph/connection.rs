//! Connections: sources, delay, dropout, and the matrix applied to the counts.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::layer::LayerId;
use crate::source::Span;

/// A source of spikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// The input of the network.
    Input,
    /// The spikes of a layer (the currents, for [`Neuron::ExpSyn`](super::Neuron::ExpSyn)).
    Layer(LayerId),
}

/// A connection from one or several sources to a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// `<source>-><target>`, or `<a>+<b>-><target>` for several sources; the names of its tensors start with it.
    pub name: String,
    /// One or more sources of equal width, whose spike counts are added.
    pub sources: Vec<Endpoint>,
    /// The layer whose inputs it feeds.
    pub target: LayerId,
    /// Delay in time steps, in addition to the one step of a recurrent connection.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub delay: u32,
    /// Probability, in [0, 1), that training sets a spike count to zero.
    #[serde(default)]
    pub dropout: f64,
    /// The operation on the spike counts.
    pub operator: Operator,
    /// Lines of the `///` comment before the declaration, shared by the connections of a loop.
    #[serde(default, skip_serializing_if = "<[String]>::is_empty")]
    pub docs: Arc<[String]>,
    /// Place of the declaration.
    #[serde(skip)]
    pub span: Span,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl Connection {
    /// Returns the matrix, if there is one.
    pub fn as_linear(&self) -> Option<&Linear> {
        match &self.operator {
            Operator::Linear(linear) => Some(linear),
            Operator::Identity => None,
        }
    }

    /// Returns the matrix to change, if there is one.
    pub fn as_linear_mut(&mut self) -> Option<&mut Linear> {
        match &mut self.operator {
            Operator::Linear(linear) => Some(Arc::make_mut(linear)),
            Operator::Identity => None,
        }
    }

    /// Returns the name of the tensor with the weights.
    pub fn weight_name(&self) -> String {
        format!("{}.weight", self.name)
    }

    /// Returns the name of the tensor with the biases.
    pub fn bias_name(&self) -> String {
        format!("{}.bias", self.name)
    }
}

/// The operation of a connection on spike counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// Counts are added unchanged; source and target have equal widths.
    Identity,
    /// Counts are multiplied by a matrix `[sources, target columns]`. Connections of a loop share what they have in
    /// common: a graph can have a million of them.
    Linear(Arc<Linear>),
}

impl From<Linear> for Operator {
    fn from(linear: Linear) -> Self {
        Self::Linear(Arc::new(linear))
    }
}

/// A weight matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Linear {
    /// Whether the weights are learned.
    pub learn: bool,
    /// Initial values.
    pub init: Init,
    /// Biases, one per target column, added in every step; `None` for no biases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<LinearBias>,
}

/// The biases of a [`Linear`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinearBias {
    /// Whether training changes the biases.
    pub learn: bool,
    /// Initial values.
    pub init: Init,
}

/// Initial values of a tensor: a draw, times a factor per target column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Init {
    /// The distribution of the draws, before scaling.
    pub distribution: Distribution,
    /// Factors of the draws: one for all, or one per target column.
    pub scale: Vec<f64>,
}

/// A distribution of initial values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// The same value for all.
    Constant(f64),
    /// Uniform between two bounds.
    Uniform {
        /// Lower bound.
        low: f64,
        /// Upper bound, not less than `low`.
        high: f64,
    },
    /// Normal distribution.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation, 0 or more.
        std: f64,
    },
}
