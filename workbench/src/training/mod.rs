//! Training of a network in an output folder, with metrics and checkpoints.
//!
//! After each epoch, the metrics are written first and the checkpoint second. A process that is killed in between
//! resumes from the previous checkpoint and writes the same line of metrics again.

mod existing;
mod history;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use synnet_ir::Network;
use synnet_ir::display::pluralize;
use synnet_runtime::train::Warning;
use synnet_runtime::{Control, EpochMetrics, Progress, TrainError, TrainOptions, Trainer};

use crate::error::Error;
use crate::experiment::Experiment;
use crate::files;
use crate::folder_lock::FolderLock;
use crate::observer::Observer;
use crate::plan::Plan;
use crate::weights::InitialWeights;

pub(crate) use existing::{ExistingRun, SEEDS, check_seeds};
use history::is_same;
pub use history::{FILE as METRICS, History};

/// Name of the file with the training state.
pub const CHECKPOINT: &str = "checkpoint.safetensors";
/// Name of the file with the trained weights.
pub const WEIGHTS: &str = "weights.safetensors";

/// The part of the provenance that stands for weights to start from.
const INITIAL_WEIGHTS: &str = "initial weights";

/// Training that is about to start or to resume.
pub struct TrainingRun {
    /// The seed of initialization, data order, dropout and augmentation.
    pub seed: u64,
    /// The output folder, which is created if it does not exist.
    pub out: PathBuf,
    trainer: Trainer,
    history: History,
    /// Whether training continues from a checkpoint.
    resumed: bool,
    /// Hash of the weights that training started from, unless they are drawn from the seed.
    initial_weights: Option<String>,
}

/// A trained network with the history of its training.
pub struct TrainedNetwork {
    /// The seed of initialization, data order, dropout and augmentation.
    pub seed: u64,
    /// The training options, including the seed.
    pub options: TrainOptions,
    /// The network with the weights of the selected epoch.
    pub network: Network,
    /// The metrics of every epoch, including those before resuming.
    pub history: History,
    /// The selected epoch, from 0.
    pub selected_epoch: usize,
    /// The reason for the selection, such as `the best by validation accuracy`.
    pub selection_reason: String,
    /// Number of epochs of this run, without those before resuming.
    pub epochs: usize,
    /// Duration of this run.
    pub duration: Duration,
    /// Whether the output folder held a run before.
    pub(crate) replaces: bool,
}

impl TrainedNetwork {
    /// Returns the number of the selected epoch, from 1; 0 for initial weights.
    pub fn selected_epoch_number(&self) -> usize {
        if self.history.epochs() == 0 { 0 } else { self.selected_epoch + 1 }
    }

    /// Describes the selected weights: "weights of epoch 12, the best by validation accuracy".
    pub fn selection(&self) -> String {
        match self.selected_epoch_number() {
            0 => "the weights before training".to_owned(),
            epoch => format!("weights of epoch {epoch}, {}", self.selection_reason),
        }
    }
}

impl TrainingRun {
    /// Prepares training from initial weights, with `out` as the output folder.
    ///
    /// # Errors
    /// Returns an error if training does not support the network or the options.
    pub fn start(plan: &Plan, seed: u64, out: PathBuf) -> Result<Self, Error> {
        let trainer = plan.trainer(seed)?;
        Ok(Self { seed, out, trainer, history: History::default(), resumed: false, initial_weights: None })
    }

    /// Prepares training from the given weights, for example to fine-tune them, with `out` as the output folder.
    ///
    /// # Errors
    /// Returns an error if training does not support the network or the options.
    pub fn start_from(plan: &Plan, weights: &InitialWeights, seed: u64, out: PathBuf) -> Result<Self, Error> {
        let trainer = plan.trainer_from(weights.params.clone(), seed)?;
        let initial_weights = Some(weights.hash.clone());
        Ok(Self { seed, out, trainer, history: History::default(), resumed: false, initial_weights })
    }

    /// Prepares training from the checkpoint in the folder `out`. If the recipe has more epochs than the checkpoint,
    /// training is extended.
    ///
    /// # Errors
    /// Returns an error if the checkpoint or the metrics cannot be read, or belong to a different network or
    /// different options.
    pub fn resume(plan: &Plan, seed: u64, out: PathBuf) -> Result<Self, Error> {
        let bytes = files::read(&out.join(CHECKPOINT))?;
        let trainer = plan.resumed_trainer(&bytes, seed).map_err(|error| {
            error.concluding(|_| format!("`{}` cannot be resumed", out.join(CHECKPOINT).display()))
        })?;
        let history = History::open(&out, trainer.epochs_done())?;
        let initial_weights = trainer.provenance().get(INITIAL_WEIGHTS).cloned();
        Ok(Self { seed, out, trainer, history, resumed: true, initial_weights })
    }

    /// Checks that a new run loses nothing that the output folder contains; a resumed run continues it.
    ///
    /// # Errors
    /// Returns an error that lists the differences, if the folder already contains a run with different options or
    /// inputs.
    pub(crate) fn check_folder(&self, provenance: &BTreeMap<String, String>) -> Result<(), Error> {
        FolderLock::check(&self.out)?;
        if self.resumed {
            return Ok(());
        }
        let provenance = self.with_initial_weights(provenance);
        ExistingRun::find(&self.out).check(&self.out, self.trainer.options(), &provenance)
    }

    /// Checks that the output folder can be written, or created.
    ///
    /// # Errors
    /// Returns an error that names the folder.
    pub(crate) fn check_writable(&self) -> Result<(), Error> {
        files::check_writable(&self.out)
    }

    /// Returns whether a checkpoint of fewer epochs is resumed.
    pub(crate) fn is_extended(&self) -> bool {
        self.resumed
            && matches!(ExistingRun::find(&self.out), ExistingRun::Known(info) if info.epochs < self.trainer.options().epochs)
    }

    /// Adds the initial weights to the provenance.
    fn with_initial_weights(&self, provenance: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let initial = self.initial_weights.iter().map(|hash| (INITIAL_WEIGHTS.to_owned(), hash.clone()));
        provenance.clone().into_iter().chain(initial).collect()
    }

    /// Returns the network with its current weights.
    pub fn network(&self) -> &Network {
        self.trainer.network()
    }

    /// Reports learning rates that are too high for a learned neuron parameter to the observer.
    pub fn warn_about_large_steps(&self, observer: &dyn Observer) {
        for step in self.trainer.large_steps() {
            observer.warning(&step.to_string());
        }
    }

    /// Runs the remaining epochs and writes the weights.
    ///
    /// # Errors
    /// Returns an error if the checkpoint was made with other data, the data does not fit the network, the loss is not
    /// finite, a file cannot be written, or the observer interrupts. An interrupt leaves a checkpoint.
    pub fn run(self, experiment: &Experiment, observer: &dyn Observer) -> Result<TrainedNetwork, Error> {
        self.run_with_provenance(experiment, &experiment.provenance(), true, observer)
    }

    /// Like [`run`](Self::run), with the experiment's provenance, which takes a while to compute. Unless `overwrite` is
    /// set, fails as [`check_folder`](Self::check_folder) does.
    pub(crate) fn run_with_provenance(
        mut self,
        experiment: &Experiment,
        provenance: &BTreeMap<String, String>,
        overwrite: bool,
        observer: &dyn Observer,
    ) -> Result<TrainedNetwork, Error> {
        let provenance = self.with_initial_weights(provenance);
        self.check_provenance(&provenance)?;
        self.trainer.set_provenance(provenance.clone());
        files::create_folder(&self.out)?;
        // Before anything in the folder changes, and until the weights are written.
        let _lock = FolderLock::acquire(&self.out)?;
        // While this run read its data, another one may have trained in the folder.
        if !self.resumed && !overwrite {
            ExistingRun::find(&self.out).check(&self.out, self.trainer.options(), &provenance)?;
        }
        files::remove_leftovers(&self.out);
        let replaces = !self.resumed && !matches!(ExistingRun::find(&self.out), ExistingRun::None);
        if !self.resumed {
            ExistingRun::remove(&self.out);
        }
        self.trainer.initialize(&experiment.corpus.train).map_err(|error| self.failed(experiment, error))?;
        let graph = &experiment.plan.loaded.graph;
        let total = self.trainer.options().epochs;
        let first = self.trainer.epochs_done();
        if self.trainer.is_finished() && first < total {
            observer.note(&format!(
                "`{}` has stopped early after {}: nothing is left to train; a larger `selection.patience` needs a new run",
                self.out.display(),
                pluralize(first, "epoch")
            ));
        }
        let started = Instant::now();
        observer.training_started(graph, first..total);
        let epochs = self.run_epochs(experiment, first..total, observer);
        observer.training_done();
        epochs?;
        let mut trained = self.finish(experiment, first, started.elapsed())?;
        trained.replaces = replaces;
        Ok(trained)
    }

    /// Runs epochs until training is finished.
    fn run_epochs(
        &mut self,
        experiment: &Experiment,
        range: Range<usize>,
        observer: &dyn Observer,
    ) -> Result<(), Error> {
        let graph = &experiment.plan.loaded.graph;
        let total = range.end;
        // Each warning is reported once, also across resumed runs.
        let before = self.history.warnings(graph);
        let mut reported: Vec<Warning> = before.into_iter().map(|history| history.warning).collect();
        let mut last: Option<EpochMetrics> = None;
        if range.is_empty() {
            files::write(&self.out.join(CHECKPOINT), &self.trainer.checkpoint())?;
        }
        let mut datasets = experiment.corpus.epochs(self.seed, range);
        while !self.trainer.is_finished() {
            let dataset = datasets.next(self.trainer.epochs_done())?;
            let mut on_batch = |progress: Progress<'_>| {
                observer.batch_done(&progress, last.as_ref());
                if observer.is_interrupted() { Control::Stop } else { Control::Continue }
            };
            let metrics = self.trainer.epoch(&dataset, &mut on_batch);
            let mut metrics = metrics.map_err(|error| self.failed(experiment, error))?;
            if metrics.complete {
                self.record_epoch(experiment, &mut metrics)?;
                for warning in &metrics.warnings {
                    if !reported.iter().any(|known| is_same(known, warning)) {
                        observer.warning(&format!("epoch {}: {warning}", metrics.epoch + 1));
                        reported.push(warning.clone());
                    }
                }
                observer.epoch_done(&metrics, self.trainer.is_finished());
                last = Some(metrics);
            }
            files::write(&self.out.join(CHECKPOINT), &self.trainer.checkpoint())?;
            if observer.is_interrupted() && !self.trainer.is_finished() {
                return Err(Error::Interrupted { done: self.trainer.epochs_done(), total });
            }
        }
        Ok(())
    }

    /// Checks that the checkpoint was made with the same network and data: training on others would give results that
    /// no recipe describes.
    fn check_provenance(&self, provenance: &BTreeMap<String, String>) -> Result<(), Error> {
        let before = self.trainer.provenance().iter();
        let changed: Vec<&str> = before
            .filter(|(part, hash)| provenance.get(*part) != Some(hash))
            .map(|(part, _)| &**part)
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        Err(Error::Input(format!(
            "`{}` was made with another {}: resume with the same one, or start a new run without `--resume`",
            self.out.join(CHECKPOINT).display(),
            changed.join(" and another ")
        )))
    }

    /// Validates after a complete epoch, updates the best epoch, and appends the metrics to the history.
    fn record_epoch(&mut self, experiment: &Experiment, metrics: &mut EpochMetrics) -> Result<(), Error> {
        if let Some(validation) = &experiment.corpus.validation {
            let result = self.trainer.validate(validation).map_err(|error| self.failed(experiment, error))?;
            metrics.validation = Some(result);
        }
        self.trainer.update_best(metrics).map_err(|error| self.failed(experiment, error))?;
        self.history.add(metrics, &self.out)
    }

    /// Converts an error of the trainer, and names the checkpoint that is left.
    fn failed(&self, experiment: &Experiment, error: TrainError) -> Error {
        match error {
            TrainError::Data(diagnostics) => experiment.plan.loaded.error(diagnostics),
            other if self.trainer.epochs_done() == 0 => Error::Input(format!("training stopped: {other}")),
            other => Error::Input(format!(
                "training stopped: {other}; `{}` has the state after epoch {}",
                self.out.join(CHECKPOINT).display(),
                self.trainer.epochs_done()
            )),
        }
    }

    /// Writes the weights of the selected epoch.
    fn finish(
        self,
        experiment: &Experiment,
        first: usize,
        duration: Duration,
    ) -> Result<TrainedNetwork, Error> {
        let params = self.trainer.best_params();
        files::write(&self.out.join(WEIGHTS), &experiment.plan.weights_file(&params))?;
        let network = Network::bind(&experiment.plan.loaded.graph, &params)
            .map_err(|diagnostics| experiment.plan.loaded.error(diagnostics))?;
        let options = self.trainer.options();
        let epochs = self.trainer.epochs_done();
        let (selected_epoch, mut selection_reason) = match (self.trainer.best(), options.selection) {
            (Some(best), Some(selection)) => {
                (best.epoch, format!("the best by {}", selection.by.name().replace('_', " ")))
            }
            _ if epochs == 0 => (0, "no training".to_owned()),
            _ => (epochs.saturating_sub(1), "the last".to_owned()),
        };
        if let Some(patience) = options.selection.and_then(|s| s.patience).filter(|_| epochs < options.epochs)
        {
            let epochs = pluralize(patience, "epoch");
            selection_reason += &format!("; training stopped after {epochs} without improvement");
        }
        Ok(TrainedNetwork {
            seed: self.seed,
            options: options.clone(),
            network,
            history: self.history,
            selected_epoch,
            selection_reason,
            epochs: epochs - first,
            duration,
            replaces: false,
        })
    }
}
