//! `snnc train`: from a recipe to trained weights and everything that is built from them, with one seed or several.

use std::path::{Path, PathBuf};

use synnet_workbench::{Plan, RunOptions};

use crate::cli::Train;
use crate::context::Context;
use crate::failure::Failure;
use crate::{stdio, terminal};

/// Trains, evaluates, builds, and writes it all into one folder, or one for each seed.
pub fn run(args: &Train, context: &Context) -> Result<(), Failure> {
    let plan = context.plan(&args.recipe)?;
    let out = args.out.clone().unwrap_or_else(|| default_folder(&args.recipe.recipe));
    let mut options = RunOptions::new(out);
    options.seeds = seeds(args, &plan)?;
    options.resume = args.resume;
    context.terminal.watch_for_interrupts()?;
    let run = synnet_workbench::run(plan, &options, &context.terminal)?;
    if let Some(summary) = &run.summary {
        terminal::print(format_args!("\n{}", summary.trim_end()));
    }
    if context.json { stdio::print_json(&run.json) } else { Ok(()) }
}

fn default_folder(recipe: &Path) -> PathBuf {
    Path::new("runs").join(recipe.file_stem().unwrap_or("recipe".as_ref()))
}

/// As many seeds as `--seeds` says, from that of the recipe on.
fn seeds(args: &Train, plan: &Plan) -> Result<Option<Vec<u64>>, Failure> {
    let Some(count) = args.seeds else { return Ok(None) };
    let first = plan.recipe.training.seed;
    let last = first.checked_add(u64::from(count) - 1).ok_or_else(|| {
        Failure::Input(format!("there are no {count} seeds from `training.seed` {first} on"))
    })?;
    Ok(Some((first..=last).collect()))
}
