//! `snnc build`: a network and its weights for a target.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};
use synnet_dsl::Graph;
use synnet_rust::{Memory, Numbers};
use synnet_xylo::{Chip, QuantizeOptions};

use crate::artifacts::{self, Written};
use crate::cli::{Build, Target};
use crate::cost::CostSummary;
use crate::failure::Failure;
use crate::source::Loaded;
use crate::{files, source, terminal};

/// What was built.
struct Built {
    written: Vec<Written>,
    /// What generated code occupies; a chip has room for what it accepts.
    memory: Option<Memory>,
    /// What the network costs on a chip of which that is known.
    cost: Option<CostSummary>,
    /// What is known of a chip's files, and what is not.
    known: Vec<String>,
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
    let loaded = source::load(&args.network)?;
    let built = match &target {
        Target::Rust => rust(args, &loaded, Numbers::Float)?,
        Target::RustInt => rust(args, &loaded, Numbers::Integer(QuantizeOptions::default()))?,
        Target::Chip(target) => chip(args, &loaded, target)?,
    };
    if json { print_json(&loaded, &built) } else { say(&built) }
}

/// A Rust module, with its weights or without.
fn rust(args: &Build, loaded: &Loaded, numbers: Numbers) -> Result<Built, Failure> {
    if args.rates.is_some() && numbers != Numbers::Float {
        return Err(Failure::Io("`--rates` is for the target `rust`: integer code has no choice".into()));
    }
    let network = args.weights.as_ref().map(|path| source::bind(loaded, path)).transpose()?;
    let rates = args.rates.as_ref().map(|path| rates(path, &loaded.graph)).transpose()?.unwrap_or_default();
    let options = synnet_rust::Options { numbers, rates, ..synnet_rust::Options::default() };
    let module = artifacts::rust_module(&loaded.graph, network.as_ref(), options, &args.out)
        .map_err(|diagnostics| rendered(loaded, &diagnostics))?;
    source::accept(&module.warnings, &loaded.sources)?;
    let written = artifacts::write_rust(&module, &args.out)?;
    Ok(Built { written, memory: Some(module.memory), cost: None, known: Vec::new() })
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
    let build = synnet_xylo::build(&network, chip, &QuantizeOptions::default())
        .map_err(|diagnostics| rendered(loaded, &diagnostics))?;
    source::accept(&build.warnings, &loaded.sources)?;
    let written = artifacts::write_xylo(&build, chip, &network.graph.name, &args.out)?;
    let known = artifacts::known(chip, &args.out);
    Ok(Built { written, memory: None, cost: CostSummary::of_build(&build, chip), known })
}

fn rendered(loaded: &Loaded, diagnostics: &[synnet_dsl::Diagnostic]) -> Failure {
    Failure::Rendered(synnet_dsl::render(diagnostics, &loaded.sources, terminal::color()))
}

fn print_json(loaded: &Loaded, built: &Built) -> Result<(), Failure> {
    let files: Vec<_> = built.written.iter().map(|w| json!({ "path": w.path, "what": w.what })).collect();
    let mut result = json!({ "network": loaded.graph.name, "written": files });
    if let Some(memory) = built.memory {
        result["memory"] = json!({ "flash": memory.flash, "ram": memory.ram });
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
    for fact in &built.known {
        terminal::say(format_args!("note: {fact}"));
    }
    if let Some(cost) = &built.cost {
        terminal::say(cost.in_short());
    }
    Ok(())
}
