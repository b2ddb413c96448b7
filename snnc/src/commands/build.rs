//! `snnc build`: a network and its weights for a target.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};
use synnet_ir::{Graph, Network};
use synnet_rust::{Memory, Numbers};
use synnet_xylo::{BuildOptions, Chip, MapOptions, QuantizeOptions, QuantizeReport};

use crate::cli::{Build, QuantizeArgs};
use synnet_workbench::artifacts::{self, Written};
use synnet_workbench::cost::CostSummary;
use synnet_workbench::error::Error as Failure;
use synnet_workbench::source::Loaded;
use synnet_workbench::target::Target;
use synnet_workbench::{calibration, files, source, terminal};

/// What was built.
struct Built {
    written: Vec<Written>,
    /// What generated code occupies; a chip has room for what it accepts.
    memory: Option<Memory>,
    /// What a chip's integers are.
    quantized: Option<QuantizeReport>,
    /// What the network costs on a chip of which that is known.
    cost: Option<CostSummary>,
    /// What is known of a chip's files, and what is not.
    known: Vec<String>,
    /// The neurons that a chip goes without.
    removed: Vec<String>,
}

impl Built {
    fn new(written: Vec<Written>) -> Self {
        Self { written, memory: None, quantized: None, cost: None, known: Vec::new(), removed: Vec::new() }
    }
}

/// Compiles a network for a target.
pub fn run(args: &Build, json: bool) -> Result<(), Failure> {
    if json && files::is_dash(&args.out) {
        return Err(Failure::Io(
            "`--json` and `-o -` both write to standard output: give `-o` a file".into(),
        ));
    }
    let Some(target) = Target::or_chosen(args.target.as_ref())? else {
        return Err(Failure::Io("say with `--target` what to build, such as `--target rust`".into()));
    };
    let loaded = super::load(&args.network)?;
    let built = match &target {
        Target::Rust => rust(args, &loaded)?,
        Target::RustInt => rust_int(args, &loaded)?,
        Target::Chip(target) => chip(args, &loaded, target)?,
    };
    if json { print_json(&loaded, &built) } else { say(&built) }
}

/// A Rust module in f32, with its weights or without.
fn rust(args: &Build, loaded: &Loaded) -> Result<Built, Failure> {
    let QuantizeArgs { quantizer, calibrate } = &args.quantize;
    if quantizer.is_some() || calibrate.is_some() {
        let option = if quantizer.is_some() { "--quantizer" } else { "--calibrate" };
        return Err(Failure::Io(format!("`{option}` is for chips and `rust-int`: `rust` computes in f32")));
    }
    let network = args.weights.as_ref().map(|path| source::bind(loaded, path)).transpose()?;
    let rates = args.rates.as_ref().map(|path| rates(path, &loaded.graph)).transpose()?.unwrap_or_default();
    let options = synnet_rust::Options { rates, ..synnet_rust::Options::default() };
    generate(args, loaded, network.as_ref(), options)
}

/// A Rust module in integers.
fn rust_int(args: &Build, loaded: &Loaded) -> Result<Built, Failure> {
    if args.rates.is_some() {
        return Err(Failure::Io("`--rates` is for the target `rust`: integer code has no choice".into()));
    }
    let network = args.weights.as_ref().map(|path| source::bind(loaded, path)).transpose()?;
    let numbers = Numbers::Integer(quantize_options(&args.quantize, network.as_ref())?);
    let options = synnet_rust::Options { numbers, ..synnet_rust::Options::default() };
    generate(args, loaded, network.as_ref(), options)
}

fn generate(
    args: &Build,
    loaded: &Loaded,
    network: Option<&Network>,
    options: synnet_rust::Options,
) -> Result<Built, Failure> {
    let module = artifacts::rust_module(&loaded.graph, network, options, &args.out)
        .map_err(|diagnostics| rendered(loaded, &diagnostics))?;
    source::accept(&module.warnings, &loaded.sources)?;
    let written = artifacts::write_rust(&module, &args.out)?;
    Ok(Built { memory: Some(module.memory), ..Built::new(written) })
}

/// How to quantise, with the ranges of the states where there is input to measure them on.
fn quantize_options(args: &QuantizeArgs, network: Option<&Network>) -> Result<QuantizeOptions, Failure> {
    let method = args.quantizer.unwrap_or_default();
    if args.calibrate.is_some() && method.rockpool().is_some() {
        let message = format!(
            "`{}` does as Rockpool does, which measures nothing: leave out `--calibrate`",
            method.name()
        );
        return Err(Failure::Io(message));
    }
    let ranges = match (&args.calibrate, network) {
        (Some(path), Some(network)) => Some(calibration::on_file(network, path)?),
        (Some(_), None) => {
            return Err(Failure::Io(
                "`--calibrate` runs the network: give its weights with `--weights`".into(),
            ));
        }
        (None, _) => None,
    };
    Ok(QuantizeOptions { method, ranges, ..QuantizeOptions::default() })
}

/// The rates in what `snnc eval --json` printed, or in a plain map from names to rates.
fn rates(path: &Path, graph: &Graph) -> Result<BTreeMap<String, f64>, Failure> {
    let text = files::read_text(path)?;
    let value: Value = serde_json::from_str(&text).map_err(|e| Failure::input(path, e))?;
    let map = value.pointer("/float/rates").unwrap_or(&value);
    let rates: BTreeMap<String, f64> = BTreeMap::deserialize(map).map_err(|e| {
        Failure::input(path, format_args!("neither an evaluation nor a map from names to rates: {e}"))
    })?;
    let known = |name: &str| name == graph.input.name || graph.layers.iter().any(|layer| layer.name == name);
    let wrong = rates.iter().filter_map(|(name, rate)| match (known(name), *rate < 0.0) {
        (false, _) => Some(format!("network `{}` has neither an input nor a layer `{name}`", graph.name)),
        (true, true) => Some(format!("the rate of `{name}` is {rate}, below 0")),
        (true, false) => None,
    });
    let wrong: Vec<String> = wrong.collect();
    if wrong.is_empty() { Ok(rates) } else { Err(Failure::input(path, wrong.join("; "))) }
}

/// The configuration of a chip.
fn chip(args: &Build, loaded: &Loaded, chip: &Chip) -> Result<Built, Failure> {
    let name = &chip.name;
    if args.rates.is_some() {
        return Err(Failure::Io(format!("`--rates` is for the target `rust`: `{name}` has no choice")));
    }
    let Some(weights) = &args.weights else {
        return Err(Failure::Io(format!("`{name}` is configured with weights: give them with `--weights`")));
    };
    let network = source::bind(loaded, weights)?;
    let options = quantize_options(&args.quantize, Some(&network))?;
    let options = BuildOptions { map: MapOptions { remove_dead: args.remove_dead }, quantize: options };
    let build = synnet_xylo::build_with(&network, chip, &options)
        .map_err(|diagnostics| rendered(loaded, &diagnostics))?;
    source::accept(&build.warnings, &loaded.sources)?;
    let written = artifacts::write_xylo(&build, chip, &network.graph.name, &args.out)?;
    let known = artifacts::known(chip, &args.out);
    let removed = build.float.removed.iter().map(|removed| {
        let count = removed.silent.len() + removed.without_effect.len();
        format!("{count} dead neurons of `{}` were left out", removed.name)
    });
    let removed = removed.collect();
    let cost = CostSummary::of_build(&build, chip);
    Ok(Built { quantized: Some(build.report), cost, known, removed, ..Built::new(written) })
}

fn rendered(loaded: &Loaded, diagnostics: &[synnet_ir::Diagnostic]) -> Failure {
    Failure::Rendered(synnet_ir::render(diagnostics, &loaded.sources, terminal::color()))
}

fn print_json(loaded: &Loaded, built: &Built) -> Result<(), Failure> {
    let files: Vec<_> = built.written.iter().map(|w| json!({ "path": w.path, "what": w.what })).collect();
    let mut result = json!({ "network": loaded.graph.name, "written": files });
    if let Some(memory) = built.memory {
        result["memory"] = json!({ "flash": memory.flash, "ram": memory.ram });
    }
    if let Some(report) = &built.quantized {
        result["quantization"] = json!(report);
    }
    if !built.removed.is_empty() {
        result["removed"] = json!(built.removed);
    }
    if let Some(cost) = &built.cost {
        result["cost"] = cost.to_json();
    }
    if !built.known.is_empty() {
        result["known"] = json!(built.known);
    }
    terminal::print_json(&result)
}

fn say(built: &Built) -> Result<(), Failure> {
    for file in &built.written {
        terminal::say(format_args!("wrote {} ({})", file.path.display(), file.what));
    }
    if let Some(memory) = built.memory {
        terminal::say(format_args!(
            "flash: {} bytes of weights and tables, and the code; RAM: {} bytes of states",
            memory.flash, memory.ram
        ));
    }
    for fact in &built.removed {
        terminal::say(fact);
    }
    if let Some(report) = &built.quantized {
        terminal::say(quantization(report).trim_end());
    }
    for fact in &built.known {
        terminal::say(format_args!("note: {fact}"));
    }
    if let Some(cost) = &built.cost {
        terminal::say(cost.in_short());
    }
    Ok(())
}

/// What quantisation did, layer by layer.
fn quantization(report: &QuantizeReport) -> String {
    let percent = |x: f64| format!("{:.1} %", 100.0 * x);
    let head = ["layer", "scale", "weight error", "became 0", "clipped", "threshold error"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(report.layers.iter().map(|layer| {
        let [least, greatest] = layer.scale.map(|scale| format!("{scale:.1}"));
        vec![
            layer.name.clone(),
            if least == greatest { least } else { format!("{least} to {greatest}") },
            percent(layer.weight_error),
            layer.vanished.to_string(),
            layer.saturated.to_string(),
            percent(layer.threshold_error),
        ]
    }));
    format!(
        "quantised by `{}`; weight shifts: input {}, hidden {}, readout {}\n{}",
        report.method.name(),
        report.weight_shift_in,
        report.weight_shift_rec,
        report.weight_shift_out,
        terminal::table(&rows)
    )
}
