//! `snnc compare`: compares the float network, the network with quantized weights, and the chip, layer by layer.

use std::sync::Arc;

use synnet_workbench::comparison::{Comparison, ComparisonInput};
use synnet_workbench::{Checks, NamedTarget};
use synnet_xylo::chip::Chip;

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
    let named = context.target_or_custom(args.target.as_ref())?;
    let mut plan = context.plan(&args.recipe, &Checks::default())?;
    let chip = chip(named, plan.recipe.simulated_chip(), context)?;
    if let Some(method) = args.quantizer {
        plan.recipe.quantize.set_method(method, observer);
    }
    context.check_outputs(
        &args.html,
        [&args.recipe.recipe, &args.trained.weights].into_iter().chain(&plan.loaded.files()),
        Some(&plan.recipe),
    )?;
    let network = context.bind(&plan, &args.trained.weights, args.trained.mismatch.allow_mismatch)?;
    // Reading the data takes long: report errors of the network first.
    plan.check_chip(&chip)?;
    let experiment = plan.with_data(observer)?;
    let mut input = ComparisonInput::new(&experiment, &network, &chip, observer)?;
    input.weights = args.trained.weights.display().to_string();
    input.samples = args.samples.map(|n| n as usize);
    let comparison = Comparison::run(&input, observer)?;
    if let Some(path) = &args.html {
        stdio::write(path, comparison.html()?.as_bytes())?;
    }
    if context.json {
        context.print_json(comparison.json())?;
    }
    terminal::print(comparison.text());
    Ok(())
}

/// Returns the chip to compare with: the target, or else the chip of the recipe.
fn chip(
    target: Option<NamedTarget>,
    of_recipe: Option<&Arc<Chip>>,
    context: &Context,
) -> Result<Arc<Chip>, Failure> {
    let problem = match (target.as_ref(), of_recipe) {
        (Some(target), _) => match target.chip() {
            Some(chip) => return Ok(Arc::clone(chip)),
            None => format!("target `{}` is not a chip", target.name()),
        },
        (None, Some(chip)) => return Ok(Arc::clone(chip)),
        (None, None) => "the recipe names no chip".to_owned(),
    };
    let names: Vec<String> = context.chips.iter().map(|chip| format!("`{}`", chip.name)).collect();
    Err(Failure::Usage(format!("{problem}: choose one with `--target` from {}", names.join(", "))))
}
