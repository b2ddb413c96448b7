//! `IF`: `v' = r I`; a spike if `v > v_threshold`, which resets `v`.

use synnet_ir::graph::Neuron;

use super::Fields;
use super::neuron::{Draft, Readout, Spiking, combine, gain_note};
use crate::dialect::Rules;
use crate::model::{Array, Node};
use crate::report::Report;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct If {
    pub(crate) r: Vec<f64>,
    pub(crate) v_threshold: Vec<f64>,
    pub(crate) v_reset: Option<Vec<f64>>,
}

pub(super) fn read(fields: &mut Fields<'_>) -> Option<If> {
    let r = fields.per_neuron("r", |_| true, "");
    let v_threshold = fields.per_neuron("v_threshold", |_| true, "");
    let v_reset = fields.optional_per_neuron("v_reset");
    let node = If { r: r?, v_threshold: v_threshold?, v_reset: v_reset? };
    let reset = node.v_reset.as_ref().map_or(1, Vec::len);
    fields.same_length(&[
        ("r", node.r.len()),
        ("v_threshold", node.v_threshold.len()),
        ("v_reset", reset),
    ])?;
    Some(node)
}

impl If {
    /// Returns the number of values of the longest field.
    pub(crate) fn len(&self) -> usize {
        let reset = self.v_reset.as_ref().map_or(1, Vec::len);
        [self.r.len(), self.v_threshold.len(), reset].into_iter().max().unwrap_or(1)
    }

    pub(crate) fn draft(&self, name: &str, rules: &Rules, report: &mut Report) -> Option<Draft> {
        let place = format!("node `{name}` (IF)");
        let v_reset = self.v_reset.as_deref();
        let lif =
            rules.spiking(&Spiking { place: &place, v_threshold: &self.v_threshold, v_reset }, report)?;
        let gain = combine([&self.r], |[r]| rules.integrator_gain(r));
        let notes = gain_note(&gain, "r").into_iter().collect();
        Some(Draft { neuron: Neuron::Lif(lif), gain, constant: Vec::new(), readout: Readout::Spikes, notes })
    }

    pub(crate) fn to_node(&self) -> Node {
        let node = Node::new("IF")
            .with("r", Array::vector(self.r.iter().copied()))
            .with("v_threshold", Array::vector(self.v_threshold.iter().copied()));
        match &self.v_reset {
            Some(v_reset) => node.with("v_reset", Array::vector(v_reset.iter().copied())),
            None => node,
        }
    }
}
