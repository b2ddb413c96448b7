//! The rules of fan-out: every hidden neuron has a list of hidden targets, and all lists share one memory.
//!
//! An entry holds a target and its weights for all synapses. So two connections between the same two neurons take one
//! entry, and a source that reaches a sum through its alias target takes none.

use synnet_ir::graph::{Connection, Endpoint};
use synnet_ir::{Diagnostic, Diagnostics, Graph, Span};

use crate::budget;
use crate::chip::Chip;
use crate::codes;
use crate::float_specification::MappedLayer;
use crate::layout::{Block, Layout};
use crate::specification::Dimensions;

/// Checks fan-out with every connection counted in full.
pub(super) fn of_structure(graph: &Graph, chip: &Chip, layout: &Layout) -> Diagnostics {
    let mut found = Diagnostics::new();
    let blocks: Vec<_> = layout.recurrent_blocks().collect();
    // Sizes come from the user, so products saturate instead of overflowing.
    let entries = |block: &Block| graph.width(block.source).saturating_mul(block.fan_out(graph));
    for ((id, layer), fan_out) in graph.layers_with_ids().zip(layout.fan_outs(graph)) {
        if fan_out <= chip.fan_out.per_neuron {
            continue;
        }
        let own: Vec<_> = blocks.iter().filter(|block| block.source == Endpoint::Layer(id)).collect();
        let targets: Vec<String> =
            own.iter().map(|b| format!("`{}` ({})", graph.layer(b.target).name, b.fan_out(graph))).collect();
        // `rev`, because `max_by_key` returns the last of equal elements and the first one should be named.
        let largest = own.iter().rev().max_by_key(|block| block.fan_out(graph));
        let message = format!(
            "each neuron of `{}` has {fan_out} hidden targets; {} allows {}",
            layer.name, chip.title, chip.fan_out.per_neuron
        );
        let help = format!("make the target layers smaller: {}{PRUNE}", targets.join(", "));
        found.push(
            Diagnostic::error(
                &codes::FAN_OUT,
                largest.map_or(layer.span, |block| connection(graph, block)),
                message,
            )
            .with_label(format!("{} too many", fan_out - chip.fan_out.per_neuron))
            .with_help(help),
        );
    }
    let total = blocks.iter().map(&entries).fold(0, usize::saturating_add);
    let heaviest = blocks.iter().rev().max_by_key(|block| entries(block));
    if let Some(block) = heaviest
        && total > chip.fan_out.total
    {
        let message = format!(
            "{total} connections between hidden neurons; the memory of {} holds {}",
            chip.title, chip.fan_out.total
        );
        let (source, target) = (graph.endpoint_name(block.source), &graph.layer(block.target).name);
        let label = format!("`{source}` to `{target}` takes {}", entries(block));
        let help = format!("make hidden layers smaller: the product of neighboring sizes counts{PRUNE}");
        found.push(
            Diagnostic::error(&codes::TOTAL_FAN_OUT, connection(graph, block), message)
                .with_label(label)
                .with_help(help),
        );
    }
    found
}

const PRUNE: &str = "; or prune: `snnc build` counts only nonzero weights";

/// Returns the span of the connection that a block comes from. In an instance of the standard library, a connection has
/// the span of the whole instance, and a layer that of an argument, which is more precise.
fn connection(graph: &Graph, block: &Block) -> Span {
    let made = |c: &&Connection| c.target == block.target && c.sources.contains(&block.source);
    let span = graph.connections.iter().find(made).map_or(graph.span, |connection| connection.span);
    let layer = graph.layer(block.target).span;
    if span.contains(layer) { layer } else { span }
}

/// Checks fan-out with only nonzero weights counted.
pub(crate) fn of_weights<T: Copy + Default + PartialEq>(
    weights_rec: &[T],
    dimensions: Dimensions,
    layers: &[MappedLayer],
    chip: &Chip,
) -> Diagnostics {
    let fan_outs = budget::fan_outs(weights_rec, dimensions);
    let mut found = Diagnostics::new();
    let mut heaviest: Option<(usize, &MappedLayer)> = None;
    for layer in layers.iter().filter(|layer| !layer.readout) {
        let own = &fan_outs[layer.ids.clone()];
        let total: usize = own.iter().sum();
        if heaviest.is_none_or(|(maximum, _)| total > maximum) {
            heaviest = Some((total, layer));
        }
        let (Some(maximum), over) =
            (own.iter().max(), own.iter().filter(|&&fan_out| fan_out > chip.fan_out.per_neuron).count())
        else {
            continue;
        };
        if over > 0 {
            let message = format!(
                "{over} of {} neurons of `{}` have up to {maximum} hidden targets with nonzero weights; {} allows {}",
                own.len(),
                layer.name,
                chip.title,
                chip.fan_out.per_neuron
            );
            found.push(
                Diagnostic::error(&codes::FAN_OUT, layer.span, message)
                    .with_help("make the target layers smaller, or prune more weights"),
            );
        }
    }
    let total: usize = fan_outs.iter().sum();
    if let Some((entries, layer)) = heaviest
        && total > chip.fan_out.total
    {
        let message = format!(
            "{total} connections between hidden neurons have nonzero weights; the memory of {} holds {}",
            chip.title, chip.fan_out.total
        );
        found.push(
            Diagnostic::error(&codes::TOTAL_FAN_OUT, layer.span, message)
                .with_label(format!("`{}` takes {entries}", layer.name))
                .with_help("make hidden layers smaller, or prune more weights"),
        );
    }
    found
}
