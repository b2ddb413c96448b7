//! `snnc build`: a network and its weights for a target.

use std::path::Path;

use serde_json::json;
use synnet_ir::Network;
use synnet_rust::{Memory, Numbers};
use synnet_workbench::artifacts::{self, Written};
use synnet_workbench::cost::CostSummary;
use synnet_workbench::source::Loaded;
use synnet_workbench::{Target, calibration, report};
use synnet_xylo::{BuildOptions, Chip, MapOptions, QuantizeOptions, QuantizeReport};

use crate::cli::{Build, QuantizeArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::{streams, terminal};

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
pub fn run(args: &Build, context: &Context) -> Result<(), Failure> {
    streams::keep_apart("-o", &args.out, context.json)?;
    let Some(target) = context.target_or_custom(args.target.as_ref())? else {
        return Err(Failure::Usage("say with `--target` what to build, such as `--target rust`".into()));
    };
    let loaded = context.load(&args.network)?;
    let build = Builder { args, context, loaded: &loaded };
    let built = match &target {
        Target::Rust => build.rust()?,
        Target::RustInt => build.rust_int()?,
        Target::Chip(chip) => build.chip(chip)?,
    };
    if context.json { print_json(&loaded, &built) } else { say(&built) }
}

/// A network, and how it is built.
struct Builder<'a> {
    args: &'a Build,
    context: &'a Context,
    loaded: &'a Loaded,
}

impl Builder<'_> {
    /// A Rust module in f32, with its weights or without.
    fn rust(&self) -> Result<Built, Failure> {
        let QuantizeArgs { quantizer, calibrate } = &self.args.quantize;
        if quantizer.is_some() || calibrate.is_some() {
            let option = if quantizer.is_some() { "--quantizer" } else { "--calibrate" };
            return Err(Failure::Usage(format!(
                "`{option}` is for chips and `rust-int`: `rust` computes in f32"
            )));
        }
        let network = self.network()?;
        let rates = self.args.rates.as_ref().map(|path| {
            let rates = report::rates_from_json(&streams::read_text(path)?, &self.loaded.graph);
            rates.map_err(|why| Failure::Input(format!("`{}`: {why}", path.display())))
        });
        let rates = rates.transpose()?.unwrap_or_default();
        let options = synnet_rust::Options { rates, ..synnet_rust::Options::default() };
        self.generate(network.as_ref(), options)
    }

    /// A Rust module in integers.
    fn rust_int(&self) -> Result<Built, Failure> {
        if self.args.rates.is_some() {
            return Err(Failure::Usage(
                "`--rates` is for the target `rust`: integer code has no choice".into(),
            ));
        }
        let network = self.network()?;
        let numbers = Numbers::Integer(self.quantize_options(network.as_ref())?);
        let options = synnet_rust::Options { numbers, ..synnet_rust::Options::default() };
        self.generate(network.as_ref(), options)
    }

    /// The network with its weights, if they are given.
    fn network(&self) -> Result<Option<Network>, Failure> {
        self.args.weights.as_ref().map(|path| self.context.bind(self.loaded, path)).transpose()
    }

    fn generate(&self, network: Option<&Network>, options: synnet_rust::Options) -> Result<Built, Failure> {
        let out: Option<&Path> = Some(&self.args.out).filter(|out| !streams::is_dash(out)).map(|out| &**out);
        let module = artifacts::rust_module(&self.loaded.graph, network, options, out)
            .map_err(|diagnostics| self.loaded.error(diagnostics))?;
        self.loaded.accept(&module.warnings, &self.context.terminal)?;
        let written = match out {
            Some(out) => artifacts::write_rust(&module, out)?,
            None => {
                streams::print_text(&module.source())?;
                Vec::new()
            }
        };
        Ok(Built { memory: Some(module.memory), ..Built::new(written) })
    }

    /// How to quantize, with the ranges of the states if there is input to measure them on.
    fn quantize_options(&self, network: Option<&Network>) -> Result<QuantizeOptions, Failure> {
        let QuantizeArgs { quantizer, calibrate } = &self.args.quantize;
        let method = quantizer.unwrap_or_default();
        if calibrate.is_some() && method.rockpool().is_some() {
            return Err(Failure::Usage(format!(
                "`{}` does as Rockpool does, which measures nothing: leave out `--calibrate`",
                method.name()
            )));
        }
        let ranges = match (calibrate, network) {
            (Some(path), Some(network)) => {
                let events = self.context.events(path, network.graph.input.channels)?;
                let ranges = calibration::on_events(network, &events);
                Some(ranges.map_err(|why| Failure::Input(format!("`{}`: {why}", path.display())))?)
            }
            (Some(_), None) => {
                return Err(Failure::Usage(
                    "`--calibrate` runs the network: give its weights with `--weights`".into(),
                ));
            }
            (None, _) => None,
        };
        Ok(QuantizeOptions { method, ranges, ..QuantizeOptions::default() })
    }

    /// The configuration of a chip.
    fn chip(&self, chip: &Chip) -> Result<Built, Failure> {
        let Build { rates, weights, out, remove_dead, .. } = self.args;
        let name = &chip.name;
        if rates.is_some() {
            return Err(Failure::Usage(format!(
                "`--rates` is for the target `rust`: `{name}` has no choice"
            )));
        }
        let Some(weights) = weights else {
            let remedy = "give them with `--weights`";
            return Err(Failure::Usage(format!("`{name}` is configured with weights: {remedy}")));
        };
        let network = self.context.bind(self.loaded, weights)?;
        let quantize = self.quantize_options(Some(&network))?;
        let options = BuildOptions { map: MapOptions { remove_dead: *remove_dead }, quantize };
        let build = synnet_xylo::build_with(&network, chip, &options)
            .map_err(|diagnostics| self.loaded.error(diagnostics))?;
        self.loaded.accept(&build.warnings, &self.context.terminal)?;
        if streams::is_dash(out) {
            let what = "a chip's configuration is several files: give `-o` a name";
            return Err(Failure::Usage(what.into()));
        }
        let written = artifacts::write_xylo(&build, chip, &network.graph.name, out)?;
        let known = artifacts::known(chip, out);
        let removed = build.float.removed.iter().map(|removed| {
            let count = removed.silent.len() + removed.without_effect.len();
            format!("{count} dead neurons of `{}` were left out", removed.name)
        });
        let removed = removed.collect();
        let cost = CostSummary::of_build(&build, chip);
        Ok(Built { quantized: Some(build.report), cost, known, removed, ..Built::new(written) })
    }
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
    streams::print_json(&result)
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
    if let Some(quantized) = &built.quantized {
        terminal::say(report::quantization(quantized).trim_end());
    }
    for fact in &built.known {
        terminal::say(format_args!("note: {fact}"));
    }
    if let Some(cost) = &built.cost {
        terminal::say(cost.in_short());
    }
    Ok(())
}
