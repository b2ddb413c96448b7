//! `snnc eval`: the accuracy of trained weights.

use crate::cli::{Engine, Eval};
use synnet_workbench::cost::Inference;
use synnet_workbench::error::Error as Failure;
use synnet_workbench::experiment::Plan;
use synnet_workbench::report::{self, Results};
use synnet_workbench::{files, source, terminal};

/// Evaluates weights on the test set of a recipe.
pub fn run(args: &Eval, json: bool) -> Result<(), Failure> {
    if json && args.report.as_deref().is_some_and(files::is_dash) {
        let remedy = "give `--report` a file";
        return Err(Failure::Io(format!(
            "`--json` and `--report -` both write to standard output: {remedy}"
        )));
    }
    if args.quantizer.is_some() && args.on == Engine::Float {
        return Err(Failure::Io("`--quantizer` is for chips: name one with `--on`".into()));
    }
    super::use_threads(&args.recipe)?;
    let mut plan = Plan::read(&args.recipe.recipe, &args.recipe.set)?;
    plan.recipe.quantize.set_method(args.quantizer);
    let network = source::bind(&plan.loaded, &args.weights)?;
    let experiment = plan.with_data()?;
    let float = experiment.evaluate(&network)?;
    let chip = match &args.on {
        Engine::Float => None,
        Engine::Chip(name) => Some(experiment.evaluate_on_chip(&network, name)?),
    };
    if let Some(path) = &args.report {
        let results =
            Results { experiment: &experiment, network: &network, float: &float, chip: chip.as_ref() };
        files::write(path, results.html(&args.weights.display().to_string()).as_bytes())?;
    }
    let cost = chip.as_ref().and_then(|on| Inference::of(on, experiment.corpus.test.steps()));
    if json {
        let mut results = report::results_json(&float, chip.as_ref());
        if let Some(cost) = &cost {
            results["cost"] = cost.to_json();
        }
        terminal::print_json(&results)?;
    }
    terminal::say(report::summary(&float, chip.as_ref()));
    if let Some(cost) = &cost {
        terminal::say(cost.in_words());
    }
    let shown = chip.as_ref().map(|on| &on.result.evaluation).or(float.classified.as_ref());
    if let Some(shown) = shown {
        terminal::say(report::confusion(shown, &experiment.corpus.classes));
    }
    Ok(())
}
