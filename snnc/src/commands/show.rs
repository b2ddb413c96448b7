//! `snnc show`: prints networks, the chip resources they use, and compiled networks.

use std::path::Path;

use serde_json::{Value, json};
use synnet_workbench::compiled_network::{self, CompiledNetwork};
use synnet_workbench::network_source::LoadedNetwork;
use synnet_xylo::cost::CostSummary;
use synnet_xylo::{budget::Budget, chip::Chip, quantize::QuantizeOptions};

use crate::cli::{Show, ShowFormat};
use crate::context::Context;
use crate::failure::Failure;
use crate::stdio;

/// Prints a network or a compiled network.
pub fn run(args: &Show, context: &Context) -> Result<(), Failure> {
    if compiled_network::is_compiled(&args.network.net) {
        return compiled_network(args, context);
    }
    if args.dt.is_some() {
        return Err(Failure::Usage(
            "`--dt` is for compiled networks: a network source declares its own `dt`".into(),
        ));
    }
    let chip = context.chip(args.target.as_ref(), "only chips have a budget to show")?;
    let loaded = context.load(&args.network)?;
    let graph = &loaded.graph;
    let format = if context.json { ShowFormat::Json } else { args.format };
    let Some(chip) = &chip else {
        if args.weights.is_some() {
            return Err(Failure::Usage(
                "`--weights` is for the cost on a chip: name one with `--target`".into(),
            ));
        }
        return stdio::print_text(&match format {
            ShowFormat::Table => synnet_ir::to_table(graph),
            ShowFormat::Yaml => synnet_ir::to_yaml(graph),
            ShowFormat::Json => synnet_ir::to_json(graph),
            ShowFormat::Dot => synnet_ir::to_dot(graph),
        });
    };
    let budget = Budget::from_graph(graph, chip);
    // The budget matters most if the network does not fit: print it first, fail at the end.
    let fits = loaded.accept(&synnet_xylo::rules::check(graph, chip), &context.terminal);
    let cost = match (&args.weights, &fits) {
        (Some(weights), Ok(())) => Some(cost(context, &loaded, weights, chip)?),
        _ => None,
    };
    match format {
        ShowFormat::Json => {
            let cost = cost.as_ref().and_then(Option::as_ref).map(CostSummary::to_json);
            stdio::print_json(&json!({ "network": to_value(graph)?, "budget": budget, "cost": cost }))?;
        }
        ShowFormat::Table => {
            let mut text = format!("{}\n{budget}", synnet_ir::to_table(graph));
            if let Some(cost) = &cost {
                text += &format!("\n{}", cost_summary(cost.as_ref(), chip));
            }
            stdio::print_text(&text)?;
        }
        ShowFormat::Yaml | ShowFormat::Dot => {
            return Err(Failure::Usage(
                "with `--target`, `--format` is `table` or `json`: leave it out, or leave out `--target`"
                    .into(),
            ));
        }
    }
    Ok(fits?)
}

fn to_value(graph: &synnet_ir::Graph) -> Result<Value, Failure> {
    serde_json::from_str(&synnet_ir::to_json(graph)).map_err(|e| Failure::Usage(e.to_string()))
}

/// Returns the cost of the network with these weights, or `None` if there is no model of the chip's cycles.
fn cost(
    context: &Context,
    loaded: &LoadedNetwork,
    weights: &Path,
    chip: &Chip,
) -> Result<Option<CostSummary>, Failure> {
    let network = context.bind(loaded, weights)?;
    let build = synnet_xylo::build(&network, chip, &QuantizeOptions::default())
        .map_err(|diagnostics| loaded.error(diagnostics))?;
    Ok(CostSummary::from_build(&build, chip))
}

fn cost_summary(cost: Option<&CostSummary>, chip: &Chip) -> String {
    cost.map_or_else(
        || format!("cost on {}: unknown, because there is no model of its cycles\n", chip.title),
        CostSummary::detailed_report,
    )
}

/// Prints a compiled network.
fn compiled_network(args: &Show, context: &Context) -> Result<(), Failure> {
    let network = &args.network;
    if network.name.is_some() || !network.params.is_empty() || args.weights.is_some() {
        return Err(Failure::Usage(
            "`--name`, `--param` and `--weights` are for network sources, not for compiled networks".into(),
        ));
    }
    if !matches!(args.format, ShowFormat::Table | ShowFormat::Json) {
        return Err(Failure::Usage("for compiled networks, `--format` is `table` or `json`".into()));
    }
    let named = context.chip(args.target.as_ref(), "compiled networks are for chips")?;
    let path = &network.net;
    let network = CompiledNetwork::parse(&stdio::read(path)?, path, &context.chips)?;
    let chip = network.chip(named)?;
    let chip = chip.as_deref();
    let spec = &network.specification;
    let budget = chip.map(|chip| Budget::from_specification(spec, chip));
    let cost = chip.map(|chip| CostSummary::from_specification(spec, chip, args.dt));
    if context.json || args.format == ShowFormat::Json {
        let known = cost.as_ref().and_then(Option::as_ref).map(CostSummary::to_json);
        let mut value = network.json();
        value["chip"] = json!(chip.map(|chip| &chip.name));
        value["budget"] = json!(budget);
        value["cost"] = json!(known);
        stdio::print_json(&value)?;
    } else {
        let mut text = network.tables();
        if !network.defaulted.is_empty() {
            let arrays = network.defaulted.join(", ");
            text += &format!("\nmissing from the file, set to Rockpool's defaults: {arrays}\n");
        }
        if let (Some(chip), Some(budget), Some(cost)) = (chip, &budget, &cost) {
            text += &format!("\n{budget}\n{}", cost_summary(cost.as_ref(), chip));
        } else {
            text += "\nname a chip with `--target` to see budget and cost\n";
        }
        stdio::print_text(&text)?;
    }
    match chip {
        Some(chip) => Ok(network.check(chip, &context.terminal)?),
        None => Ok(()),
    }
}
