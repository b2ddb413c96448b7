//! `snnc check`: checks networks, recipes and compiled networks, and reports all errors at once.

use std::path::Path;

use serde_json::json;
use synnet_ir::display::pluralize;
use synnet_ir::{Diagnostic, Graph, Sources};
use synnet_workbench::Plan;
use synnet_workbench::compiled_network::{self, CompiledNetwork};
use synnet_workbench::network_source;
use synnet_workbench::recipe::Recipe;

use crate::cli::{Check, NetworkArgs};
use crate::context::{Context, is_recipe};
use crate::failure::Failure;
use crate::{stdio, terminal};

/// Checks a network and the rules of the target, if one is given. Recipes and compiled networks are recognized by their
/// extensions.
pub fn run(args: &Check, context: &Context) -> Result<(), Failure> {
    let network = &args.network;
    if is_recipe(&network.net) {
        return recipe(args, context);
    }
    if compiled_network::is_compiled(&network.net) {
        return compiled_network(args, context);
    }
    let target = context.target_or_custom(args.target.as_ref())?;
    let mut output = context.compile(network)?;
    if let (Some(graph), Some(target)) = (&output.graph, &target) {
        output.diagnostics.extend(target.check(graph));
    }
    if context.json {
        let diagnostics = network_source::to_json(&output.diagnostics, &output.sources);
        stdio::print_json(&json!({ "diagnostics": diagnostics }))?;
    }
    let path = &network.net;
    network_source::accept(&output.diagnostics, &output.sources, &context.terminal).map_err(|error| {
        error.concluding(|diagnostics| {
            let errors = diagnostics.iter().filter(|d| Diagnostic::is_error(d)).count();
            format!("{} in `{}`", pluralize(errors, "error"), stdio::display_name(path))
        })
    })?;
    if let Some(graph) = &output.graph {
        let target = target.map_or(String::new(), |target| format!("; fits {}", target.name()));
        report_success(path, &format!("{}{target}", size_summary(graph)));
    }
    Ok(())
}

/// Checks a recipe: its keys, its network, its targets, and whether training supports the network. Reads no data.
fn recipe(args: &Check, context: &Context) -> Result<(), Failure> {
    let NetworkArgs { net, name: network, params } = &args.network;
    if network.is_some() || !params.is_empty() {
        return Err(Failure::Usage(
            "`--name` and `--param` are for networks; a recipe sets them as `name` and `params`".into(),
        ));
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
    let size = size_summary(&plan.loaded.graph);
    report_success(net, &format!("{size}; can be trained{targets}"));
    Ok(())
}

/// Checks a compiled network, and that it fits the chip that is given or that its file is for.
fn compiled_network(args: &Check, context: &Context) -> Result<(), Failure> {
    let NetworkArgs { net, name: network, params } = &args.network;
    if network.is_some() || !params.is_empty() {
        return Err(Failure::Usage(
            "`--name` and `--param` are for network sources, not for compiled networks".into(),
        ));
    }
    let named = context.chip(args.target.as_ref(), "compiled networks are for chips")?;
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
    report_success(net, &format!("{}{fits}", network.size_summary()));
    Ok(())
}

/// Summarizes the size of a network in a line.
fn size_summary(graph: &Graph) -> String {
    let neurons = graph.layers.iter().map(|layer| layer.size).sum();
    let learned =
        graph.tensors().iter().filter(|tensor| tensor.learn).map(|t| t.shape.iter().product::<usize>()).sum();
    format!(
        "network `{}`, {}, {}, {}",
        graph.name,
        pluralize(graph.layers.len(), "layer"),
        pluralize(neurons, "neuron"),
        pluralize(learned, "learned parameter")
    )
}

/// Reports what was checked: silence would leave the reader to wonder whether it was the right network.
fn report_success(path: &Path, summary: &str) {
    terminal::print(format_args!("`{}` has no errors: {summary}", stdio::display_name(path)));
}
