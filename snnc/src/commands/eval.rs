//! `snnc eval`: the accuracy of trained weights.

use synnet_workbench::Engine;
use synnet_workbench::cost::Inference;
use synnet_workbench::report::{self, Results};

use crate::cli::Eval;
use crate::context::Context;
use crate::failure::Failure;
use crate::{streams, terminal};

/// Evaluates weights on the test set of a recipe.
pub fn run(args: &Eval, context: &Context) -> Result<(), Failure> {
    let observer = &context.terminal;
    if let Some(path) = &args.report {
        streams::keep_apart("--report", path, context.json)?;
    }
    let engine = context.engine(&args.on)?;
    if args.quantizer.is_some() && engine == Engine::Float {
        return Err(Failure::Usage("`--quantizer` is for chips: name one with `--on`".into()));
    }
    let mut plan = context.plan(&args.recipe)?;
    if let Some(method) = args.quantizer {
        plan.recipe.quantize.set_method(method, observer);
    }
    let network = context.bind(&plan.loaded, &args.weights)?;
    let experiment = plan.with_data(observer)?;
    let float = experiment.evaluate(&network)?;
    let chip = match &engine {
        Engine::Float => None,
        Engine::Chip(chip) => Some(experiment.evaluate_on_chip(&network, chip, observer)?),
    };
    if let Some(path) = &args.report {
        let results =
            Results { experiment: &experiment, network: &network, float: &float, chip: chip.as_ref() };
        streams::write(path, results.html(&args.weights.display().to_string()).as_bytes())?;
    }
    let cost = chip.as_ref().and_then(|on| Inference::of(on, experiment.corpus.test.steps()));
    if context.json {
        let mut results = report::results_json(&float, chip.as_ref());
        if let Some(cost) = &cost {
            results["cost"] = cost.to_json();
        }
        streams::print_json(&results)?;
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
