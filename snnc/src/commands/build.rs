//! `snnc build`: a network and its weights for a target.

use std::path::Path;

use serde_json::json;
use synnet_ir::Fact;
use synnet_ir::Network;
use synnet_workbench::artifacts::{self, WrittenFile};
use synnet_workbench::network_source::LoadedNetwork;
use synnet_workbench::{Target, TargetOption, TargetOptions, calibration, report};
use synnet_xylo::QuantizeOptions;

use crate::cli::{Build, QuantizeArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::{stdio, terminal};

/// Compiles a network for a target.
pub fn run(args: &Build, context: &Context) -> Result<(), Failure> {
    stdio::check_single_stdout("-o", &args.out, context.json)?;
    let Some(target) = context.target_or_custom(args.target.as_ref())? else {
        return Err(Failure::Usage("say with `--target` what to build, such as `--target rust`".into()));
    };
    reject_unused_options(args, &target, context)?;
    let loaded = context.load(&args.network)?;
    let network = args.weights.as_ref().map(|path| context.bind(&loaded, path)).transpose()?;
    let mut settings = TargetOptions::new();
    settings.quantize = quantize_options(args, network.as_ref(), context)?;
    settings.remove_dead = args.remove_dead;
    settings.one_file = stdio::is_stdio(&args.out);
    if let Some(path) = &args.rates {
        let rates = report::rates_from_json(&stdio::read_text(path)?, &loaded.graph);
        settings.rates = rates.map_err(|why| Failure::Input(format!("`{}`: {why}", path.display())))?;
    }
    let back_end = target.with(&settings);
    let file = main_file(&args.out)?;
    let artifacts = match &network {
        Some(network) => back_end.build(network, &file),
        None => back_end.build_without_weights(&loaded.graph, &file).ok_or_else(|| {
            Failure::Usage(format!("`{}` needs the weights: give them with `--weights`", target.name()))
        })?,
    };
    let artifacts = artifacts.map_err(|found| loaded.error(found))?;
    loaded.accept(&artifacts.warnings, &context.terminal)?;
    let written = match artifacts.files.as_slice() {
        [only] if settings.one_file => {
            stdio::print(&only.bytes)?;
            Vec::new()
        }
        _ if settings.one_file => {
            let what = "is several files: give `-o` a name";
            return Err(Failure::Usage(format!("what `{}` makes {what}", target.name())));
        }
        _ => artifacts::write(&artifacts, args.out.parent().unwrap_or(Path::new("")))?,
    };
    if context.json {
        print_json(&loaded, &written, &artifacts.facts)
    } else {
        print_summary(&written, &artifacts.facts)
    }
}

/// The name of the main file. The other files are named after it, in generated code too, so it must be text.
fn main_file(out: &Path) -> Result<String, Failure> {
    let name = out.file_name().filter(|_| !out.as_os_str().as_encoded_bytes().ends_with(b"/"));
    let name = name.and_then(|name| name.to_str());
    name.map(str::to_owned)
        .ok_or_else(|| Failure::Usage(format!("cannot write `{}`: that is no name of a file", out.display())))
}

/// Options that make no difference for the target are a mistake.
fn reject_unused_options(args: &Build, target: &Target, context: &Context) -> Result<(), Failure> {
    let QuantizeArgs { quantizer, calibrate } = &args.quantize;
    let given = [
        ("--quantizer", quantizer.is_some(), TargetOption::Quantize),
        ("--calibrate", calibrate.is_some(), TargetOption::Quantize),
        ("--remove-dead", args.remove_dead, TargetOption::RemoveDead),
        ("--rates", args.rates.is_some(), TargetOption::Rates),
    ];
    let Some((option, _, setting)) =
        given.into_iter().find(|(_, given, setting)| *given && !target.takes(*setting))
    else {
        return Ok(());
    };
    let all = Target::all(context.chips.iter());
    let others = all.iter().filter(|target| target.takes(setting));
    let others: Vec<String> = others.map(|target| format!("`{}`", target.name())).collect();
    let name = target.name();
    Err(Failure::Usage(format!("`{option}` means nothing to `{name}`: it is for {}", others.join(", "))))
}

/// How to quantize, with the ranges of the states if there is input to measure them on.
fn quantize_options(
    args: &Build,
    network: Option<&Network>,
    context: &Context,
) -> Result<QuantizeOptions, Failure> {
    let QuantizeArgs { quantizer, calibrate } = &args.quantize;
    let method = quantizer.unwrap_or_default();
    if calibrate.is_some() && method.rockpool().is_some() {
        return Err(Failure::Usage(format!(
            "`{}` does as Rockpool does, which measures nothing: leave out `--calibrate`",
            method.name()
        )));
    }
    let ranges = match (calibrate, network) {
        (Some(path), Some(network)) => {
            let events = context.events(path, network.graph.input.channels)?;
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
    Ok(QuantizeOptions::new().with_method(method).with_ranges(ranges))
}

fn print_json(loaded: &LoadedNetwork, written: &[WrittenFile], facts: &[Fact]) -> Result<(), Failure> {
    let files: Vec<_> = written.iter().map(|w| json!({ "path": w.path, "description": w.what })).collect();
    let mut result = json!({ "network": loaded.graph.name, "files": files });
    for fact in facts {
        result[fact.key] = fact.value.clone();
    }
    stdio::print_json(&result)
}

fn print_summary(written: &[WrittenFile], facts: &[Fact]) -> Result<(), Failure> {
    for file in written {
        terminal::print(format_args!("wrote {} ({})", file.path.display(), file.what));
    }
    for fact in facts {
        terminal::print(&fact.text);
    }
    Ok(())
}
