//! `snnc train`: from a recipe to trained weights and everything that is built from them, with one seed or several.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use synnet_ir::Network;
use synnet_rust::Numbers;

use crate::cli::Train;
use synnet_workbench::artifacts::{self, Written};
use synnet_workbench::error::Error as Failure;
use synnet_workbench::experiment::{Experiment, OnChip, Plan, Tested};
use synnet_workbench::memory::Need;
use synnet_workbench::report::{self, Outcome, Report, Results, Seeds};
use synnet_workbench::target::Target;
use synnet_workbench::training::{CHECKPOINT, METRICS, Trained, Training, WEIGHTS};
use synnet_workbench::{files, source, terminal};

/// Trains, evaluates, builds, and writes it all into one folder, or one for each seed.
pub fn run(args: &Train, json: bool) -> Result<(), Failure> {
    super::use_threads(&args.recipe)?;
    let plan = Plan::read(&args.recipe.recipe, &args.recipe.set)?;
    plan.check_targets()?;
    let out = args.out.clone().unwrap_or_else(|| default_folder(&args.recipe.recipe));
    let seeds = seeds(args, &plan)?;
    let trainings = match &seeds {
        None => vec![training(&plan, plan.recipe.training.seed, out.clone(), args.resume)?],
        Some(seeds) => trainings(&plan, seeds, &out, args.resume)?,
    };
    Need::of(&plan.loaded.graph, &plan.recipe, rayon::current_num_threads()).check()?;
    let experiment = plan.with_data()?;
    let origin = experiment.origin();
    let interrupted = watch_for_interrupts()?;

    let mut results = Vec::new();
    let mut outcomes = Vec::new();
    for training in trainings {
        let (seed, folder) = (training.seed, training.out.clone());
        if seeds.is_some() {
            terminal::say(format_args!("seed {seed}:"));
        }
        let trained = training.run(&experiment, &origin, &interrupted)?;
        let finished = finish(&experiment, &trained, &folder)?;
        finished.say(&experiment, &trained, &folder);
        results.push(finished.json(&trained));
        let (float, chip) = (&finished.float, finished.chip.as_ref());
        outcomes.push(Outcome {
            seed,
            folder: file_name(&folder),
            figures: Outcome::figures(&trained, float, chip),
            kept: trained.kept,
            history: trained.history,
        });
    }
    let result = if seeds.is_some() {
        summarise(&experiment, &outcomes, &out, results)?
    } else {
        results.pop().unwrap_or_default()
    };
    if json { terminal::print_json(&result) } else { Ok(()) }
}

fn default_folder(recipe: &Path) -> PathBuf {
    Path::new("runs").join(recipe.file_stem().unwrap_or("recipe".as_ref()))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The seeds of the command line, else those of the recipe; none for a single training with the recipe's seed.
fn seeds(args: &Train, plan: &Plan) -> Result<Option<Vec<u64>>, Failure> {
    let Some(count) = args.seeds else { return Ok(plan.recipe.seeds.clone()) };
    let first = plan.recipe.training.seed;
    let last = first.checked_add(u64::from(count) - 1).ok_or_else(|| {
        Failure::Input(format!("there are no {count} seeds from `training.seed` {first} on"))
    })?;
    Ok(Some((first..=last).collect()))
}

fn training(plan: &Plan, seed: u64, out: PathBuf, resume: bool) -> Result<Training, Failure> {
    if resume { Training::resume(plan, seed, out) } else { Training::start(plan, seed, out) }
}

/// One training for each seed. On `--resume` those that have not begun begin, but not all of them.
fn trainings(plan: &Plan, seeds: &[u64], out: &Path, resume: bool) -> Result<Vec<Training>, Failure> {
    let folders: Vec<PathBuf> = seeds.iter().map(|seed| out.join(format!("seed-{seed}"))).collect();
    let begun = |folder: &PathBuf| folder.join(CHECKPOINT).exists();
    if resume && !folders.iter().any(begun) {
        let message = format!("there is no checkpoint to go on from in the folders of `{}`", out.display());
        return Err(Failure::Io(message));
    }
    let one = |(&seed, folder): (&u64, PathBuf)| {
        let resume = resume && begun(&folder);
        training(plan, seed, folder, resume)
    };
    seeds.iter().zip(folders).map(one).collect()
}

fn watch_for_interrupts() -> Result<Arc<AtomicBool>, Failure> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || flag.store(true, Ordering::SeqCst))
        .map_err(|e| Failure::Io(format!("cannot watch for Ctrl-C: {e}")))?;
    Ok(interrupted)
}

/// What a training with one seed leaves.
struct Finished {
    float: Tested,
    chip: Option<OnChip>,
    written: Vec<Written>,
}

/// Evaluates, builds and reports.
fn finish(experiment: &Experiment, trained: &Trained, out: &Path) -> Result<Finished, Failure> {
    let mut written = vec![
        Written { path: out.join(WEIGHTS), what: "trained weights" },
        Written { path: out.join(METRICS), what: "every figure of every epoch" },
        Written { path: out.join(CHECKPOINT), what: "state of the training, for `--resume`" },
    ];
    let network = &trained.network;
    let float = experiment.evaluate(network)?;
    let chip = experiment.simulated_chip();
    let chip = chip.map(|name| experiment.evaluate_on_chip(network, name)).transpose()?;
    warn_of_chance(experiment, &float, chip.as_ref());
    written.extend(build(experiment, network, chip.as_ref(), out)?);
    let (page, text) = (out.join("report.html"), out.join("report.md"));
    written.push(Written { path: page.clone(), what: "this training as a page for a browser" });
    written.push(Written { path: text.clone(), what: "the same in short, as text" });
    let results = Results { experiment, network, float: &float, chip: chip.as_ref() };
    let report = Report { results, trained, written: &written };
    files::write(&page, report.html().as_bytes())?;
    files::write(&text, report.markdown().as_bytes())?;
    Ok(Finished { float, chip, written })
}

impl Finished {
    fn json(&self, trained: &Trained) -> Value {
        let mut results = report::results_json(&self.float, self.chip.as_ref());
        results["seed"] = json!(trained.seed);
        results["seconds"] = json!(trained.duration.as_secs_f64());
        results["epochs"] = json!(trained.history.epochs());
        results["kept_epoch"] = json!(trained.kept + 1);
        results["written"] = self.written.iter().map(|w| json!(w.path)).collect();
        results
    }

    fn say(&self, experiment: &Experiment, trained: &Trained, out: &Path) {
        terminal::say(format_args!(
            "\n{}: {}; {} epochs in {:.1} s; weights of epoch {}, {}\n",
            trained.network.graph.name,
            report::recordings(&experiment.corpus),
            trained.epochs,
            trained.duration.as_secs_f64(),
            trained.kept + 1,
            trained.why_kept
        ));
        terminal::say(report::summary(&self.float, self.chip.as_ref()));
        terminal::say(format_args!("written to {}:", out.display()));
        for file in &self.written {
            terminal::say(format_args!("  {:<24} {}", file_name(&file.path), file.what));
        }
    }
}

/// A network that guesses has not learnt; the rates and the guide say where to look.
fn warn_of_chance(experiment: &Experiment, float: &Tested, chip: Option<&OnChip>) {
    // A training that knew of the chip says little of the float weights.
    let trained = chip.filter(|_| experiment.plan.recipe.aware().is_some());
    let on_chip = trained.map(|on| &on.result.evaluation);
    let Some(classified) = on_chip.or(float.classified.as_ref()) else { return };
    if classified.accuracy <= 1.2 / classified.confusion.len().max(1) as f64 {
        terminal::warn(format_args!(
            "the accuracy of {} is about that of guessing; look for silent layers (rate 0), and at the readout's \
             threshold and the surrogate",
            report::percent(classified.accuracy)
        ));
    }
}

/// Writes what all seeds gave together.
fn summarise(
    experiment: &Experiment,
    outcomes: &[Outcome],
    out: &Path,
    results: Vec<Value>,
) -> Result<Value, Failure> {
    let summary = Seeds { network: &experiment.plan.loaded.graph.name, outcomes };
    let (table, page) = (out.join("seeds.csv"), out.join("report.html"));
    files::write_together(&[(&table, summary.csv().as_bytes()), (&page, summary.html().as_bytes())])?;
    terminal::say(format_args!("\n{} seeds:\n\n{}", outcomes.len(), summary.table()));
    terminal::say(format_args!("written to {}:", out.display()));
    terminal::say("  report.html              all seeds as a page for a browser");
    terminal::say("  seeds.csv                the figures of every seed");
    Ok(json!({ "seeds": results, "summary": summary.json(), "written": [table, page] }))
}

fn build(
    experiment: &Experiment,
    network: &Network,
    simulated: Option<&OnChip>,
    out: &Path,
) -> Result<Vec<Written>, Failure> {
    let stem = synnet_ir::names::snake_case(&network.graph.name);
    let mut written = Vec::new();
    for target in experiment.plan.recipe.targets() {
        written.extend(match target {
            Target::Rust => rust(experiment, network, Numbers::Float, &out.join(format!("{stem}.rs")))?,
            Target::RustInt => {
                let numbers = Numbers::Integer(experiment.quantize_options(network)?);
                rust(experiment, network, numbers, &out.join(format!("{stem}_int.rs")))?
            }
            Target::Chip(chip) => match simulated.filter(|on| on.chip.name == chip.name) {
                Some(on) => artifacts::write_xylo(&on.build, on.chip, &network.graph.name, &out.join(&stem))?,
                None => {
                    let other = experiment.build_for_chip(network, chip)?;
                    let path = out.join(format!("{stem}.{}", chip.name));
                    artifacts::write_xylo(&other, chip, &network.graph.name, &path)?
                }
            },
        });
    }
    Ok(written)
}

fn rust(
    experiment: &Experiment,
    network: &Network,
    numbers: Numbers,
    path: &Path,
) -> Result<Vec<Written>, Failure> {
    let options = synnet_rust::Options { numbers, ..synnet_rust::Options::default() };
    let module = artifacts::rust_module(&network.graph, Some(network), options, path)
        .map_err(|diagnostics| experiment.plan.rendered(&diagnostics))?;
    source::accept(&module.warnings, &experiment.plan.loaded.sources)?;
    artifacts::write_rust(&module, path)
}
