//! Connections: sources, delay, dropout, and the matrix applied to the counts.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::layer::{Layer, LayerId};
use super::parameter::LayerParameter;
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

impl Linear {
    /// Creates a learned matrix from `sources` neurons or channels (0 if that is unknown) to `target`, with the initial
    /// values that the language gives by default at a time step of `dt` seconds. Biases start at 0.
    ///
    /// The distribution is that of Rockpool's `LinearTorch`, so that networks of both start alike.
    pub fn with_default_init(sources: usize, target: &Layer, dt: f64, has_bias: bool) -> Self {
        let init =
            Init { distribution: Distribution::default_of(sources), scale: Init::default_scale(target, dt) };
        let zero = Init { distribution: Distribution::Constant(0.0), scale: vec![1.0] };
        Self { learn: true, init, bias: has_bias.then_some(LinearBias { learn: true, init: zero }) }
    }
}

impl Distribution {
    /// Returns the default distribution of weights from `sources` neurons or channels, 0 if that is unknown.
    pub fn default_of(sources: usize) -> Self {
        let bound = if sources == 0 { 0.0 } else { (6.0 / sources as f64).sqrt() };
        Self::Uniform { low: -bound, high: bound }
    }
}

impl Init {
    /// Returns the default factors of initial weights: `dt / tau_syn` of each column, so that a spike delivers the same
    /// charge whatever the time constant; 1 without synaptic filter.
    pub fn default_scale(target: &Layer, dt: f64) -> Vec<f64> {
        let Some(leak) = LayerParameter::SynLeak.leak(target) else { return vec![1.0] };
        // A time constant that gives no scale is out of range, which is reported elsewhere.
        let scale = |i| Some(dt / leak.tau(i, dt)).filter(|scale: &f64| scale.is_finite()).unwrap_or(1.0);
        (0..leak.parameter.values.len()).map(scale).collect()
    }
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
