//! `snnc check`: every error of a network at once, what a recipe asks of it, and whether a built network fits a chip.

use std::path::Path;

use serde_json::json;
use synnet_ir::display::pluralize;
use synnet_ir::{Diagnostic, Graph, Sources};
use synnet_workbench::Plan;
use synnet_workbench::compiled_network::{self, CompiledNetwork};
use synnet_workbench::network_source;
use synnet_workbench::recipe::Recipe;

use crate::cli::{Check, NetworkArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::{stdio, terminal};

/// Checks a network, and the rules of a target where one is named; or a recipe with its network.
pub fn run(args: &Check, context: &Context) -> Result<(), Failure> {
    let network = &args.network;
    if network.net.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
        return recipe(args, context);
    }
    if compiled_network::is_compiled(&network.net) {
        return built_network(args, context);
    }
    let target = context.target_or_custom(args.target.as_ref())?;
    let mut found = context.find(network)?;
    if let (Some(graph), Some(target)) = (&found.graph, &target) {
        found.diagnostics.extend(target.check(graph));
    }
    if context.json {
        let diagnostics = network_source::to_json(&found.diagnostics, &found.sources);
        stdio::print_json(&json!({ "diagnostics": diagnostics }))?;
    }
    let path = &network.net;
    network_source::accept(&found.diagnostics, &found.sources, &context.terminal).map_err(|error| {
        error.concluding(|found| {
            let errors = found.iter().filter(|d| Diagnostic::is_error(d)).count();
            format!("{} in `{}`", pluralize(errors, "error"), stdio::display_name(path))
        })
    })?;
    if let Some(graph) = &found.graph {
        let target = target.map_or(String::new(), |target| format!("; fits {}", target.name()));
        say_sound(path, &format!("{}{target}", what(graph)));
    }
    Ok(())
}

/// Checks a recipe: its keys, its network, its targets, and whether training supports the network. No recording is
/// read.
fn recipe(args: &Check, context: &Context) -> Result<(), Failure> {
    let NetworkArgs { net, name: network, params } = &args.network;
    if network.is_some() || !params.is_empty() {
        return Err(Failure::Usage("a recipe names its network and parameters itself".into()));
    }
    let target = context.target(args.target.as_ref())?;
    let recipe = Recipe::parse(stdio::read_text(net)?, net, &[], &context.chips)?;
    let plan = Plan::new(recipe, &context.terminal)?;
    plan.check_targets()?;
    if let Some(target) = target {
        plan.loaded.accept(&target.check(&plan.loaded.graph), &context.terminal)?;
    }
    let seed = plan.recipe.training.seed;
    plan.trainer(seed)?;
    if context.json {
        stdio::print_json(&json!({ "diagnostics": [] }))?;
    }
    let targets: Vec<&str> = plan.recipe.build.iter().map(String::as_str).collect();
    let targets = if targets.is_empty() { String::new() } else { format!("; fits {}", targets.join(", ")) };
    say_sound(net, &format!("{}; can be trained{targets}", what(&plan.loaded.graph)));
    Ok(())
}

/// Checks a built network, and whether it fits a chip if one is named or the file is that of one.
fn built_network(args: &Check, context: &Context) -> Result<(), Failure> {
    let NetworkArgs { net, name: network, params } = &args.network;
    if network.is_some() || !params.is_empty() {
        return Err(Failure::Usage("a built network has no names or parameters to set".into()));
    }
    let named = context.chip(args.target.as_ref(), "a built network is for chips")?;
    let network = CompiledNetwork::parse(&stdio::read(net)?, net, &context.chips)?;
    let chip = network.chip(named)?;
    if context.json {
        let found = chip
            .as_ref()
            .map(|chip| synnet_xylo::rules::check_specification(&network.specification, chip))
            .unwrap_or_default();
        stdio::print_json(&json!({ "diagnostics": network_source::to_json(&found, &Sources::new()) }))?;
    }
    if let Some(chip) = &chip {
        network.check(chip, &context.terminal)?;
    }
    let fits = chip.map_or(String::new(), |chip| format!("; fits {}", chip.name));
    say_sound(net, &format!("{}{fits}", network.size()));
    Ok(())
}

/// The size of a network in a few words.
fn what(graph: &Graph) -> String {
    let neurons = graph.layers.iter().map(|layer| layer.size).sum();
    let learned =
        graph.tensors().iter().filter(|tensor| tensor.learn).map(|t| t.shape.iter().product::<usize>()).sum();
    format!(
        "network `{}`, {}, {}, {} to learn",
        graph.name,
        pluralize(graph.layers.len(), "layer"),
        pluralize(neurons, "neuron"),
        pluralize(learned, "number")
    )
}

/// A check that says nothing leaves the reader to wonder whether it looked at the right network.
fn say_sound(path: &Path, what: &str) {
    terminal::print(format_args!("`{}` has no errors: {what}", stdio::display_name(path)));
}
