//! A whole run: from a recipe to trained weights and everything that is built from them, with one seed or several, in
//! one folder.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use synnet_ir::Network;
use synnet_ir::display::{format_list, format_percent, indent};
use synnet_ir::names::snake_case;
use synnet_xylo::{BuildOptions, XyloTarget};

use crate::artifacts::{self, WrittenFile};
use crate::error::Error;
use crate::experiment::{ChipResult, Experiment, FloatEvaluation, Plan};
use crate::files;
use crate::observer::Observer;
use crate::report::{self, Report, Results, SeedResult, Seeds};
use crate::target::{Target, TargetOption, TargetOptions};
use crate::training::{CHECKPOINT, METRICS, TrainedNetwork, TrainingRun, WEIGHTS};
use crate::training_memory::MemoryEstimate;

/// Where a run writes, and with which seeds it trains.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RunOptions {
    /// Folder for everything that is written. With several seeds each has a folder in it.
    pub out: PathBuf,
    /// Seeds to train with; those of the recipe by default.
    pub seeds: Option<Vec<u64>>,
    /// Whether trainings go on from the checkpoints in the folder.
    pub resume: bool,
}

impl RunOptions {
    /// A new run in this folder, with the seeds of the recipe.
    pub fn new(out: impl Into<PathBuf>) -> Self {
        Self { out: out.into(), seeds: None, resume: false }
    }
}

/// What a run gave.
pub struct RunResult {
    /// The training with each seed.
    pub outcomes: Vec<SeedResult>,
    /// Mean and spread of the figures and the files that hold them, for people, if there are several seeds.
    pub summary: Option<String>,
    /// All results for machines.
    pub json: Value,
}

/// A training that was evaluated, built and reported on.
struct FinishedTraining {
    /// The training.
    trained: TrainedNetwork,
    /// The float network on the test set.
    float: FloatEvaluation,
    /// The simulated chip on the test set, if the recipe names one.
    chip: Option<ChipResult>,
    /// Every file that was written.
    written: Vec<WrittenFile>,
    /// The folder of the files.
    folder: PathBuf,
    /// How many recordings served for what.
    recordings: String,
}

/// Trains, evaluates, builds, and writes it all into one folder, or one for each seed.
///
/// # Errors
/// A network that a target of the recipe cannot express; too little memory; recordings that cannot be used; a training
/// that fails or is interrupted; files that cannot be written.
pub fn run(plan: Plan, options: &RunOptions, observer: &dyn Observer) -> Result<RunResult, Error> {
    plan.check_targets()?;
    let RunOptions { out, resume, .. } = options;
    let seeds = options.seeds.as_ref().or(plan.recipe.seeds.as_ref());
    let several = seeds.is_some();
    let trainings = match seeds {
        None => vec![training(&plan, plan.recipe.training.seed, out.clone(), *resume)?],
        Some(seeds) => trainings(&plan, seeds, out, *resume)?,
    };
    MemoryEstimate::of(&plan.loaded.graph, &plan.recipe, rayon::current_num_threads()).check(observer)?;
    let experiment = plan.with_data(observer)?;
    let provenance = experiment.provenance();

    let mut results = Vec::new();
    let mut outcomes = Vec::new();
    for training in trainings {
        let folder = training.out.clone();
        if several {
            observer.seed_started(training.seed);
        }
        let trained = training.run_from(&experiment, &provenance, observer)?;
        let finished = FinishedTraining::new(&experiment, trained, folder, observer)?;
        observer.finished(&finished.text());
        results.push(finished.json());
        outcomes.push(finished.into_outcome());
    }
    if several {
        summarize(&experiment, outcomes, out, results)
    } else {
        Ok(RunResult { outcomes, summary: None, json: results.pop().unwrap_or_default() })
    }
}

fn training(plan: &Plan, seed: u64, out: PathBuf, resume: bool) -> Result<TrainingRun, Error> {
    if resume { TrainingRun::resume(plan, seed, out) } else { TrainingRun::start(plan, seed, out) }
}

/// One training for each seed. On `resume` those that have not begun begin, but not all of them.
fn trainings(plan: &Plan, seeds: &[u64], out: &Path, resume: bool) -> Result<Vec<TrainingRun>, Error> {
    let folders: Vec<PathBuf> = seeds.iter().map(|seed| out.join(format!("seed-{seed}"))).collect();
    let begun = |folder: &PathBuf| folder.join(CHECKPOINT).exists();
    if resume && !folders.iter().any(begun) {
        let message = format!("there is no checkpoint to go on from in the folders of `{}`", out.display());
        return Err(Error::Refused(message));
    }
    let one = |(&seed, folder): (&u64, PathBuf)| {
        let resume = resume && begun(&folder);
        training(plan, seed, folder, resume)
    };
    seeds.iter().zip(folders).map(one).collect()
}

impl FinishedTraining {
    /// Evaluates, builds and reports.
    fn new(
        experiment: &Experiment,
        trained: TrainedNetwork,
        folder: PathBuf,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        let mut written = vec![
            WrittenFile { path: folder.join(WEIGHTS), what: "trained weights".into() },
            WrittenFile { path: folder.join(METRICS), what: "every figure of every epoch".into() },
            WrittenFile {
                path: folder.join(CHECKPOINT),
                what: "state of the training, for `--resume`".into(),
            },
        ];
        let network = &trained.network;
        let float = experiment.evaluate(network)?;
        let chip = experiment.simulated_chip();
        let chip = chip.map(|chip| experiment.evaluate_on_chip(network, chip, observer)).transpose()?;
        warn_about_chance_accuracy(experiment, &float, chip.as_ref(), observer);
        written.extend(build(experiment, network, chip.as_ref(), &folder, observer)?);
        let (page, text) = (folder.join("report.html"), folder.join("report.md"));
        written
            .push(WrittenFile { path: page.clone(), what: "this training as a page for a browser".into() });
        written.push(WrittenFile { path: text.clone(), what: "the same in short, as text".into() });
        let results = Results { experiment, network, float: &float, chip: chip.as_ref() };
        let report = Report { results, trained: &trained, written: &written };
        files::write(&page, report.html().as_bytes())?;
        files::write(&text, report.markdown().as_bytes())?;
        let recordings = report::recordings(&experiment.corpus);
        Ok(Self { trained, float, chip, written, folder, recordings })
    }

    /// The results for machines.
    fn json(&self) -> Value {
        let trained = &self.trained;
        let mut results = report::results_json(&self.float, self.chip.as_ref());
        results["seed"] = json!(trained.seed);
        results["seconds"] = json!(trained.duration.as_secs_f64());
        results["epochs"] = json!(trained.history.epochs());
        results["selected_epoch"] = json!(trained.selected_epoch + 1);
        results["files"] = self.written.iter().map(|w| json!(w.path)).collect();
        results
    }

    /// How the training went, the results, and the files, for people.
    fn text(&self) -> String {
        let trained = &self.trained;
        let files: Vec<Vec<String>> =
            self.written.iter().map(|w| vec![files::name(&w.path), w.what.clone()]).collect();
        format!(
            "{}: {}; {} epochs in {:.1} s; weights of epoch {}, {}\n\n{}\n{}",
            trained.network.graph.name,
            self.recordings,
            trained.epochs,
            trained.duration.as_secs_f64(),
            trained.selected_epoch + 1,
            trained.selection_reason,
            report::summary(&self.float, self.chip.as_ref()),
            written_to(&self.folder, &files),
        )
    }

    fn into_outcome(self) -> SeedResult {
        SeedResult {
            seed: self.trained.seed,
            folder: files::name(&self.folder),
            metrics: SeedResult::metrics(&self.trained, &self.float, self.chip.as_ref()),
            selected_epoch: self.trained.selected_epoch,
            history: self.trained.history,
        }
    }
}

/// The files of a folder, each with what it is.
fn written_to(folder: &Path, files: &[Vec<String>]) -> String {
    format!("written to {}:\n{}", folder.display(), indent(&format_list(files)))
}

/// A network that guesses has learned nothing; the rates and the guide say where to look.
fn warn_about_chance_accuracy(
    experiment: &Experiment,
    float: &FloatEvaluation,
    chip: Option<&ChipResult>,
    observer: &dyn Observer,
) {
    // A training that knew of the chip says little of the float weights.
    let trained = chip.filter(|_| experiment.plan.recipe.aware().is_some());
    let on_chip = trained.map(|on| &on.result.evaluation);
    let Some(classified) = on_chip.or(float.classified.as_ref()) else { return };
    if classified.accuracy <= 1.2 / classified.confusion.len().max(1) as f64 {
        observer.warning(&format!(
            "the accuracy of {} is about that of guessing; look for silent layers (rate 0), and at the readout's \
             threshold and the surrogate",
            format_percent(classified.accuracy)
        ));
    }
}

/// Writes what all seeds gave together.
fn summarize(
    experiment: &Experiment,
    outcomes: Vec<SeedResult>,
    out: &Path,
    results: Vec<Value>,
) -> Result<RunResult, Error> {
    let seeds = Seeds { network: &experiment.plan.loaded.graph.name, outcomes: &outcomes };
    let (table, page) = (out.join("seeds.csv"), out.join("report.html"));
    files::write_together(&[(&table, seeds.csv().as_bytes()), (&page, seeds.html().as_bytes())])?;
    let files =
        [("report.html", "all seeds as a page for a browser"), ("seeds.csv", "the figures of every seed")];
    let files = files.map(|(name, what)| vec![name.to_owned(), what.to_owned()]);
    let summary = format!("{} seeds:\n\n{}\n{}", outcomes.len(), seeds.table(), written_to(out, &files));
    let json = json!({ "seeds": results, "summary": seeds.json(), "files": [table, page] });
    Ok(RunResult { outcomes, summary: Some(summary), json })
}

/// Builds what the recipe asks for.
fn build(
    experiment: &Experiment,
    network: &Network,
    simulated: Option<&ChipResult>,
    out: &Path,
    observer: &dyn Observer,
) -> Result<Vec<WrittenFile>, Error> {
    let stem = snake_case(&network.graph.name);
    let plan = &experiment.plan;
    let mut settings = TargetOptions::new();
    // Ranges of states may have to be measured, which takes a while.
    let evaluated = |target: &Target| simulated.is_some_and(|on| on.chip.name == target.name());
    if plan.recipe.targets().iter().any(|target| target.takes(TargetOption::Quantize) && !evaluated(target)) {
        settings.quantize = experiment.quantize_options(network)?;
    }
    let mut written = Vec::new();
    for target in plan.recipe.targets() {
        let back_end = target.with(&settings);
        let evaluated = evaluated(target);
        // Files of chips have the same names: those of a chip that was not evaluated carry its name.
        let file = match target.chip() {
            Some(chip) if !evaluated => back_end.file_name(&format!("{stem}.{}", chip.name)),
            _ => back_end.file_name(&stem),
        };
        let artifacts = match simulated.filter(|_| evaluated) {
            // What was evaluated is what is written.
            Some(on) => XyloTarget::new((*on.chip).clone(), BuildOptions::default())
                .artifacts(&on.build, &network.graph.name, &file)
                .map_err(Error::input)?,
            None => back_end.build(network, &file).map_err(|found| plan.loaded.error(found))?,
        };
        // The evaluation has reported those of its chip.
        if !evaluated {
            plan.loaded.accept(&artifacts.warnings, observer)?;
        }
        written.extend(artifacts::write(&artifacts, out)?);
    }
    Ok(written)
}
