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
use crate::tape::{Checkpoint, Packed, Pass, SampleKey, Sums, Tape, Workspace};

/// Most shards of a batch: each has sums of gradients.
pub(super) const SHARDS: usize = 16;

/// What all shards of a batch share.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a> {
    pub(super) tape: &'a Tape,
    pub(super) network: &'a Network,
    pub(super) weights: &'a Packed,
    pub(super) options: &'a TrainOptions,
    pub(super) dataset: &'a Dataset,
    pub(super) epoch: u64,
    /// Samples in the batch.
    pub(super) size: usize,
}

/// Buffers of a thread.
#[derive(Debug)]
pub(super) struct Walker {
    workspace: Workspace,
    raster: Vec<f32>,
}

impl Walker {
    pub(super) fn new(tape: &Tape, dataset: &Dataset) -> Self {
        Self {
            workspace: tape.workspace(dataset.steps(), Checkpoint::None),
            raster: vec![0.0; dataset.steps() * dataset.channels()],
        }
    }
}

/// The sums over the samples of a shard.
#[derive(Debug)]
pub(super) struct Shard {
    /// Gradients of the batch's loss.
    pub(super) sums: Sums,
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
    pub(super) fn new(tape: &Tape, layers: usize) -> Self {
        Self { sums: tape.sums(), loss: 0.0, correct: 0, spikes: vec![0.0; layers], failure: None }
    }

    /// Walks the samples forwards and backwards.
    pub(super) fn run(&mut self, batch: Batch<'_>, samples: &[usize], walker: &mut Walker) {
        self.sums.clear();
        self.spikes.fill(0.0);
        (self.loss, self.correct, self.failure) = (0.0, 0, None);
        for &i in samples {
            let loss = self.run_sample(batch, i, walker);
            self.loss += loss;
            if !loss.is_finite() {
                let place = batch.tape.first_not_finite(batch.weights, &mut walker.workspace);
                self.failure = Some((i, place));
                return;
            }
        }
    }

    fn run_sample(&mut self, batch: Batch<'_>, i: usize, walker: &mut Walker) -> f64 {
        let Batch { tape, network, weights, options, dataset, epoch, size } = batch;
        let (seed, weight) = (options.seed, 1.0 / size as f64);
        let Walker { workspace, raster } = walker;
        augment::write_sample(&options.augmentation, seed, epoch, dataset, i, raster);
        let pass = Pass::Training(SampleKey::new(seed, epoch, i as u64));
        tape.forward(weights, raster, pass, workspace);

        let outputs = network.graph.outputs();
        let target = &dataset.samples()[i].target;
        let (output, gradient) = workspace.output_and_gradient();
        let mut loss = options.loss.of_sample(output, outputs, target, weight, gradient);
        if let (Loss::CrossEntropy { readout, .. }, Target::Class(label)) = (options.loss, target) {
            self.correct += usize::from(greatest(&readout.statistic(output, outputs)) == *label);
        }
        loss += self.regularize(batch, weight, workspace);
        if loss.is_finite() {
            tape.backward(weights, workspace, &mut self.sums);
        }
        loss
    }

    /// Counts spikes, and prices rates where that is asked for.
    fn regularize(&mut self, batch: Batch<'_>, weight: f64, workspace: &mut Workspace) -> f64 {
        let graph = &batch.network.graph;
        let mut loss = 0.0;
        for (id, layer) in graph.layers_with_ids().filter(|(_, layer)| layer.as_lif().is_some()) {
            let places = (workspace.steps() * layer.size).max(1) as f64;
            let (totals, gradient) = workspace.totals_and_gradient(id.index());
            let count = totals.iter().map(|&total| f64::from(total)).sum::<f64>();
            self.spikes[id.index()] += count;
            let Some(regularizer) = batch.options.rate_regularizer else { continue };
            let excess = count / places - regularizer.target;
            if id != graph.output.layer && excess > 0.0 {
                loss += regularizer.weight * excess * excess;
                let slope = 2.0 * regularizer.weight * excess / places * weight;
                gradient.iter_mut().for_each(|g| *g += slope as f32);
            }
        }
        loss
    }
}
