//! `snnc show`: prints networks, the chip resources they use, and compiled networks.

use serde_json::{Value, json};
use synnet_ir::{Network, Sources, Statistics};
use synnet_workbench::compiled_network::{self, CompiledNetwork};
use synnet_workbench::network_source::{self, LoadedNetwork};
use synnet_workbench::recipe::Recipe;
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
    let named = context.chip(args.target.as_ref(), "only chips have a budget to show")?;
    let input = context.open(&args.network)?;
    let loaded = input.loaded();
    let network =
        args.weights.as_ref().map(|path| input.bind(path, args.allow_mismatch, context)).transpose()?;
    let format = if context.json { ShowFormat::Json } else { args.format };
    // The chip of a recipe, if the format can show its budget.
    let of_recipe = input.recipe().and_then(Recipe::simulated_chip).cloned();
    let chip = named.or(of_recipe.filter(|_| matches!(format, ShowFormat::Table | ShowFormat::Json)));
    match chip {
        Some(chip) => show_on_chip(loaded, network.as_ref(), &chip, input.recipe(), format, context),
        None => stdio::print_text(&text(loaded, network.as_ref(), format)?),
    }
}

/// Returns a network in a format, with trained values if there are weights.
fn text(loaded: &LoadedNetwork, network: Option<&Network>, format: ShowFormat) -> Result<String, Failure> {
    let graph = network.map_or(&loaded.graph, |network| &network.graph);
    Ok(match (format, network) {
        (ShowFormat::Table, Some(network)) => synnet_ir::to_trained_table(&loaded.graph, network),
        (ShowFormat::Table, None) => synnet_ir::to_table(graph),
        (ShowFormat::Yaml, _) => synnet_ir::to_yaml(graph),
        (ShowFormat::Json, Some(network)) => {
            format!("{:#}\n", json!({ "network": to_value(graph)?, "tensors": tensors(network) }))
        }
        (ShowFormat::Json, None) => synnet_ir::to_json(graph),
        (ShowFormat::Dot, _) => synnet_ir::to_dot(graph),
    })
}

/// Returns the tensors of a network with range and mean of their values.
fn tensors(network: &Network) -> Value {
    let tensors = network.graph.tensors().into_iter().map(|spec| {
        let Statistics { min, mean, max } = network.tensor(spec.slot).statistics().unwrap_or_default();
        json!({
            "name": spec.name, "shape": spec.shape, "learned": spec.learn, "min": min, "mean": mean, "max": max,
        })
    });
    tensors.collect()
}

/// Prints a network with the resources of a chip that it uses, and with weights also its cost.
fn show_on_chip(
    loaded: &LoadedNetwork,
    network: Option<&Network>,
    chip: &Chip,
    recipe: Option<&Recipe>,
    format: ShowFormat,
    context: &Context,
) -> Result<(), Failure> {
    let graph = &loaded.graph;
    let budget = Budget::from_graph(graph, chip);
    // The budget matters most if the network does not fit: print it first, fail at the end.
    let found = synnet_xylo::rules::check(graph, chip);
    let fits = loaded.accept(&found, &context.terminal);
    let quantize = recipe.map(|recipe| recipe.quantize.options.clone()).unwrap_or_default();
    let cost = match (network, &fits) {
        (Some(network), Ok(())) => Some(cost(loaded, network, chip, &quantize)?),
        _ => None,
    };
    match format {
        ShowFormat::Json => {
            let cost = cost.as_ref().and_then(Option::as_ref).map(CostSummary::to_json);
            let graph = network.map_or(graph, |network| &network.graph);
            let diagnostics = network_source::to_json(&found, &loaded.sources);
            let mut value = json!({
                "network": to_value(graph)?,
                "budget": budget,
                "cost": cost,
                "diagnostics": diagnostics,
            });
            if let Some(network) = network {
                value["tensors"] = tensors(network);
            }
            stdio::print_json(&value)?;
        }
        ShowFormat::Table => {
            let mut text = format!("{}\n{budget}", text(loaded, network, format)?);
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

/// Returns the cost of the network, or `None` if there is no model of the chip's cycles.
fn cost(
    loaded: &LoadedNetwork,
    network: &Network,
    chip: &Chip,
    quantize: &QuantizeOptions,
) -> Result<Option<CostSummary>, Failure> {
    let build =
        synnet_xylo::build(network, chip, quantize).map_err(|diagnostics| loaded.error(diagnostics))?;
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
    let network = network.with_layers_beside(&context.terminal);
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
        let found = chip.map(|chip| synnet_xylo::rules::check_specification(spec, chip)).unwrap_or_default();
        value["diagnostics"] = network_source::to_json(&found, &Sources::new());
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
