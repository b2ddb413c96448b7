//! `snnc train`: trains the network of a recipe with one seed or several, evaluates it, and builds its targets.

use std::path::{Path, PathBuf};

use synnet_workbench::file_kind::Expected;
use synnet_workbench::training::{CHECKPOINT, METRICS, WEIGHTS};
use synnet_workbench::{Checks, FoldOptions, InitialWeights, Plan, RunOptions};

use crate::cli::Train;
use crate::context::Context;
use crate::failure::Failure;
use crate::{file_kind, stdio, terminal};

/// Trains, evaluates and builds. All files go to one folder, or to one folder per seed.
pub fn run(args: &Train, context: &Context) -> Result<(), Failure> {
    let plan = context.plan(&args.recipe, &Checks::training())?;
    let out = args.out.clone().unwrap_or_else(|| default_folder(&args.recipe.recipe));
    let mut options = RunOptions::new(out);
    options.seeds = seeds(args, &plan)?;
    options.resume = args.resume;
    options.overwrite = args.overwrite;
    let initial_weights = |path: &PathBuf| -> Result<InitialWeights, Failure> {
        let bytes = file_kind::read(path, Expected::Weights)?;
        Ok(plan.initial_weights(&bytes, path, args.mismatch.allow_mismatch, &context.terminal)?)
    };
    options.weights = args.weights.as_ref().map(initial_weights).transpose()?;
    let inputs = std::iter::once(&args.recipe.recipe).chain(&args.weights);
    let sources = plan.loaded.files();
    context.check_outputs(&outputs(&options, &plan), inputs.chain(&sources), Some(&plan.recipe))?;
    context.terminal.watch_for_interrupts()?;
    let run = match &args.folds {
        None => synnet_workbench::run(plan, &options, &context.terminal)?,
        Some(field) => {
            let folds = FoldOptions::new(field);
            let folds = if args.nested { folds.nested() } else { folds };
            synnet_workbench::run_folds(&plan, &folds, &options, &context.terminal)?
        }
    };
    if let Some(summary) = &run.summary {
        terminal::print(format_args!("\n{}", summary.trim_end()));
    }
    if context.json { context.print_json(run.json) } else { Ok(()) }
}

/// Returns the files of each run that have the same name in any recipe.
fn outputs(options: &RunOptions, plan: &Plan) -> Vec<PathBuf> {
    let seeds = options.seeds.as_ref().or(plan.recipe.seeds.as_ref());
    let folders = match seeds {
        Some(seeds) => seeds.iter().map(|seed| options.out.join(format!("seed-{seed}"))).collect(),
        None => vec![options.out.clone()],
    };
    let names = [WEIGHTS, METRICS, CHECKPOINT, "report.html", "report.md"];
    folders.iter().flat_map(|folder| names.map(|name| folder.join(name))).collect()
}

fn default_folder(recipe: &Path) -> PathBuf {
    let stem = recipe.file_stem().filter(|_| !stdio::is_stdio(recipe));
    Path::new("runs").join(stem.unwrap_or("recipe".as_ref()))
}

/// Returns the seeds of `--seeds`, which start at the seed of the recipe.
fn seeds(args: &Train, plan: &Plan) -> Result<Option<Vec<u64>>, Failure> {
    let Some(count) = args.seeds else { return Ok(None) };
    let first = plan.recipe.training.seed;
    let last = first.checked_add(u64::from(count) - 1).ok_or_else(|| {
        Failure::Input(format!(
            "`--seeds {count}` exceeds the range of seeds: `training.seed` is {first}; lower one of them"
        ))
    })?;
    Ok(Some((first..=last).collect()))
}
