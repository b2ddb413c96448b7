//! Warnings about what other tools will not see in a file.

use synnet_ir::display::format_time;
use synnet_ir::graph::{Neuron, Quantity, Reset};
use synnet_ir::{Diagnostic, Diagnostics, Graph, Span};

use super::ExportDialect;
use super::plan::is_membrane_readout;
use crate::codes;
use crate::report::listed;

/// Returns the warnings of an export.
pub(super) fn warnings(graph: &Graph, dialect: ExportDialect) -> Diagnostics {
    let mut warnings = Diagnostics::new();
    let mut warn = |span: Span, message: String, help: &str| {
        warnings.push(Diagnostic::warning(&codes::LOST, span, message).with_help(help));
    };
    let spiking: Vec<_> = graph
        .layers_with_ids()
        .filter_map(|(id, layer)| match &layer.neuron {
            Neuron::Lif(lif) if !is_membrane_readout(graph, id, lif) => Some((layer, lif)),
            Neuron::Lif(_) | Neuron::ExpSyn(_) => None,
        })
        .collect();
    let dt = format_time(graph.dt);
    let message = format!("the time step of {dt}, surrogates and dropout are written as metadata");
    warn(graph.span, message, "other tools do not read them: set the time step there");
    let subtracting = spiking.iter().filter(|(_, lif)| lif.reset == Reset::Subtract);
    let subtracting: Vec<&str> = subtracting.map(|(layer, _)| layer.name.as_str()).collect();
    if dialect == ExportDialect::Euler && !subtracting.is_empty() {
        let message = format!(
            "spikes subtract the threshold, which the format cannot say: {}",
            listed(subtracting.iter().copied())
        );
        warn(
            graph.span,
            message,
            "most tools reset to zero; train with `reset: zero` for them, or choose subtraction there",
        );
    }
    let repeated = spiking.iter().filter(|(_, lif)| lif.max_spikes > 1);
    let repeated: Vec<&str> = repeated.map(|(layer, _)| layer.name.as_str()).collect();
    if dialect == ExportDialect::Euler && !repeated.is_empty() {
        let message = format!(
            "neurons can spike several times per step, which the format cannot say: {}",
            listed(repeated.iter().copied())
        );
        warn(graph.span, message, "most tools emit at most one spike; train with `max_spikes: 1` for them");
    }
    let capped = spiking.iter().filter(|(_, lif)| lif.max_spikes < 65536);
    let capped: Vec<&str> = capped.map(|(layer, _)| layer.name.as_str()).collect();
    if dialect == ExportDialect::Rockpool && !capped.is_empty() {
        let message =
            format!("Rockpool will not limit the spikes per step: {}", listed(capped.iter().copied()));
        warn(graph.span, message, "set `max_spikes_per_dt` of the imported modules");
    }
    for (layer, lif) in spiking.iter().filter(|(_, lif)| lif.noise_std != 0.0) {
        let message = format!("the membrane noise of `{}` ({}) is left out", layer.name, lif.noise_std);
        warn(layer.span, message, "the format has no noise");
    }
    let output = graph.layer(graph.output.layer);
    let quantity = match (&output.neuron, graph.output.quantity) {
        (Neuron::Lif(lif), Quantity::Vmem) if !is_membrane_readout(graph, graph.output.layer, lif) => {
            Some("membrane potential")
        }
        (Neuron::Lif(_), Quantity::Isyn) => Some("synaptic current"),
        _ => None,
    };
    if let Some(quantity) = quantity {
        let message =
            format!("other tools will output the spikes of `{}` instead of its {quantity}", output.name);
        warn(
            graph.output.span,
            message,
            "record the state there, or raise `threshold` to 32767 for a readout that never spikes",
        );
    }
    warnings
}
