//! The layers: one for each neuron node, in the order of update.

use super::flat::Flat;
use super::widths::Widths;
use crate::codes;
use crate::dialect::Rules;
use crate::nodes::{Draft, Primitive, Readout};
use crate::report::{Report, listed};

/// A neuron node as a layer.
#[derive(Clone, Debug)]
pub(super) struct ReadLayer {
    /// Index of the node.
    pub(super) node: usize,
    /// Place of the node in the order of update.
    pub(super) position: usize,
    pub(super) size: usize,
    pub(super) draft: Draft,
}

/// Returns the layers of all neuron nodes, in the order of update.
pub(super) fn layers(
    flat: &Flat,
    widths: &Widths,
    order: &[usize],
    rules: &Rules,
    report: &mut Report,
) -> Option<Vec<ReadLayer>> {
    let mut layers = Vec::new();
    for (position, &node) in order.iter().enumerate() {
        let flat_node = &flat.nodes[node];
        if !flat_node.primitive.is_neuron() {
            continue;
        }
        if flat_node.sources.is_empty() {
            let message = format!("node `{}` ({}) has no input", flat_node.name, flat_node.kind);
            report.error(&codes::EDGE, message, "add an edge into it, or remove the node");
            continue;
        }
        let Some(mut draft) = draft(&flat_node.primitive, &flat_node.name, rules, report) else { continue };
        apply_settings(&mut draft, flat_node.settings);
        if draft.readout == Readout::Membrane && flat_node.targets != [flat.output] {
            let message = format!(
                "node `{}` ({}) sends a membrane potential to other nodes",
                flat_node.name, flat_node.kind
            );
            report.error(
                &codes::UNSUPPORTED_NODE,
                message,
                "connect it to the output only, or use `LI`, which sends a current",
            );
        }
        layers.push(ReadLayer { node, position, size: widths.outputs[node], draft });
    }
    let folded: Vec<&str> = layers
        .iter()
        .filter(|layer| !layer.draft.notes.is_empty())
        .map(|layer| flat.nodes[layer.node].name.as_str())
        .collect();
    if !folded.is_empty() {
        let message = format!("gains of the input are folded into the weights: {}", listed(folded));
        report.warning(&codes::FOLDED, message, "the comments in the network file have the numbers");
    }
    (!report.has_errors()).then_some(layers)
}

fn draft(primitive: &Primitive, name: &str, rules: &Rules, report: &mut Report) -> Option<Draft> {
    match primitive {
        Primitive::If(node) => node.draft(name, rules, report),
        Primitive::I(node) => node.draft(name, rules, report),
        Primitive::Lif(node) => node.draft(name, rules, report),
        Primitive::Li(node) => node.draft(name, rules, report),
        Primitive::CubaLif(node) => node.draft(name, rules, report),
        Primitive::CubaLi(node) => node.draft(name, rules, report),
        Primitive::Input(_)
        | Primitive::Output(_)
        | Primitive::Pass(_)
        | Primitive::Affine(_)
        | Primitive::Scale(_)
        | Primitive::Delay(_) => None,
    }
}

/// Applies what the metadata of the node says in place of what the dialect implies.
fn apply_settings(draft: &mut Draft, settings: crate::metadata::NodeSettings) {
    use synnet_ir::graph::{Neuron, Reset};
    let Neuron::Lif(lif) = &mut draft.neuron else { return };
    if draft.readout != Readout::Spikes {
        return;
    }
    if let Some(reset) = settings.reset {
        lif.reset = reset;
    }
    if let Some(max_spikes) = settings.max_spikes {
        lif.max_spikes = max_spikes;
    }
    if lif.reset == Reset::Zero {
        lif.max_spikes = 1;
    }
}
