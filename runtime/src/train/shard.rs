//! A few samples of a batch, walked by one thread.
//!
//! Every batch is cut into shards of the same size whatever the number of threads, each with its own
//! gradients; these are added in the order of the shards. So the sums are the same bit for bit.

use synnet_dsl::Network;

use super::augment;
use super::options::TrainOptions;
use crate::dataset::Dataset;
use crate::evaluate::greatest;
use crate::loss::{Loss, Target};
use crate::random::{Purpose, Stream};
use crate::tape::{DropoutKey, Gradients, Prepared, Tape, Workspace};

/// Samples of a shard.
pub(super) const SHARD: usize = 4;

/// What all shards of a batch share.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a> {
    pub(super) tape: &'a Tape,
    pub(super) network: &'a Network,
    pub(super) prepared: &'a Prepared,
    pub(super) options: &'a TrainOptions,
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
    /// Gradients of the batch's loss.
    pub(super) gradients: Gradients,
    /// Sum of the samples' losses.
    pub(super) loss: f64,
    /// Samples that were classified right.
    pub(super) correct: usize,
    /// Spikes of each layer.
    pub(super) spikes: Vec<f64>,
    /// The first sample whose loss is not finite, with the layer and step where that began.
    pub(super) failure: Option<(usize, Option<(usize, usize)>)>,
}

impl Shard {
    pub(super) fn new(tape: &Tape, prepared: &Prepared, channels: usize, steps: usize) -> Self {
        Self {
            workspace: Workspace::new(tape, prepared, steps),
            raster: vec![0.0; steps * channels],
            gradients: tape.learnt().zeros(),
            loss: 0.0,
            correct: 0,
            spikes: vec![0.0; tape.layers().len()],
            failure: None,
        }
    }

    /// Walks the samples forwards and backwards.
    pub(super) fn run(&mut self, batch: Batch<'_>, samples: &[usize]) {
        self.gradients.clear();
        self.spikes.fill(0.0);
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
        let Batch { tape, network, prepared, options, dataset, epoch, size } = batch;
        let (seed, weight) = (options.seed, 1.0 / size as f64);
        augment::write_sample(&options.augmentation, seed, epoch, dataset, i, &mut self.raster);
        let key = DropoutKey(Stream::new(seed, Purpose::Dropout, epoch, i as u64).bits());
        tape.forward(network, prepared, &self.raster, Some(key), &mut self.workspace);

        self.workspace.clear_gradients();
        let outputs = network.graph.outputs();
        let target = &dataset.samples()[i].target;
        let (output, gradient) = self.workspace.value_and_gradient(tape.output());
        let mut loss = options.loss.of_sample(output, outputs, target, weight, gradient);
        if let (Loss::CrossEntropy { readout, .. }, Target::Class(label)) = (options.loss, target) {
            self.correct += usize::from(greatest(&readout.statistic(output, outputs)) == *label);
        }
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
            let count = spikes.iter().map(|&s| f64::from(s)).sum::<f64>();
            self.spikes[id.index()] += count;
            let Some(regularizer) = batch.options.rate_regularizer else { continue };
            let excess = count / spikes.len().max(1) as f64 - regularizer.target;
            if id != graph.output.layer && excess > 0.0 {
                loss += regularizer.weight * excess * excess;
                let slope = 2.0 * regularizer.weight * excess / spikes.len() as f64 * weight;
                gradient.iter_mut().for_each(|g| *g += slope as f32);
            }
        }
        loss
    }
}
