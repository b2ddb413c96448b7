//! `CubaLI`: `tau_syn I' = -I + w_in S` and `tau_mem v' = (v_leak - v) + r I`, without spikes. Its potential can be the
//! output of a network, as that of a readout.

use synnet_ir::graph::{Neuron, Reset};

use super::Fields;
use super::cuba_lif::CubaLif;
use super::neuron::{Draft, Readout, UNREACHABLE, parameter};
use crate::dialect::Rules;
use crate::model::Node;
use crate::report::Report;

/// The neuron without its threshold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CubaLi(pub(crate) CubaLif);

pub(super) fn read(fields: &mut Fields<'_>) -> Option<CubaLi> {
    let rule = "write time constants longer than 0 seconds";
    let tau_syn = fields.per_neuron("tau_syn", |x| x > 0.0, rule);
    let tau_mem = fields.per_neuron("tau_mem", |x| x > 0.0, rule);
    let r = fields.per_neuron("r", |_| true, "");
    let v_leak = fields.per_neuron("v_leak", |_| true, "");
    let w_in = fields.optional_per_neuron("w_in");
    let node = CubaLif {
        tau_syn: tau_syn?,
        tau_mem: tau_mem?,
        r: r?,
        v_leak: v_leak?,
        v_threshold: vec![UNREACHABLE],
        v_reset: None,
        w_in: w_in?,
    };
    fields.same_length(&node.lengths())?;
    Some(CubaLi(node))
}

impl CubaLi {
    /// Returns the number of values of the longest field.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn draft(&self, name: &str, rules: &Rules, report: &mut Report) -> Option<Draft> {
        let mut draft = self.0.draft(name, rules, report)?;
        if let Neuron::Lif(lif) = &mut draft.neuron {
            (lif.reset, lif.max_spikes, lif.threshold) = (Reset::Subtract, 1, parameter(vec![UNREACHABLE]));
        }
        draft.readout = Readout::Membrane;
        Some(draft)
    }

    pub(crate) fn to_node(&self) -> Node {
        let mut node = self.0.to_node();
        node.kind = "CubaLI".to_owned();
        node.fields.remove("v_threshold");
        node.fields.remove("v_reset");
        node
    }
}
