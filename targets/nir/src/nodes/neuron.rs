//! What neurons have in common: decays, thresholds and resets by the rules of a dialect.

use synnet_ir::display::format_time_rounded;
use synnet_ir::graph::{Leak, LeakUnit, Lif, LifSpans, Neuron, Parameter, Reset, Surrogate, SurrogateKind};

use crate::codes;
use crate::dialect::{Dialect, Rules};
use crate::report::Report;

/// The threshold of a membrane that does not spike: SynNet's for readouts (Rockpool's `SynNet`).
pub(crate) const UNREACHABLE: f64 = 32767.0;

/// A node as a layer, before its connections are known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draft {
    pub(crate) neuron: Neuron,
    /// Factors of the input: one, or one per neuron.
    pub(crate) gain: Vec<f64>,
    /// Constants that are added to the input, after the gain: one, or one per neuron; empty for none.
    pub(crate) constant: Vec<f64>,
    /// What the node sends.
    pub(crate) readout: Readout,
    /// Sentences about what was folded, for the layer's documentation.
    pub(crate) notes: Vec<String>,
}

/// What a node sends to the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readout {
    Spikes,
    Current,
    /// A membrane potential, which only the output of a network can be.
    Membrane,
}

/// One value of a parameter for all neurons, or one for each.
pub(crate) fn at(values: &[f64], i: usize) -> f64 {
    if values.len() == 1 { values[0] } else { values[i] }
}

/// Combines parameters of one value or of one per neuron.
pub(crate) fn combine<const N: usize>(lists: [&[f64]; N], f: impl Fn([f64; N]) -> f64) -> Vec<f64> {
    let len = lists.iter().map(|list| list.len()).max().unwrap_or(1);
    (0..len).map(|i| f(lists.map(|list| at(list, i)))).collect()
}

/// Returns one value for equal ones.
pub(crate) fn collapsed(values: Vec<f64>) -> Vec<f64> {
    if values.windows(2).all(|pair| pair[0] == pair[1]) { values[..1].to_vec() } else { values }
}

/// Creates a parameter from values, in the shortest decimal numbers that engines see as the same 32-bit numbers.
pub(crate) fn parameter(values: Vec<f64>) -> Parameter {
    let short = values.into_iter().map(shortest).collect();
    Parameter { values: collapsed(short), ..Parameter::uniform(0.0) }
}

fn shortest(value: f64) -> f64 {
    (value as f32).to_string().parse().unwrap_or(value)
}

/// The decay of a state per step.
pub(crate) enum Decay {
    /// The state keeps nothing: its time constant is the time step.
    Nothing,
    Leak(Leak),
}

impl Decay {
    /// Returns a leak in place of no decay at all, which membranes cannot have: it leaves less than a thousandth of a
    /// rounding error.
    pub(crate) fn or_tiny(self) -> Leak {
        match self {
            Self::Leak(leak) => leak,
            Self::Nothing => Leak { unit: LeakUnit::Decay, parameter: Parameter::uniform(1e-30) },
        }
    }
}

impl Rules {
    /// Returns the decays of a state with time constants `tau`, in seconds, or in steps for sinabs. Reports time constants
    /// below the time step.
    pub(crate) fn decay(&self, tau: &[f64], field: &str, place: &str, report: &mut Report) -> Option<Decay> {
        let time_constants = |seconds: Vec<f64>| {
            Some(Decay::Leak(Leak { unit: LeakUnit::TimeConstant, parameter: parameter(seconds) }))
        };
        match self.dialect {
            Dialect::Sinabs => return time_constants(tau.iter().map(|steps| steps * self.dt).collect()),
            Dialect::Rockpool => return time_constants(tau.to_vec()),
            Dialect::Euler | Dialect::SnnTorch | Dialect::SpikingJelly | Dialect::Spyx | Dialect::Norse => {}
        }
        // In 32 bits, as the engines see them: a decay that rounds to 0 keeps nothing.
        let decays: Vec<f64> = tau.iter().map(|tau| shortest(1.0 - self.dt / tau)).collect();
        let is_zero = |decay: f64| decay.abs() < 1e-6;
        if decays.iter().all(|&decay| is_zero(decay)) {
            return Some(Decay::Nothing);
        }
        if let Some(i) = decays.iter().position(|&decay| decay < 1e-6) {
            let (tau, dt) = (format_time_rounded(tau[i]), format_time_rounded(self.dt));
            let message = format!(
                "field `{field}` of {place} holds {tau}, which is not longer than the time step of {dt}"
            );
            report.error(
                &codes::NODE_FIELD,
                message,
                "choose a shorter step with `--dt`, or longer time constants",
            );
            return None;
        }
        if decays.iter().any(|&decay| decay >= 1.0) {
            let message = format!("field `{field}` of {place} is so long that nothing leaks at 32 bits");
            report.error(&codes::NODE_FIELD, message, "write an `IF` node in place of it");
            return None;
        }
        Some(Decay::Leak(Leak { unit: LeakUnit::Decay, parameter: parameter(decays) }))
    }

    /// Returns the factor of the input of a first-order state: that of forward Euler, or 1 for tools that scale by weights.
    pub(crate) fn gain(&self, tau: f64, r: f64) -> f64 {
        match self.dialect {
            Dialect::Euler | Dialect::SnnTorch | Dialect::SpikingJelly | Dialect::Norse => r * self.dt / tau,
            Dialect::Sinabs | Dialect::Spyx | Dialect::Rockpool => 1.0,
        }
    }

    /// Returns the constant that a leak towards `v_leak` adds in every step.
    pub(crate) fn leak_current(&self, tau: f64, v_leak: f64) -> f64 {
        match self.dialect {
            Dialect::Euler | Dialect::SnnTorch | Dialect::SpikingJelly | Dialect::Norse => {
                v_leak * self.dt / tau
            }
            // Rockpool's importer takes it for the bias.
            Dialect::Rockpool => v_leak,
            Dialect::Sinabs | Dialect::Spyx => 0.0,
        }
    }

    /// Returns the gain of neurons without leak. Tools disagree: the equation `v' = r I` gives `dt * r`, which SpikingJelly
    /// writes as `r = 1 / dt`; the others mean that a spike adds `r`.
    pub(crate) fn integrator_gain(&self, r: f64) -> f64 {
        let euler = r * self.dt;
        if self.dialect == Dialect::SpikingJelly || (euler - 1.0).abs() < 1e-6 { euler } else { r }
    }

    /// Returns the neurons of a spiking node: reset, number of spikes and thresholds follow from the dialect.
    pub(crate) fn spiking(&self, node: &Spiking<'_>, report: &mut Report) -> Option<Lif> {
        let (reset, shift) = self.reset(node, report)?;
        let thresholds = combine([node.v_threshold, &shift], |[threshold, shift]| threshold - shift);
        if let Some(value) = thresholds.iter().find(|&&value| value <= 0.0 || !(value as f32).is_normal()) {
            let message = format!("field `v_threshold` of {} is {value} above `v_reset`", node.place);
            report.error(&codes::NODE_FIELD, message, "write thresholds greater than `v_reset`");
            return None;
        }
        let thresholds = thresholds.into_iter().map(|value| self.threshold(value)).collect();
        Some(Lif {
            synapses: 1,
            mem: None,
            syn: None,
            threshold: parameter(thresholds),
            bias: Parameter::uniform(0.0),
            noise_std: 0.0,
            reset,
            max_spikes: if self.dialect.spikes_several_times() && reset == Reset::Subtract {
                65536
            } else {
                1
            },
            surrogate: Surrogate { kind: SurrogateKind::PiecewiseLinear, window: 0.5 },
            adaptation: None,
            spans: LifSpans::default(),
        })
    }

    /// Returns a threshold at which a neuron spikes that is to spike above `value`: the next number of 32 bits.
    fn threshold(&self, value: f64) -> f64 {
        if self.dialect.spikes_at_threshold() { value } else { f64::from((value as f32).next_up()) }
    }

    /// Returns the kind of reset, and the potential that is taken for 0.
    fn reset(&self, node: &Spiking<'_>, report: &mut Report) -> Option<(Reset, Vec<f64>)> {
        let reset = self.reset.unwrap_or_else(|| self.dialect.reset());
        let v_reset = node.v_reset.unwrap_or(&[0.0]);
        if reset == Reset::Subtract || v_reset.iter().all(|&v| v == 0.0) {
            return Some((reset, vec![0.0]));
        }
        if self.dialect == Dialect::SpikingJelly {
            // Its neurons start from `v_reset`, so that all potentials can be counted from there.
            return Some((reset, v_reset.to_vec()));
        }
        let value = v_reset.iter().find(|&&v| v != 0.0).unwrap_or(&0.0);
        let message = format!("field `v_reset` of {} holds {value}, but spikes here reset to 0", node.place);
        let help = "shift `v_threshold` and `v_leak` by it in the tool that wrote the file; \
                    `--dialect spikingjelly` does that if the neurons start from `v_reset`";
        report.error(&codes::NODE_FIELD, message, help);
        None
    }

    /// Returns by how much potentials are shifted, so that the reset is 0.
    pub(crate) fn shift(&self, v_reset: Option<&[f64]>) -> Vec<f64> {
        match (self.dialect, self.reset.unwrap_or_else(|| self.dialect.reset()), v_reset) {
            (Dialect::SpikingJelly, Reset::Zero, Some(v_reset)) => v_reset.to_vec(),
            _ => vec![0.0],
        }
    }
}

/// The fields that all spiking nodes have.
pub(crate) struct Spiking<'a> {
    /// The node in words, for messages: "node `lif` (LIF)".
    pub(crate) place: &'a str,
    pub(crate) v_threshold: &'a [f64],
    pub(crate) v_reset: Option<&'a [f64]>,
}

/// Describes a gain that is folded into weights, unless it is 1: "the gain 0.04 (`r * dt / tau`) is in the weights".
pub(crate) fn gain_note(gain: &[f64], formula: &str) -> Option<String> {
    let low = gain.iter().copied().fold(f64::INFINITY, f64::min);
    let high = gain.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if (low - 1.0).abs() < 1e-6 && (high - 1.0).abs() < 1e-6 {
        return None;
    }
    let number = synnet_ir::display::format_number;
    let values = if (high - low).abs() <= 1e-6 * high.abs() {
        number(low)
    } else {
        format!("{} to {}", number(low), number(high))
    };
    Some(format!("The gain {values} (`{formula}`) is folded into the weights."))
}
