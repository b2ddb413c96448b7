//! `snnc check`: every error of a network at once, what a recipe asks of it, and whether a built network fits a chip.

use std::path::Path;

use serde_json::json;
use synnet_ir::{Diagnostic, Graph, Sources};

use crate::cli::{Check, NetworkArgs};
use synnet_workbench::artifacts;
use synnet_workbench::error::Error as Failure;
use synnet_workbench::experiment::Plan;
use synnet_workbench::target::Target;
use synnet_workbench::{source, terminal};

/// Checks a network, and the rules of a target where one is named; or a recipe with its network.
pub fn run(args: &Check, json: bool) -> Result<(), Failure> {
    let network = &args.network;
    if network.net.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
        return recipe(args, json);
    }
    if artifacts::is_built(&network.net) {
        return built(args, json);
    }
    let target = Target::or_chosen(args.target.as_ref())?;
    let mut found = source::find(&network.net, network.name.as_deref(), &network.params)?;
    if let (Some(graph), Some(target)) = (&found.graph, &target) {
        found.diagnostics.extend(artifacts::check(graph, target));
    }
    if json {
        let diagnostics = source::to_json(&found.diagnostics, &found.sources);
        terminal::print_json(&json!({ "diagnostics": diagnostics }))?;
    }
    source::accept(&found.diagnostics, &found.sources).map_err(|failure| {
        let errors = found.diagnostics.iter().filter(|d| Diagnostic::is_error(d)).count();
        let Failure::Rendered(text) = failure else { return failure };
        let plural = if errors == 1 { "" } else { "s" };
        Failure::Rendered(format!(
            "{}\n\n{errors} error{plural} in `{}`",
            text.trim_end(),
            source::shown(&network.net)
        ))
    })?;
    if let Some(graph) = &found.graph {
        let target = target.map_or(String::new(), |target| format!("; fits {}", target.name()));
        say_sound(&network.net, &format!("{}{target}", what(graph)));
    }
    Ok(())
}

/// Checks a recipe: its keys, its network, its targets, and whether training supports the network. No recording is
/// read.
fn recipe(args: &Check, json: bool) -> Result<(), Failure> {
    let NetworkArgs { net, name: network, params } = &args.network;
    if network.is_some() || !params.is_empty() {
        return Err(Failure::Io("a recipe names its network and parameters itself".into()));
    }
    let plan = Plan::read(net, &[])?;
    plan.check_targets()?;
    if let Some(target) = &args.target {
        source::accept(&artifacts::check(&plan.loaded.graph, target), &plan.loaded.sources)?;
    }
    let seed = plan.recipe.training.seed;
    plan.trainer(seed)?;
    if json {
        terminal::print_json(&json!({ "diagnostics": [] }))?;
    }
    let targets: Vec<&str> = plan.recipe.build.iter().map(String::as_str).collect();
    let targets = if targets.is_empty() { String::new() } else { format!("; fits {}", targets.join(", ")) };
    say_sound(net, &format!("{}; can be trained{targets}", what(&plan.loaded.graph)));
    Ok(())
}

/// Checks a built network, and whether it fits a chip where one is named or the file is that of one.
fn built(args: &Check, json: bool) -> Result<(), Failure> {
    let NetworkArgs { net, name: network, params } = &args.network;
    if network.is_some() || !params.is_empty() {
        return Err(Failure::Io("a built network has no names or parameters to set".into()));
    }
    let loaded = artifacts::read_xylo(net)?;
    let chip = artifacts::chip_of(net, &loaded, args.target.as_ref())?;
    let spec = &loaded.specification;
    if json {
        let found = chip.map(|chip| synnet_xylo::rules::check_specification(spec, chip)).unwrap_or_default();
        terminal::print_json(&json!({ "diagnostics": source::to_json(&found, &Sources::new()) }))?;
    }
    if let Some(chip) = chip {
        artifacts::check_xylo(net, spec, chip)?;
    }
    let d = spec.dimensions;
    let fits = chip.map_or(String::new(), |chip| format!("; fits {}", chip.name));
    let what = format!("{} inputs, {} hidden and {} readout neurons{fits}", d.inputs, d.hidden, d.outputs);
    say_sound(net, &what);
    Ok(())
}

/// The size of a network in a few words.
fn what(graph: &Graph) -> String {
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let neurons = graph.layers.iter().map(|layer| layer.size).sum();
    let learnt =
        graph.tensors().iter().filter(|tensor| tensor.learn).map(|t| t.shape.iter().product::<usize>()).sum();
    format!(
        "network `{}`, {}, {}, {} to learn",
        graph.name,
        count(graph.layers.len(), "layer"),
        count(neurons, "neuron"),
        count(learnt, "number")
    )
}

/// A check that says nothing leaves the reader to wonder whether it looked at the right network.
fn say_sound(path: &Path, what: &str) {
    terminal::say(format_args!("`{}` has no errors: {what}", source::shown(path)));
}
