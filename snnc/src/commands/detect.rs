//! `snnc detect`: runs trained weights on continuous sound, and counts misses and false alarms per hour.

use std::path::PathBuf;

use serde_json::json;
use synnet_workbench::Engine;
use synnet_workbench::detection::{Detection, DetectionInput};

use crate::cli::Detect;
use crate::context::Context;
use crate::failure::Failure;
use crate::{stdio, terminal};

/// Detects the keywords of a recipe with the float network and, if asked for, with the network on a chip.
pub fn run(args: &Detect, context: &Context) -> Result<(), Failure> {
    let observer = &context.terminal;
    if let Some(path) = &args.html {
        stdio::check_single_stdout("--html", path, context.json)?;
    }
    let (plan, engine) = context.plan_on(&args.recipe, &args.on, args.quantizer)?;
    let folder = args.out.iter();
    let outputs: Vec<PathBuf> = ["detections.csv", "det.csv", "detector.json"]
        .iter()
        .flat_map(|name| folder.clone().map(move |folder| folder.join(name)))
        .chain(args.html.clone())
        .collect();
    let sources = plan.loaded.files();
    let inputs = [&args.recipe.recipe, &args.trained.weights].into_iter().chain(&sources);
    context.check_outputs(&outputs, inputs, Some(&plan.recipe))?;
    let network = context.bind(&plan, &args.trained.weights, args.trained.mismatch.allow_mismatch)?;
    let chip = match &engine {
        Engine::Float => None,
        Engine::Chip(chip) => Some((chip, plan.build_for_detection(&network, chip, observer)?)),
    };
    let chip = chip.as_ref().map(|(chip, build)| (*chip, build));
    let input = DetectionInput { plan: &plan, network: &network, chip };
    let detection = Detection::run(&input, observer)?;
    let written = args.out.as_ref().map(|folder| detection.write(folder)).transpose()?.unwrap_or_default();
    if let Some(path) = &args.html {
        stdio::write(path, detection.html().as_bytes())?;
    }
    if context.json {
        let mut results = detection.json();
        results["files"] = json!(written.iter().map(|file| &file.path).collect::<Vec<_>>());
        context.print_json(results)?;
    }
    terminal::print(detection.text());
    terminal::note(format_args!("{:.0} times real time", detection.speed));
    for file in &written {
        terminal::note(format_args!("wrote {} ({})", file.path.display(), file.description));
    }
    Ok(())
}
