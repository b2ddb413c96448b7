//! `snnc build`: compiles a network and its weights for a target.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use synnet_ir::Fact;
use synnet_ir::Network;
use synnet_ir::display::pluralize;
use synnet_workbench::artifacts::{self, WrittenFile};
use synnet_workbench::detection::Detector;
use synnet_workbench::file_kind::Expected;
use synnet_workbench::network_source::LoadedNetwork;
use synnet_workbench::recipe::Recipe;
use synnet_workbench::{NamedTarget, Observer, TargetOption, TargetOptions, calibration, files, report};
use synnet_xylo::quantize::QuantizeOptions;

use crate::cli::{Build, QuantizeArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::{file_kind, stdio, terminal};

/// Compiles a network for a target.
pub fn run(args: &Build, context: &Context) -> Result<(), Failure> {
    stdio::check_single_stdout("-o", &args.out, context.json)?;
    let input = context.open(&args.network)?;
    let loaded = input.loaded();
    let target = target(args, input.recipe(), context)?;
    reject_unused_options(args, &target, context)?;
    let bind = |path: &PathBuf| input.bind(path, args.mismatch.allow_mismatch, context);
    let network = args.weights.as_ref().map(bind).transpose()?;
    let mut options = TargetOptions::new();
    options.quantize = quantize_options(args, &target, input.recipe(), network.as_ref(), context)?;
    options.remove_dead = args.remove_dead;
    options.dialect = args.dialect.unwrap_or_default();
    options.one_file = stdio::is_stdio(&args.out);
    options.detector = args.detector.as_deref().map(read_detector).transpose()?;
    if let Some(path) = &args.rates {
        let rates = report::rates_from_json(&file_kind::read_text(path, Expected::Rates)?, &loaded.graph);
        options.rates = rates.map_err(|why| Failure::Input(format!("`{}`: {why}", path.display())))?;
    }
    let back_end = target.instantiate(&options);
    let file = main_file(&args.out)?;
    let artifacts = match &network {
        Some(network) => back_end.build(network, &file),
        None => back_end.build_without_weights(&loaded.graph, &file).ok_or_else(|| {
            Failure::Usage(format!("target `{}` needs weights: pass them with `--weights`", target.name()))
        })?,
    };
    let artifacts = artifacts.map_err(|diagnostics| loaded.error(diagnostics))?;
    loaded.accept(&artifacts.warnings, &context.terminal)?;
    let written = match artifacts.files.as_slice() {
        [only] if options.one_file => {
            stdio::print(&only.bytes)?;
            Vec::new()
        }
        _ if options.one_file => {
            let message =
                "writes several files, which cannot go to standard output: pass a file name to `-o`";
            return Err(Failure::Usage(format!("target `{}` {message}", target.name())));
        }
        _ => {
            let folder = args.out.parent().unwrap_or(Path::new(""));
            let outputs: Vec<PathBuf> = artifacts.files.iter().map(|file| folder.join(&file.name)).collect();
            let sources = input.files();
            let given =
                [&args.weights, &args.rates, &args.detector, &args.quantize.calibrate].into_iter().flatten();
            let inputs = std::iter::once(&args.network.net).chain(given).chain(&sources);
            context.check_outputs(&outputs, inputs, input.recipe())?;
            artifacts::write(&artifacts, folder)?
        }
    };
    if !written.is_empty() {
        report_other_names(&args.out, &file, &written, target.name());
    }
    if context.json {
        print_json(loaded, &written, &artifacts.facts, context)
    } else {
        print_summary(&written, &artifacts.facts)
    }
}

/// Reads a detector that `snnc detect` wrote.
fn read_detector(path: &Path) -> Result<Detector, Failure> {
    let text = file_kind::read_text(path, Expected::Detector)?;
    Detector::from_json(&text).map_err(|why| Failure::Input(format!("`{}`: {why}", path.display())))
}

/// Returns the target that `--target` names, or else the chip of the recipe, or its only target.
fn target(args: &Build, recipe: Option<&Recipe>, context: &Context) -> Result<NamedTarget, Failure> {
    if let Some(target) = context.target_or_custom(args.target.as_ref())? {
        return Ok(target);
    }
    let of_recipe = recipe.and_then(|recipe| match (recipe.simulated_chip(), recipe.targets()) {
        (Some(chip), _) => Some(NamedTarget::from(Arc::clone(chip))),
        (None, [only]) => Some(only.clone()),
        (None, _) => None,
    });
    if let Some((target, recipe)) =
        of_recipe.as_ref().zip(recipe).filter(|(_, recipe)| recipe.targets().len() > 1)
    {
        let others = recipe.targets().iter().filter(|other| *other != target);
        let others: Vec<String> = others.map(|other| format!("`{}`", other.name())).collect();
        terminal::note(format_args!(
            "building for `{}`; `--target` chooses among the other targets of the recipe: {}",
            target.name(),
            others.join(", ")
        ));
    }
    of_recipe.ok_or_else(|| {
        Failure::Usage("no target is given: name one with `--target`, such as `--target rust`".into())
    })
}

/// Returns the name of the main output file. It must be UTF-8: other files, and names in generated code, derive from
/// it.
fn main_file(out: &Path) -> Result<String, Failure> {
    let name = out.file_name().filter(|_| !out.as_os_str().as_encoded_bytes().ends_with(b"/"));
    let name = name.and_then(|name| name.to_str());
    name.map(str::to_owned)
        .ok_or_else(|| Failure::Usage(format!("cannot write `{}`: it is not a file name", out.display())))
}

/// Reports that no output file has exactly the name passed with `-o`, only its stem.
fn report_other_names(out: &Path, name: &str, written: &[WrittenFile], target: &str) {
    let mut names = written.iter().map(|file| files::name(&file.path));
    // A name without an extension is a stem, which all files keep.
    if !names.all(|written| written.starts_with(name)) && !written.iter().any(|file| file.path == *out) {
        terminal::note(format_args!(
            "target `{target}` does not write `{}`; its output files are named after the stem",
            out.display()
        ));
    }
}

/// Rejects options that have no effect on the target: ignoring one would hide a mistake.
fn reject_unused_options(args: &Build, target: &NamedTarget, context: &Context) -> Result<(), Failure> {
    let QuantizeArgs { quantizer, calibrate } = &args.quantize;
    let given = [
        ("--quantizer", quantizer.is_some(), TargetOption::Quantize),
        ("--calibrate", calibrate.is_some(), TargetOption::Quantize),
        ("--remove-dead", args.remove_dead, TargetOption::RemoveDead),
        ("--rates", args.rates.is_some(), TargetOption::Rates),
        ("--detector", args.detector.is_some(), TargetOption::Detector),
        ("--dialect", args.dialect.is_some(), TargetOption::Dialect),
    ];
    let Some((flag, _, option)) =
        given.into_iter().find(|(_, given, option)| *given && !target.accepts(*option))
    else {
        return Ok(());
    };
    let all = NamedTarget::all(context.chips.iter());
    let others = all.iter().filter(|target| target.accepts(option));
    let others: Vec<String> = others.map(|target| format!("`{}`", target.name())).collect();
    let name = target.name();
    Err(Failure::Usage(format!("`{flag}` has no effect on target `{name}`: it is for {}", others.join(", "))))
}

/// Returns the quantization options: those of the recipe, if one is given, with `--quantizer` in place of its method.
/// Calibration input gives the ranges of the states.
fn quantize_options(
    args: &Build,
    target: &NamedTarget,
    recipe: Option<&Recipe>,
    network: Option<&Network>,
    context: &Context,
) -> Result<QuantizeOptions, Failure> {
    let QuantizeArgs { quantizer, calibrate } = &args.quantize;
    let mut quantize = recipe.map(|recipe| recipe.quantize.clone()).unwrap_or_default();
    if let Some(method) = quantizer {
        quantize.set_method(*method, &context.terminal);
    }
    let method = quantize.options.method;
    if calibrate.is_some() && method.rockpool().is_some() {
        return Err(Failure::Usage(format!(
            "quantizer `{}` reproduces Rockpool's, which uses no calibration: omit `--calibrate`",
            method.name()
        )));
    }
    let Some(path) = calibrate else {
        if quantize.measure_ranges {
            return Err(Failure::Usage(
                "`quantize.weight_shifts` of the recipe depends on the ranges of the states: pass calibration input \
                 with `--calibrate`, or use the files that `snnc train` has built"
                    .into(),
            ));
        }
        return Ok(quantize.options);
    };
    let Some(network) = network else {
        return Err(Failure::Usage(
            "`--calibrate` runs the network, which needs weights: pass them with `--weights`".into(),
        ));
    };
    let events = context.events(path, network.graph.input.channels)?;
    // More events in a step than a chip takes are dropped there.
    let above = target.chip().map_or(0, |chip| events.above(chip.events.input));
    if above > 0 {
        context.terminal.warning(&format!(
            "`{}`: {} above the maximum of target `{}` in a step: the ranges are measured with them, but the chip \
             drops them",
            path.display(),
            pluralize(above as usize, "event"),
            target.name()
        ));
    }
    let ranges = calibration::on_events(network, &events);
    let ranges = ranges.map_err(|why| Failure::Input(format!("`{}`: {why}", path.display())))?;
    Ok(quantize.options.with_ranges(Some(ranges)))
}

fn print_json(
    loaded: &LoadedNetwork,
    written: &[WrittenFile],
    facts: &[Fact],
    context: &Context,
) -> Result<(), Failure> {
    let files: Vec<_> =
        written.iter().map(|file| json!({ "path": file.path, "description": file.description })).collect();
    let mut result = json!({ "network": loaded.graph.name, "files": files });
    for fact in facts {
        result[fact.key] = fact.value.clone();
    }
    context.print_json(result)
}

fn print_summary(written: &[WrittenFile], facts: &[Fact]) -> Result<(), Failure> {
    for file in written {
        terminal::note(format_args!("wrote {} ({})", file.path.display(), file.description));
    }
    for fact in facts {
        terminal::note(&fact.text);
    }
    Ok(())
}
