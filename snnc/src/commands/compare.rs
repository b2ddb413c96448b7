//! `snnc compare`: float, float with the chip's weights, and the chip, layer by layer.

use std::sync::Arc;

use synnet_workbench::Target;
use synnet_workbench::comparison::{Comparison, ComparisonInput};
use synnet_xylo::Chip;

use crate::cli::Compare;
use crate::context::Context;
use crate::failure::Failure;
use crate::{stdio, terminal};

/// Compares the engines on the test set of a recipe.
pub fn run(args: &Compare, context: &Context) -> Result<(), Failure> {
    let observer = &context.terminal;
    if let Some(path) = &args.html {
        stdio::check_single_stdout("--html", path, context.json)?;
    }
    let chip = chip(args, context)?;
    let mut plan = context.plan(&args.recipe)?;
    if let Some(method) = args.quantizer {
        plan.recipe.quantize.set_method(method, observer);
    }
    let network = context.bind(&plan.loaded, &args.weights)?;
    // What the chip cannot do is better known before the recordings are read.
    plan.check_chip(&chip)?;
    let experiment = plan.with_data(observer)?;
    let mut subject = ComparisonInput::new(&experiment, &network, &chip, observer)?;
    subject.weights = args.weights.display().to_string();
    subject.samples = args.samples.map(|n| n as usize);
    let comparison = Comparison::of(&subject, observer)?;
    if let Some(path) = &args.html {
        stdio::write(path, comparison.html()?.as_bytes())?;
    }
    if context.json {
        stdio::print_json(&comparison.json())?;
    }
    terminal::print(comparison.text());
    Ok(())
}

/// The chip to compare with.
fn chip(args: &Compare, context: &Context) -> Result<Arc<Chip>, Failure> {
    let target = context.target_or_custom(args.target.as_ref())?;
    if let Some(chip) = target.as_ref().and_then(Target::chip) {
        return Ok(Arc::clone(chip));
    }
    let what = target.map_or("a chip is needed".to_owned(), |other| format!("`{}` is no chip", other.name()));
    let names: Vec<String> = context.chips.iter().map(|chip| format!("`{}`", chip.name)).collect();
    Err(Failure::Usage(format!("{what}: say with `--target` which of {}", names.join(", "))))
}
