//! Header and documentation comments of generated code in f32.

use synnet_ir::display::format_time_rounded;
use synnet_ir::graph::{Connection, Layer, Leak, Neuron, Parameter, Reset};
use synnet_ir::{Graph, fnv1a};

use crate::docs::{self, author, one_line, quantity};

/// Returns the comment at the head of a generated file.
pub(super) fn header(graph: &Graph, packed: Option<&[u8]>) -> String {
    // The canonical form, so that the hash does not depend on how the source is written.
    let text = synnet_ir::to_yaml(graph);
    let layers = graph
        .layers
        .iter()
        .map(|layer| (layer.name.as_str(), layer.neuron.kind().name(), layer.size, layer.synapses()));
    let input = (graph.input.name.as_str(), "input", graph.input.channels, 0);
    docs::header(&graph.name, "f32", fnv1a(text.as_bytes()), packed, [input].into_iter().chain(layers))
}

/// Returns the comment of the network: the author's text, then shapes and layers.
pub(super) fn network(graph: &Graph) -> Vec<String> {
    let mut docs = author(&graph.docs);
    if docs.is_empty() {
        docs.push(format!(" The spiking network `{}`.", one_line(&graph.name)));
    }
    let output = quantity(graph.output.quantity);
    let input = &graph.input;
    docs.push(String::new());
    docs.push(format!(
        " Each step of {} takes {} channels of `{}`",
        format_time_rounded(graph.dt),
        input.channels,
        input.name
    ));
    docs.push(format!(" and returns the {output} of layer `{}`.", graph.layer(graph.output.layer).name));
    docs.extend(author(&input.docs));
    docs.push(String::new());
    docs.push(
        " | layer | neurons | kind | `tau_mem` | `tau_syn` | threshold | maximum spikes per step |".into(),
    );
    docs.push(" |---|---|---|---|---|---|---|".into());
    docs.extend(graph.layers.iter().map(|layer| row(layer, graph.dt)));
    docs
}

/// Returns the comment of a layer's type: its kind, its connections, and the author's text.
pub(super) fn layer<'a>(layer: &Layer, into: impl Iterator<Item = &'a Connection>) -> Vec<String> {
    let kind = match &layer.neuron {
        Neuron::Lif(lif) => match (lif.adaptation.is_some(), lif.mem.is_some()) {
            (true, true) => "adaptive leaky integrate-and-fire",
            (true, false) => "adaptive integrate-and-fire",
            (false, true) => "leaky integrate-and-fire",
            (false, false) => "integrate-and-fire",
        },
        Neuron::ExpSyn(expsyn) if expsyn.syn.is_none() => "sums of inputs",
        Neuron::ExpSyn(_) => "leaky integrators",
    };
    let title = format!(" Layer `{}`: {} neurons, {kind}.", layer.name, layer.size);
    docs::layer(title, into.map(|c| (c.name.as_str(), &*c.docs)), &layer.docs)
}

/// Returns a layer's row of the table.
fn row(layer: &Layer, dt: f64) -> String {
    let name = &layer.name;
    let n = layer.size;
    let kind = layer.neuron.kind().name();
    let Neuron::Lif(lif) = &layer.neuron else {
        let Neuron::ExpSyn(expsyn) = &layer.neuron else { return String::new() };
        return format!(" | `{name}` | {n} | `{kind}` | | {} | | |", taus(expsyn.syn.as_ref(), dt));
    };
    let synapses = if lif.synapses == 1 { String::new() } else { format!(", {} synapses", lif.synapses) };
    let reset = if lif.reset == Reset::Zero { ", reset to zero" } else { "" };
    format!(
        " | `{name}` | {n} | `{kind}`{synapses} | {} | {} | {} | {}{reset} |",
        taus(lif.mem.as_ref(), dt),
        taus(lif.syn.as_ref(), dt),
        range(&lif.threshold, |i| lif.threshold.get(i), |x| x.to_string()),
        lif.max_spikes
    )
}

fn taus(leak: Option<&Leak>, dt: f64) -> String {
    let Some(leak) = leak else { return "none".to_owned() };
    range(&leak.parameter, |i| leak.tau(i, dt), format_time_rounded)
}

/// Returns the value if all elements agree, otherwise the minimum and the maximum.
fn range(parameter: &Parameter, value: impl Fn(usize) -> f64, show: impl Fn(f64) -> String) -> String {
    let values = (0..parameter.values.len()).map(value);
    let (minimum, maximum) = values
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(minimum, maximum), x| (x.min(minimum), x.max(maximum)));
    if minimum == maximum { show(minimum) } else { format!("{} to {}", show(minimum), show(maximum)) }
}
