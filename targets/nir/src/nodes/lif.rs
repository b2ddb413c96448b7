//! `LIF`: `tau v' = (v_leak - v) + r I`; a spike if `v > v_threshold`, which resets `v`.

use synnet_ir::graph::Neuron;

use super::Fields;
use super::neuron::{Draft, Readout, Spiking, combine, gain_note, parameter};
use crate::dialect::Rules;
use crate::model::{Array, Node};
use crate::report::Report;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lif {
    pub(crate) tau: Vec<f64>,
    pub(crate) r: Vec<f64>,
    pub(crate) v_leak: Vec<f64>,
    pub(crate) v_threshold: Vec<f64>,
    pub(crate) v_reset: Option<Vec<f64>>,
}

pub(super) fn read(fields: &mut Fields<'_>) -> Option<Lif> {
    let tau = fields.per_neuron("tau", |x| x > 0.0, "write time constants longer than 0 seconds");
    let r = fields.per_neuron("r", |_| true, "");
    let v_leak = fields.per_neuron("v_leak", |_| true, "");
    let v_threshold = fields.per_neuron("v_threshold", |_| true, "");
    let v_reset = fields.optional_per_neuron("v_reset");
    let node = Lif { tau: tau?, r: r?, v_leak: v_leak?, v_threshold: v_threshold?, v_reset: v_reset? };
    let reset = node.v_reset.as_ref().map_or(1, Vec::len);
    fields.same_length(&[
        ("tau", node.tau.len()),
        ("r", node.r.len()),
        ("v_leak", node.v_leak.len()),
        ("v_threshold", node.v_threshold.len()),
        ("v_reset", reset),
    ])?;
    Some(node)
}

impl Lif {
    /// Returns the number of values of the longest field.
    pub(crate) fn len(&self) -> usize {
        let reset = self.v_reset.as_ref().map_or(1, Vec::len);
        [self.tau.len(), self.r.len(), self.v_leak.len(), self.v_threshold.len(), reset]
            .into_iter()
            .max()
            .unwrap_or(1)
    }

    pub(crate) fn draft(&self, name: &str, rules: &Rules, report: &mut Report) -> Option<Draft> {
        let place = format!("node `{name}` (LIF)");
        let v_reset = self.v_reset.as_deref();
        let mut lif =
            rules.spiking(&Spiking { place: &place, v_threshold: &self.v_threshold, v_reset }, report)?;
        lif.mem = Some(rules.decay(&self.tau, "tau", &place, report)?.or_tiny());
        let shift = rules.shift(v_reset);
        lif.bias = parameter(combine([&self.tau, &self.v_leak, &shift], |[tau, v_leak, shift]| {
            rules.leak_current(tau, v_leak - shift)
        }));
        let gain = combine([&self.tau, &self.r], |[tau, r]| rules.gain(tau, r));
        let notes = gain_note(&gain, "r * dt / tau").into_iter().collect();
        Some(Draft { neuron: Neuron::Lif(lif), gain, constant: Vec::new(), readout: Readout::Spikes, notes })
    }

    pub(crate) fn to_node(&self) -> Node {
        let node = Node::new("LIF")
            .with("tau", Array::vector(self.tau.iter().copied()))
            .with("r", Array::vector(self.r.iter().copied()))
            .with("v_leak", Array::vector(self.v_leak.iter().copied()))
            .with("v_threshold", Array::vector(self.v_threshold.iter().copied()));
        match &self.v_reset {
            Some(v_reset) => node.with("v_reset", Array::vector(v_reset.iter().copied())),
            None => node,
        }
    }
}
