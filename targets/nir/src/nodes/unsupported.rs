//! Nodes without equivalent: convolutions, pooling, neurons without state. They are refused, all at once.

use crate::codes;
use crate::model::Node;
use crate::report::Report;

/// Kinds of nodes that the format defines and that have no equivalent, with the reason.
const UNSUPPORTED: [(&str, &str); 6] = [
    ("Conv1d", "a convolution"),
    ("Conv2d", "a convolution"),
    ("SumPool2d", "pooling"),
    ("AvgPool2d", "pooling"),
    ("Threshold", "a neuron without state"),
    ("ConvTranspose2d", "a convolution"),
];

/// Kinds that are imported, for suggestions.
const SUPPORTED: [&str; 13] = [
    "Input", "Output", "Affine", "Linear", "Scale", "Delay", "Flatten", "IF", "I", "LIF", "LI", "CubaLIF",
    "CubaLI",
];

pub(super) fn is_unsupported(kind: &str) -> bool {
    UNSUPPORTED.iter().any(|(known, _)| *known == kind)
}

pub(super) fn report(name: &str, node: &Node, report: &mut Report) {
    let reason = UNSUPPORTED.iter().find(|(kind, _)| *kind == node.kind).map_or("", |(_, reason)| reason);
    let message = format!("node `{name}` ({}) has no equivalent: it is {reason}", node.kind);
    let help = if reason == "a convolution" {
        "replace it by a dense layer before the export"
    } else {
        "remove it before the export"
    };
    report.error(&codes::UNSUPPORTED_NODE, message, help);
}

pub(super) fn report_unknown(name: &str, node: &Node, report: &mut Report) {
    let message = format!("node `{name}` is of the unknown kind `{}`", node.kind);
    let help = match synnet_ir::nearest(&node.kind, SUPPORTED) {
        Some(near) => synnet_ir::did_you_mean(near),
        None => format!("use one of the kinds {}", SUPPORTED.join(", ")),
    };
    report.error(&codes::UNSUPPORTED_NODE, message, help);
}
