//! `snnc show`: shows networks, the chip resources they use, and compiled networks.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use synnet_ir::graph::{Connection, Endpoint, LayerId};
use synnet_ir::picture::Subject;
use synnet_ir::{Graph, Network, Sources, Statistics, did_you_mean, nearest};
use synnet_workbench::NetworkPage;
use synnet_workbench::compiled_network::{self, CompiledNetwork};
use synnet_workbench::file_kind::Expected;
use synnet_workbench::network_source::{self, LoadedNetwork};
use synnet_workbench::recipe::Recipe;
use synnet_xylo::cost::CostSummary;
use synnet_xylo::{budget::Budget, chip::Chip, quantize::QuantizeOptions};

use crate::cli::{Show, ShowFormat};
use crate::context::Context;
use crate::failure::Failure;
use crate::{browser, file_kind, stdio, terminal};

/// Shows a network or a compiled network.
pub fn run(args: &Show, context: &Context) -> Result<(), Failure> {
    if compiled_network::is_compiled(&args.network.net) {
        return compiled_network(args, context);
    }
    if args.dt.is_some() {
        return Err(Failure::Usage(
            "`--dt` is for compiled networks: a network source declares its own `dt`".into(),
        ));
    }
    let format = format(args, context);
    let output = Output::new(args, format)?;
    let named = context.chip(args.target.as_ref(), "only chips have a budget to show")?;
    if named.is_some() {
        check_chip_format(format, args)?;
    }
    let input = context.open(&args.network)?;
    let sources = input.files();
    let inputs = std::iter::once(&args.network.net).chain(&args.weights).chain(&sources);
    stdio::check_outputs(args.out.as_deref(), inputs.map(PathBuf::as_path))?;
    let loaded = input.loaded();
    let layer = args.layer.as_ref().map(|name| layer(loaded, name, format)).transpose()?;
    let network = args
        .weights
        .as_ref()
        .map(|path| input.bind(path, args.mismatch.allow_mismatch, context))
        .transpose()?;
    // The chip of a recipe, if the format can show its budget.
    let of_recipe = input.recipe().and_then(Recipe::simulated_chip).cloned();
    let chip = named.or(of_recipe.filter(|_| layer.is_none() && shows_chip(format)));
    let shown = Shown { loaded, network: network.as_ref(), layer, format };
    match chip {
        Some(chip) => show_on_chip(&shown, &chip, input.recipe(), &output, context),
        None => output.write(&shown.text(None)?),
    }
}

/// Returns the format that the options ask for.
fn format(args: &Show, context: &Context) -> ShowFormat {
    let default = match (args.open, &args.weights) {
        (true, _) => ShowFormat::Html,
        // Who gives weights asks for their values.
        (false, Some(_)) => ShowFormat::Full,
        (false, None) => ShowFormat::Table,
    };
    if context.json { ShowFormat::Json } else { args.format.unwrap_or(default) }
}

fn shows_chip(format: ShowFormat) -> bool {
    matches!(format, ShowFormat::Table | ShowFormat::Full | ShowFormat::Json | ShowFormat::Html)
}

fn check_chip_format(format: ShowFormat, args: &Show) -> Result<(), Failure> {
    if args.layer.is_some() {
        return Err(Failure::Usage("`--target` is for whole networks: leave out `--layer`".into()));
    }
    if shows_chip(format) {
        return Ok(());
    }
    Err(Failure::Usage(
        "with `--target`, `--format` is `table`, `full`, `json` or `html`: leave it out, or leave out `--target`"
            .into(),
    ))
}

/// Finds the layer that `--layer` names.
fn layer(loaded: &LoadedNetwork, name: &str, format: ShowFormat) -> Result<LayerId, Failure> {
    if matches!(format, ShowFormat::Yaml | ShowFormat::Dot) {
        return Err(Failure::Usage("with `--layer`, `--format` is `table`, `json`, `svg` or `html`".into()));
    }
    let graph = &loaded.graph;
    let found = graph.layers_with_ids().find(|(_, layer)| layer.name == name);
    found.map(|(id, _)| id).ok_or_else(|| {
        let names = graph.layers.iter().map(|layer| layer.name.as_str());
        let hint = nearest(name, names.clone()).map(did_you_mean).unwrap_or_else(|| {
            format!("it has {}", names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
        });
        Failure::Input(format!("network `{}` has no layer `{name}`; {hint}", graph.name))
    })
}

/// What is shown.
struct Shown<'a> {
    loaded: &'a LoadedNetwork,
    network: Option<&'a Network>,
    layer: Option<LayerId>,
    format: ShowFormat,
}

impl Shown<'_> {
    /// Returns the network, or one layer of it, in the format, with trained values if there are weights. `chip` is the
    /// chip of the page.
    fn text(&self, chip: Option<&Chip>) -> Result<String, Failure> {
        let declared = &self.loaded.graph;
        let graph = self.graph();
        Ok(match (self.format, self.layer, self.network) {
            (ShowFormat::Table | ShowFormat::Full, Some(id), network) => {
                synnet_ir::to_layer_table(declared, id, network)
            }
            (ShowFormat::Table, None, Some(network)) => synnet_ir::to_trained_summary(declared, network),
            (ShowFormat::Table, None, None) => synnet_ir::to_summary(graph),
            (ShowFormat::Full, None, Some(network)) => synnet_ir::to_trained_table(declared, network),
            (ShowFormat::Full, None, None) => synnet_ir::to_table(graph),
            (ShowFormat::Yaml, ..) => synnet_ir::to_yaml(graph),
            (ShowFormat::Json, Some(id), _) => format!("{:#}\n", self.layer_json(id)?),
            (ShowFormat::Json, None, Some(network)) => {
                format!("{:#}\n", json!({ "network": to_value(graph)?, "tensors": tensors(network) }))
            }
            (ShowFormat::Json, None, None) => synnet_ir::to_json(graph),
            (ShowFormat::Dot, ..) => synnet_ir::to_dot(graph),
            (ShowFormat::Svg, ..) => {
                let subject = match self.network {
                    Some(network) => Subject::trained(declared, network),
                    None => Subject::new(declared),
                };
                synnet_ir::to_svg(&subject.with_layer(self.layer))
            }
            (ShowFormat::Html, ..) => {
                NetworkPage { declared, trained: self.network, layer: self.layer, chip }.html()
            }
        })
    }

    fn graph(&self) -> &Graph {
        self.network.map_or(&self.loaded.graph, |network| &network.graph)
    }

    /// Returns a layer, and the connections into it and out of it.
    fn layer_json(&self, id: LayerId) -> Result<Value, Failure> {
        let graph = self.graph();
        let layer = &graph.layers[id.index()];
        let touches = |connection: &&Connection| {
            connection.target == id || connection.sources.contains(&Endpoint::Layer(id))
        };
        let connections: Vec<&Connection> = graph.connections.iter().filter(touches).collect();
        let json = serde_json::to_value(layer).and_then(|layer| {
            Ok(json!({ "layer": layer, "connections": serde_json::to_value(connections)? }))
        });
        json.map_err(|e| Failure::Usage(e.to_string()))
    }
}

/// Where the text goes.
struct Output<'a> {
    path: Option<&'a Path>,
    /// The extension of the temporary file to open, if one is opened.
    open: Option<&'static str>,
}

impl<'a> Output<'a> {
    fn new(args: &'a Show, format: ShowFormat) -> Result<Self, Failure> {
        let open = match (args.open, format) {
            (false, _) => None,
            (true, ShowFormat::Html) => Some("html"),
            (true, ShowFormat::Svg) => Some("svg"),
            (true, _) => {
                return Err(Failure::Usage("`--open` shows a page: `--format` is `html` or `svg`".into()));
            }
        };
        let path = args.out.as_deref().filter(|path| !stdio::is_stdio(path));
        if open.is_some() && path.is_none() && args.out.is_some() {
            return Err(Failure::Usage("`--open` needs a file: leave out `-o -`".into()));
        }
        Ok(Self { path, open })
    }

    /// Writes the text, and opens its file if that is asked for.
    fn write(&self, text: &str) -> Result<(), Failure> {
        let temporary = match (self.path, self.open) {
            (Some(_), _) | (None, None) => None,
            (None, Some(extension)) => Some(browser::temporary_file(extension)?),
        };
        let Some(path) = self.path.or(temporary.as_deref()) else { return stdio::print_text(text) };
        stdio::write(path, text.as_bytes())?;
        terminal::print(format_args!("wrote {}", path.display()));
        if self.open.is_some() { browser::open(path) } else { Ok(()) }
    }
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

/// Shows a network with the resources of a chip that it uses, and with weights also its cost.
fn show_on_chip(
    shown: &Shown<'_>,
    chip: &Chip,
    recipe: Option<&Recipe>,
    output: &Output<'_>,
    context: &Context,
) -> Result<(), Failure> {
    let (loaded, network) = (shown.loaded, shown.network);
    let budget = Budget::from_graph(&loaded.graph, chip);
    // The budget matters most if the network does not fit: print it first, fail at the end.
    let found = synnet_xylo::rules::check(&loaded.graph, chip);
    let fits = loaded.accept(&found, &context.terminal);
    let quantize = recipe.map(|recipe| recipe.quantize.options.clone()).unwrap_or_default();
    let cost = match (network, &fits) {
        (Some(network), Ok(())) if shown.format != ShowFormat::Html => {
            Some(cost(loaded, network, chip, &quantize)?)
        }
        _ => None,
    };
    let text = match shown.format {
        ShowFormat::Json => {
            let cost = cost.as_ref().and_then(Option::as_ref).map(CostSummary::to_json);
            let mut value = json!({
                "network": to_value(shown.graph())?,
                "budget": budget,
                "cost": cost,
                "diagnostics": network_source::to_json(&found, &loaded.sources),
            });
            if let Some(network) = network {
                value["tensors"] = tensors(network);
            }
            format!("{value:#}\n")
        }
        ShowFormat::Html => shown.text(Some(chip))?,
        _ => {
            let mut text = format!("{}\n{budget}", shown.text(None)?);
            if let Some(cost) = &cost {
                text += &format!("\n{}", cost_summary(cost.as_ref(), chip));
            }
            text
        }
    };
    output.write(&text)?;
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
    let format = format(args, context);
    if !matches!(format, ShowFormat::Table | ShowFormat::Json) || args.layer.is_some() {
        return Err(Failure::Usage(
            "for compiled networks, `--format` is `table` or `json`, without `--layer` and `--open`".into(),
        ));
    }
    let output = Output::new(args, format)?;
    let named = context.chip(args.target.as_ref(), "compiled networks are for chips")?;
    let path = &network.net;
    stdio::check_outputs(args.out.as_deref(), [path.as_path()])?;
    let bytes = file_kind::read(path, Expected::CompiledNetwork)?;
    let network = CompiledNetwork::parse(&bytes, path, &context.chips)?;
    let network = network.with_layers_beside(&context.terminal);
    let chip = network.chip(named)?;
    let chip = chip.as_deref();
    let spec = &network.specification;
    let budget = chip.map(|chip| Budget::from_specification(spec, chip));
    let cost = chip.map(|chip| CostSummary::from_specification(spec, chip, args.dt));
    if format == ShowFormat::Json {
        let known = cost.as_ref().and_then(Option::as_ref).map(CostSummary::to_json);
        let mut value = network.json();
        value["chip"] = json!(chip.map(|chip| &chip.name));
        value["budget"] = json!(budget);
        value["cost"] = json!(known);
        let found = chip.map(|chip| synnet_xylo::rules::check_specification(spec, chip)).unwrap_or_default();
        value["diagnostics"] = network_source::to_json(&found, &Sources::new());
        output.write(&format!("{value:#}\n"))?;
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
        output.write(&text)?;
    }
    match chip {
        Some(chip) => Ok(network.check(chip, &context.terminal)?),
        None => Ok(()),
    }
}
