//! The training loop.
//!
//! [`Trainer`] trains as [`TrainOptions`] say. [`Trainer::step_with`] takes a loss of the caller's instead, and
//! leaves the loop to the caller; below that lies the [`tape`](crate::tape). An example of a whole program,
//! from the text of a network to its trained weights in memory:
//!
//! ```
#![doc = include_str!("../../examples/custom_training.rs")]
//! ```

mod augment;
mod bounds;
mod checkpoint;
mod error;
mod forward;
mod metrics;
mod options;
mod selection;
mod shard;
mod update;
mod warning;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use synnet_ir::{Diagnostic, Diagnostics, Graph, Network, Params, Tensor};

use crate::codes;
use crate::dataset::Dataset;
use crate::evaluate::{Validation, check_channels, check_targets, validate};
use crate::loss::Target;
use crate::optimizer::{Learning, Rule};
use crate::random::{Purpose, Stream};
use crate::tape::{Gradients, Packed, Tape};
pub use bounds::Bounds;
pub use error::TrainError;
use forward::Through;
pub use forward::Transform;
use metrics::EpochSums;
pub use metrics::{EpochMetrics, LayerMetrics, Progress, SATURATED_RATE};
pub(crate) use options::Range;
pub use options::{Augmentation, TrainOptions};
pub use selection::{Best, Score, Selection, Verdict};
pub use shard::MOST_SUMS;
use shard::{Batch, Objective, Shard, Walker};
pub use warning::{LEAST_NORM, WARNING_SHARE, Warning, WarningKind, warnings};

/// A network in training.
#[derive(Debug)]
pub struct Trainer {
    tape: Tape,
    network: Network,
    /// All tensors that were given or that learn, with the values that they had at first.
    params: Params,
    options: TrainOptions,
    /// The tensors that learn, in the order of the tape, and the state of the optimiser.
    learning: Learning,
    /// How each of these tensors is updated.
    rules: Vec<Rule>,
    /// Epochs that are complete.
    epoch: usize,
    /// Batches of the present epoch that are done.
    batch: usize,
    /// The figures of these batches.
    sums: Option<EpochSums>,
    /// What the training is made from, in the caller's words.
    origin: BTreeMap<String, String>,
    /// The best epoch so far, and the tensors that learn as they were then.
    best: Option<(Best, Vec<Vec<f32>>)>,
    /// By what network the batches are walked in place of the one that learns.
    through: Option<Through>,
    /// The network as the tape takes it.
    weights: Packed,
    shards: Vec<Shard>,
    /// Buffers that no thread is using.
    walkers: Mutex<Vec<Walker>>,
    /// Shards, channels and steps that there is room for.
    room: [usize; 3],
    gradients: Gradients,
    /// The norm of the gradient of each tensor in the batch in hand, without the price on weights.
    norms: Vec<f64>,
}

/// What the caller wants after a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// Return now; the trainer can be saved and goes on later where it stopped.
    Stop,
}

/// A loss of one's own: a function of the output of one sample, `[time, outputs]` in row-major order, and its
/// target. It returns the value and writes the gradient by the output, which has the same shape and begins as zeros;
/// [`Trainer::step_with`] divides both by the number of samples.
pub type SampleLoss<'a> = dyn Fn(&[f32], &Target, &mut [f32]) -> f64 + Sync + 'a;

impl Trainer {
    /// Prepares training from given weights ([`initial_params`](crate::init::initial_params) draws
    /// some).
    ///
    /// # Errors
    /// Tensors that do not fit the graph; options that are out of range or do not fit the network; constants of
    /// neurons that start beyond their bounds. All of them at once.
    pub fn new(graph: &Graph, params: Params, options: TrainOptions) -> Result<Self, Diagnostics> {
        let mut diagnostics = options.check(graph);
        let network = Network::bind(graph, &params).map_err(|errors| diagnostics.extend(errors)).ok();
        let bound = network.as_ref().map_or(graph, |network| &network.graph);
        let tape = Tape::new(bound);
        let (Some(mut network), true) = (network, diagnostics.is_empty()) else {
            return Err(diagnostics);
        };
        let tensors = tape.learnt().read(&network);
        // What learns is in f32 from the first step on, as it is after a resume.
        tape.learnt().write(&mut network, &tensors);
        let rules = update::rules(&network.graph, tape.learnt().specs(), &tensors, &options)?;
        Ok(Self {
            learning: Learning::new(&options.optimizer, tensors),
            rules,
            epoch: 0,
            batch: 0,
            sums: None,
            origin: BTreeMap::new(),
            best: None,
            through: None,
            weights: tape.pack(&network),
            shards: Vec::new(),
            walkers: Mutex::default(),
            room: [0; 3],
            gradients: tape.learnt().zeros(),
            norms: Vec::new(),
            tape,
            network,
            params,
            options,
        })
    }

    /// The network with the present weights.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The present weights, as a weights file holds them: every tensor that was given, with those
    /// that learn at their present values.
    pub fn params(&self) -> Params {
        self.params_with(&self.learning.tensors)
    }

    /// The weights of the best epoch, in the same form; the present ones where none has been chosen.
    pub fn best_params(&self) -> Params {
        self.params_with(self.best.as_ref().map_or(&self.learning.tensors, |(_, tensors)| tensors))
    }

    fn params_with(&self, tensors: &[Vec<f32>]) -> Params {
        let mut params = self.params.clone();
        for (spec, values) in self.tape.learnt().specs().iter().zip(tensors) {
            params.tensors.insert(spec.name.clone(), Tensor::new(spec.shape.clone(), values.clone()));
        }
        params
    }

    /// The options.
    pub fn options(&self) -> &TrainOptions {
        &self.options
    }

    /// Epochs that are complete.
    pub fn epochs_done(&self) -> usize {
        self.epoch
    }

    /// The best epoch so far; `None` where none has been chosen.
    pub fn best(&self) -> Option<Best> {
        self.best.as_ref().map(|(best, _)| *best)
    }

    /// Whether all epochs are done, or the patience of the [`Selection`] is at its end.
    pub fn is_finished(&self) -> bool {
        self.epoch >= self.options.epochs || self.is_exhausted()
    }

    /// Trains one epoch, or what is left of one that was stopped. `watch` is called after every batch.
    ///
    /// The same seed gives the same weights, bit for bit, with any number of threads and however often
    /// training was stopped and resumed. Work is spread over the threads of the `rayon` pool in which
    /// this is called.
    ///
    /// # Errors
    /// Data that does not fit; a loss or an update that is not finite. The trainer is then as it was before
    /// the batch.
    pub fn epoch(
        &mut self,
        dataset: &Dataset,
        watch: &mut dyn FnMut(Progress<'_>) -> Control,
    ) -> Result<EpochMetrics, TrainError> {
        self.check_data(dataset)?;
        let order = self.order(dataset);
        let batches = order.len().div_ceil(self.options.batch);
        self.prepare_shards(dataset, self.options.batch.min(order.len()));
        let mut sums = self.sums.take().unwrap_or_else(|| self.no_sums(dataset.steps()));
        let mut stopped = false;
        for samples in order.chunks(self.options.batch).skip(self.batch) {
            if let Err(error) = self.step(dataset, samples, None, batches, &mut sums) {
                self.sums = (self.batch > 0).then_some(sums);
                return Err(error);
            }
            let progress = sums.progress(self.epoch, self.batch, batches);
            if watch(progress) == Control::Stop && self.batch < batches {
                self.sums = Some(sums.clone());
                stopped = true;
                break;
            }
        }
        let metrics = sums.into_metrics(self, !stopped);
        if !stopped {
            (self.epoch, self.batch) = (self.epoch + 1, 0);
        }
        Ok(metrics)
    }

    /// The batches of the present epoch that are left, in their order: indices of samples. For training
    /// loops of one's own, with [`step_with`](Self::step_with).
    pub fn batches(&self, dataset: &Dataset) -> Vec<Vec<usize>> {
        let order = self.order(dataset);
        order.chunks(self.options.batch).skip(self.batch).map(<[usize]>::to_vec).collect()
    }

    /// One update from the samples with these indices, with a loss of one's own instead of that of the
    /// options; everything else is as in [`epoch`](Self::epoch). The loss may be called from several threads at
    /// once. After as many steps as the data has batches the next epoch begins.
    ///
    /// # Errors
    /// Data that does not fit the network; a sample that does not exist; a loss or an update that is not
    /// finite. The trainer is then as it was before the step.
    pub fn step_with(
        &mut self,
        dataset: &Dataset,
        samples: &[usize],
        loss: &SampleLoss<'_>,
    ) -> Result<EpochMetrics, TrainError> {
        self.check_samples(dataset, samples)?;
        self.prepare_shards(dataset, samples.len());
        let batches = dataset.samples().len().div_ceil(self.options.batch);
        let mut sums = EpochSums::new(&self.network.graph, &self.tape, dataset.steps(), false);
        self.step(dataset, samples, Some(loss), batches, &mut sums)?;
        let complete = self.batch >= batches;
        // The figures of an epoch that was stopped do not hold for the next one.
        self.sums = self.sums.take().filter(|_| !complete);
        let metrics = sums.into_metrics(self, complete);
        if complete {
            (self.epoch, self.batch) = (self.epoch + 1, 0);
        }
        Ok(metrics)
    }

    /// Loss and accuracy of the present weights on samples that are held back, without dropout and
    /// augmentation; of the transformed network where the last batches were walked through one
    /// ([`with_forward`](Self::with_forward)).
    ///
    /// # Errors
    /// Data that does not fit.
    pub fn validate(&self, dataset: &Dataset) -> Result<Validation, TrainError> {
        let judged = self.judged();
        validate(judged.as_ref().unwrap_or(&self.network), dataset, &self.options.loss)
            .map_err(TrainError::Data)
    }

    /// Compares a complete epoch with the best so far and keeps its weights where it is better. To be called
    /// once after each complete epoch, before the checkpoint is made. Without a
    /// [`selection`](TrainOptions::selection) every epoch counts as better.
    ///
    /// # Errors
    /// Where the score was not measured: there is no validation, or its loss has no classes.
    pub fn observe(&mut self, metrics: &EpochMetrics) -> Result<Verdict, TrainError> {
        let Some(selection) = self.options.selection else {
            return Ok(Verdict { improved: true, stop: self.is_finished() });
        };
        let score = selection.by.of(metrics).ok_or(TrainError::Score { score: selection.by.name() })?;
        if self.begins_anew(metrics.epoch) {
            self.best = None;
        }
        let improved = selection.is_better(score, self.best());
        if improved {
            let best = Best { epoch: metrics.epoch, score };
            self.best = Some((best, self.learning.tensors.clone()));
        }
        Ok(Verdict { improved, stop: self.is_finished() })
    }

    /// Figures of an epoch that has not begun.
    fn no_sums(&self, steps: usize) -> EpochSums {
        EpochSums::new(&self.network.graph, &self.tape, steps, self.options.loss.classifies())
    }

    /// The order of the samples in the present epoch.
    fn order(&self, dataset: &Dataset) -> Vec<usize> {
        let mut order: Vec<usize> = (0..dataset.samples().len()).collect();
        Stream::new(self.options.seed, Purpose::Shuffle, self.epoch as u64, 0).shuffle(&mut order);
        order
    }

    fn check_data(&self, dataset: &Dataset) -> Result<(), TrainError> {
        let mut diagnostics = Diagnostics::new();
        if let Err(errors) = check_targets(&self.network, dataset, &self.options.loss) {
            diagnostics.extend(errors);
        }
        if dataset.samples().is_empty() || dataset.steps() == 0 {
            diagnostics.push(no_samples());
        }
        if diagnostics.is_empty() { Ok(()) } else { Err(TrainError::Data(diagnostics)) }
    }

    fn check_samples(&self, dataset: &Dataset, samples: &[usize]) -> Result<(), TrainError> {
        let mut diagnostics: Diagnostics = check_channels(&self.network, dataset).into_iter().collect();
        if samples.is_empty() || dataset.steps() == 0 {
            diagnostics.push(no_samples());
        }
        let len = dataset.samples().len();
        diagnostics.extend(samples.iter().filter(|&&i| i >= len).map(|i| {
            let message = format!("there is no sample {i}; the data has {len}");
            Diagnostic::error_without_place(&codes::DATA_SHAPE, message)
        }));
        if diagnostics.is_empty() { Ok(()) } else { Err(TrainError::Data(diagnostics)) }
    }

    /// Walks a batch and updates the tensors, one of `batches` of the epoch. Only where both succeed, the
    /// figures are added to the sums and the batch counts as done.
    fn step(
        &mut self,
        dataset: &Dataset,
        samples: &[usize],
        loss: Option<&SampleLoss<'_>>,
        batches: usize,
        sums: &mut EpochSums,
    ) -> Result<(), TrainError> {
        self.walk(dataset, samples, loss)?;
        let updated = self.update(batches)?;
        let share = shard::share(samples.len());
        for (shard, samples) in self.shards.iter().zip(samples.chunks(share)) {
            sums.add_shard(shard, samples.len());
        }
        sums.add_update(&updated, samples.len(), &self.norms);
        self.batch = self.batch.saturating_add(1);
        Ok(())
    }

    /// Makes room for batches of up to `samples` samples.
    fn prepare_shards(&mut self, dataset: &Dataset, samples: usize) {
        let shards = samples.min(MOST_SUMS);
        let room = [shards, dataset.channels(), dataset.steps()];
        if self.room == room {
            return;
        }
        self.shards = (0..shards).map(|_| Shard::new(&self.tape, &self.network.graph)).collect();
        self.walkers = Mutex::default();
        self.room = room;
    }

    /// Gradients of a batch, summed over the shards in their order, with the loss of the options or one of
    /// the caller's.
    fn walk(
        &mut self,
        dataset: &Dataset,
        samples: &[usize],
        loss: Option<&SampleLoss<'_>>,
    ) -> Result<(), TrainError> {
        match self.through.as_mut().and_then(|through| through.transformed(&self.network, self.epoch)) {
            Some(network) => self.tape.repack_all(network, &mut self.weights),
            None => self.tape.repack(&self.network, &mut self.weights),
        }
        let batch = Batch {
            tape: &self.tape,
            network: &self.network,
            weights: &self.weights,
            options: &self.options,
            objective: loss.map_or(Objective::Loss(&self.options.loss), Objective::Custom),
            dataset,
            epoch: self.epoch as u64,
            size: samples.len(),
        };
        let share = shard::share(samples.len());
        let shards = &mut self.shards[..samples.len().div_ceil(share)];
        walk_shards(shards, &self.walkers, batch, samples, share);
        if let Some((sample, place)) = shards.iter().find_map(|shard| shard.failure) {
            return Err(TrainError::NotFinite {
                sample,
                epoch: self.epoch,
                batch: self.batch,
                layer: place.map(|(layer, _)| self.network.graph.layers[layer].name.clone()),
                step: place.map(|(_, step)| step),
            });
        }
        if let Some((total, others)) = shards.split_first_mut() {
            others.iter_mut().for_each(|shard| total.sums.add(&mut shard.sums));
            self.tape.read_gradients(&self.network, &total.sums, &mut self.gradients);
        }
        Ok(())
    }
}

/// Lets the threads take shards of `share` samples; a single shard stays on this thread.
fn walk_shards(
    shards: &mut [Shard],
    walkers: &Mutex<Vec<Walker>>,
    batch: Batch<'_>,
    samples: &[usize],
    share: usize,
) {
    // Nothing that panics runs while they are locked.
    let idle = || walkers.lock().unwrap_or_else(PoisonError::into_inner);
    let run = |shard: &mut Shard, samples: &[usize]| {
        let walker = idle().pop();
        let mut walker = walker.unwrap_or_else(|| Walker::new(batch.tape, batch.options, batch.dataset));
        shard.run(batch, samples, &mut walker);
        idle().push(walker);
    };
    if let [shard] = shards {
        run(shard, samples);
    } else {
        let shards = shards.par_iter_mut().zip(samples.par_chunks(share));
        shards.for_each(|(shard, samples)| run(shard, samples));
    }
}

fn no_samples() -> Diagnostic {
    Diagnostic::error_without_place(&codes::DATA_SHAPE, "the data has no samples or no time steps")
}
