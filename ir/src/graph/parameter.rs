//! The parameters of layers: their names, sizes and ranges, in one place.
//!
//! The language, weights files and [`validate`](crate::validate) all use this module, so that a value that is
//! invalid in a source file is invalid in a weights file too.

use super::connection::{Distribution, Init};
use super::layer::Layer;
use super::neuron::{Leak, LeakUnit, Lif, Neuron, Parameter};
use super::structure::Graph;
use crate::timing;

/// Names of the membrane's leak, in the order of [`LeakUnit::ALL`].
const MEM_LEAK: [&str; 3] = ["tau_mem", "alpha", "dash_mem"];
/// Names of the synapses' leak.
const SYN_LEAK: [&str; 3] = ["tau_syn", "beta", "dash_syn"];
/// Names of the leak of the after-hyperpolarization.
const AHP_LEAK: [&str; 3] = ["tau_ahp", "gamma", "dash_ahp"];

/// A parameter of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LayerParameter {
    /// Leak of the membrane: `tau_mem`, `alpha` or `dash_mem`.
    MemLeak,
    /// Leak of the synaptic currents: `tau_syn`, `beta` or `dash_syn`.
    SynLeak,
    /// `threshold`.
    Threshold,
    /// `bias`.
    Bias,
    /// Leak of the after-hyperpolarization: `tau_ahp`, `gamma` or `dash_ahp`.
    AhpLeak,
    /// `w_ahp`.
    AhpWeight,
}

/// The values that a parameter can take. All of them are finite as f32, the type that engines compute in and that
/// weights files hold.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    allows: fn(f64) -> bool,
    /// What to choose instead of a value outside of the range.
    rule: &'static str,
}

/// What to choose instead of a value that the range allows, but not after it is rounded to f32.
const F32_RULE: &str = "choose a number that f32 can express: engines compute in f32, whose magnitudes go from 1.2e-38 to 3.4e38, with 7 \
     digits";

impl Range {
    /// Returns whether a value lies in the range, as it is and rounded to f32.
    pub fn allows(&self, value: f64) -> bool {
        let single = f64::from(value as f32);
        single.is_finite() && (self.allows)(value) && (self.allows)(single)
    }

    /// Returns what to choose instead of a value outside of the range, for help lines: "choose a bias that is finite".
    pub fn remedy(&self, value: f64) -> &'static str {
        let smallest = f64::from(f32::MIN_POSITIVE).copysign(value);
        let is_tiny = value != 0.0 && value.abs() < smallest.abs() && (self.allows)(smallest);
        if value.is_finite() && (is_tiny || (self.allows)(value)) { F32_RULE } else { self.rule }
    }
}

impl LeakUnit {
    /// All parametrizations, in the order of [`LayerParameter::leak_names`].
    pub const ALL: [Self; 3] = [Self::TimeConstant, Self::Decay, Self::BitShift];

    /// Returns the values that a leak can take in this unit.
    pub const fn range(self) -> Range {
        match self {
            Self::TimeConstant => Range { allows: |x| x > 0.0, rule: "choose a time constant longer than 0" },
            Self::Decay => Range {
                allows: |x| x > 0.0 && x < 1.0,
                rule: "choose a decay per step between 0 and 1, both excluded",
            },
            // A bit shift so small that its decay is 0 would keep nothing of the state. From 1024 on,
            // `2^-dash` is a subnormal number or 0.
            Self::BitShift => Range {
                allows: |x| x > 0.0 && x < 1024.0 && timing::bit_shift_to_decay(x) > 0.0,
                rule: "choose a bit shift greater than 0; the decay is 1 - 2^-dash",
            },
        }
    }
}

impl Graph {
    /// The values of [`Graph::dt`], in seconds.
    pub const DT: Range = Range {
        allows: |x| x > 0.0 && x.is_finite(),
        rule: "choose a time step longer than 0, such as 0.01 s",
    };
}

impl Init {
    /// The values of a factor of [`Init::scale`].
    pub const SCALE: Range = Range { allows: f64::is_finite, rule: "choose a scale that is finite" };

    /// The values of an initial weight or bias.
    pub const VALUE: Range = Range { allows: f64::is_finite, rule: "choose numbers that are finite" };

    /// Returns an initial value outside of [`VALUE`](Self::VALUE) that can be drawn, if there is one.
    pub fn out_of_range(&self) -> Option<f64> {
        // Ten standard deviations are never drawn: 53 random bits reach less than nine.
        let ends = match self.distribution {
            Distribution::Constant(value) => [value, value],
            Distribution::Uniform { low, high } => [low, high],
            Distribution::Normal { mean, std } => [mean - 10.0 * std, mean + 10.0 * std],
        };
        let drawn = ends.into_iter().find(|&end| !Self::VALUE.allows(end));
        let scaled = || {
            let products = self.scale.iter().flat_map(|scale| ends.map(|end| end * scale));
            products.into_iter().find(|&value| !Self::VALUE.allows(value))
        };
        drawn.or_else(scaled)
    }
}

impl Lif {
    /// The values of [`Lif::noise_std`].
    pub const NOISE_STD: Range =
        Range { allows: |x| x >= 0.0, rule: "choose a standard deviation of at least 0; 0 is no noise" };

    /// The values of [`Surrogate::window`](super::Surrogate::window).
    pub const WINDOW: Range = Range { allows: |x| x > 0.0, rule: "choose a window greater than 0" };
}

impl LayerParameter {
    /// All parameters, in the order of weights files.
    pub const ALL: [Self; 6] =
        [Self::MemLeak, Self::SynLeak, Self::Threshold, Self::Bias, Self::AhpLeak, Self::AhpWeight];

    /// Returns the names of a leak as a time constant, a decay and a bit shift; `None` for other parameters.
    pub const fn leak_names(self) -> Option<[&'static str; 3]> {
        match self {
            Self::MemLeak => Some(MEM_LEAK),
            Self::SynLeak => Some(SYN_LEAK),
            Self::AhpLeak => Some(AHP_LEAK),
            Self::Threshold | Self::Bias | Self::AhpWeight => None,
        }
    }

    /// Returns the parameter of a layer, if its neurons have it.
    pub fn of(self, layer: &Layer) -> Option<&Parameter> {
        match &layer.neuron {
            Neuron::Lif(lif) => match self {
                Self::MemLeak => lif.mem.as_ref().map(|leak| &leak.parameter),
                Self::SynLeak => lif.syn.as_ref().map(|leak| &leak.parameter),
                Self::Threshold => Some(&lif.threshold),
                Self::Bias => Some(&lif.bias),
                Self::AhpLeak => lif.adaptation.as_ref().map(|a| &a.leak.parameter),
                Self::AhpWeight => lif.adaptation.as_ref().map(|a| &a.w_ahp),
            },
            Neuron::ExpSyn(expsyn) => match self {
                Self::SynLeak => expsyn.syn.as_ref().map(|leak| &leak.parameter),
                Self::MemLeak | Self::Threshold | Self::Bias | Self::AhpLeak | Self::AhpWeight => None,
            },
        }
    }

    /// Returns the parameter of a layer to change, if its neurons have it.
    pub fn of_mut(self, layer: &mut Layer) -> Option<&mut Parameter> {
        match &mut layer.neuron {
            Neuron::Lif(lif) => match self {
                Self::MemLeak => lif.mem.as_mut().map(|leak| &mut leak.parameter),
                Self::SynLeak => lif.syn.as_mut().map(|leak| &mut leak.parameter),
                Self::Threshold => Some(&mut lif.threshold),
                Self::Bias => Some(&mut lif.bias),
                Self::AhpLeak => lif.adaptation.as_mut().map(|a| &mut a.leak.parameter),
                Self::AhpWeight => lif.adaptation.as_mut().map(|a| &mut a.w_ahp),
            },
            Neuron::ExpSyn(expsyn) => match self {
                Self::SynLeak => expsyn.syn.as_mut().map(|leak| &mut leak.parameter),
                Self::MemLeak | Self::Threshold | Self::Bias | Self::AhpLeak | Self::AhpWeight => None,
            },
        }
    }

    /// Returns its name in the language and in weights files. The name of a leak depends on its unit.
    pub fn name(self, layer: &Layer) -> &'static str {
        self.name_in(self.leak(layer).map_or(LeakUnit::TimeConstant, |leak| leak.unit))
    }

    /// Returns its name if leaks are set in `unit`, which does not matter to other parameters.
    pub const fn name_in(self, unit: LeakUnit) -> &'static str {
        match self {
            Self::Threshold => "threshold",
            Self::Bias => "bias",
            Self::AhpWeight => "w_ahp",
            Self::MemLeak => MEM_LEAK[unit as usize],
            Self::SynLeak => SYN_LEAK[unit as usize],
            Self::AhpLeak => AHP_LEAK[unit as usize],
        }
    }

    /// Returns the number of elements that can have a value each: neurons, or input columns for synaptic leaks.
    pub fn elements(self, layer: &Layer) -> usize {
        match self {
            Self::SynLeak => layer.input_columns(),
            Self::MemLeak | Self::Threshold | Self::Bias | Self::AhpLeak | Self::AhpWeight => layer.size,
        }
    }

    /// Returns the leak behind the parameter, if it is one and the layer has it.
    pub fn leak(self, layer: &Layer) -> Option<&Leak> {
        match (&layer.neuron, self) {
            (Neuron::Lif(lif), Self::MemLeak) => lif.mem.as_ref(),
            (Neuron::Lif(lif), Self::SynLeak) => lif.syn.as_ref(),
            (Neuron::Lif(lif), Self::AhpLeak) => lif.adaptation.as_ref().map(|a| &a.leak),
            (Neuron::ExpSyn(expsyn), Self::SynLeak) => expsyn.syn.as_ref(),
            (Neuron::ExpSyn(_), Self::MemLeak | Self::AhpLeak) => None,
            (Neuron::Lif(_) | Neuron::ExpSyn(_), Self::Threshold | Self::Bias | Self::AhpWeight) => None,
        }
    }

    /// Returns whether the neurons of a layer do without it by declaration: `tau_mem: none` and `tau_syn: none`.
    pub fn is_absent(self, layer: &Layer) -> bool {
        match (&layer.neuron, self) {
            (Neuron::Lif(lif), Self::MemLeak) => lif.mem.is_none(),
            (Neuron::Lif(lif), Self::SynLeak) => lif.syn.is_none(),
            (Neuron::ExpSyn(expsyn), Self::SynLeak) => expsyn.syn.is_none(),
            // Neurons of these kinds have no such state, whatever is declared.
            (Neuron::ExpSyn(_), Self::MemLeak) => false,
            (_, Self::AhpLeak | Self::Threshold | Self::Bias | Self::AhpWeight) => false,
        }
    }

    /// Returns the values that it can take in a layer; those of a leak depend on its unit.
    pub fn range(self, layer: &Layer) -> Range {
        match self {
            Self::MemLeak | Self::SynLeak | Self::AhpLeak => {
                self.leak(layer).map_or(LeakUnit::TimeConstant, |leak| leak.unit).range()
            }
            // Engines divide by thresholds in f32.
            Self::Threshold => Range {
                allows: |x| x > 0.0 && (x as f32).is_normal(),
                rule: "choose a threshold greater than 0; a neuron spikes when its membrane potential reaches it",
            },
            Self::Bias => Range { allows: |_| true, rule: "choose a bias that is finite" },
            Self::AhpWeight => Range { allows: |_| true, rule: "choose a weight that is finite" },
        }
    }
}
