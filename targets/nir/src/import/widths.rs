//! Widths: how many values each node takes and sends. Nodes with one value per field get theirs from their neighbors.

use synnet_ir::display::pluralize;

use super::flat::Flat;
use crate::codes;
use crate::nodes::Primitive;
use crate::report::Report;

/// The number of values that each node takes, and that it sends.
#[derive(Clone, Debug)]
pub(crate) struct Widths {
    pub(crate) inputs: Vec<usize>,
    pub(crate) outputs: Vec<usize>,
}

/// Determines the widths of all nodes. Reports edges whose ends disagree.
pub(crate) fn widths(flat: &Flat, report: &mut Report) -> Option<Widths> {
    let mut known: Vec<(Option<usize>, Option<usize>)> =
        flat.nodes.iter().map(|node| (node.primitive.inputs(), node.primitive.outputs())).collect();
    repair_ports(flat, &mut known, report);
    spread(flat, &mut known);
    let widths = Widths {
        inputs: known.iter().map(|(inputs, _)| inputs.unwrap_or(1)).collect(),
        outputs: known.iter().map(|(_, outputs)| outputs.unwrap_or(1)).collect(),
    };
    for (i, node) in flat.nodes.iter().enumerate() {
        for &target in &node.targets {
            let (sends, takes) = (widths.outputs[i], widths.inputs[target]);
            if sends != takes {
                let (from, to) = (&node.name, &flat.nodes[target].name);
                let message = format!(
                    "node `{from}` ({}) sends {sends} values, but `{to}` ({}) takes {takes}",
                    node.kind, flat.nodes[target].kind
                );
                report.error(&codes::EDGE, message, "make the shapes of their fields agree");
            }
        }
    }
    (!report.has_errors()).then_some(widths)
}

/// Drops the shape of an end that disagrees with the neighbors, if these agree with each other: some tools count batch axes
/// and time steps.
fn repair_ports(flat: &Flat, known: &mut [(Option<usize>, Option<usize>)], report: &mut Report) {
    let mut others = known.to_vec();
    for (i, node) in flat.nodes.iter().enumerate() {
        if matches!(node.primitive, Primitive::Input(_) | Primitive::Output(_) | Primitive::Pass(_)) {
            others[i] = (None, None);
        }
    }
    spread(flat, &mut others);
    for (i, node) in flat.nodes.iter().enumerate() {
        let (Primitive::Input(port) | Primitive::Output(port) | Primitive::Pass(port)) = &node.primitive
        else {
            continue;
        };
        let (Some(declared), Some(needed)) = (port.width_in(), others[i].0) else { continue };
        if declared != needed && port.shape.contains(&needed) {
            let message = format!(
                "node `{}` ({}) has the shape {:?}, but its neighbors have {needed} values",
                node.name, node.kind, port.shape
            );
            report.warning(&codes::REPAIRED, message, "the other axes are taken for batch and time");
            known[i] = (None, None);
        } else if declared == needed && port.shape.len() > 1 {
            let message = format!("node `{}` ({}) has the shape {:?}", node.name, node.kind, port.shape);
            report.warning(
                &codes::REPAIRED,
                message,
                format!("it is read as {} in row-major order", pluralize(needed, "value")),
            );
        }
    }
}

/// Passes widths along edges, in both directions, until nothing changes.
fn spread(flat: &Flat, known: &mut [(Option<usize>, Option<usize>)]) {
    let mut waiting: Vec<usize> = (0..flat.nodes.len()).collect();
    while let Some(i) = waiting.pop() {
        let node = &flat.nodes[i];
        let is_affine = matches!(node.primitive, Primitive::Affine(_));
        let before = known[i];
        if !is_affine {
            let from_neighbors = || {
                let sent = node.sources.iter().find_map(|&source| known[source].1);
                sent.or_else(|| node.targets.iter().find_map(|&target| known[target].0))
            };
            let width = known[i].0.or(known[i].1).or_else(from_neighbors);
            known[i] = (width, width);
        }
        if known[i] != before {
            waiting.extend(node.sources.iter().chain(&node.targets));
        }
    }
}
