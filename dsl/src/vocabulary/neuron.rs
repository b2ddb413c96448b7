//! Fields of neurons.

use synnet_ir::graph::{LayerParameter, LeakUnit, NeuronKind, SurrogateKind};

/// A field of a neuron: `tau_mem: 20 ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// A leak in one of its three forms.
    Leak(LayerParameter, LeakUnit),
    /// The current per spike of an adaptive neuron.
    AhpWeight,
    /// Synapses per neuron.
    Synapses,
    /// The membrane potential of a spike.
    Threshold,
    /// A constant current.
    Bias,
    /// Noise of the membrane.
    NoiseStd,
    /// The largest number of spikes per step.
    MaxSpikes,
    /// The surrogate gradient.
    Surrogate,
    /// The window of the surrogate gradient.
    Window,
}

/// What a value of a [`Field`] measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// A time: `20 ms`.
    Time,
    /// A bare number.
    Number,
    /// A bare whole number.
    Count,
    /// One of the names of surrogate gradients.
    Surrogate,
}

/// The value of a [`Field`] that is not given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DefaultValue {
    /// None: the field, or another form of the same leak, must be given.
    Required,
    /// A number.
    Number(f64),
    /// A whole number.
    Count(u32),
    /// A surrogate gradient.
    Surrogate(SurrogateKind),
}

const MEM: [Field; 3] = leak(LayerParameter::MemLeak);
const SYN: [Field; 3] = leak(LayerParameter::SynLeak);
const AHP: [Field; 3] = leak(LayerParameter::AhpLeak);

const LIF: [Field; 13] = [
    MEM[0],
    MEM[1],
    MEM[2],
    SYN[0],
    SYN[1],
    SYN[2],
    Field::Synapses,
    Field::Threshold,
    Field::Bias,
    Field::NoiseStd,
    Field::MaxSpikes,
    Field::Surrogate,
    Field::Window,
];

const ALIF: [Field; 17] = [
    MEM[0],
    MEM[1],
    MEM[2],
    SYN[0],
    SYN[1],
    SYN[2],
    AHP[0],
    AHP[1],
    AHP[2],
    Field::AhpWeight,
    Field::Synapses,
    Field::Threshold,
    Field::Bias,
    Field::NoiseStd,
    Field::MaxSpikes,
    Field::Surrogate,
    Field::Window,
];

/// Returns the fields of a kind of neuron, in the order of the documentation.
pub const fn fields(kind: NeuronKind) -> &'static [Field] {
    match kind {
        NeuronKind::Lif => &LIF,
        NeuronKind::Alif => &ALIF,
        NeuronKind::ExpSyn => &SYN,
    }
}

/// Returns what a kind of neuron is, as one sentence of Markdown.
pub const fn describe(kind: NeuronKind) -> &'static str {
    match kind {
        NeuronKind::Lif => "Leaky integrate-and-fire.",
        NeuronKind::Alif => {
            "Leaky integrate-and-fire whose spikes feed a current back into their own neuron."
        }
        NeuronKind::ExpSyn => "Leaky integrator without spikes, for readouts.",
    }
}

/// The three forms of a leak.
const fn leak(which: LayerParameter) -> [Field; 3] {
    let [time, decay, shift] = LeakUnit::ALL;
    [Field::Leak(which, time), Field::Leak(which, decay), Field::Leak(which, shift)]
}

/// The name of a parameter that has only one.
const fn plain(which: LayerParameter) -> &'static str {
    which.name_in(LeakUnit::TimeConstant)
}

impl Field {
    /// Returns the name in the language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Leak(which, unit) => which.name_in(unit),
            Self::AhpWeight => plain(LayerParameter::AhpWeight),
            Self::Synapses => "synapses",
            Self::Threshold => plain(LayerParameter::Threshold),
            Self::Bias => plain(LayerParameter::Bias),
            Self::NoiseStd => "noise_std",
            Self::MaxSpikes => "max_spikes",
            Self::Surrogate => "surrogate",
            Self::Window => "window",
        }
    }

    /// Returns what it means, as one sentence of Markdown.
    pub const fn doc(self) -> &'static str {
        match self {
            Self::Leak(_, LeakUnit::TimeConstant) => "A leak as a time constant.",
            Self::Leak(_, LeakUnit::Decay) => "A leak as a decay per time step, between 0 and 1.",
            Self::Leak(_, LeakUnit::BitShift) => "A leak as a bit shift `d`: the decay is `1 - 2^-d`.",
            Self::AhpWeight => "Current that each spike feeds back into its neuron, negative for adaptation.",
            Self::Synapses => "Number of synapses of each neuron.",
            Self::Threshold => "Membrane potential at which a neuron spikes.",
            Self::Bias => "Constant current that is added in every time step.",
            Self::NoiseStd => "Standard deviation of the membrane's noise, per square root of a second.",
            Self::MaxSpikes => "Largest number of spikes of a neuron in one time step.",
            Self::Surrogate => "Function that replaces the derivative of the spike count in training.",
            Self::Window => "Width of the surrogate gradient, in units of the membrane potential.",
        }
    }

    /// Returns what its values measure.
    pub const fn dimension(self) -> Dimension {
        match self {
            Self::Leak(_, LeakUnit::TimeConstant) => Dimension::Time,
            Self::Leak(_, LeakUnit::Decay | LeakUnit::BitShift) => Dimension::Number,
            Self::AhpWeight | Self::Threshold | Self::Bias | Self::NoiseStd | Self::Window => {
                Dimension::Number
            }
            Self::Synapses | Self::MaxSpikes => Dimension::Count,
            Self::Surrogate => Dimension::Surrogate,
        }
    }

    /// Returns the value where the field is not given.
    pub const fn default(self) -> DefaultValue {
        match self {
            Self::Leak(..) | Self::AhpWeight => DefaultValue::Required,
            Self::Synapses => DefaultValue::Count(1),
            Self::Threshold => DefaultValue::Number(1.0),
            Self::Bias | Self::NoiseStd => DefaultValue::Number(0.0),
            // Rockpool's `LIF` fires at most this often per step where nothing else is said.
            Self::MaxSpikes => DefaultValue::Count(65_536),
            Self::Surrogate => DefaultValue::Surrogate(SurrogateKind::PiecewiseLinear),
            Self::Window => DefaultValue::Number(0.5),
        }
    }

    /// Returns the default as the language writes it; `None` where there is none.
    pub fn default_text(self) -> Option<String> {
        match self.default() {
            DefaultValue::Required => None,
            DefaultValue::Number(value) => Some(format!("{value:?}")),
            DefaultValue::Count(value) => Some(value.to_string()),
            DefaultValue::Surrogate(kind) => Some(kind.name().to_owned()),
        }
    }

    /// Whether training can change it: `learn` can stand before its value, and it can differ between neurons.
    pub const fn is_learnable(self) -> bool {
        match self {
            Self::Leak(..) | Self::AhpWeight | Self::Threshold | Self::Bias => true,
            Self::Synapses | Self::NoiseStd | Self::MaxSpikes | Self::Surrogate | Self::Window => false,
        }
    }

    /// Whether this field gives the same as `other`: it is the same one, or another form of the same leak.
    pub fn replaces(self, other: Self) -> bool {
        match (self, other) {
            (Self::Leak(leak, _), Self::Leak(other, _)) => leak == other,
            _ => self == other,
        }
    }
}
