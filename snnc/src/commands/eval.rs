//! `snnc eval`: the accuracy of trained weights.

use crate::cli::{Engine, Eval};
use crate::experiment::{Plan, use_threads};
use crate::failure::Failure;
use crate::report;
use crate::{source, terminal};

/// Evaluates weights on the test set of a recipe.
pub fn run(args: &Eval, json: bool) -> Result<(), Failure> {
    use_threads(&args.recipe)?;
    let plan = Plan::read(&args.recipe)?;
    let network = source::bind(&plan.loaded, &args.weights)?;
    let experiment = plan.with_data()?;
    let float = experiment.evaluate(&network)?;
    let chip = match &args.on {
        Engine::Float => None,
        Engine::Chip(name) => Some(experiment.evaluate_on_chip(&network, name)?),
    };
    if json {
        terminal::print_json(&report::results_json(&float, chip.as_ref()))?;
    }
    terminal::say(report::summary(&float, chip.as_ref()));
    let shown = chip.as_ref().map(|on| &on.result.evaluation).or(float.classified.as_ref());
    if let Some(shown) = shown {
        terminal::say(report::confusion(shown, &experiment.corpus.classes));
    }
    Ok(())
}
