//! Kinds of neurons, with their constants and quantities.

use serde::{Deserialize, Serialize};

use crate::source::Span;
use crate::timing;

/// A kind of neuron with its parameters.
#[expect(clippy::large_enum_variant, reason = "a graph holds few layers")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Neuron {
    /// Leaky integrate-and-fire; adaptive if it has an [`adaptation`](Lif::adaptation).
    Lif(Lif),
    /// Leaky integrator without spikes, for readouts.
    ExpSyn(ExpSyn),
}

/// The kinds of neurons as the language names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NeuronKind {
    /// [`Neuron::Lif`] without adaptation.
    Lif,
    /// [`Neuron::Lif`] with adaptation.
    Alif,
    /// [`Neuron::ExpSyn`].
    ExpSyn,
}

impl NeuronKind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Lif, Self::Alif, Self::ExpSyn];

    /// Returns the name in the language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lif => "lif",
            Self::Alif => "alif",
            Self::ExpSyn => "expsyn",
        }
    }
}

impl Neuron {
    /// Returns the kind of the neuron.
    pub const fn kind(&self) -> NeuronKind {
        match self {
            Self::Lif(Lif { adaptation: None, .. }) => NeuronKind::Lif,
            Self::Lif(Lif { adaptation: Some(_), .. }) => NeuronKind::Alif,
            Self::ExpSyn(_) => NeuronKind::ExpSyn,
        }
    }

    /// Returns the quantity that connections from such a neuron carry.
    pub const fn sends(&self) -> Quantity {
        match self {
            Self::Lif(_) => Quantity::Spikes,
            Self::ExpSyn(_) => Quantity::Isyn,
        }
    }

    /// Returns whether the neuron has a quantity.
    pub const fn has(&self, quantity: Quantity) -> bool {
        match (self, quantity) {
            (Self::Lif(_), Quantity::Spikes | Quantity::Vmem | Quantity::Isyn) => true,
            (Self::ExpSyn(_), Quantity::Isyn) => true,
            (Self::ExpSyn(_), Quantity::Spikes | Quantity::Vmem) => false,
        }
    }
}

/// A quantity of neurons.
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

impl Quantity {
    /// All quantities.
    pub const ALL: [Self; 3] = [Self::Spikes, Self::Vmem, Self::Isyn];

    /// Returns the name in the language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spikes => "spikes",
            Self::Vmem => "vmem",
            Self::Isyn => "isyn",
        }
    }
}

/// Parameters of leaky integrate-and-fire neurons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lif {
    /// Synapses per neuron, 1 or more.
    pub synapses: usize,
    /// Leak of the membrane potential; one value or one per neuron. `None` for a membrane that keeps its potential.
    #[serde(deserialize_with = "Option::deserialize")]
    pub mem: Option<Leak>,
    /// Leak of the synaptic currents; one value or one per input column (`neuron * synapses + synapse`). `None` for
    /// neurons without synaptic filter, which have one synapse.
    #[serde(deserialize_with = "Option::deserialize")]
    pub syn: Option<Leak>,
    /// Membrane potential at which a neuron spikes; one value or one per neuron.
    pub threshold: Parameter,
    /// Constant current added in every step; one value or one per neuron.
    pub bias: Parameter,
    /// Standard deviation of the membrane noise, per square root of a second; 0 for no noise.
    pub noise_std: f64,
    /// What a spike leaves of the membrane potential.
    #[serde(default, skip_serializing_if = "Reset::is_subtract")]
    pub reset: Reset,
    /// Maximum number of spikes of a neuron per time step, 1 or more; 1 with [`Reset::Zero`].
    pub max_spikes: u32,
    /// The function that replaces the derivative of the spike count in training.
    pub surrogate: Surrogate,
    /// After-hyperpolarization; `None` for neurons without adaptation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adaptation: Option<Adaptation>,
    /// Places of what carries no place of its own.
    #[serde(skip)]
    pub spans: LifSpans,
}

/// Places of declarations in the fields of a [`Lif`]; the default for those that are not in the source.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LifSpans {
    /// The `none` in place of the membrane's leak.
    pub no_mem: Span,
    /// The `none` in place of the synaptic leak.
    pub no_syn: Span,
    /// The kind of reset.
    pub reset: Span,
}

/// What a spike leaves of the membrane potential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reset {
    /// Each spike subtracts the threshold; what exceeds it is kept.
    #[default]
    Subtract,
    /// A spike sets the membrane potential to zero, so that there is at most one per step.
    Zero,
}

impl Reset {
    /// All kinds of reset.
    pub const ALL: [Self; 2] = [Self::Subtract, Self::Zero];

    /// Returns the name in the language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subtract => "subtract",
            Self::Zero => "zero",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_subtract(&self) -> bool {
        *self == Self::Subtract
    }
}

/// After-hyperpolarization: each spike feeds a current back into its own neuron.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adaptation {
    /// Leak of the current (`tau_ahp`); one value or one per neuron.
    pub leak: Leak,
    /// Current per spike (negative for adaptation); one value or one per neuron.
    pub w_ahp: Parameter,
}

/// Parameters of leaky integrators.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExpSyn {
    /// Leak of the current; one value or one per neuron. `None` for a current that equals the input.
    #[serde(deserialize_with = "Option::deserialize")]
    pub syn: Option<Leak>,
}

/// The values of a parameter of a layer: one for all elements, or one for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// One value, or one per element.
    pub values: Vec<f64>,
    /// Whether training changes the values.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub learn: bool,
    /// Place of the expression that gives the values; the default for default values.
    #[serde(skip)]
    pub span: Span,
}

impl Parameter {
    /// Creates a constant that is the same for all elements.
    pub fn uniform(value: f64) -> Self {
        Self { values: vec![value], learn: false, span: Span::default() }
    }

    /// Returns the value of element `i`.
    pub fn get(&self, i: usize) -> f64 {
        if self.values.len() == 1 { self.values[0] } else { self.values[i] }
    }

    /// Returns whether one value serves all elements.
    pub fn is_uniform(&self) -> bool {
        self.values.len() == 1
    }
}

/// The decay of a state, in the parametrization that the network declares and that training changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leak {
    /// The meaning of the values.
    pub unit: LeakUnit,
    /// The values, in the unit.
    #[serde(flatten)]
    pub parameter: Parameter,
}

/// Parametrization of a [`Leak`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// Returns the decay per time step of element `i`, at a step of `dt` seconds.
    pub fn decay(&self, i: usize, dt: f64) -> f64 {
        let value = self.parameter.get(i);
        match self.unit {
            LeakUnit::TimeConstant => timing::tau_to_decay(value, dt),
            LeakUnit::Decay => value,
            LeakUnit::BitShift => timing::bit_shift_to_decay(value),
        }
    }

    /// Returns the time constant of element `i` in seconds, at a step of `dt` seconds.
    pub fn tau(&self, i: usize, dt: f64) -> f64 {
        match self.unit {
            LeakUnit::TimeConstant => self.parameter.get(i),
            LeakUnit::Decay | LeakUnit::BitShift => timing::decay_to_tau(self.decay(i, dt), dt),
        }
    }

    /// Returns the bit shift of element `i`, not rounded, at a step of `dt` seconds.
    pub fn dash(&self, i: usize, dt: f64) -> f64 {
        match self.unit {
            LeakUnit::BitShift => self.parameter.get(i),
            LeakUnit::TimeConstant | LeakUnit::Decay => timing::decay_to_bit_shift(self.decay(i, dt)),
        }
    }
}

/// The surrogate gradient: a function that replaces the derivative of the spike count `min(floor(v / theta),
/// max_spikes)` in training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Surrogate {
    /// The kind of function.
    pub kind: SurrogateKind,
    /// Window `w`, in units of the membrane potential, greater than 0.
    pub window: f64,
}

/// The kinds of surrogate gradients. `v` is the membrane potential before reset, `theta` the threshold, `w`
/// the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SurrogateKind {
    /// `exp(-d / w) / theta`, where `d` is the distance of `v` from the nearest multiple of `theta`
    /// between 1 and `max_spikes` (Rockpool's `PeriodicExponential`).
    PeriodicExponential,
    /// `1 / theta` for `v >= theta - w`, else 0 (Rockpool's `StepPWL`).
    PiecewiseLinear,
    /// `1 / (1 + |v - theta| / w)^2` (SuperSpike: Zenke & Ganguli 2018, doi:10.1162/neco_a_01086, with a steepness of
    /// `1 / w`; snnTorch's `fast_sigmoid` with `slope = 1 / w`).
    FastSigmoid,
    /// `1 / (2 w (1 + (pi / 2 * (v - theta) / w)^2))` (Fang et al. 2021, arXiv:2007.05785, with `alpha = 1 / w`;
    /// SpikingJelly's and snnTorch's `ATan`).
    Arctangent,
    /// `max(0, 1 - |v - theta| / w) / w` (Esser et al. 2016, arXiv:1603.08270, for `w = 1`; Bellec et al. 2018,
    /// arXiv:1803.09574, for `w = theta`, without their dampening).
    Triangle,
    /// `1 / (2 w)` for `|v - theta| < w`, else 0 (Wu et al. 2018, arXiv:1706.02609, with a width of `2 w`).
    Boxcar,
}

impl SurrogateKind {
    /// All surrogate gradients.
    pub const ALL: [Self; 6] = [
        Self::PeriodicExponential,
        Self::PiecewiseLinear,
        Self::FastSigmoid,
        Self::Arctangent,
        Self::Triangle,
        Self::Boxcar,
    ];

    /// Returns the name in the language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PeriodicExponential => "periodic_exponential",
            Self::PiecewiseLinear => "piecewise_linear",
            Self::FastSigmoid => "fast_sigmoid",
            Self::Arctangent => "arctangent",
            Self::Triangle => "triangle",
            Self::Boxcar => "boxcar",
        }
    }
}
