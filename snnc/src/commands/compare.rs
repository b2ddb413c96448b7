//! `snnc compare`: float, float with the chip's weights, and the chip, layer by layer.

use synnet_xylo::quantize::dequantize;

use crate::cli::Compare;
use synnet_workbench::comparison::{Comparison, Subject};
use synnet_workbench::error::Error as Failure;
use synnet_workbench::experiment::Plan;
use synnet_workbench::target::Target;
use synnet_workbench::{chips, files, source, terminal};

/// Compares the engines on the test set of a recipe.
pub fn run(args: &Compare, json: bool) -> Result<(), Failure> {
    if json && args.html.as_deref().is_some_and(files::is_dash) {
        let remedy = "give `--html` a file";
        return Err(Failure::Io(format!("`--json` and `--html -` both write to standard output: {remedy}")));
    }
    let chip = match Target::or_chosen(args.target.as_ref())? {
        Some(Target::Chip(chip)) => chip,
        other => {
            let names: Vec<String> = chips::all().map(|chip| format!("`{}`", chip.name)).collect();
            let what = other.map_or("a chip is needed".to_owned(), |o| format!("`{}` is no chip", o.name()));
            let message = format!("{what}: say with `--target` which of {}", names.join(", "));
            return Err(Failure::Io(message));
        }
    };
    super::use_threads(&args.recipe)?;
    let mut plan = Plan::read(&args.recipe.recipe, &args.recipe.set)?;
    plan.recipe.quantize.set_method(args.quantizer);
    let network = source::bind(&plan.loaded, &args.weights)?;
    // What the chip cannot do is better known before the recordings are read.
    plan.check_chip(chip)?;
    let experiment = plan.with_data()?;
    let options = experiment.quantize_options(&network)?;
    let build = experiment.build_with(&network, chip, &options)?;
    let quantised = dequantize(&network, &build);
    let subject = Subject {
        experiment: &experiment,
        network: &network,
        quantised: &quantised,
        build: &build,
        options: &options,
        chip,
        weights: args.weights.display().to_string(),
        samples: args.samples.map(|n| n as usize),
    };
    let comparison = Comparison::of(&subject)?;
    if let Some(path) = &args.html {
        files::write(path, comparison.html()?.as_bytes())?;
    }
    if json {
        terminal::print_json(&comparison.json())?;
    }
    terminal::say(comparison.text());
    Ok(())
}
