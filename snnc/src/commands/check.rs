//! `snnc check`: checks networks, recipes and compiled networks, and reports all errors at once.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use synnet_ir::display::pluralize;
use synnet_ir::{Diagnostic, Graph, Sources};
use synnet_workbench::compiled_network::{self, CompiledNetwork};
use synnet_workbench::file_kind::{Expected, FileKind};
use synnet_workbench::network_source;
use synnet_workbench::{Checks, Observer, Plan};

use crate::cli::{Check, NetworkArgs};
use crate::context::Context;
use crate::failure::{self, Failure};
use crate::progress::Terminal;
use crate::{file_kind, stdio, terminal};

/// Checks a network and the rules of the target, if one is given. Recipes and compiled networks are recognized by their
/// extensions, and on standard input by their content.
pub fn run(args: &Check, context: &Context) -> Result<(), Failure> {
    let path = &args.network.net;
    // An unknown target is reported before a file is read.
    context.target(args.target.as_ref())?;
    if compiled_network::is_compiled(path) {
        return compiled_network(args, context);
    }
    let text = file_kind::read_text(path, Expected::Checkable)?;
    match FileKind::of(path, text.as_bytes()) {
        FileKind::Yaml if text.trim().is_empty() => Err(Failure::Input(format!(
            "`{}` is empty: write a recipe, which starts with `network: ...`, or a chip description, which starts with \
             `name: ...`",
            stdio::display_name(path)
        ))),
        FileKind::Recipe | FileKind::Yaml => recipe(args, text, context),
        FileKind::Chip => chip(args, text, context),
        _ => network(args, text, context),
    }
}

/// Checks a network and the rules of the target, if one is given.
fn network(args: &Check, text: String, context: &Context) -> Result<(), Failure> {
    let target = context.target_or_custom(args.target.as_ref())?;
    let mut output = context.compile(&args.network, text);
    if let (Some(graph), Some(target)) = (&output.graph, &target) {
        output.diagnostics.extend(target.check(graph));
    }
    let path = &args.network.net;
    network_source::accept(&output.diagnostics, &output.sources, &context.terminal).map_err(|error| {
        error.concluding(|diagnostics| {
            let errors = diagnostics.iter().filter(|d| Diagnostic::is_error(d)).count();
            format!("{} in `{}`", pluralize(errors, "error"), stdio::display_name(path))
        })
    })?;
    if context.json {
        let diagnostics = network_source::to_json(&output.diagnostics, &output.sources);
        stdio::print_json(&json!({ "diagnostics": diagnostics }))?;
    }
    if let Some(graph) = &output.graph {
        let target = target.map_or(String::new(), |target| format!("; fits {}", target.name()));
        report_success(path, &format!("{}{target}", size_summary(graph)));
    }
    Ok(())
}

/// Checks a recipe: its keys, its network, its targets, and whether training supports the network. Reads no data.
fn recipe(args: &Check, text: String, context: &Context) -> Result<(), Failure> {
    let NetworkArgs { net, name: network, params } = &args.network;
    if network.is_some() || !params.is_empty() {
        return Err(Failure::Usage(
            "`--name` and `--param` are for networks; a recipe sets them as `name` and `params`".into(),
        ));
    }
    let target = context.target(args.target.as_ref())?;
    let recorder = Recorder { terminal: &context.terminal, warnings: Mutex::default() };
    let checks = Checks::training().with_target(target);
    let plan = Plan::parse(text, net, &[], &context.chips, &checks, &recorder)?;
    plan.trainer(plan.recipe.training.seed)?;
    if context.json {
        stdio::print_json(&json!({ "diagnostics": recorder.into_warnings() }))?;
    }
    let targets: Vec<&str> = plan.recipe.build.iter().map(String::as_str).collect();
    let targets = if targets.is_empty() { String::new() } else { format!("; fits {}", targets.join(", ")) };
    let size = size_summary(&plan.loaded.graph);
    report_success(net, &format!("{size}; can be trained{targets}"));
    Ok(())
}

/// Checks a chip description.
fn chip(args: &Check, text: String, context: &Context) -> Result<(), Failure> {
    let NetworkArgs { net, name, params } = &args.network;
    if name.is_some() || !params.is_empty() || args.target.is_some() {
        return Err(Failure::Usage(
            "`--name`, `--param` and `--target` are for networks, not for chip descriptions".into(),
        ));
    }
    let mut chips = context.chips.clone();
    chips.add(&stdio::display_name(net), text)?;
    if context.json {
        stdio::print_json(&json!({ "diagnostics": [] }))?;
    }
    let title = chips.custom().last().map_or("", |chip| &chip.title);
    report_success(net, &format!("chip `{title}`"));
    Ok(())
}

/// Shows warnings, and keeps them for programs.
struct Recorder<'a> {
    terminal: &'a Terminal,
    warnings: Mutex<Vec<Value>>,
}

impl Recorder<'_> {
    fn into_warnings(self) -> Vec<Value> {
        self.warnings.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, warnings: impl IntoIterator<Item = Value>) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).extend(warnings);
    }
}

impl Observer for Recorder<'_> {
    fn warning(&self, text: &str) {
        self.record([failure::message("warning", text)]);
        self.terminal.warning(text);
    }

    fn note(&self, message: &str) {
        self.terminal.note(message);
    }

    fn diagnostics(&self, warnings: &[Diagnostic], sources: &Sources) {
        self.record(network_source::to_json(warnings, sources).as_array().cloned().unwrap_or_default());
        self.terminal.diagnostics(warnings, sources);
    }
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
    let bytes = file_kind::read(net, Expected::CompiledNetwork)?;
    let network = CompiledNetwork::parse(&bytes, net, &context.chips)?;
    let chip = network.chip(named)?;
    let recorder = Recorder { terminal: &context.terminal, warnings: Mutex::default() };
    if let Some(chip) = &chip {
        network.check(chip, &recorder)?;
    }
    if context.json {
        stdio::print_json(&json!({ "diagnostics": recorder.into_warnings() }))?;
    }
    let fits = chip.map_or(String::new(), |chip| format!("; fits {}", chip.name));
    report_success(net, &format!("{}{fits}", network.size_summary()));
    Ok(())
}

/// Summarizes the size of a network in a line.
fn size_summary(graph: &Graph) -> String {
    let neurons = graph.layers.iter().map(|layer| layer.size).sum();
    format!(
        "network `{}`, {}, {}, {}",
        graph.name,
        pluralize(graph.layers.len(), "layer"),
        pluralize(neurons, "neuron"),
        pluralize(graph.learned_values(), "learned parameter")
    )
}

/// Reports what was checked: silence would leave the reader to wonder whether it was the right network.
fn report_success(path: &Path, summary: &str) {
    terminal::note(format_args!("`{}` has no errors: {summary}", stdio::display_name(path)));
}
