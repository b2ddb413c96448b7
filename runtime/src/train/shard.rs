//! A few samples of a batch, walked by one thread.
//!
//! Every batch is cut into shards of the same size whatever the number of threads, each with its own
//! gradients; these are added in the order of the shards. So the sums are the same bit for bit.

use synnet_dsl::Network;
use synnet_dsl::graph::Graph;

use super::SampleLoss;
use super::augment;
use super::options::TrainOptions;
use crate::dataset::Dataset;
use crate::kernels::rows::add;
use crate::loss::{Judged, Loss, Scratch};
use crate::random::{Purpose, Stream};
use crate::tape::{DropoutKey, Gradients, Prepared, Tape, Workspace};

/// Samples of a shard.
pub(super) const SHARD: usize = 4;

/// The loss of a sample.
#[derive(Clone, Copy)]
pub(super) enum Objective<'a> {
    /// That of the options.
    Loss(&'a Loss),
    /// One of the caller's.
    Custom(&'a SampleLoss<'a>),
}

/// What all shards of a batch share.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a> {
    pub(super) tape: &'a Tape,
    pub(super) network: &'a Network,
    pub(super) prepared: &'a Prepared,
    pub(super) options: &'a TrainOptions,
    pub(super) objective: Objective<'a>,
    pub(super) dataset: &'a Dataset,
    pub(super) epoch: u64,
    /// Samples in the batch.
    pub(super) size: usize,
}

/// Buffers of a shard, and the sums over its samples.
#[derive(Clone, Debug)]
pub(super) struct Shard {
    workspace: Workspace,
    raster: Vec<f32>,
    scratch: Scratch,
    /// Spikes of each neuron of the layer in hand, and the gradient by these.
    totals: [Vec<f32>; 2],
    /// Gradients of the batch's loss.
    pub(super) gradients: Gradients,
    /// Sum of the samples' losses.
    pub(super) loss: f64,
    /// Samples that were classified right.
    pub(super) correct: usize,
    /// Spikes of each neuron of each layer.
    pub(super) spikes: Vec<Vec<f64>>,
    /// Samples in which each layer was silent.
    pub(super) silent_samples: Vec<usize>,
    /// The first sample whose loss is not finite, with the layer and step where that began.
    pub(super) failure: Option<(usize, Option<(usize, usize)>)>,
}

impl Shard {
    pub(super) fn new(
        tape: &Tape,
        prepared: &Prepared,
        graph: &Graph,
        channels: usize,
        steps: usize,
    ) -> Self {
        Self {
            workspace: Workspace::new(tape, prepared, steps),
            raster: vec![0.0; steps * channels],
            scratch: Scratch::default(),
            totals: [Vec::new(), Vec::new()],
            gradients: tape.learnt().zeros(),
            loss: 0.0,
            correct: 0,
            spikes: graph.layers.iter().map(|layer| vec![0.0; layer.size]).collect(),
            silent_samples: vec![0; graph.layers.len()],
            failure: None,
        }
    }

    /// Walks the samples forwards and backwards.
    pub(super) fn run(&mut self, batch: Batch<'_>, samples: &[usize]) {
        self.gradients.clear();
        self.spikes.iter_mut().for_each(|spikes| spikes.fill(0.0));
        self.silent_samples.fill(0);
        (self.loss, self.correct, self.failure) = (0.0, 0, None);
        for &i in samples {
            let loss = self.run_sample(batch, i);
            self.loss += loss;
            if !loss.is_finite() {
                self.failure = Some((i, self.workspace.first_not_finite(batch.tape)));
                return;
            }
        }
    }

    fn run_sample(&mut self, batch: Batch<'_>, i: usize) -> f64 {
        let Batch { tape, network, prepared, options, objective, dataset, epoch, size } = batch;
        let (seed, weight) = (options.seed, 1.0 / size as f64);
        augment::write_sample(&options.augmentation, seed, epoch, dataset, i, &mut self.raster);
        let key = DropoutKey(Stream::new(seed, Purpose::Dropout, epoch, i as u64).bits());
        tape.forward(network, prepared, &self.raster, Some(key), &mut self.workspace);

        self.workspace.clear_gradients();
        let outputs = network.graph.outputs();
        let target = &dataset.samples()[i].target;
        let (output, gradient) = self.workspace.value_and_gradient(tape.output());
        let judged = match objective {
            Objective::Loss(loss) => loss.judge(output, outputs, target, gradient, &mut self.scratch),
            Objective::Custom(loss) => Judged { loss: loss(output, target, gradient), right: false },
        };
        gradient.iter_mut().for_each(|g| *g *= weight as f32);
        self.correct += usize::from(judged.right);
        let mut loss = judged.loss;
        loss += self.regularize(batch, weight);
        if loss.is_finite() {
            tape.backward(network, prepared, Some(key), &mut self.workspace, &mut self.gradients);
        }
        loss
    }

    /// Counts spikes, and prices rates where that is asked for.
    fn regularize(&mut self, batch: Batch<'_>, weight: f64) -> f64 {
        let graph = &batch.network.graph;
        let mut loss = 0.0;
        for ((id, layer), &value) in graph.layers_with_ids().zip(batch.tape.layers()) {
            if layer.as_lif().is_none() {
                continue;
            }
            let (spikes, gradient) = self.workspace.value_and_gradient(value);
            let [totals, slopes] = &mut self.totals;
            totals.clear();
            totals.resize(layer.size, 0.0);
            spikes.chunks_exact(layer.size.max(1)).for_each(|row| add(totals, row));
            let sums = &mut self.spikes[id.index()];
            sums.iter_mut().zip(&*totals).for_each(|(sum, &total)| *sum += f64::from(total));
            self.silent_samples[id.index()] += usize::from(totals.iter().all(|&total| total == 0.0));
            let Some(regularizer) = batch.options.rate_regularizer else { continue };
            if id != graph.output.layer {
                slopes.clear();
                slopes.resize(layer.size, 0.0);
                loss += regularizer.price(totals, batch.dataset.steps(), slopes);
                slopes.iter_mut().for_each(|slope| *slope *= weight as f32);
                gradient.chunks_exact_mut(layer.size.max(1)).for_each(|row| add(row, slopes));
            }
        }
        loss
    }
}
