//! The training loop.

mod augment;
mod checkpoint;
mod options;
mod shard;

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use synnet_dsl::diagnostic::Diagnostic;
use synnet_dsl::graph::Graph;
use synnet_dsl::network::Slot;
use synnet_dsl::{Network, Params, Tensor};

use crate::codes;
use crate::dataset::Dataset;
use crate::evaluate::check_channels;
use crate::loss::Loss;
use crate::optimizer::Moments;
use crate::random::{Purpose, Stream};
use crate::tape::{Gradients, Packed, Tape};
pub use options::{Augmentation, Optimizer, RateRegularizer, TrainOptions};
use shard::{Batch, SHARDS, Shard, Walker};

/// A network in training.
#[derive(Debug)]
pub struct Trainer {
    tape: Tape,
    network: Network,
    /// All tensors that were given or that learn, with their present values.
    params: Params,
    options: TrainOptions,
    /// The tensors that learn, in the order of the tape.
    tensors: Vec<Vec<f32>>,
    moments: Moments,
    /// Epochs that are complete.
    epoch: usize,
    /// Batches of the present epoch that are done.
    batch: usize,
    /// The network as the tape takes it.
    weights: Packed,
    shards: Vec<Shard>,
    /// One for each thread.
    walkers: Vec<Mutex<Walker>>,
}

/// What the caller wants after a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// Return now; the trainer can be saved and goes on later where it stopped.
    Stop,
}

/// How far an epoch has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The epoch, from 0.
    pub epoch: usize,
    /// Batches of the epoch that are done.
    pub batch: usize,
    /// Batches of the epoch.
    pub batches: usize,
    /// Mean loss since the epoch was entered.
    pub loss: f64,
    /// Share of samples classified right since then; `None` for losses without classes.
    pub accuracy: Option<f64>,
}

impl Progress {
    /// Share of the epoch that is done, from 0 to 1.
    pub fn fraction(&self) -> f64 {
        self.batch as f64 / self.batches.max(1) as f64
    }
}

/// What an epoch (or the part of it since a stop) gave.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochMetrics {
    /// The epoch, from 0.
    pub epoch: usize,
    /// Whether all batches are done.
    pub complete: bool,
    /// Mean loss over the samples, with dropout and augmentation, as the weights moved.
    pub loss: f64,
    /// Share of samples classified right, likewise; `None` for losses without classes.
    pub accuracy: Option<f64>,
    /// Mean spikes per neuron and step of each spiking layer.
    pub rates: Vec<(String, f64)>,
    /// Mean over the batches of the L2 norm of each learnt tensor's gradient, before clipping.
    pub gradient_norms: Vec<(String, f64)>,
    /// Learning rate of the last update.
    pub lr: f64,
}

/// Why training cannot go on. The trainer stays as it was before the batch.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TrainError {
    /// The data does not fit the network or the loss.
    #[error("the data does not fit the network")]
    Data(Vec<Diagnostic>),
    /// A loss is NaN or infinite.
    #[error(
        "the loss of sample {sample} is not finite in epoch {epoch}, batch {batch}{}; lower the learning \
         rate or set `gradient_clip`",
        place(layer, step)
    )]
    NotFinite {
        /// Index of the sample.
        sample: usize,
        /// The epoch, from 0.
        epoch: usize,
        /// The batch, from 0.
        batch: usize,
        /// The first layer with a state that is not finite, if it was a layer.
        layer: Option<String>,
        /// The time step where that began.
        step: Option<usize>,
    },
    /// An update would give a tensor a value that it cannot have.
    #[error(
        "the update of epoch {epoch}, batch {batch} would set `{tensor}` to {value}, which it cannot be; \
         lower the learning rate"
    )]
    Range {
        /// Name of the tensor.
        tensor: String,
        /// The value.
        value: f32,
        /// The epoch, from 0.
        epoch: usize,
        /// The batch, from 0.
        batch: usize,
    },
}

fn place(layer: &Option<String>, step: &Option<usize>) -> String {
    match (layer, step) {
        (Some(layer), Some(step)) => {
            format!(": layer `{layer}` leaves the finite numbers in time step {step}")
        }
        _ => String::new(),
    }
}

impl Trainer {
    /// Prepares training from given weights ([`initial_params`](crate::init::initial_params) draws
    /// some).
    ///
    /// # Errors
    /// What of the graph training does not support; tensors that do not fit the graph; options that
    /// are out of range or do not fit the network's output.
    pub fn new(graph: &Graph, params: Params, options: TrainOptions) -> Result<Self, Vec<Diagnostic>> {
        let mut diagnostics = options.check(graph);
        let network = Network::bind(graph, &params).map_err(|errors| diagnostics.extend(errors)).ok();
        let bound = network.as_ref().map_or(graph, |network| &network.graph);
        let tape = Tape::new(bound);
        let (Some(network), true) = (network, diagnostics.is_empty()) else {
            return Err(diagnostics);
        };
        let weights = tape.pack(&network);
        let tensors = tape.learnt().read(&network);
        let moments = Moments::new(&tensors);
        Ok(Self {
            tape,
            network,
            params,
            options,
            tensors,
            moments,
            epoch: 0,
            batch: 0,
            weights,
            shards: Vec::new(),
            walkers: Vec::new(),
        })
    }

    /// The network with the present weights.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The present weights, as a weights file holds them: every tensor that was given, with those
    /// that learn at their present values.
    pub fn params(&self) -> Params {
        let mut params = self.params.clone();
        for (spec, values) in self.tape.learnt().specs().iter().zip(&self.tensors) {
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

    /// Trains one epoch, or what is left of one that was stopped. `watch` is called after every batch.
    ///
    /// The same seed gives the same weights, bit for bit, with any number of threads and however often
    /// training was stopped and resumed. Work is spread over the threads of the `rayon` pool in which
    /// this is called.
    ///
    /// # Errors
    /// Data that does not fit; a loss that is not finite; an update out of range.
    pub fn epoch(
        &mut self,
        dataset: &Dataset,
        watch: &mut dyn FnMut(Progress) -> Control,
    ) -> Result<EpochMetrics, TrainError> {
        self.check_data(dataset).map_err(TrainError::Data)?;
        let order = self.order(dataset);
        let batches = order.len().div_ceil(self.options.batch);
        self.prepare_shards(dataset);
        let mut sums = EpochSums::new(&self.network, &self.tape);
        let mut gradients = self.tape.learnt().zeros();
        let mut stopped = false;
        for samples in order.chunks(self.options.batch).skip(self.batch) {
            self.walk(dataset, samples, &mut gradients, &mut sums)?;
            self.update(&mut gradients, batches, &mut sums)?;
            self.batch += 1;
            let progress = sums.progress(self, batches);
            if watch(progress) == Control::Stop && self.batch < batches {
                stopped = true;
                break;
            }
        }
        let metrics = sums.metrics(self, dataset.steps(), !stopped);
        if !stopped {
            (self.epoch, self.batch) = (self.epoch + 1, 0);
        }
        Ok(metrics)
    }

    /// The order of the samples in the present epoch.
    fn order(&self, dataset: &Dataset) -> Vec<usize> {
        let mut order: Vec<usize> = (0..dataset.samples().len()).collect();
        Stream::new(self.options.seed, Purpose::Shuffle, self.epoch as u64, 0).shuffle(&mut order);
        order
    }

    fn check_data(&self, dataset: &Dataset) -> Result<(), Vec<Diagnostic>> {
        let mut diagnostics: Vec<Diagnostic> = check_channels(&self.network, dataset).into_iter().collect();
        let error = |message| Diagnostic::error_without_place(&codes::DATA_SHAPE, message);
        if dataset.samples().is_empty() || dataset.steps() == 0 {
            diagnostics.push(error("the data has no samples or no time steps".to_owned()));
        }
        let outputs = self.network.graph.outputs();
        for (i, sample) in dataset.samples().iter().enumerate() {
            if !self.options.loss.accepts(&sample.target, dataset.steps(), outputs) {
                let needs = match self.options.loss {
                    Loss::CrossEntropy { .. } => format!("a class below {outputs}"),
                    Loss::Mse {} => format!("a sequence of {} steps of {outputs} outputs", dataset.steps()),
                };
                diagnostics
                    .push(error(format!("the target of sample {i} does not fit: the loss needs {needs}")));
            }
        }
        if diagnostics.is_empty() { Ok(()) } else { Err(diagnostics) }
    }

    fn prepare_shards(&mut self, dataset: &Dataset) {
        let largest = self.options.batch.min(dataset.samples().len());
        let layers = self.network.graph.layers.len();
        self.shards = (0..largest.min(SHARDS)).map(|_| Shard::new(&self.tape, layers)).collect();
        let threads = rayon::current_num_threads().min(self.shards.len());
        self.walkers = (0..threads.max(1)).map(|_| Mutex::new(Walker::new(&self.tape, dataset))).collect();
        self.weights = self.tape.pack(&self.network);
    }

    /// Gradients of a batch, summed over the shards in their order.
    fn walk(
        &mut self,
        dataset: &Dataset,
        samples: &[usize],
        gradients: &mut Gradients,
        sums: &mut EpochSums,
    ) -> Result<(), TrainError> {
        self.tape.repack(&self.network, &mut self.weights);
        let batch = Batch {
            tape: &self.tape,
            network: &self.network,
            weights: &self.weights,
            options: &self.options,
            dataset,
            epoch: self.epoch as u64,
            size: samples.len(),
        };
        let share = samples.len().div_ceil(SHARDS);
        let shards = &mut self.shards[..samples.len().div_ceil(share)];
        walk_shards(shards, &self.walkers, batch, samples.par_chunks(share));
        for shard in &*shards {
            if let Some((sample, place)) = shard.failure {
                return Err(TrainError::NotFinite {
                    sample,
                    epoch: self.epoch,
                    batch: self.batch,
                    layer: place.map(|(layer, _)| self.network.graph.layers[layer].name.clone()),
                    step: place.map(|(_, step)| step),
                });
            }
            sums.add(shard);
        }
        if let Some((total, others)) = shards.split_first_mut() {
            others.iter_mut().for_each(|shard| total.sums.add(&mut shard.sums));
            self.tape.read_gradients(&self.network, &total.sums, gradients);
        }
        sums.samples += samples.len();
        Ok(())
    }

    /// Moves the tensors along the gradients.
    fn update(
        &mut self,
        gradients: &mut Gradients,
        batches: usize,
        sums: &mut EpochSums,
    ) -> Result<(), TrainError> {
        let norms: Vec<f64> = gradients.tensors.iter().map(|tensor| norm(tensor)).collect();
        let total = norms.iter().map(|n| n * n).sum::<f64>().sqrt();
        sums.norms.iter_mut().zip(&norms).for_each(|(sum, n)| *sum += n);
        if let Some(clip) = self.options.gradient_clip.filter(|clip| total > *clip) {
            let factor = (clip / total) as f32;
            gradients.tensors.iter_mut().flatten().for_each(|g| *g *= factor);
        }
        let Optimizer::Adam(adam) = self.options.optimizer;
        let factor = self.options.schedule.factor(self.moments.step, self.options.epochs, batches);
        sums.lr = adam.lr * factor;
        let before = (self.tensors.clone(), self.moments.clone());
        self.moments.update(&adam, sums.lr, &mut self.tensors, &gradients.tensors);
        if let Some((tensor, value)) = self.out_of_range() {
            (self.tensors, self.moments) = before;
            return Err(TrainError::Range { tensor, value, epoch: self.epoch, batch: self.batch });
        }
        self.tape.learnt().write(&mut self.network, &self.tensors);
        Ok(())
    }

    /// A value that its tensor cannot have.
    fn out_of_range(&self) -> Option<(String, f32)> {
        self.tape.learnt().specs().iter().zip(&self.tensors).find_map(|(spec, values)| {
            let allowed = |value: f32| match spec.slot {
                Slot::Layer(id, which) => {
                    value.is_finite() && which.allows(self.network.graph.layer(id), f64::from(value))
                }
                _ => value.is_finite(),
            };
            let value = values.iter().find(|value| !allowed(**value))?;
            Some((spec.name.clone(), *value))
        })
    }
}

/// Shards take turns on the threads; a single one stays on this thread.
fn walk_shards<'a>(
    shards: &mut [Shard],
    walkers: &[Mutex<Walker>],
    batch: Batch<'_>,
    samples: impl IndexedParallelIterator<Item = &'a [usize]>,
) {
    // A poisoned walker holds no state that outlasts a sample.
    let walker = || {
        let thread = rayon::current_thread_index().unwrap_or(0) % walkers.len();
        walkers[thread].lock().unwrap_or_else(PoisonError::into_inner)
    };
    shards.par_iter_mut().zip(samples).for_each(|(shard, samples)| shard.run(batch, samples, &mut walker()));
}

fn norm(tensor: &[f32]) -> f64 {
    tensor.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>().sqrt()
}

/// Sums over the batches of an epoch.
struct EpochSums {
    samples: usize,
    batches: usize,
    loss: f64,
    correct: usize,
    spikes: Vec<f64>,
    norms: Vec<f64>,
    lr: f64,
}

impl EpochSums {
    fn new(network: &Network, tape: &Tape) -> Self {
        let (layers, tensors) = (network.graph.layers.len(), tape.learnt().specs().len());
        let (spikes, norms) = (vec![0.0; layers], vec![0.0; tensors]);
        Self { samples: 0, batches: 0, loss: 0.0, correct: 0, spikes, norms, lr: 0.0 }
    }

    fn add(&mut self, shard: &Shard) {
        self.loss += shard.loss;
        self.correct += shard.correct;
        self.spikes.iter_mut().zip(&shard.spikes).for_each(|(sum, x)| *sum += x);
    }

    fn accuracy(&self, trainer: &Trainer) -> Option<f64> {
        let classifies = matches!(trainer.options.loss, Loss::CrossEntropy { .. });
        classifies.then(|| self.correct as f64 / self.samples.max(1) as f64)
    }

    fn progress(&mut self, trainer: &Trainer, batches: usize) -> Progress {
        self.batches += 1;
        Progress {
            epoch: trainer.epoch,
            batch: trainer.batch,
            batches,
            loss: self.loss / self.samples.max(1) as f64,
            accuracy: self.accuracy(trainer),
        }
    }

    fn metrics(self, trainer: &Trainer, steps: usize, complete: bool) -> EpochMetrics {
        let layers = trainer.network.graph.layers.iter().zip(&self.spikes);
        let rates = layers.filter(|(layer, _)| layer.as_lif().is_some()).map(|(layer, spikes)| {
            (layer.name.clone(), spikes / (self.samples * steps * layer.size).max(1) as f64)
        });
        let specs = trainer.tape.learnt().specs().iter().zip(&self.norms);
        EpochMetrics {
            epoch: trainer.epoch,
            complete,
            loss: self.loss / self.samples.max(1) as f64,
            accuracy: self.accuracy(trainer),
            rates: rates.collect(),
            gradient_norms: specs.map(|(s, n)| (s.name.clone(), n / self.batches.max(1) as f64)).collect(),
            lr: self.lr,
        }
    }
}
