//! `CubaLIF`: `tau_syn I' = -I + w_in S` and `tau_mem v' = (v_leak - v) + r I`; a spike if `v > v_threshold`.
//!
//! In one step of forward Euler, the current is updated first, and the membrane sees its new value.

use synnet_ir::graph::Neuron;

use super::Fields;
use super::li::undo_decay;
use super::neuron::{Decay, Draft, Readout, Spiking, combine, gain_note, parameter};
use crate::dialect::Rules;
use crate::model::{Array, Node};
use crate::report::Report;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CubaLif {
    pub(crate) tau_syn: Vec<f64>,
    pub(crate) tau_mem: Vec<f64>,
    pub(crate) r: Vec<f64>,
    pub(crate) v_leak: Vec<f64>,
    pub(crate) v_threshold: Vec<f64>,
    pub(crate) v_reset: Option<Vec<f64>>,
    /// Gain of the input; `None`, if the file has none, is 1.
    pub(crate) w_in: Option<Vec<f64>>,
}

pub(super) fn read(fields: &mut Fields<'_>) -> Option<CubaLif> {
    let rule = "write time constants longer than 0 seconds";
    let tau_syn = fields.per_neuron("tau_syn", |x| x > 0.0, rule);
    let tau_mem = fields.per_neuron("tau_mem", |x| x > 0.0, rule);
    let r = fields.per_neuron("r", |_| true, "");
    let v_leak = fields.per_neuron("v_leak", |_| true, "");
    let v_threshold = fields.per_neuron("v_threshold", |_| true, "");
    let v_reset = fields.optional_per_neuron("v_reset");
    let w_in = fields.optional_per_neuron("w_in");
    let node = CubaLif {
        tau_syn: tau_syn?,
        tau_mem: tau_mem?,
        r: r?,
        v_leak: v_leak?,
        v_threshold: v_threshold?,
        v_reset: v_reset?,
        w_in: w_in?,
    };
    fields.same_length(&node.lengths())?;
    Some(node)
}

impl CubaLif {
    /// Returns the number of values of each field; 1 for a field that the file does not have.
    pub(super) fn lengths(&self) -> [(&'static str, usize); 7] {
        [
            ("tau_syn", self.tau_syn.len()),
            ("tau_mem", self.tau_mem.len()),
            ("r", self.r.len()),
            ("v_leak", self.v_leak.len()),
            ("v_threshold", self.v_threshold.len()),
            ("v_reset", self.v_reset.as_ref().map_or(1, Vec::len)),
            ("w_in", self.w_in.as_ref().map_or(1, Vec::len)),
        ]
    }

    /// Returns the number of values of the longest field.
    pub(crate) fn len(&self) -> usize {
        self.lengths().iter().map(|(_, len)| *len).max().unwrap_or(1)
    }

    /// Returns the gain of the input.
    pub(crate) fn w_in(&self) -> &[f64] {
        self.w_in.as_deref().unwrap_or(&[1.0])
    }

    pub(crate) fn draft(&self, name: &str, rules: &Rules, report: &mut Report) -> Option<Draft> {
        let place = format!("node `{name}` (CubaLIF)");
        let v_reset = self.v_reset.as_deref();
        let mut lif =
            rules.spiking(&Spiking { place: &place, v_threshold: &self.v_threshold, v_reset }, report)?;
        let syn = rules.decay(&self.tau_syn, "tau_syn", &place, report);
        let mem = rules.decay(&self.tau_mem, "tau_mem", &place, report);
        lif.syn = match syn? {
            Decay::Leak(leak) => Some(leak),
            Decay::Nothing => None,
        };
        lif.mem = Some(mem?.or_tiny());
        let shift = rules.shift(v_reset);
        lif.bias = parameter(combine([&self.tau_mem, &self.v_leak, &shift], |[tau, v_leak, shift]| {
            rules.leak_current(tau, v_leak - shift)
        }));
        let current = combine([&self.tau_syn, self.w_in()], |[tau, w_in]| rules.gain(tau, w_in));
        let membrane = combine([&self.tau_mem, &self.r], |[tau, r]| rules.gain(tau, r));
        let gain =
            combine([&current, &membrane, &undo_decay(rules, lif.syn.as_ref())], |[a, b, undo]| a * b * undo);
        let formula = "w_in * dt / tau_syn * r * dt / tau_mem / beta";
        let notes = gain_note(&gain, formula).into_iter().collect();
        Some(Draft { neuron: Neuron::Lif(lif), gain, constant: Vec::new(), readout: Readout::Spikes, notes })
    }

    pub(crate) fn to_node(&self) -> Node {
        let mut node = Node::new("CubaLIF")
            .with("tau_syn", Array::vector(self.tau_syn.iter().copied()))
            .with("tau_mem", Array::vector(self.tau_mem.iter().copied()))
            .with("r", Array::vector(self.r.iter().copied()))
            .with("v_leak", Array::vector(self.v_leak.iter().copied()))
            .with("v_threshold", Array::vector(self.v_threshold.iter().copied()));
        for (name, values) in [("v_reset", &self.v_reset), ("w_in", &self.w_in)] {
            if let Some(values) = values {
                node = node.with(name, Array::vector(values.iter().copied()));
            }
        }
        node
    }
}
