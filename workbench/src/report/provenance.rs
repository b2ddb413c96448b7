//! The parts of a report that document where its numbers come from.

use maud::{Markup, html};
use synnet_ir::Network;
use synnet_ir::display::{format_time_rounded, pluralize};

use super::split_summary;
use crate::experiment::Experiment;
use crate::html::{code_spans, details};

/// Returns name and documentation of the network, and the sizes of the sets.
pub(crate) fn heading(network: &Network, experiment: &Experiment) -> Markup {
    let graph = &network.graph;
    html! {
        h1 { (graph.name) }
        @if !graph.docs.is_empty() { p { (graph.docs.join(" ")) } }
        p.under { (split_summary(&experiment.corpus)) "." }
    }
}

/// Returns facts about the software, the machine, the network and the data.
pub(crate) fn provenance_facts(network: &Network, experiment: &Experiment) -> Vec<(String, String)> {
    let graph = &network.graph;
    let neurons: usize = graph.layers.iter().map(|layer| layer.size).sum();
    let tensors = graph.tensors();
    let learned = tensors.iter().filter(|tensor| tensor.learn).map(|t| t.shape.iter().product::<usize>());
    let list = [
        ("version", format!("snnc {}", env!("CARGO_PKG_VERSION"))),
        ("platform", format!("{}, {}", std::env::consts::OS, std::env::consts::ARCH)),
        ("network", format!("{}, {}", pluralize(graph.layers.len(), "layer"), pluralize(neurons, "neuron"))),
        ("learned parameters", learned.sum::<usize>().to_string()),
        ("time step", format_time_rounded(graph.dt)),
        ("steps per sample", experiment.corpus.test.steps().to_string()),
    ];
    let mut list = list.map(|(name, value)| (name.to_owned(), value)).to_vec();
    if let Some((chip, from)) = experiment.plan.recipe.quantization_aware() {
        let value = format!("for {}, from epoch {}", chip.title, from + 1);
        list.push(("quantization-aware training".to_owned(), value));
    }
    list
}

/// Returns the network and the recipe, collapsed.
pub(crate) fn sources(network: &Network, experiment: &Experiment) -> Markup {
    let block = |title: &str, source: &str| {
        details(&code_spans(title), false, &html! { pre { (source.trim_end()) } })
    };
    html! {
        (block("Layers, connections and tensors", &synnet_ir::to_trained_table(&experiment.plan.loaded.graph, network)))
        (block("Recipe, with overrides applied", &experiment.plan.recipe.text))
    }
}
