//! `I`: `v' = r I`, an integrator without leak and without spikes, whose potential can be the output of a network.

use synnet_ir::graph::{Neuron, Reset};

use super::Fields;
use super::neuron::{Draft, Readout, Spiking, UNREACHABLE, combine, gain_note, parameter};
use crate::dialect::Rules;
use crate::model::{Array, Node};
use crate::report::Report;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct I {
    pub(crate) r: Vec<f64>,
}

pub(super) fn read(fields: &mut Fields<'_>) -> Option<I> {
    Some(I { r: fields.per_neuron("r", |_| true, "")? })
}

impl I {
    /// Returns the number of values.
    pub(crate) fn len(&self) -> usize {
        self.r.len()
    }

    pub(crate) fn draft(&self, name: &str, rules: &Rules, report: &mut Report) -> Option<Draft> {
        let place = format!("node `{name}` (I)");
        let mut lif =
            rules.spiking(&Spiking { place: &place, v_threshold: &[UNREACHABLE], v_reset: None }, report)?;
        (lif.reset, lif.max_spikes, lif.threshold) = (Reset::Subtract, 1, parameter(vec![UNREACHABLE]));
        let gain = combine([&self.r], |[r]| rules.integrator_gain(r));
        let notes = gain_note(&gain, "r").into_iter().collect();
        Some(Draft {
            neuron: Neuron::Lif(lif),
            gain,
            constant: Vec::new(),
            readout: Readout::Membrane,
            notes,
        })
    }

    pub(crate) fn to_node(&self) -> Node {
        Node::new("I").with("r", Array::vector(self.r.iter().copied()))
    }
}
