//! The graph: what a spiking network means, independent of how and where it runs.
//!
//! A [`Graph`] is flat. Instances of other networks, parameters, lists and loops are gone; what is
//! left are an input, layers of neurons, connections between them, and an output. It holds every
//! fact that decides what the network computes, and no learnt numbers: weights live in
//! [`Params`](crate::Params) and meet the graph in a [`Network`](crate::Network).
//!
//! # Time
//! Time runs in steps of [`Graph::dt`] seconds. All states are zero before the first step. In each
//! step the layers are updated one after another in the order of [`Graph::layers`]. A connection
//! from a layer that stands earlier delivers the spikes of the same step; a connection from a layer
//! to itself or to an earlier one is *recurrent* and delivers the spikes of the step before
//! ([`Graph::is_recurrent`]). [`Connection::delay`] adds whole steps to either.
//!
//! # What a layer receives
//! A layer of `N` neurons with `S` synapses each has `N * S` input columns; column `n * S + s` feeds
//! synapse `s` of neuron `n`. Its input is the sum over its connections, in the order of
//! [`Graph::connections`]. A connection first adds the spike counts of its sources (they have equal
//! widths), then applies dropout (in training only: each count of each step is set to zero with
//! probability `p`, without rescaling), then its [`Operator`]: a matrix of weights, or nothing.
//!
//! In the float engines that is, in f32 and in exactly this order, starting from `input = 0`:
//! for each connection, the bias if it has one, then `input[c] = input[c] + count[i] * w[i][c]` for
//! ascending `i`, with two roundings (no fused multiply-add). Zero counts may be skipped.
//!
//! # What a neuron does
//! [`Neuron::Lif`], for neuron `n` with synapses `s` (Rockpool's `LIFTorch`; `spikes` are those of
//! the step before where they stand on the right):
//! ```text
//! isyn[s] = (isyn[s] + input[s]) * decay_syn[s]
//! iahp    = (iahp + spikes * w_ahp) * decay_ahp             (adaptive neurons only)
//! vmem    = vmem * decay_mem
//! vmem    = vmem + isyn[0] + isyn[1] + ... + iahp + bias + noise_std * sqrt(dt) * N(0, 1)
//! spikes  = vmem >= threshold ? min(floor(vmem / threshold), max_spikes) : 0
//! vmem    = vmem - spikes * threshold
//! ```
//! The currents are first summed with each other, in the order written, then added to the decayed
//! membrane; noise is absent where `noise_std` is 0. An input thus decays in its own step already;
//! several spikes per step are possible; the reset subtracts. Recorded states are those at the end
//! of the step.
//!
//! [`Neuron::ExpSyn`] is a leaky integrator without spikes: `isyn = (isyn + input) * decay_syn`.
//!
//! Decays are `exp(-dt / tau)`, the decay itself, or `1 - 2^-dash`, whichever the network declares
//! ([`Leak`]); they are computed in f64 and rounded to f32 once.
//!
//! # Gradients
//! Training replaces the derivative of the spike count by [`Surrogate`]. The reset is differentiated.

use serde::{Deserialize, Serialize};

use crate::network::LayerParameter;
use crate::source::{SourceId, Span};
use crate::timing;

/// A spiking network. See the [module](self) for its meaning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// Name of the network, as declared.
    pub name: String,
    /// The lines of its `///` comment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub docs: Vec<String>,
    /// Duration of a time step, in seconds.
    pub dt: f64,
    /// Where events come in.
    pub input: Input,
    /// Neurons, in the order of update.
    pub layers: Vec<Layer>,
    /// Connections, in the order of the source text.
    pub connections: Vec<Connection>,
    /// What the network gives.
    pub output: Output,
    /// The declaration.
    #[serde(skip)]
    pub span: Span,
}

/// The input of a network: event counts (or any real values) per channel and step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Name, as declared.
    pub name: String,
    /// Number of channels.
    pub channels: usize,
    /// The lines of its `///` comment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub docs: Vec<String>,
    /// The declaration.
    #[serde(skip)]
    pub span: Span,
}

/// Handle of a layer: its index in [`Graph::layers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LayerId(pub u32);

impl LayerId {
    /// The index in [`Graph::layers`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A population of neurons of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Hierarchical name: `h0`, or `body.h0` inside the instance `body`.
    pub name: String,
    /// Number of neurons.
    pub size: usize,
    /// What each of them does.
    pub neuron: Neuron,
    /// The lines of its `///` comment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub docs: Vec<String>,
    /// The declaration.
    #[serde(skip)]
    pub span: Span,
}

impl Layer {
    /// Number of synapses of each neuron.
    pub fn synapses(&self) -> usize {
        match &self.neuron {
            Neuron::Lif(lif) => lif.synapses,
            Neuron::ExpSyn(_) => 1,
        }
    }

    /// Number of input columns: neurons times synapses.
    pub fn input_columns(&self) -> usize {
        self.size * self.synapses()
    }

    /// The leaky integrate-and-fire neuron, if it is one.
    pub fn as_lif(&self) -> Option<&Lif> {
        match &self.neuron {
            Neuron::Lif(lif) => Some(lif),
            Neuron::ExpSyn(_) => None,
        }
    }
}

/// A kind of neuron with its constants.
#[expect(clippy::large_enum_variant, reason = "a graph holds few layers")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Neuron {
    /// Leaky integrate-and-fire, adaptive where [`Lif::adaptation`] is given.
    Lif(Lif),
    /// Leaky integrator without spikes, for readouts.
    ExpSyn(ExpSyn),
}

/// Leaky integrate-and-fire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lif {
    /// Synapses of each neuron, 1 or more.
    pub synapses: usize,
    /// Leak of the membrane; one value or one per neuron.
    pub mem: Leak,
    /// Leak of the synaptic currents; one value or one per input column (`neuron * synapses + synapse`).
    pub syn: Leak,
    /// Membrane potential at which a neuron spikes; one value or one per neuron.
    pub threshold: Parameter,
    /// Constant current added in every step; one value or one per neuron.
    pub bias: Parameter,
    /// Standard deviation of the membrane's noise, per square root of a second; 0 for none.
    pub noise_std: f64,
    /// Most spikes of a neuron in one step.
    pub max_spikes: u32,
    /// What stands for the derivative of the spike count.
    pub surrogate: Surrogate,
    /// After-hyperpolarisation, for adaptive neurons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adaptation: Option<Adaptation>,
}

/// After-hyperpolarisation: each spike feeds a current back into its own neuron.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adaptation {
    /// Leak of the current (`tau_ahp`); one value or one per neuron.
    pub leak: Leak,
    /// Current per spike (negative for adaptation); one value or one per neuron.
    pub w_ahp: Parameter,
}

/// Leaky integrator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExpSyn {
    /// Leak of the current; one value or one per neuron.
    pub syn: Leak,
}

/// Numbers that belong to a layer: one for all, or one for each element.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// One value, or as many as there are elements.
    pub values: Vec<f64>,
    /// Whether training changes them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub learn: bool,
    /// The expression that gave them.
    #[serde(skip)]
    pub span: Span,
}

impl Parameter {
    /// The same constant for all elements.
    pub fn uniform(value: f64) -> Self {
        Self { values: vec![value], learn: false, span: Span::default() }
    }

    /// The value of element `i`.
    pub fn get(&self, i: usize) -> f64 {
        if self.values.len() == 1 { self.values[0] } else { self.values[i] }
    }

    /// Whether one value serves all elements.
    pub fn is_uniform(&self) -> bool {
        self.values.len() == 1
    }
}

/// How fast a state decays, in the parametrisation that the network declares (and that is learnt).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leak {
    /// What the numbers are.
    pub unit: LeakUnit,
    /// The numbers.
    #[serde(flatten)]
    pub parameter: Parameter,
}

/// Parametrisation of a [`Leak`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeakUnit {
    /// Time constants in seconds (`tau_mem`, `tau_syn`).
    TimeConstant,
    /// Factors per time step (`alpha`, `beta`).
    Decay,
    /// Bit shifts (`dash_mem`, `dash_syn`): the factor is `1 - 2^-dash`.
    BitShift,
}

impl Leak {
    /// Factor per time step of element `i`.
    pub fn decay(&self, i: usize, dt: f64) -> f64 {
        let value = self.parameter.get(i);
        match self.unit {
            LeakUnit::TimeConstant => timing::decay_of_tau(value, dt),
            LeakUnit::Decay => value,
            LeakUnit::BitShift => timing::decay_of_dash(value),
        }
    }

    /// Time constant of element `i`, in seconds.
    pub fn tau(&self, i: usize, dt: f64) -> f64 {
        match self.unit {
            LeakUnit::TimeConstant => self.parameter.get(i),
            _ => timing::tau_of_decay(self.decay(i, dt), dt),
        }
    }

    /// Bit shift of element `i`, not rounded.
    pub fn dash(&self, i: usize, dt: f64) -> f64 {
        match self.unit {
            LeakUnit::BitShift => self.parameter.get(i),
            _ => timing::dash_of_decay(self.decay(i, dt)),
        }
    }
}

/// What stands for the derivative of the spike count `min(floor(v / theta), max_spikes)` in training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Surrogate {
    /// The function.
    pub kind: SurrogateKind,
    /// Learning window `w`.
    pub window: f64,
}

/// A surrogate gradient; `v` is the membrane before reset, `theta` the threshold, `w` the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SurrogateKind {
    /// `exp(-|u' - theta/2| / w) / theta`, repeated for each multiple of the threshold (Rockpool's
    /// `PeriodicExponential`).
    PeriodicExponential,
    /// `1 / theta` for `v >= theta - w`, else 0 (Rockpool's `StepPWL`).
    PiecewiseLinear,
}

/// Where spikes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// The network's input.
    Input,
    /// A layer's spikes (its current, for [`Neuron::ExpSyn`]).
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
        /// Centre.
        mean: f64,
        /// Standard deviation.
        std: f64,
    },
}

/// What the network gives in each step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// The layer.
    pub layer: LayerId,
    /// Which of its quantities.
    pub quantity: Quantity,
    /// The declaration.
    #[serde(skip)]
    pub span: Span,
}

/// A quantity of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Spike counts.
    Spikes,
    /// Membrane potential after reset.
    Vmem,
    /// Synaptic current (of the first synapse).
    Isyn,
}

impl Graph {
    /// The layer behind a handle.
    pub fn layer(&self, id: LayerId) -> &Layer {
        &self.layers[id.index()]
    }

    /// The layers with their handles, in the order of update.
    pub fn layers_with_ids(&self) -> impl Iterator<Item = (LayerId, &Layer)> {
        self.layers.iter().enumerate().map(|(i, layer)| (LayerId(i as u32), layer))
    }

    /// The connections into a layer, with their indices, in the order of summation.
    pub fn connections_into(&self, target: LayerId) -> impl Iterator<Item = (usize, &Connection)> {
        self.connections.iter().enumerate().filter(move |(_, c)| c.target == target)
    }

    /// Number of channels or neurons of an endpoint.
    pub fn width(&self, endpoint: Endpoint) -> usize {
        match endpoint {
            Endpoint::Input => self.input.channels,
            Endpoint::Layer(id) => self.layer(id).size,
        }
    }

    /// Number of rows of a connection's matrix.
    pub fn source_width(&self, connection: &Connection) -> usize {
        connection.sources.first().map_or(0, |&source| self.width(source))
    }

    /// Whether spikes from `source` reach `target` one step later: `target` stands at or before it
    /// in the order of update.
    pub fn is_recurrent(&self, source: Endpoint, target: LayerId) -> bool {
        matches!(source, Endpoint::Layer(id) if id >= target)
    }

    /// Gives everything in the graph that has its place in one of the `library`'s texts that where the instance was
    /// asked for. What came from an argument has its place already.
    pub(crate) fn relocate(&mut self, site: Span, library: &[SourceId]) {
        let relocate = |span: &mut Span| {
            if *span == Span::default() || library.contains(&span.source) {
                *span = site;
            }
        };
        relocate(&mut self.span);
        relocate(&mut self.input.span);
        relocate(&mut self.output.span);
        self.connections.iter_mut().for_each(|connection| relocate(&mut connection.span));
        for layer in &mut self.layers {
            relocate(&mut layer.span);
            for which in LayerParameter::ALL {
                if let Some(parameter) = which.of_mut(layer) {
                    relocate(&mut parameter.span);
                }
            }
        }
    }

    /// Number of values that the network gives in each step.
    pub fn outputs(&self) -> usize {
        self.layer(self.output.layer).size
    }
}
