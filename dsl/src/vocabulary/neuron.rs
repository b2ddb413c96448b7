//! Fields of neurons.

use synnet_ir::graph::{LayerParameter, LeakUnit, NeuronKind, Reset, SurrogateKind};

/// A field of a neuron: `tau_mem: 20 ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// A leak as a time constant, decay or bit shift.
    Leak(LayerParameter, LeakUnit),
    /// `w_ahp`: the current per spike of an adaptive neuron.
    AhpWeight,
    /// `synapses`: the number of synapses per neuron.
    Synapses,
    /// `threshold`: the membrane potential at which a neuron spikes.
    Threshold,
    /// `bias`: a constant current.
    Bias,
    /// `noise_std`: the standard deviation of the membrane noise.
    NoiseStd,
    /// `reset`: what a spike leaves of the membrane potential.
    Reset,
    /// `max_spikes`: the maximum number of spikes per time step.
    MaxSpikes,
    /// `surrogate`: the kind of surrogate gradient.
    Surrogate,
    /// `window`: the window of the surrogate gradient.
    Window,
}

/// The type of the values of a [`Field`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// A time: `20 ms`.
    Time,
    /// A number without a unit.
    Number,
    /// An integer without a unit.
    Count,
    /// The name of a surrogate gradient.
    Surrogate,
    /// The name of a kind of reset.
    Reset,
}

/// The value of a [`Field`] that is not set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DefaultValue {
    /// No default: the field, or another form of the same leak, must be set.
    Required,
    /// A number.
    Number(f64),
    /// An integer.
    Count(u32),
    /// A surrogate gradient.
    Surrogate(SurrogateKind),
    /// A kind of reset.
    Reset(Reset),
}

const MEM: [Field; 3] = leak(LayerParameter::MemLeak);
const SYN: [Field; 3] = leak(LayerParameter::SynLeak);
const AHP: [Field; 3] = leak(LayerParameter::AhpLeak);

const LIF: [Field; 14] = [
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
    Field::Reset,
    Field::MaxSpikes,
    Field::Surrogate,
    Field::Window,
];

const ALIF: [Field; 18] = [
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
    Field::Reset,
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

/// Returns the meaning of a kind of neuron, as one sentence of Markdown.
pub const fn describe(kind: NeuronKind) -> &'static str {
    match kind {
        NeuronKind::Lif => "Leaky integrate-and-fire.",
        NeuronKind::Alif => {
            "Leaky integrate-and-fire whose spikes feed a current back into their own neuron."
        }
        NeuronKind::ExpSyn => "Leaky integrator without spikes, for readouts.",
    }
}

/// Returns the three forms of a leak.
const fn leak(which: LayerParameter) -> [Field; 3] {
    let [time, decay, shift] = LeakUnit::ALL;
    [Field::Leak(which, time), Field::Leak(which, decay), Field::Leak(which, shift)]
}

/// Returns the name of a parameter that has only one.
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
            Self::Reset => "reset",
            Self::MaxSpikes => "max_spikes",
            Self::Surrogate => "surrogate",
            Self::Window => "window",
        }
    }

    /// Returns the meaning, as one sentence of Markdown.
    pub const fn doc(self) -> &'static str {
        match self {
            Self::Leak(LayerParameter::MemLeak, LeakUnit::TimeConstant) => {
                "A leak as a time constant; `none` for a membrane that keeps its potential."
            }
            Self::Leak(LayerParameter::SynLeak, LeakUnit::TimeConstant) => {
                "A leak as a time constant; `none` for input that arrives in its own step, unfiltered."
            }
            Self::Leak(_, LeakUnit::TimeConstant) => "A leak as a time constant.",
            Self::Leak(_, LeakUnit::Decay) => "A leak as a decay per time step, between 0 and 1.",
            Self::Leak(_, LeakUnit::BitShift) => "A leak as a bit shift `d`: the decay is `1 - 2^-d`.",
            Self::AhpWeight => "Current that each spike feeds back into its neuron, negative for adaptation.",
            Self::Synapses => "Number of synapses of each neuron.",
            Self::Threshold => "Membrane potential at which a neuron spikes.",
            Self::Bias => "Constant current that is added in every time step.",
            Self::NoiseStd => "Standard deviation of the membrane noise, per square root of a second.",
            Self::Reset => "What a spike leaves of the membrane potential: all but the threshold, or zero.",
            Self::MaxSpikes => "Maximum number of spikes of a neuron per time step; 1 with `reset: zero`.",
            Self::Surrogate => "Function that replaces the derivative of the spike count in training.",
            Self::Window => "Width of the surrogate gradient, in units of the membrane potential.",
        }
    }

    /// Returns the type of its values.
    pub const fn dimension(self) -> Dimension {
        match self {
            Self::Leak(_, LeakUnit::TimeConstant) => Dimension::Time,
            Self::Leak(_, LeakUnit::Decay | LeakUnit::BitShift) => Dimension::Number,
            Self::AhpWeight | Self::Threshold | Self::Bias | Self::NoiseStd | Self::Window => {
                Dimension::Number
            }
            Self::Synapses | Self::MaxSpikes => Dimension::Count,
            Self::Surrogate => Dimension::Surrogate,
            Self::Reset => Dimension::Reset,
        }
    }

    /// Returns the value if the field is not set.
    pub const fn default(self) -> DefaultValue {
        match self {
            Self::Leak(..) | Self::AhpWeight => DefaultValue::Required,
            Self::Synapses => DefaultValue::Count(1),
            Self::Threshold => DefaultValue::Number(1.0),
            Self::Bias | Self::NoiseStd => DefaultValue::Number(0.0),
            Self::Reset => DefaultValue::Reset(Reset::Subtract),
            // The default of Rockpool's `LIF`.
            Self::MaxSpikes => DefaultValue::Count(65_536),
            Self::Surrogate => DefaultValue::Surrogate(SurrogateKind::PiecewiseLinear),
            Self::Window => DefaultValue::Number(0.5),
        }
    }

    /// Returns the default as the language writes it, or `None` if there is none.
    pub fn default_text(self) -> Option<String> {
        match self.default() {
            DefaultValue::Required => None,
            DefaultValue::Number(value) => Some(format!("{value:?}")),
            DefaultValue::Count(value) => Some(value.to_string()),
            DefaultValue::Surrogate(kind) => Some(kind.name().to_owned()),
            DefaultValue::Reset(reset) => Some(reset.name().to_owned()),
        }
    }

    /// Returns whether `none` is a value: the membrane or the synapses then have no leak at all.
    pub const fn can_be_none(self) -> bool {
        match self {
            Self::Leak(LayerParameter::MemLeak | LayerParameter::SynLeak, LeakUnit::TimeConstant) => true,
            Self::Leak(..) | Self::AhpWeight | Self::Threshold | Self::Bias | Self::Synapses => false,
            Self::NoiseStd | Self::Reset | Self::MaxSpikes | Self::Surrogate | Self::Window => false,
        }
    }

    /// Returns whether training can change it: `learn` can stand before its value, and it can differ between neurons.
    pub const fn is_learnable(self) -> bool {
        match self {
            Self::Leak(..) | Self::AhpWeight | Self::Threshold | Self::Bias => true,
            Self::Synapses | Self::NoiseStd | Self::Reset | Self::MaxSpikes => false,
            Self::Surrogate | Self::Window => false,
        }
    }

    /// Returns whether this field gives the same as `other`: it is the same one, or another form of the same leak.
    pub fn replaces(self, other: Self) -> bool {
        match (self, other) {
            (Self::Leak(leak, _), Self::Leak(other, _)) => leak == other,
            (Self::Leak(..) | Self::AhpWeight | Self::Synapses | Self::Threshold | Self::Bias, _)
            | (Self::NoiseStd | Self::Reset | Self::MaxSpikes | Self::Surrogate | Self::Window, _) => {
                self == other
            }
        }
    }
}
