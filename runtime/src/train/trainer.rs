//! [`Trainer`]: weights, optimizer state, and the position in epochs and batches.
//!
//! A batch is trained in three steps: pack the weights (of the transformed network, if there is one), compute
//! the gradients of all shards in parallel, and update the tensors from their sum.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use synnet_ir::{Diagnostic, Diagnostics, Graph, Network, Params, Tensor};
use synnet_random::{Purpose, Stream};

use super::epoch_sums::EpochSums;
use super::error::TrainError;
use super::forward_transform::{ForwardTransform, is_exhausted};
use super::gradient_descent::GradientDescent;
use super::learning_rate::LargeStep;
use super::metrics::{EpochMetrics, Progress};
use super::options::TrainOptions;
use super::selection::{Best, SelectionResult};
use super::shard::{self, Batch, MAX_GRADIENT_SUMS, Shard, Worker};
use crate::codes;
use crate::dataset::Dataset;
use crate::evaluate::{Validation, check_labels, validate};
use crate::tape::{PackedWeights, Tape};

/// A network in training.
#[derive(Debug)]
pub struct Trainer {
    pub(super) tape: Tape,
    pub(super) network: Network,
    /// All tensors that the caller passed, with their initial values.
    pub(super) params: Params,
    pub(super) options: TrainOptions,
    /// The learned tensors, in the order of the tape, and the optimizer.
    pub(super) descent: GradientDescent,
    /// The averages of the learned tensors, if [`TrainOptions::averaging`] asks for them.
    pub(super) averages: Option<Vec<Vec<f32>>>,
    /// Number of complete epochs: the index of the current one.
    pub(super) epoch: usize,
    /// Number of batches completed in the current epoch.
    pub(super) batch: usize,
    /// Metrics of these batches, if the epoch was stopped.
    pub(super) sums: Option<EpochSums>,
    /// The caller's descriptions of the inputs of training, by name.
    pub(super) provenance: BTreeMap<String, String>,
    /// The best epoch so far, and the values of the learned tensors after it.
    pub(super) best: Option<(Best, Vec<Vec<f32>>)>,
    pub(super) forward_transform: Option<ForwardTransform>,
    /// Whether the weights are still to be scaled to the data.
    pub(super) awaits_data: bool,
    /// Repacked before each batch.
    weights: PackedWeights,
    /// Reused from batch to batch.
    shards: Vec<Shard>,
    /// Workers that no thread is using.
    workers: Mutex<Vec<Worker>>,
    /// Numbers of shards, channels and steps for which shards and workers are allocated.
    capacity: [usize; 3],
}

/// Whether to continue after a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Train the next batch.
    Continue,
    /// Return after this batch. The next call of [`Trainer::epoch`] continues with the following one.
    Stop,
}

impl Trainer {
    /// Prepares training from initial weights, such as those of
    /// [`initial_params`](crate::init::initial_params).
    ///
    /// # Errors
    /// Returns all errors at once: tensors that do not fit the graph; options that are out of range or do not
    /// fit the network; neuron parameters that start outside their bounds.
    pub fn new(graph: &Graph, params: Params, options: TrainOptions) -> Result<Self, Diagnostics> {
        let mut diagnostics = options.check(graph);
        let network = Network::bind(graph, &params).map_err(|errors| diagnostics.extend(errors)).ok();
        let bound = network.as_ref().map_or(graph, |network| &network.graph);
        let tape = Tape::new(bound);
        // Bounds that are out of range themselves would be reported again at each tensor.
        let Some(mut network) = network.filter(|_| options.errors().is_empty()) else {
            return Err(diagnostics);
        };
        let tensors = tape.learned().read(&network);
        // Learned neuron parameters are declared in f64. Round them to f32 before the first step, as resuming does.
        tape.learned().write(&mut network, &tensors);
        let descent = GradientDescent::new(graph, tape.learned(), tensors, &options);
        let descent = descent.map_err(|errors| diagnostics.extend(errors)).ok();
        let (Some(descent), true) = (descent, diagnostics.is_empty()) else {
            return Err(diagnostics);
        };
        Ok(Self {
            averages: options.averaging.map(|_| descent.optimizer_state.tensors.clone()),
            descent,
            epoch: 0,
            batch: 0,
            sums: None,
            provenance: BTreeMap::new(),
            best: None,
            forward_transform: None,
            awaits_data: options.init.is_some(),
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

    /// Runs the passes of every batch from epoch `from_epoch` on (counted from 0) through a
    /// [`Transform`](super::Transform) of the network. The gradients with respect to the transformed values
    /// update the original ones, which are those in [`network`](Self::network), [`params`](Self::params) and
    /// checkpoints. Weight penalty, bounds, and the derivatives of decays by time constants use the original
    /// values.
    ///
    /// Once the transform applies, [`validate`](Self::validate) evaluates the transformed network. Scores
    /// before and after are those of different networks, so [`update_best`](Self::update_best) ignores the
    /// epochs before `from_epoch` for selection and patience.
    ///
    /// Checkpoints do not contain the transform: set it again after [`resume`](Self::resume).
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

    /// Keeps the weights that were passed to [`new`](Self::new), whatever [`TrainOptions::init`] is: those of a network
    /// that was trained before.
    #[must_use]
    pub fn with_weights_kept(mut self) -> Self {
        self.awaits_data = false;
        self
    }

    /// Scales the weights to the data if [`TrainOptions::init`] asks for it. The first batch does so, too; this method is
    /// for whoever needs the weights before. Once they are scaled, nothing happens.
    ///
    /// # Errors
    /// Returns [`TrainError::Data`] if the dataset does not fit the network or the loss.
    pub fn initialize(&mut self, dataset: &Dataset) -> Result<(), TrainError> {
        let Some(init) = self.options.init.filter(|_| self.awaits_data) else { return Ok(()) };
        self.check_data(dataset, 0..dataset.samples().len())?;
        init.apply(&mut self.network, dataset);
        self.descent.optimizer_state.tensors = self.tape.learned().read(&self.network);
        self.averages = self.options.averaging.map(|_| self.descent.optimizer_state.tensors.clone());
        self.awaits_data = false;
        Ok(())
    }

    /// Returns the network with the current weights.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Returns the current weights in the form of a weights file: every tensor passed to [`new`](Self::new),
    /// the learned ones with their current values.
    pub fn params(&self) -> Params {
        self.params_with(&self.descent.optimizer_state.tensors)
    }

    /// Like [`params`](Self::params), with the weights of the best epoch; if none has been selected, the averages of
    /// [`averaging`](TrainOptions::averaging) or the current weights.
    pub fn best_params(&self) -> Params {
        self.params_with(self.best.as_ref().map_or(self.candidate(), |(_, tensors)| tensors))
    }

    /// Returns the tensors that are validated and selected: the averages, or else the current ones.
    fn candidate(&self) -> &Vec<Vec<f32>> {
        self.averages.as_ref().unwrap_or(&self.descent.optimizer_state.tensors)
    }

    fn params_with(&self, tensors: &[Vec<f32>]) -> Params {
        let mut params = self.params.clone();
        for (spec, values) in self.tape.learned().specs().iter().zip(tensors) {
            params.tensors.insert(spec.name.clone(), Tensor::new(spec.shape.clone(), values.clone()));
        }
        params
    }

    /// Returns the options of this training.
    pub fn options(&self) -> &TrainOptions {
        &self.options
    }

    /// Returns the learning rates that are too high for a learned neuron parameter ([`MAX_RELATIVE_STEP`]), one per
    /// kind of parameter. With SGD there are none: its steps depend on the gradients.
    ///
    /// [`MAX_RELATIVE_STEP`]: super::MAX_RELATIVE_STEP
    pub fn large_steps(&self) -> Vec<LargeStep> {
        self.descent.large_steps(&self.network.graph, self.tape.learned().specs(), &self.options.optimizer)
    }

    /// Returns the number of complete epochs.
    pub fn epochs_done(&self) -> usize {
        self.epoch
    }

    /// Returns the best epoch so far; `None` if none has been selected.
    pub fn best(&self) -> Option<Best> {
        self.best.as_ref().map(|(best, _)| *best)
    }

    /// Returns whether all epochs are complete, or the patience of the [`Selection`](super::Selection) is
    /// exhausted.
    pub fn is_finished(&self) -> bool {
        self.epoch >= self.options.epochs || self.is_exhausted()
    }

    /// Trains one epoch, or the rest of one that was stopped. Calls `on_batch` after every batch.
    ///
    /// The same seed gives the same weights, bit for bit, for any number of threads, and however often
    /// training is stopped and resumed. The work runs on the threads of the current `rayon` pool.
    ///
    /// # Errors
    /// Returns [`TrainError::Data`] if the dataset does not fit the network or the loss, and
    /// [`TrainError::NonFinite`] or [`TrainError::Update`] if a loss or an update is infinite or NaN. The
    /// trainer is then unchanged since the last complete batch.
    pub fn epoch(
        &mut self,
        dataset: &Dataset,
        on_batch: &mut dyn FnMut(Progress<'_>) -> Control,
    ) -> Result<EpochMetrics, TrainError> {
        self.check_data(dataset, 0..dataset.samples().len())?;
        self.initialize(dataset)?;
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

    /// Returns the remaining batches of the current epoch, in order, as indices of samples. Pass them to
    /// [`step`](Self::step) in a custom training loop.
    pub fn batches(&self, dataset: &Dataset) -> Vec<Vec<usize>> {
        let order = self.order(dataset);
        order.chunks(self.options.batch).skip(self.batch).map(<[usize]>::to_vec).collect()
    }

    /// Trains one batch of the samples with the given indices, as [`epoch`](Self::epoch) does. The next epoch
    /// begins after as many steps as the dataset has batches.
    ///
    /// # Errors
    /// Returns [`TrainError::Data`] if a sample does not exist, or does not fit the network or the loss, and
    /// [`TrainError::NonFinite`] or [`TrainError::Update`] if the loss or the update is infinite or NaN. The
    /// trainer is then unchanged.
    pub fn step(&mut self, dataset: &Dataset, samples: &[usize]) -> Result<EpochMetrics, TrainError> {
        self.check_data(dataset, samples.iter().copied())?;
        self.initialize(dataset)?;
        self.prepare_shards(dataset, samples.len());
        let batches = dataset.samples().len().div_ceil(self.options.batch);
        let mut sums = self.empty_sums(dataset.steps());
        self.train_batch(dataset, samples, batches, &mut sums)?;
        let complete = self.batch >= batches;
        // Metrics of a stopped epoch must not be added to those of the next one.
        self.sums = self.sums.take().filter(|_| !complete);
        let metrics = self.metrics(sums, complete);
        if complete {
            (self.epoch, self.batch) = (self.epoch + 1, 0);
        }
        Ok(metrics)
    }

    /// Measures loss and accuracy of the current weights on a validation set, without dropout and
    /// augmentation; with [`averaging`](TrainOptions::averaging), of the averages. If the last batches ran through a
    /// transform ([`with_forward_transform`](Self::with_forward_transform)), the transformed network is evaluated.
    ///
    /// # Errors
    /// Returns [`TrainError::Data`] if the dataset does not fit the network or the loss.
    pub fn validate(&self, dataset: &Dataset) -> Result<Validation, TrainError> {
        let evaluated_network = self.evaluated_network();
        validate(evaluated_network.as_ref().unwrap_or(&self.network), dataset, &self.options.loss)
            .map_err(TrainError::Data)
    }

    /// Compares a complete epoch with the best so far, and keeps its weights if it is better. Call this once
    /// after each complete epoch, before the checkpoint is saved. Without a
    /// [`selection`](TrainOptions::selection), every epoch counts as an improvement.
    ///
    /// # Errors
    /// Returns [`TrainError::Score`] if the score was not measured, because `metrics` has no validation
    /// result or the loss has no classes.
    pub fn update_best(&mut self, metrics: &EpochMetrics) -> Result<SelectionResult, TrainError> {
        let Some(selection) = self.options.selection else {
            return Ok(SelectionResult { improved: true, stop: self.is_finished() });
        };
        let score = selection.by.of(metrics).ok_or(TrainError::Score { score: selection.by.name() })?;
        // From here on, scores are those of the transformed network.
        let transform = self.forward_transform.as_ref();
        if transform.is_some_and(|transform| transform.begins_at(metrics.epoch)) {
            self.best = None;
        }
        let best = selection.new_best(metrics, score, self.best());
        if let Some(best) = best {
            self.best = Some((best, self.candidate().clone()));
        }
        Ok(SelectionResult { improved: best.is_some(), stop: self.is_finished() })
    }

    /// Returns the network to evaluate, unless it is that with the current weights: with averaged weights, and
    /// transformed if the last batches ran through a transform.
    fn evaluated_network(&self) -> Option<Network> {
        let averaged = self.averages.as_ref().map(|averages| {
            let mut network = self.network.clone();
            self.tape.learned().write(&mut network, averages);
            network
        });
        let last = if self.batch > 0 { self.epoch } else { self.epoch.saturating_sub(1) };
        let network = averaged.as_ref().unwrap_or(&self.network);
        let transform = self.forward_transform.as_ref();
        transform.and_then(|transform| transform.transformed_clone(network, last)).or(averaged)
    }

    /// Returns whether the patience is exhausted. Epochs before the transform do not count.
    fn is_exhausted(&self) -> bool {
        let first = self.forward_transform.as_ref().map_or(0, ForwardTransform::first_epoch);
        self.options
            .selection
            .is_some_and(|selection| is_exhausted(selection, self.epoch, self.best(), first))
    }

    /// Returns the sums of an epoch before its first batch.
    pub(super) fn empty_sums(&self, steps: usize) -> EpochSums {
        EpochSums::new(&self.network.graph, &self.tape, steps, self.options.loss.classifies())
    }

    /// Returns the order of the samples in the current epoch. It depends on the seed and the epoch only, so
    /// that a stopped epoch continues with the same batches.
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
        let checked = check_labels(&self.network, dataset, samples, &self.options.loss);
        let mut diagnostics = checked.err().unwrap_or_default();
        if is_empty {
            diagnostics.push(no_samples());
        }
        if diagnostics.is_empty() { Ok(()) } else { Err(TrainError::Data(diagnostics)) }
    }

    /// Computes the gradients of a batch and updates the tensors. Only if both succeed, the metrics are added
    /// to `sums` and the batch counts as complete. `batches` is the number of batches per epoch.
    fn train_batch(
        &mut self,
        dataset: &Dataset,
        samples: &[usize],
        batches: usize,
        sums: &mut EpochSums,
    ) -> Result<(), TrainError> {
        self.compute_gradients(dataset, samples)?;
        let update = self.descent.optimizer_state.step;
        let updated =
            self.descent.update(&self.options, batches).map_err(|(i, value)| TrainError::Update {
                tensor: self.tape.learned().specs()[i].name.clone(),
                value,
                epoch: self.epoch,
                batch: self.batch,
            })?;
        self.tape.learned().write(&mut self.network, &self.descent.optimizer_state.tensors);
        if let Some((averaging, averages)) = self.options.averaging.zip(self.averages.as_mut()) {
            averaging.update(averages, &self.descent.optimizer_state.tensors, update, batches);
        }
        let shard_size = shard::shard_size(samples.len());
        for (shard, samples) in self.shards.iter().zip(samples.chunks(shard_size)) {
            sums.add_shard(shard, samples.len());
        }
        sums.add_update(&updated, samples.len(), self.descent.norms());
        self.batch = self.batch.saturating_add(1);
        Ok(())
    }

    /// Returns the metrics of the batches that were added to `sums`.
    fn metrics(&self, sums: EpochSums, complete: bool) -> EpochMetrics {
        sums.into_metrics(&self.network.graph, &self.tape, self.epoch, complete)
    }

    /// Allocates shards for batches of up to `samples` samples, unless they exist.
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

    /// Computes the gradients of a batch: of all shards in parallel, then their sum in the order of the
    /// shards.
    fn compute_gradients(&mut self, dataset: &Dataset, samples: &[usize]) -> Result<(), TrainError> {
        let transform = self.forward_transform.as_mut();
        match transform.and_then(|transform| transform.transformed(&self.network, self.epoch)) {
            // A transform may also change what does not learn.
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
        // The first failure in the order of the shards, so that the error does not depend on the threads.
        if let Some((sample, place)) = shards.iter().find_map(|shard| shard.failure) {
            return Err(TrainError::NonFinite {
                sample,
                epoch: self.epoch,
                batch: self.batch,
                layer: place.map(|(layer, _)| self.network.graph.layers[layer].name.clone()),
                step: place.map(|(_, step)| step),
            });
        }
        // Derivatives of decays are those of the network that learns, not of the transformed one.
        if let Some((total, others)) = shards.split_first_mut() {
            others.iter_mut().for_each(|shard| total.sums.add(&mut shard.sums));
            self.tape.read_gradients(&self.network, &total.sums, &mut self.descent.gradients);
        }
        Ok(())
    }
}

/// Runs shards of `shard_size` samples on the threads of the pool; a single shard, on the current thread.
fn run_shards(
    shards: &mut [Shard],
    workers: &Mutex<Vec<Worker>>,
    batch: Batch<'_>,
    samples: &[usize],
    shard_size: usize,
) {
    // The lock is held for a push or a pop only, which do not panic, so a poisoned lock is still valid.
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
