//! What a page about a network says of where its numbers come from.

use synnet_ir::Network;

use super::recordings;
use crate::experiment::Experiment;
use crate::page::{escape, figure};

/// Name, documentation, and what the recordings serve for.
pub(crate) fn heading(network: &Network, experiment: &Experiment) -> String {
    let graph = &network.graph;
    let docs = match graph.docs.as_slice() {
        [] => String::new(),
        docs => format!("<p>{}</p>\n", escape(&docs.join(" "))),
    };
    let recordings = recordings(&experiment.corpus);
    format!("<h1>{}</h1>\n{docs}<p class=\"under\">{}.</p>\n", escape(&graph.name), escape(&recordings))
}

/// What was at work.
pub(crate) fn origin(network: &Network, experiment: &Experiment) -> Vec<(String, String)> {
    let graph = &network.graph;
    let neurons: usize = graph.layers.iter().map(|layer| layer.size).sum();
    let tensors = graph.tensors();
    let learnt = tensors.iter().filter(|tensor| tensor.learn).map(|t| t.shape.iter().product::<usize>());
    let list = [
        ("made by", format!("snnc {}", env!("CARGO_PKG_VERSION"))),
        ("on", format!("{}, {}", std::env::consts::OS, std::env::consts::ARCH)),
        ("network", format!("{} layers, {neurons} neurons", graph.layers.len())),
        ("numbers that learn", learnt.sum::<usize>().to_string()),
        ("time step", format!("{} ms", figure(1e3 * graph.dt))),
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
pub(crate) fn sources(network: &Network, experiment: &Experiment) -> String {
    let block = |title: &str, text: &str| {
        let text = escape(text.trim_end());
        format!("<details><summary>{title}</summary>\n<pre>{text}</pre>\n</details>\n")
    };
    block("Layers, connections and tensors", &synnet_ir::to_table(&network.graph))
        + &block("The recipe, with what <code>--set</code> replaced", &experiment.plan.recipe.text)
}
