//! `snnc train`: from a recipe to trained weights and everything that is built from them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use synnet_dsl::Diagnostic;
use synnet_runtime::{Control, EpochMetrics, Evaluation, Progress, TrainError, Trainer, initial_params};

use crate::artifacts::{self, NotBuilt, Written};
use crate::cli::{Target, Train};
use crate::experiment::{Experiment, OnChip};
use crate::failure::Failure;
use crate::progress::{Shown, TrainingProgress};
use crate::report::{self, Report};
use crate::{files, metrics, source, terminal};

const CHECKPOINT: &str = "checkpoint.safetensors";

/// Trains, evaluates, builds, and writes it all into one folder.
pub fn run(args: &Train, json: bool) -> Result<(), Failure> {
    let experiment = Experiment::open(&args.recipe)?;
    check_targets(&experiment)?;
    let out = args.out.clone().unwrap_or_else(|| default_folder(&args.recipe.recipe));
    let mut trainer = trainer(&experiment, &out, args.resume)?;
    files::create_folder(&out)?;

    let (epochs, duration) = train(&experiment, &mut trainer, &out)?;
    let weights = out.join("weights.safetensors");
    files::write(&weights, &trainer.params().to_safetensors())?;
    let mut written = vec![
        Written { path: weights, what: "trained weights" },
        Written { path: out.join(metrics::FILE), what: "loss, accuracy and rates of every epoch" },
        Written { path: out.join(CHECKPOINT), what: "state of the training, for `--resume`" },
    ];

    let network = trainer.network();
    let float = experiment.evaluate(network)?;
    warn_of_chance(&float);
    let chip = experiment.recipe.simulated_chip();
    let chip = chip.map(|name| experiment.evaluate_on_chip(network, name)).transpose()?;
    written.extend(build(&experiment, &trainer, chip.as_ref(), &out)?);
    let path = out.join("report.md");
    written.push(Written { path: path.clone(), what: "this training as a page to read" });
    let report = Report {
        experiment: &experiment,
        epochs: &epochs,
        epochs_done: trainer.epochs_done(),
        duration,
        float: &float,
        chip: chip.as_ref(),
        written: &written,
    };
    files::write(&path, report.markdown().as_bytes())?;

    if json {
        let mut results = report::results_json(&float, chip.as_ref());
        results["seconds"] = json!(duration.as_secs_f64());
        results["epochs"] = json!(trainer.epochs_done());
        results["written"] = written.iter().map(|w| json!(w.path)).collect();
        terminal::print_json(&results)?;
    }
    terminal::say(format_args!(
        "\n{}: {} recordings to train, {} to test; {} epochs in {:.1} s\n",
        network.graph.name,
        experiment.corpus.train.samples().len(),
        experiment.corpus.test.samples().len(),
        epochs.len(),
        duration.as_secs_f64()
    ));
    terminal::say(report::summary(&float, chip.as_ref()));
    terminal::say(format_args!("written to {}:", out.display()));
    for file in &written {
        let name = file.path.file_name().unwrap_or(file.path.as_os_str()).to_string_lossy();
        terminal::say(format_args!("  {name:<24} {}", file.what));
    }
    Ok(())
}

/// A network that guesses has not learnt; the rates and the guide say where to look.
fn warn_of_chance(float: &Evaluation) {
    if float.accuracy <= 1.2 / float.confusion.len().max(1) as f64 {
        terminal::warn(format_args!(
            "the accuracy of {} is about that of guessing; look for silent layers (rate 0), and at the readout's \
             threshold and the surrogate",
            report::percent(float.accuracy)
        ));
    }
}

fn default_folder(recipe: &Path) -> PathBuf {
    Path::new("runs").join(recipe.file_stem().unwrap_or("recipe".as_ref()))
}

/// What cannot be built later is better known before the training. Warnings come with the build.
fn check_targets(experiment: &Experiment) -> Result<(), Failure> {
    let graph = &experiment.loaded.graph;
    let recipe = &experiment.recipe;
    let targets = recipe.targets();
    let built = targets.iter().filter_map(|target| match target {
        Target::Chip(name) => Some(*name),
        Target::Rust => None,
    });
    let mut chips: Vec<&str> = recipe.simulated_chip().into_iter().chain(built).collect();
    chips.sort_unstable();
    chips.dedup();
    let chips = chips.into_iter().filter_map(synnet_xylo::Chip::find);
    let mut diagnostics: Vec<Diagnostic> =
        chips.flat_map(|chip| synnet_xylo::rules::check(graph, chip)).collect();
    if targets.contains(&Target::Rust) {
        diagnostics.extend(synnet_rust::check(graph));
    }
    diagnostics.retain(Diagnostic::is_error);
    source::accept(&diagnostics, &experiment.loaded.sources)
}

fn trainer(experiment: &Experiment, out: &Path, resume: bool) -> Result<Trainer, Failure> {
    let graph = &experiment.loaded.graph;
    let options = experiment.recipe.training.clone();
    let path = out.join(CHECKPOINT);
    if resume {
        let bytes = files::read(&path)?;
        return Trainer::resume(&bytes, graph, options).map_err(|d| experiment.rendered(&d));
    }
    let params = initial_params(graph, options.seed);
    Trainer::new(graph, params, options).map_err(|d| experiment.rendered(&d))
}

/// Runs the epochs that are left. Each ends with a checkpoint; Ctrl-C leaves one, too.
fn train(
    experiment: &Experiment,
    trainer: &mut Trainer,
    out: &Path,
) -> Result<(Vec<EpochMetrics>, Duration), Failure> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || flag.store(true, Ordering::SeqCst))
        .map_err(|e| Failure::Io(format!("cannot watch for Ctrl-C: {e}")))?;
    let total = trainer.options().epochs;
    let mut log = metrics::Log::open(out, trainer.epochs_done())?;
    let progress = TrainingProgress::new(trainer.epochs_done(), total);
    let mut rates: Vec<f64> = Vec::new();
    let mut epochs = Vec::new();
    let mut sets = experiment.corpus.epochs(trainer.options().seed, trainer.epochs_done()..total);
    while trainer.epochs_done() < total {
        let mut watch = |p: Progress| {
            progress.batch(&shown(&p, &rates));
            if interrupted.load(Ordering::SeqCst) { Control::Stop } else { Control::Continue }
        };
        let set = sets.next(trainer.epochs_done())?;
        let metrics = trainer.epoch(&set, &mut watch).map_err(|e| failed(experiment, e))?;
        files::write(&out.join(CHECKPOINT), &trainer.checkpoint())?;
        if metrics.complete {
            rates = metrics.rates.iter().map(|(_, rate)| *rate).collect();
            let accuracy = metrics.accuracy.unwrap_or(0.0);
            progress.epoch(&Shown {
                epoch: metrics.epoch,
                fraction: 1.0,
                loss: metrics.loss,
                accuracy,
                rates: &rates,
            });
            log.add(&metrics)?;
            epochs.push(metrics);
        }
        if interrupted.load(Ordering::SeqCst) && trainer.epochs_done() < total {
            progress.finish();
            let done = trainer.epochs_done();
            return Err(Failure::Interrupted(format!(
                "interrupted after {done} of {total} epochs; the same command with `--resume` goes on"
            )));
        }
    }
    Ok((epochs, progress.finish()))
}

fn shown<'a>(progress: &Progress, rates: &'a [f64]) -> Shown<'a> {
    Shown {
        epoch: progress.epoch,
        fraction: progress.fraction(),
        loss: progress.loss,
        accuracy: progress.accuracy.unwrap_or(0.0),
        rates,
    }
}

fn failed(experiment: &Experiment, error: TrainError) -> Failure {
    match error {
        TrainError::Data(diagnostics) => experiment.rendered(&diagnostics),
        other => Failure::Input(format!("training stopped: {other}; the last checkpoint is kept")),
    }
}

fn build(
    experiment: &Experiment,
    trainer: &Trainer,
    simulated: Option<&OnChip>,
    out: &Path,
) -> Result<Vec<Written>, Failure> {
    let network = trainer.network();
    let stem = snake_case(&network.graph.name);
    let mut written = Vec::new();
    for target in experiment.recipe.targets() {
        written.extend(match target {
            Target::Rust => {
                artifacts::write_rust(network, &out.join(format!("{stem}.rs"))).map_err(|why| match why {
                    NotBuilt::Diagnostics(diagnostics) => experiment.rendered(&diagnostics),
                    NotBuilt::Failure(failure) => failure,
                })?
            }
            Target::Chip(name) => match simulated.filter(|on| on.chip.name == name) {
                Some(on) => artifacts::write_xylo(&on.build, on.chip, &network.graph.name, &out.join(&stem))?,
                None => {
                    let other = experiment.evaluate_on_chip(network, name)?;
                    let path = out.join(format!("{stem}.{name}"));
                    artifacts::write_xylo(&other.build, other.chip, &network.graph.name, &path)?
                }
            },
        });
    }
    Ok(written)
}

/// The name of a network as the name of a file.
fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for (i, c) in name.chars().enumerate() {
        if c.is_uppercase() && i > 0 && !text.ends_with('_') {
            text.push('_');
        }
        text.extend(c.to_lowercase());
    }
    text
}
