//! Rules of sizes: channels, neurons and synapses.

use synnet_ir::{Code, Diagnostic, Diagnostics, Graph, Span};

use crate::chip::Chip;
use crate::codes;
use crate::layout::{Layout, Role};
use crate::specification::{Dimensions, MAX_NEURONS};

/// A hidden layer, with the number of its neurons that are placed on the chip.
pub(crate) struct HiddenLayer<'a> {
    pub(crate) name: &'a str,
    pub(crate) role: Role,
    pub(crate) size: usize,
    pub(crate) span: Span,
}

impl<'a> HiddenLayer<'a> {
    /// Returns all hidden layers of a graph, with all their neurons.
    pub(crate) fn from_graph(graph: &'a Graph, layout: &Layout) -> Vec<Self> {
        let layers = layout.hidden.iter().map(|placed| {
            let layer = graph.layer(placed.layer);
            Self { name: &layer.name, role: placed.role, size: layer.size, span: layer.span }
        });
        layers.collect()
    }
}

/// Returns an error for every kind of channel or neuron of which the network has too many.
pub(crate) fn check(graph: &Graph, chip: &Chip, d: Dimensions, hidden: &[HiddenLayer<'_>]) -> Diagnostics {
    let mut found = Diagnostics::new();
    let mut limit =
        |code: &'static Code, what: &str, used: usize, allowed: usize, help: String, span: Span| {
            // The description of a custom chip may promise more than a specification can hold.
            let allowed = allowed.min(MAX_NEURONS);
            if used > allowed {
                let message = format!("{used} {what}; {} has {allowed}", chip.title);
                let label = format!("{} too many", used - allowed);
                found.push(Diagnostic::error(code, span, message).with_label(label).with_help(help));
            }
        };
    let readout = graph.layer(graph.output.layer);
    let listed = |chosen: &dyn Fn(Role) -> bool| list(hidden.iter().filter(|layer| chosen(layer.role)));
    let largest = |chosen: &dyn Fn(Role) -> bool| {
        // `rev`, because `max_by_key` returns the last of equal elements and the first one should be named.
        let layers = hidden.iter().filter(|layer| chosen(layer.role)).rev();
        layers.max_by_key(|layer| layer.size).map_or(graph.span, |layer| layer.span)
    };
    limit(
        &codes::TOO_MANY_INPUTS,
        "input channels",
        d.inputs,
        chip.inputs,
        "use fewer channels".into(),
        graph.input.span,
    );
    limit(
        &codes::TOO_MANY_OUTPUTS,
        "readout neurons",
        d.outputs,
        chip.outputs,
        format!("make `{}` smaller", readout.name),
        readout.span,
    );
    limit(
        &codes::TOO_MANY_HIDDEN,
        "hidden neurons",
        d.hidden,
        chip.hidden,
        format!("make layers smaller: {}", listed(&|_| true)),
        largest(&|_| true),
    );
    limit(
        &codes::TOO_MANY_INPUT_NEURONS,
        "hidden neurons receive input",
        d.input_expansion,
        chip.input_expansion,
        format!("make the layers that receive input smaller: {}", listed(&Role::receives_input)),
        largest(&Role::receives_input),
    );
    limit(
        &codes::TOO_MANY_OUTPUT_NEURONS,
        "hidden neurons feed the readout",
        d.output_expansion,
        chip.output_expansion,
        help_for_readout(&readout.name, hidden),
        largest(&Role::feeds_readout),
    );
    found
}

/// Returns which layers count as feeding the readout: weights exist for a contiguous range of ids, so all layers from
/// the first that feeds it do.
fn help_for_readout(readout: &str, hidden: &[HiddenLayer<'_>]) -> String {
    let first = hidden.iter().position(|layer| layer.role.feeds_readout()).unwrap_or(0);
    let (feeding, between): (Vec<_>, Vec<_>) =
        hidden[first..].iter().partition(|layer| layer.role.feeds_readout());
    let mut help = format!("make the layers that feed `{readout}` smaller: {}", list(feeding));
    if !between.is_empty() {
        help.push_str(&format!("; layers between them count, too: {}", list(between)));
    }
    help
}

/// Maximum number of layers that a help names.
const MAX_NAMED: usize = 8;

/// Lists layers with their sizes, at most [`MAX_NAMED`] of them.
fn list<'a>(layers: impl IntoIterator<Item = &'a HiddenLayer<'a>>) -> String {
    let mut layers = layers.into_iter();
    let named = layers.by_ref().take(MAX_NAMED).map(|layer| format!("`{}` ({})", layer.name, layer.size));
    let mut text = named.collect::<Vec<_>>().join(", ");
    let more = layers.count();
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

/// Returns an error for every layer whose neurons have more synapses than the chip's, or than a specification can hold.
pub(super) fn synapses(graph: &Graph, chip: &Chip, layout: &Layout) -> Diagnostics {
    let mut found = Diagnostics::new();
    for (id, layer) in graph.layers_with_ids() {
        let (kind, allowed) = match id == layout.readout {
            true => ("readout", chip.synapses.readout.min(1)),
            false => ("hidden", chip.synapses.hidden.min(2)),
        };
        let used = layer.synapses();
        if used > allowed {
            let message = format!(
                "neurons of `{}` have {used} synapses; {kind} neurons of {} have {allowed}",
                layer.name, chip.title
            );
            let help = match allowed {
                1 => "use one synapse; give a second time constant a layer of its own".to_owned(),
                _ => format!("use at most {allowed}"),
            };
            found.push(Diagnostic::error(&codes::TOO_MANY_SYNAPSES, layer.span, message).with_help(help));
        }
    }
    found
}
