//! A run: trains the network of a recipe with one seed or several, evaluates it, and builds its targets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use synnet_ir::Network;
use synnet_ir::display::{format_list, format_percent, indent, pluralize};
use synnet_ir::names::snake_case;
use synnet_runtime::Schedule;
use synnet_xylo::{BuildOptions, XyloTarget};

use crate::artifacts::{self, WrittenFile};
use crate::error::Error;
use crate::experiment::{ChipResult, Experiment, FloatEvaluation};
use crate::files;
use crate::observer::Observer;
use crate::plan::Plan;
use crate::problem::Problem;
use crate::report::{self, Report, Results, SeedResult, Seeds};
use crate::target::{NamedTarget, TargetOption, TargetOptions};
use crate::training::{CHECKPOINT, METRICS, SEEDS, TrainedNetwork, TrainingRun, WEIGHTS, check_seeds};
use crate::training_memory::TrainingMemory;
use crate::weights::InitialWeights;

/// Options of a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RunOptions {
    /// Output folder. With several seeds, it has a subfolder for each.
    pub out: PathBuf,
    /// Seeds to train with; those of the recipe by default.
    pub seeds: Option<Vec<u64>>,
    /// Whether to resume from the checkpoints in the output folder; `false` by default.
    pub resume: bool,
    /// Weights that initialize training, for example to fine-tune them; drawn from the seed by default.
    pub weights: Option<InitialWeights>,
    /// Whether to overwrite an existing run whose options differ; `false` by default.
    pub overwrite: bool,
}

impl RunOptions {
    /// Returns the options of a new run in this folder, with the seeds of the recipe.
    pub fn new(out: impl Into<PathBuf>) -> Self {
        Self { out: out.into(), seeds: None, resume: false, weights: None, overwrite: false }
    }
}

/// The result of a run.
pub struct RunResult {
    /// The result of each seed.
    pub outcomes: Vec<SeedResult>,
    /// Statistics over the seeds as a table, with the files that hold them; `None` for a single seed.
    pub summary: Option<String>,
    /// All results as JSON.
    pub json: Value,
}

/// A trained network that has been evaluated, built and reported on.
struct FinishedRun {
    trained: TrainedNetwork,
    /// The results in float.
    float: FloatEvaluation,
    /// The results on the simulated chips.
    chips: Vec<ChipResult>,
    /// All output files.
    written: Vec<WrittenFile>,
    /// The folder of the files.
    folder: PathBuf,
    /// The sizes of the sets.
    splits: String,
}

/// Trains, evaluates and builds. All files go to one folder, or to one folder per seed.
///
/// # Errors
/// Returns an error if a target of the recipe cannot express the network, memory is insufficient, data cannot be used,
/// training fails or is interrupted, or a file cannot be written.
pub fn run(plan: Plan, options: &RunOptions, observer: &dyn Observer) -> Result<RunResult, Error> {
    // On a thread of the pool: what the evaluation allocates there reuses the memory of training, which an allocator with
    // an arena for each thread would otherwise keep beside it.
    rayon::scope(|_| run_on_this_thread(plan, options, observer))
}

fn run_on_this_thread(plan: Plan, options: &RunOptions, observer: &dyn Observer) -> Result<RunResult, Error> {
    plan.check_targets()?;
    let out = &options.out;
    let seeds = options.seeds.as_ref().or(plan.recipe.seeds.as_ref());
    let has_several_seeds = seeds.is_some();
    let training_runs = match seeds {
        None => vec![training_run(&plan, plan.recipe.training.seed, out.clone(), options.resume, options)?],
        Some(seeds) => training_runs(&plan, seeds, options)?,
    };
    if !options.overwrite && !options.resume {
        check_seeds(out, seeds.map(Vec::as_slice))?;
    }
    // Checked before the data is read, which takes long, and again when the data is known.
    let check_folders = |provenance: &BTreeMap<String, String>| -> Result<(), Error> {
        let mut checked = training_runs.iter().filter(|_| !options.overwrite);
        checked.try_for_each(|run| run.check_folder(provenance))
    };
    check_folders(&plan.provenance())?;
    training_runs.iter().try_for_each(TrainingRun::check_writable)?;
    if options.resume {
        warn_about_longer_schedule(&plan, &training_runs, observer);
    }
    if options.weights.is_some() && plan.recipe.training.init.is_some() {
        let reason = "training starts from the weights that are given";
        let problem = Problem::without_effect("training.init", reason, "omit it");
        observer.diagnostics(&plan.recipe.diagnostics([problem]), &plan.recipe.sources());
    }
    // The same for all seeds, which differ in their initial weights only.
    if let Some(first) = training_runs.first() {
        first.warn_about_large_steps(observer);
    }
    let threads = rayon::current_num_threads();
    TrainingMemory::minimum(&plan, threads).check()?;
    let experiment = plan.with_data(observer)?;
    if let Some(first) = training_runs.first() {
        TrainingMemory::estimate(&experiment, first.network(), threads).report(observer)?;
    }
    let provenance = experiment.provenance();
    check_folders(&provenance)?;

    let mut results = Vec::new();
    let mut outcomes = Vec::new();
    for training_run in training_runs {
        let folder = training_run.out.clone();
        if has_several_seeds {
            observer.seed_started(training_run.seed);
        }
        let trained =
            training_run.run_with_provenance(&experiment, &provenance, options.overwrite, observer)?;
        let finished = FinishedRun::new(&experiment, trained, folder, observer)?;
        observer.run_done(&finished.summary());
        results.push(finished.json());
        outcomes.push(finished.into_outcome());
    }
    if has_several_seeds {
        summarize(&experiment, outcomes, out, results)
    } else {
        Ok(RunResult { outcomes, summary: None, json: results.pop().unwrap_or_default() })
    }
}

fn training_run(
    plan: &Plan,
    seed: u64,
    out: PathBuf,
    resume: bool,
    options: &RunOptions,
) -> Result<TrainingRun, Error> {
    match &options.weights {
        _ if resume => TrainingRun::resume(plan, seed, out),
        Some(weights) => TrainingRun::start_from(plan, weights, seed, out),
        None => TrainingRun::start(plan, seed, out),
    }
}

/// Prepares the training of each seed. On `resume`, seeds without a checkpoint start from the beginning, but at least
/// one checkpoint must exist.
fn training_runs(plan: &Plan, seeds: &[u64], options: &RunOptions) -> Result<Vec<TrainingRun>, Error> {
    let out = &options.out;
    let folders: Vec<PathBuf> = seeds.iter().map(|seed| out.join(format!("seed-{seed}"))).collect();
    let has_checkpoint = |folder: &PathBuf| folder.join(CHECKPOINT).exists();
    if options.resume && !folders.iter().any(has_checkpoint) {
        return Err(no_checkpoint(out));
    }
    let run = |(&seed, folder): (&u64, PathBuf)| {
        let resume = options.resume && has_checkpoint(&folder);
        training_run(plan, seed, folder, resume, options)
    };
    seeds.iter().zip(folders).map(run).collect()
}

/// Returns the error about a folder from which nothing can be resumed.
pub(crate) fn no_checkpoint(out: &Path) -> Error {
    Error::Refused(format!("`{}` has no checkpoint to resume from; start without `--resume`", out.display()))
}

/// Warns if training is extended with a schedule that spans all epochs: the learning rate then jumps, and the result is
/// not that of an uninterrupted run.
fn warn_about_longer_schedule(plan: &Plan, runs: &[TrainingRun], observer: &dyn Observer) {
    let spans_training = matches!(plan.recipe.training.schedule, Schedule::Cosine(_) | Schedule::OneCycle(_));
    if spans_training && runs.iter().any(TrainingRun::is_extended) {
        observer.warning(
            "training is extended, and its learning rate schedule spans all epochs: the learning rate jumps to its \
             place in the longer schedule; the result differs from that of one long run",
        );
    }
}

impl FinishedRun {
    /// Evaluates the network, builds the targets, and writes the reports.
    fn new(
        experiment: &Experiment,
        trained: TrainedNetwork,
        folder: PathBuf,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        let file = |name: &str, description: &str| WrittenFile {
            path: folder.join(name),
            description: description.into(),
        };
        let is_trained = trained.history.epochs() > 0;
        let weights = if is_trained { "trained weights" } else { "initial weights" };
        let mut written = vec![file(WEIGHTS, weights)];
        written.extend(is_trained.then(|| file(METRICS, "metrics of every epoch")));
        written.push(file(CHECKPOINT, "training state, for `--resume`"));
        let network = &trained.network;
        let float = experiment.evaluate(network)?;
        let chips = experiment.plan.simulated_chips();
        let chips = chips.iter().map(|chip| experiment.evaluate_on_chip(network, chip, observer));
        let chips = chips.collect::<Result<Vec<ChipResult>, Error>>()?;
        warn_about_chance_accuracy(experiment, &float, chips.first(), observer);
        written.extend(build(experiment, network, &chips, &folder, observer)?);
        let (page, text) = (folder.join("report.html"), folder.join("report.md"));
        written.push(WrittenFile { path: page.clone(), description: "HTML report".into() });
        written.push(WrittenFile { path: text.clone(), description: "short report in Markdown".into() });
        let results = Results { experiment, network, float: &float, chips: &chips };
        let report = Report { results, trained: &trained, written: &written };
        files::write(&page, report.html().as_bytes())?;
        files::write(&text, report.markdown().as_bytes())?;
        warn_about_older_files(&trained, &written, &folder, observer);
        let splits = report::split_summary(&experiment.corpus);
        Ok(Self { trained, float, chips, written, folder, splits })
    }

    /// Returns the results as JSON.
    fn json(&self) -> Value {
        let trained = &self.trained;
        let mut results = report::results_json(&self.float, &self.chips);
        results["seed"] = json!(trained.seed);
        results["seconds"] = json!(trained.duration.as_secs_f64());
        results["epochs"] = json!(trained.history.epochs());
        results["selected_epoch"] = json!(trained.selected_epoch_number());
        results["files"] = self.written.iter().map(|file| json!(file.path)).collect();
        results
    }

    /// Summarizes training, results and output files.
    fn summary(&self) -> String {
        let trained = &self.trained;
        let files: Vec<Vec<String>> =
            self.written.iter().map(|file| vec![files::name(&file.path), file.description.clone()]).collect();
        format!(
            "{}: {}; {} in {:.1} s; {}\n\n{}\n{}",
            trained.network.graph.name,
            self.splits,
            pluralize(trained.epochs, "epoch"),
            trained.duration.as_secs_f64(),
            trained.selection(),
            report::summary(&self.float, &self.chips),
            file_list(&self.folder, &files),
        )
    }

    fn into_outcome(self) -> SeedResult {
        SeedResult {
            seed: self.trained.seed,
            folder: files::name(&self.folder),
            metrics: SeedResult::metrics(&self.trained, &self.float, &self.chips),
            selected_epoch: self.trained.selected_epoch,
            history: self.trained.history,
        }
    }
}

/// Warns about files of the run that was replaced, which this run has not written: they belong to other weights.
fn warn_about_older_files(
    trained: &TrainedNetwork,
    written: &[WrittenFile],
    folder: &Path,
    observer: &dyn Observer,
) {
    if !trained.replaces {
        return;
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.path()).filter(|path| path.is_file());
    let mut older: Vec<String> = files
        .filter(|path| !written.iter().any(|file| file.path == *path))
        .map(|path| format!("`{}`", files::name(&path)))
        .collect();
    older.sort();
    if !older.is_empty() {
        observer.warning(&format!(
            "`{}` still holds files that do not belong to this run: {}",
            folder.display(),
            older.join(", ")
        ));
    }
}

/// Lists the files of a folder with their descriptions.
fn file_list(folder: &Path, files: &[Vec<String>]) -> String {
    format!("written to {}:\n{}", folder.display(), indent(&format_list(files)))
}

/// Warns if the accuracy is at chance level, and names the usual causes.
fn warn_about_chance_accuracy(
    experiment: &Experiment,
    float: &FloatEvaluation,
    chip: Option<&ChipResult>,
    observer: &dyn Observer,
) {
    // Quantization-aware training optimizes the network on the chip, not the float weights.
    let quantized = chip.filter(|_| experiment.plan.recipe.quantization_aware().is_some());
    let on_chip = quantized.map(|on| &on.result.evaluation);
    let Some(classified) = on_chip.or(float.classified.as_ref()) else { return };
    if classified.accuracy <= 1.2 / classified.confusion.len().max(1) as f64 {
        observer.warning(&format!(
            "the accuracy of {} is at chance level; check for silent layers (rate 0), the readout's threshold, and the \
             surrogate gradient",
            format_percent(classified.accuracy)
        ));
    }
}

/// Writes the statistics over all seeds.
fn summarize(
    experiment: &Experiment,
    outcomes: Vec<SeedResult>,
    out: &Path,
    results: Vec<Value>,
) -> Result<RunResult, Error> {
    let seeds = Seeds { network: &experiment.plan.loaded.graph.name, outcomes: &outcomes };
    let (table, page) = (out.join(SEEDS), out.join("report.html"));
    files::write_together(&[(&table, seeds.csv().as_bytes()), (&page, seeds.html().as_bytes())])?;
    let files = [("report.html", "HTML report on all seeds"), (SEEDS, "metrics of every seed")];
    let files = files.map(|(name, description)| vec![name.to_owned(), description.to_owned()]);
    let count = pluralize(outcomes.len(), "seed");
    let summary = format!("{count}:\n\n{}\n{}", seeds.table(), file_list(out, &files));
    let json = json!({ "seeds": results, "summary": seeds.json(), "files": [table, page] });
    Ok(RunResult { outcomes, summary: Some(summary), json })
}

/// Builds the targets of the recipe and returns the files.
fn build(
    experiment: &Experiment,
    network: &Network,
    simulated: &[ChipResult],
    out: &Path,
    observer: &dyn Observer,
) -> Result<Vec<WrittenFile>, Error> {
    let stem = snake_case(&network.graph.name);
    let plan = &experiment.plan;
    let mut options = TargetOptions::new();
    // Measuring the ranges of states takes a while: skip it if no target needs them.
    let evaluated = |target: &NamedTarget| simulated.iter().find(|on| on.chip.name == target.name());
    let needs_quantization =
        |target: &NamedTarget| target.accepts(TargetOption::Quantize) && evaluated(target).is_none();
    if plan.recipe.targets().iter().any(needs_quantization) {
        options.quantize = experiment.quantize_options(network)?;
    }
    let mut written = Vec::new();
    for target in plan.recipe.targets() {
        let back_end = target.instantiate(&options);
        let evaluated = evaluated(target);
        // All chips have the same file names, so all but the first evaluated one add their own name.
        let is_first = simulated.first().is_some_and(|on| on.chip.name == target.name());
        let file = match target.chip() {
            Some(chip) if !is_first => back_end.file_name(&format!("{stem}.{}", chip.name)),
            _ => back_end.file_name(&stem),
        };
        let artifacts = match evaluated {
            // Write the build that was evaluated, not a new one.
            Some(on) => XyloTarget::new((*on.chip).clone(), BuildOptions::default())
                .artifacts(&on.build, &network.graph.name, &file)
                .map_err(Error::input)?,
            None => back_end.build(network, &file).map_err(|diagnostics| plan.loaded.error(diagnostics))?,
        };
        // The evaluation has already reported the warnings of its chip.
        if evaluated.is_none() {
            plan.loaded.accept(&artifacts.warnings, observer)?;
        }
        written.extend(artifacts::write(&artifacts, out)?);
    }
    Ok(written)
}
