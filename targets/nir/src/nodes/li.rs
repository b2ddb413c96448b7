//! `LI`: `tau v' = (v_leak - v) + r I`, a leaky integrator without spikes.

use synnet_ir::graph::{ExpSyn, Leak, Neuron};

use super::Fields;
use super::neuron::{Decay, Draft, Readout, combine, gain_note};
use crate::dialect::Rules;
use crate::model::{Array, Node};
use crate::report::Report;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Li {
    pub(crate) tau: Vec<f64>,
    pub(crate) r: Vec<f64>,
    pub(crate) v_leak: Vec<f64>,
}

pub(super) fn read(fields: &mut Fields<'_>) -> Option<Li> {
    let tau = fields.per_neuron("tau", |x| x > 0.0, "write time constants longer than 0 seconds");
    let r = fields.per_neuron("r", |_| true, "");
    let v_leak = fields.per_neuron("v_leak", |_| true, "");
    let node = Li { tau: tau?, r: r?, v_leak: v_leak? };
    fields.same_length(&[("tau", node.tau.len()), ("r", node.r.len()), ("v_leak", node.v_leak.len())])?;
    Some(node)
}

impl Li {
    /// Returns the number of values of the longest field.
    pub(crate) fn len(&self) -> usize {
        self.tau.len().max(self.r.len()).max(self.v_leak.len())
    }

    pub(crate) fn draft(&self, name: &str, rules: &Rules, report: &mut Report) -> Option<Draft> {
        let place = format!("node `{name}` (LI)");
        let syn = match rules.decay(&self.tau, "tau", &place, report)? {
            Decay::Leak(leak) => Some(leak),
            Decay::Nothing => None,
        };
        // An input decays in its own step here, which the weights undo.
        let undo = undo_decay(rules, syn.as_ref());
        let scaled = combine([&self.tau, &self.r], |[tau, r]| rules.gain(tau, r));
        let gain = combine([&scaled, &undo], |[gain, undo]| gain * undo);
        let constant = combine([&self.tau, &self.v_leak, &undo], |[tau, v_leak, undo]| {
            rules.leak_current(tau, v_leak) * undo
        });
        let constant = if constant.iter().all(|&c| c == 0.0) { Vec::new() } else { constant };
        let notes = gain_note(&gain, "r * dt / tau / beta");
        let neuron = Neuron::ExpSyn(ExpSyn { syn });
        Some(Draft { neuron, gain, constant, readout: Readout::Current, notes: notes.into_iter().collect() })
    }

    pub(crate) fn to_node(&self) -> Node {
        Node::new("LI")
            .with("tau", Array::vector(self.tau.iter().copied()))
            .with("r", Array::vector(self.r.iter().copied()))
            .with("v_leak", Array::vector(self.v_leak.iter().copied()))
    }
}

/// Returns the factors that undo the decay of an input in its own step: 1 for Rockpool, which decays it too.
pub(super) fn undo_decay(rules: &Rules, leak: Option<&Leak>) -> Vec<f64> {
    match leak {
        Some(leak) if !rules.dialect.decays_input() => {
            let values = &leak.parameter.values;
            (0..values.len()).map(|i| 1.0 / f64::from(leak.decay(i, rules.dt) as f32)).collect()
        }
        _ => vec![1.0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_one_value_serve_all_neurons() {
        assert_eq!(combine([&[2.0], &[1.0, 3.0]], |[a, b]| a * b), [2.0, 6.0]);
    }
}
