//! `snnc eval`: evaluates trained weights on the test set of a recipe.

use synnet_workbench::Engine;
use synnet_workbench::cost::InferenceCost;
use synnet_workbench::report::{self, Results};

use crate::cli::Eval;
use crate::context::Context;
use crate::failure::Failure;
use crate::{stdio, terminal};

/// Evaluates the float network and, if asked for, the network on a chip.
pub fn run(args: &Eval, context: &Context) -> Result<(), Failure> {
    let observer = &context.terminal;
    if let Some(path) = &args.report {
        stdio::check_single_stdout("--report", path, context.json)?;
    }
    let (plan, engine) = context.plan_on(&args.recipe, &args.on, args.quantizer)?;
    context.check_outputs(
        &args.report,
        [&args.recipe.recipe, &args.trained.weights].into_iter().chain(&plan.loaded.files()),
        Some(&plan.recipe),
    )?;
    let network = context.bind(&plan, &args.trained.weights, args.trained.mismatch.allow_mismatch)?;
    let experiment = plan.with_data(observer)?;
    let float = experiment.evaluate(&network)?;
    if !float.measured.loss.is_finite() {
        let loss = float.measured.loss;
        terminal::warn(format_args!(
            "the loss on the test set is {loss}: the weights give outputs that are not finite"
        ));
    }
    let chips = match &engine {
        Engine::Float => Vec::new(),
        Engine::Chip(chip) => vec![experiment.evaluate_on_chip(&network, chip, observer)?],
    };
    let chip = chips.first();
    if let Some(path) = &args.report {
        let results = Results { experiment: &experiment, network: &network, float: &float, chips: &chips };
        stdio::write(path, results.html(&args.trained.weights.display().to_string()).as_bytes())?;
    }
    let cost = chip.and_then(|on| InferenceCost::new(on, experiment.corpus.test.steps()));
    if context.json {
        let mut results = report::results_json(&float, &chips);
        if let Some(cost) = &cost {
            results["cost"] = cost.to_json();
        }
        context.print_json(results)?;
    }
    terminal::print(report::summary(&float, &chips));
    if let Some(cost) = &cost {
        terminal::print(cost.summary());
    }
    let evaluation = chip.map(|on| &on.result.evaluation).or(float.classified.as_ref());
    if let Some(evaluation) = evaluation {
        terminal::print(report::confusion(evaluation, &experiment.corpus.classes));
    }
    Ok(())
}
