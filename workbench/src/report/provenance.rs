//! What a page about a network says of where its numbers come from.

use maud::{Markup, html};
use synnet_ir::Network;
use synnet_ir::display::format_time_rounded;

use super::recordings;
use crate::experiment::Experiment;
use crate::html::{code_spans, details};

/// Name, documentation, and what the recordings serve for.
pub(crate) fn heading(network: &Network, experiment: &Experiment) -> Markup {
    let graph = &network.graph;
    html! {
        h1 { (graph.name) }
        @if !graph.docs.is_empty() { p { (graph.docs.join(" ")) } }
        p.under { (recordings(&experiment.corpus)) "." }
    }
}

/// What was at work.
pub(crate) fn provenance_facts(network: &Network, experiment: &Experiment) -> Vec<(String, String)> {
    let graph = &network.graph;
    let neurons: usize = graph.layers.iter().map(|layer| layer.size).sum();
    let tensors = graph.tensors();
    let learned = tensors.iter().filter(|tensor| tensor.learn).map(|t| t.shape.iter().product::<usize>());
    let list = [
        ("made by", format!("snnc {}", env!("CARGO_PKG_VERSION"))),
        ("on", format!("{}, {}", std::env::consts::OS, std::env::consts::ARCH)),
        ("network", format!("{} layers, {neurons} neurons", graph.layers.len())),
        ("numbers that learn", learned.sum::<usize>().to_string()),
        ("time step", format_time_rounded(graph.dt)),
        ("steps of a recording", experiment.corpus.test.steps().to_string()),
    ];
    let mut list = list.map(|(name, value)| (name.to_owned(), value)).to_vec();
    if let Some((chip, from)) = experiment.plan.recipe.aware() {
        let trained = format!("the numbers of {} from epoch {} on", chip.title, from + 1);
        list.push(("trained through".to_owned(), trained));
    }
    list
}

/// The network and the recipe, to be unfolded.
pub(crate) fn sources(network: &Network, experiment: &Experiment) -> Markup {
    let block = |title: &str, source: &str| {
        details(&code_spans(title), false, &html! { pre { (source.trim_end()) } })
    };
    html! {
        (block("Layers, connections and tensors", &synnet_ir::to_table(&network.graph)))
        (block("The recipe, with replaced values", &experiment.plan.recipe.text))
    }
}
