//! One training in one folder: its epochs, its checkpoints, what is shown and what is kept.
//!
//! After each epoch first the course of the training is written, then the checkpoint. A process that is killed
//! between the two goes on from the checkpoint before and writes the same line again.

mod history;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use synnet_ir::Network;
use synnet_runtime::train::Warning;
use synnet_runtime::{Control, EpochMetrics, Progress, TrainError, TrainOptions, Trainer};

use crate::error::Error;
use crate::experiment::{Experiment, Plan};
use crate::files;
use crate::observer::Observer;

use history::is_like;
pub use history::{FILE as METRICS, History};

/// The state of a training.
pub const CHECKPOINT: &str = "checkpoint.safetensors";
/// The learned tensors.
pub const WEIGHTS: &str = "weights.safetensors";

/// A training that has not begun, or was interrupted.
pub struct TrainingRun {
    /// The seed.
    pub seed: u64,
    /// The folder of everything that is written.
    pub out: PathBuf,
    trainer: Trainer,
    history: History,
}

/// A training that is complete.
pub struct TrainedNetwork {
    /// The seed.
    pub seed: u64,
    /// All options, with the seed.
    pub options: TrainOptions,
    /// The network with the weights that were kept.
    pub network: Network,
    /// Every epoch, those before a `--resume` included.
    pub history: History,
    /// The epoch, from 0, whose weights were kept.
    pub selected_epoch: usize,
    /// Why it was that one.
    pub selection_reason: String,
    /// Epochs of this run.
    pub epochs: usize,
    /// Time of this run.
    pub duration: Duration,
}

impl TrainingRun {
    /// A training at its beginning, which will write to the folder `out`.
    ///
    /// # Errors
    /// What training does not support of the network or the recipe.
    pub fn start(plan: &Plan, seed: u64, out: PathBuf) -> Result<Self, Error> {
        Ok(Self { seed, out, trainer: plan.trainer(seed)?, history: History::default() })
    }

    /// A training from its folder's checkpoint on.
    ///
    /// # Errors
    /// A checkpoint that cannot be read, or is of another network.
    pub fn resume(plan: &Plan, seed: u64, out: PathBuf) -> Result<Self, Error> {
        let bytes = files::read(&out.join(CHECKPOINT))?;
        let trainer = plan.resumed(&bytes, seed)?;
        let history = History::open(&out, trainer.epochs_done())?;
        Ok(Self { seed, out, trainer, history })
    }

    /// Runs the epochs that are left.
    ///
    /// # Errors
    /// A checkpoint of other data; data that do not fit; a loss that is not finite; files that cannot be written; an
    /// observer that is interrupted, which leaves a checkpoint, too.
    pub fn run(self, experiment: &Experiment, observer: &dyn Observer) -> Result<TrainedNetwork, Error> {
        self.run_from(experiment, &experiment.provenance(), observer)
    }

    /// As [`run`](Self::run), with the experiment's origin.
    pub(crate) fn run_from(
        mut self,
        experiment: &Experiment,
        provenance: &BTreeMap<String, String>,
        observer: &dyn Observer,
    ) -> Result<TrainedNetwork, Error> {
        self.check_provenance(provenance)?;
        self.trainer.set_provenance(provenance.clone());
        files::create_folder(&self.out)?;
        files::remove_leftovers(&self.out);
        let graph = &experiment.plan.loaded.graph;
        let total = self.trainer.options().epochs;
        let first = self.trainer.epochs_done();
        let started = Instant::now();
        observer.training_started(graph, first..total);
        let epochs = self.run_epochs(experiment, first..total, observer);
        observer.training_done();
        epochs?;
        self.finish(experiment, first, started.elapsed())
    }

    /// Runs epochs until the training is finished.
    fn run_epochs(
        &mut self,
        experiment: &Experiment,
        range: Range<usize>,
        observer: &dyn Observer,
    ) -> Result<(), Error> {
        let graph = &experiment.plan.loaded.graph;
        let total = range.end;
        let before = self.history.warnings(graph);
        let mut noticed: Vec<Warning> = before.into_iter().map(|noticed| noticed.warning).collect();
        let mut last: Option<EpochMetrics> = None;
        let mut sets = experiment.corpus.epochs(self.seed, range);
        while !self.trainer.is_finished() {
            let set = sets.next(self.trainer.epochs_done())?;
            let mut watch = |p: Progress<'_>| {
                observer.batch(&p, last.as_ref());
                if observer.is_interrupted() { Control::Stop } else { Control::Continue }
            };
            let metrics = self.trainer.epoch(&set, &mut watch);
            let mut metrics = metrics.map_err(|error| self.failed(experiment, error))?;
            if metrics.complete {
                self.observe(experiment, &mut metrics)?;
                for warning in &metrics.warnings {
                    if !noticed.iter().any(|known| is_like(known, warning)) {
                        observer.warning(&format!("epoch {}: {warning}", metrics.epoch + 1));
                        noticed.push(warning.clone());
                    }
                }
                observer.epoch(&metrics, self.trainer.is_finished());
                last = Some(metrics);
            }
            files::write(&self.out.join(CHECKPOINT), &self.trainer.checkpoint())?;
            if observer.is_interrupted() && !self.trainer.is_finished() {
                return Err(Error::Interrupted { done: self.trainer.epochs_done(), total });
            }
        }
        Ok(())
    }

    /// A checkpoint goes on with the network and the recordings that it was made with, and no others.
    fn check_provenance(&self, provenance: &BTreeMap<String, String>) -> Result<(), Error> {
        let before = self.trainer.provenance().iter();
        let others: Vec<&str> = before
            .filter(|(part, hash)| provenance.get(*part) != Some(hash))
            .map(|(part, _)| &**part)
            .collect();
        if others.is_empty() {
            return Ok(());
        }
        Err(Error::Input(format!(
            "`{}` was made with another {}: resume with the same, or start a new run",
            self.out.join(CHECKPOINT).display(),
            others.join(" and another ")
        )))
    }

    /// Validates a complete epoch, lets the trainer compare it with the best, and writes its line.
    fn observe(&mut self, experiment: &Experiment, metrics: &mut EpochMetrics) -> Result<(), Error> {
        if let Some(validation) = &experiment.corpus.validation {
            let found = self.trainer.validate(validation).map_err(|error| self.failed(experiment, error))?;
            metrics.validation = Some(found);
        }
        self.trainer.update_best(metrics).map_err(|error| self.failed(experiment, error))?;
        self.history.add(metrics, &self.out)
    }

    fn failed(&self, experiment: &Experiment, error: TrainError) -> Error {
        match error {
            TrainError::Data(diagnostics) => experiment.plan.loaded.error(diagnostics),
            other if self.trainer.epochs_done() == 0 => Error::Input(format!("training stopped: {other}")),
            other => Error::Input(format!(
                "training stopped: {other}; `{}` holds the state after epoch {}",
                self.out.join(CHECKPOINT).display(),
                self.trainer.epochs_done()
            )),
        }
    }

    /// Writes the weights that are kept.
    fn finish(
        self,
        experiment: &Experiment,
        first: usize,
        duration: Duration,
    ) -> Result<TrainedNetwork, Error> {
        let params = self.trainer.best_params();
        files::write(&self.out.join(WEIGHTS), &params.to_safetensors())?;
        let network = Network::bind(&experiment.plan.loaded.graph, &params)
            .map_err(|diagnostics| experiment.plan.loaded.error(diagnostics))?;
        let options = self.trainer.options();
        let epochs = self.trainer.epochs_done();
        let (selected_epoch, mut selection_reason) = match (self.trainer.best(), options.selection) {
            (Some(best), Some(selection)) => {
                (best.epoch, format!("the best by {}", selection.by.name().replace('_', " ")))
            }
            _ => (epochs.saturating_sub(1), "the last".to_owned()),
        };
        if let Some(patience) = options.selection.and_then(|s| s.patience).filter(|_| epochs < options.epochs)
        {
            selection_reason += &format!(", after which {patience} were not better");
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
        })
    }
}
