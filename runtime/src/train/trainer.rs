//! The trainer: weights, their optimizer, and a place in the course of epochs and batches.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use synnet_ir::{Diagnostic, Diagnostics, Graph, Network, Params, Tensor};
use synnet_random::{Purpose, Stream};

use super::epoch_sums::EpochSums;
use super::error::TrainError;
use super::forward_transform::{ForwardTransform, is_exhausted};
use super::gradient_descent::GradientDescent;
use super::metrics::{EpochMetrics, Progress};
use super::options::TrainOptions;
use super::selection::{Best, SelectionResult};
use super::shard::{self, Batch, MAX_GRADIENT_SUMS, Shard, Worker};
use crate::codes;
use crate::dataset::Dataset;
use crate::evaluate::{Validation, check_targets, validate};
use crate::tape::{PackedWeights, Tape};

/// A network in training.
#[derive(Debug)]
pub struct Trainer {
    pub(super) tape: Tape,
    pub(super) network: Network,
    /// All tensors that were given or that learn, with the values that they had at first.
    pub(super) params: Params,
    pub(super) options: TrainOptions,
    /// The tensors that learn, in the order of the tape, and how they move.
    pub(super) descent: GradientDescent,
    /// Epochs that are complete.
    pub(super) epoch: usize,
    /// Batches of the present epoch that are done.
    pub(super) batch: usize,
    /// The figures of these batches.
    pub(super) sums: Option<EpochSums>,
    /// What the training is made from, in the caller's words.
    pub(super) provenance: BTreeMap<String, String>,
    /// The best epoch so far, and the tensors that learn as they were then.
    pub(super) best: Option<(Best, Vec<Vec<f32>>)>,
    /// By what network the batches are walked in place of the one that learns.
    pub(super) forward_transform: Option<ForwardTransform>,
    /// The network as the tape takes it.
    weights: PackedWeights,
    shards: Vec<Shard>,
    /// Buffers that no thread is using.
    workers: Mutex<Vec<Worker>>,
    /// Shards, channels and steps that there is room for.
    capacity: [usize; 3],
}

/// What the caller wants after a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// Return now; the trainer can be saved and goes on later where it stopped.
    Stop,
}

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
        let tensors = tape.learned().read(&network);
        // What learns is in f32 from the first step on, as it is after a resume.
        tape.learned().write(&mut network, &tensors);
        let descent = GradientDescent::new(&network.graph, tape.learned(), tensors, &options)?;
        Ok(Self {
            descent,
            epoch: 0,
            batch: 0,
            sums: None,
            provenance: BTreeMap::new(),
            best: None,
            forward_transform: None,
            weights: tape.pack(&network),
            shards: Vec::new(),
            workers: Mutex::default(),
            capacity: [0; 3],
            tape,
            network,
            params,
            options,
        })
    }

    /// Lets every batch from epoch `from_epoch` on (from 0) be walked through what a [`Transform`](super::Transform) makes of the network. The
    /// gradients, by the numbers of the transformed network, move those of the network that learns, which stays what
    /// [`network`](Self::network), [`params`](Self::params) and checkpoints hold. Regularisers of weights, bounds and
    /// time constants that learn keep to the numbers that learn.
    ///
    /// [`validate`](Self::validate) judges the transformed network once it is in use. Its scores and those
    /// before are of two networks; so [`update_best`](Self::update_best) lets the epochs before `from_epoch` neither win nor
    /// use up the patience.
    ///
    /// The transform is not in checkpoints: after [`resume`](Self::resume) it is to be given again.
    #[must_use]
    pub fn with_forward_transform(
        mut self,
        transform: impl Fn(&Network, &mut Network) + Send + Sync + 'static,
        from_epoch: usize,
    ) -> Self {
        let network = self.network.clone();
        self.forward_transform = Some(ForwardTransform::new(Box::new(transform), from_epoch, network));
        self
    }

    /// The network with the present weights.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The present weights, as a weights file holds them: every tensor that was given, with those
    /// that learn at their present values.
    pub fn params(&self) -> Params {
        self.params_with(&self.descent.optimizer_state.tensors)
    }

    /// The weights of the best epoch, in the same form; the present ones where none has been chosen.
    pub fn best_params(&self) -> Params {
        self.params_with(
            self.best.as_ref().map_or(&self.descent.optimizer_state.tensors, |(_, tensors)| tensors),
        )
    }

    fn params_with(&self, tensors: &[Vec<f32>]) -> Params {
        let mut params = self.params.clone();
        for (spec, values) in self.tape.learned().specs().iter().zip(tensors) {
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

    /// Whether all epochs are done, or the patience of the [`Selection`](super::Selection) is at its end.
    pub fn is_finished(&self) -> bool {
        self.epoch >= self.options.epochs || self.is_exhausted()
    }

    /// Trains one epoch, or what is left of one that was stopped. `on_batch` is called after every batch.
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
        on_batch: &mut dyn FnMut(Progress<'_>) -> Control,
    ) -> Result<EpochMetrics, TrainError> {
        self.check_data(dataset, 0..dataset.samples().len())?;
        let order = self.order(dataset);
        let batches = order.len().div_ceil(self.options.batch);
        self.prepare_shards(dataset, self.options.batch.min(order.len()));
        let mut sums = self.sums.take().unwrap_or_else(|| self.empty_sums(dataset.steps()));
        let mut stopped = false;
        for samples in order.chunks(self.options.batch).skip(self.batch) {
            if let Err(error) = self.train_batch(dataset, samples, batches, &mut sums) {
                self.sums = (self.batch > 0).then_some(sums);
                return Err(error);
            }
            let progress = sums.progress(self.epoch, self.batch, batches);
            if on_batch(progress) == Control::Stop && self.batch < batches {
                self.sums = Some(sums.clone());
                stopped = true;
                break;
            }
        }
        let metrics = self.metrics(sums, !stopped);
        if !stopped {
            (self.epoch, self.batch) = (self.epoch + 1, 0);
        }
        Ok(metrics)
    }

    /// The batches of the present epoch that are left, in their order: indices of samples. For training
    /// loops of one's own, with [`step`](Self::step).
    pub fn batches(&self, dataset: &Dataset) -> Vec<Vec<usize>> {
        let order = self.order(dataset);
        order.chunks(self.options.batch).skip(self.batch).map(<[usize]>::to_vec).collect()
    }

    /// One update from the samples with these indices; everything is as in [`epoch`](Self::epoch). After as many
    /// steps as the data has batches the next epoch begins.
    ///
    /// # Errors
    /// Samples that do not exist, or do not fit the network or the loss; a loss or an update that is not
    /// finite. The trainer is then as it was before the step.
    pub fn step(&mut self, dataset: &Dataset, samples: &[usize]) -> Result<EpochMetrics, TrainError> {
        self.check_data(dataset, samples.iter().copied())?;
        self.prepare_shards(dataset, samples.len());
        let batches = dataset.samples().len().div_ceil(self.options.batch);
        let mut sums = self.empty_sums(dataset.steps());
        self.train_batch(dataset, samples, batches, &mut sums)?;
        let complete = self.batch >= batches;
        // The figures of an epoch that was stopped do not hold for the next one.
        self.sums = self.sums.take().filter(|_| !complete);
        let metrics = self.metrics(sums, complete);
        if complete {
            (self.epoch, self.batch) = (self.epoch + 1, 0);
        }
        Ok(metrics)
    }

    /// Loss and accuracy of the present weights on samples that are held back, without dropout and
    /// augmentation; of the transformed network where the last batches were walked through one
    /// ([`with_forward_transform`](Self::with_forward_transform)).
    ///
    /// # Errors
    /// Data that does not fit.
    pub fn validate(&self, dataset: &Dataset) -> Result<Validation, TrainError> {
        let evaluated_network = self.evaluated_network();
        validate(evaluated_network.as_ref().unwrap_or(&self.network), dataset, &self.options.loss)
            .map_err(TrainError::Data)
    }

    /// Compares a complete epoch with the best so far and keeps its weights where it is better. To be called
    /// once after each complete epoch, before the checkpoint is made. Without a
    /// [`selection`](TrainOptions::selection) every epoch counts as better.
    ///
    /// # Errors
    /// Where the score was not measured: there is no validation, or its loss has no classes.
    pub fn update_best(&mut self, metrics: &EpochMetrics) -> Result<SelectionResult, TrainError> {
        let Some(selection) = self.options.selection else {
            return Ok(SelectionResult { improved: true, stop: self.is_finished() });
        };
        let score = selection.by.of(metrics).ok_or(TrainError::Score { score: selection.by.name() })?;
        if self
            .forward_transform
            .as_ref()
            .is_some_and(|forward_transform| forward_transform.begins_at(metrics.epoch))
        {
            self.best = None;
        }
        let improved = selection.is_better(score, self.best());
        if improved {
            let best = Best { epoch: metrics.epoch, score };
            self.best = Some((best, self.descent.optimizer_state.tensors.clone()));
        }
        Ok(SelectionResult { improved, stop: self.is_finished() })
    }

    /// The network that is judged after the batches that were trained last: with its transform where they had one.
    fn evaluated_network(&self) -> Option<Network> {
        let last = if self.batch > 0 { self.epoch } else { self.epoch.saturating_sub(1) };
        self.forward_transform.as_ref()?.transformed_clone(&self.network, last)
    }

    /// Whether the patience is at its end. Epochs before the transform do not count.
    fn is_exhausted(&self) -> bool {
        let first = self.forward_transform.as_ref().map_or(0, ForwardTransform::first_epoch);
        self.options
            .selection
            .is_some_and(|selection| is_exhausted(selection, self.epoch, self.best(), first))
    }

    /// Figures of an epoch that has not begun.
    pub(super) fn empty_sums(&self, steps: usize) -> EpochSums {
        EpochSums::new(&self.network.graph, &self.tape, steps, self.options.loss.classifies())
    }

    /// The order of the samples in the present epoch.
    fn order(&self, dataset: &Dataset) -> Vec<usize> {
        let mut order: Vec<usize> = (0..dataset.samples().len()).collect();
        Stream::new(self.options.seed, Purpose::Shuffle, self.epoch as u64, 0).shuffle(&mut order);
        order
    }

    fn check_data(
        &self,
        dataset: &Dataset,
        samples: impl ExactSizeIterator<Item = usize>,
    ) -> Result<(), TrainError> {
        let is_empty = samples.len() == 0 || dataset.steps() == 0;
        let checked = check_targets(&self.network, dataset, samples, &self.options.loss);
        let mut diagnostics = checked.err().unwrap_or_default();
        if is_empty {
            diagnostics.push(no_samples());
        }
        if diagnostics.is_empty() { Ok(()) } else { Err(TrainError::Data(diagnostics)) }
    }

    /// Walks a batch and updates the tensors, one of `batches` of the epoch. Only where both succeed, the
    /// figures are added to the sums and the batch counts as done.
    fn train_batch(
        &mut self,
        dataset: &Dataset,
        samples: &[usize],
        batches: usize,
        sums: &mut EpochSums,
    ) -> Result<(), TrainError> {
        self.compute_gradients(dataset, samples)?;
        let updated =
            self.descent.update(&self.options, batches).map_err(|(i, value)| TrainError::Update {
                tensor: self.tape.learned().specs()[i].name.clone(),
                value,
                epoch: self.epoch,
                batch: self.batch,
            })?;
        self.tape.learned().write(&mut self.network, &self.descent.optimizer_state.tensors);
        let shard_size = shard::shard_size(samples.len());
        for (shard, samples) in self.shards.iter().zip(samples.chunks(shard_size)) {
            sums.add_shard(shard, samples.len());
        }
        sums.add_update(&updated, samples.len(), self.descent.norms());
        self.batch = self.batch.saturating_add(1);
        Ok(())
    }

    /// The figures of the batches that were added up.
    fn metrics(&self, sums: EpochSums, complete: bool) -> EpochMetrics {
        sums.into_metrics(&self.network.graph, &self.tape, self.epoch, complete)
    }

    /// Makes room for batches of up to `samples` samples.
    fn prepare_shards(&mut self, dataset: &Dataset, samples: usize) {
        let shards = samples.min(MAX_GRADIENT_SUMS);
        let capacity = [shards, dataset.channels(), dataset.steps()];
        if self.capacity == capacity {
            return;
        }
        self.shards = (0..shards).map(|_| Shard::new(&self.tape, &self.network.graph)).collect();
        self.workers = Mutex::default();
        self.capacity = capacity;
    }

    /// Gradients of a batch, summed over the shards in their order.
    fn compute_gradients(&mut self, dataset: &Dataset, samples: &[usize]) -> Result<(), TrainError> {
        match self
            .forward_transform
            .as_mut()
            .and_then(|forward_transform| forward_transform.transformed(&self.network, self.epoch))
        {
            Some(network) => self.tape.repack_all(network, &mut self.weights),
            None => self.tape.repack(&self.network, &mut self.weights),
        }
        let batch = Batch {
            tape: &self.tape,
            network: &self.network,
            weights: &self.weights,
            options: &self.options,
            dataset,
            epoch: self.epoch as u64,
            size: samples.len(),
        };
        let shard_size = shard::shard_size(samples.len());
        let shards = &mut self.shards[..samples.len().div_ceil(shard_size)];
        run_shards(shards, &self.workers, batch, samples, shard_size);
        if let Some((sample, place)) = shards.iter().find_map(|shard| shard.failure) {
            return Err(TrainError::NonFinite {
                sample,
                epoch: self.epoch,
                batch: self.batch,
                layer: place.map(|(layer, _)| self.network.graph.layers[layer].name.clone()),
                step: place.map(|(_, step)| step),
            });
        }
        if let Some((total, others)) = shards.split_first_mut() {
            others.iter_mut().for_each(|shard| total.sums.add(&mut shard.sums));
            self.tape.read_gradients(&self.network, &total.sums, &mut self.descent.gradients);
        }
        Ok(())
    }
}

/// Lets the threads take shards of `shard_size` samples; a single shard stays on this thread.
fn run_shards(
    shards: &mut [Shard],
    workers: &Mutex<Vec<Worker>>,
    batch: Batch<'_>,
    samples: &[usize],
    shard_size: usize,
) {
    // Nothing that panics runs while they are locked.
    let idle = || workers.lock().unwrap_or_else(PoisonError::into_inner);
    let run = |shard: &mut Shard, samples: &[usize]| {
        let worker = idle().pop();
        let mut worker = worker.unwrap_or_else(|| Worker::new(batch.tape, batch.options, batch.dataset));
        shard.run(batch, samples, &mut worker);
        idle().push(worker);
    };
    if let [shard] = shards {
        run(shard, samples);
    } else {
        let shards = shards.par_iter_mut().zip(samples.par_chunks(shard_size));
        shards.for_each(|(shard, samples)| run(shard, samples));
    }
}

fn no_samples() -> Diagnostic {
    Diagnostic::error_without_span(&codes::DATA_SHAPE, "the data has no samples or no time steps")
}
