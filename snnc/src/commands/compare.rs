//! `snnc compare`: float, float with the chip's weights, and the chip, layer by layer.

use synnet_xylo::quantize::dequantize;
use synnet_xylo::{Chip, QuantizeOptions};

use crate::cli::{Compare, Target};
use crate::comparison::{Comparison, Subject};
use crate::experiment::{Plan, use_threads};
use crate::failure::Failure;
use crate::{files, source, terminal};

/// Compares the engines on the test set of a recipe.
pub fn run(args: &Compare, json: bool) -> Result<(), Failure> {
    if json && args.html.as_deref().is_some_and(files::is_dash) {
        let remedy = "give `--html` a file";
        return Err(Failure::Io(format!("`--json` and `--html -` both write to standard output: {remedy}")));
    }
    let Target::Chip(chip) = &args.target else {
        let chips: Vec<String> = Chip::all().iter().map(|chip| format!("`{}`", chip.name)).collect();
        return Err(Failure::Io(format!(
            "`{}` is no chip; a network can be compared with {}",
            args.target.name(),
            chips.join(", ")
        )));
    };
    use_threads(&args.recipe)?;
    let plan = Plan::read(&args.recipe)?;
    let network = source::bind(&plan.loaded, &args.weights)?;
    // What the chip cannot do is better known before the recordings are read.
    plan.check_chip(chip)?;
    let experiment = plan.with_data()?;
    let mut options = QuantizeOptions::default();
    options.method = args.quantizer.unwrap_or(options.method);
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
