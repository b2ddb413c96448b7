//! A few samples of a batch, walked by one thread.
//!
//! Every batch is cut into the same shards whatever the number of threads, each with its own sums of
//! gradients; these are added in the order of the shards. So they are the same bit for bit.

use synnet_ir::{Graph, Network};

use super::augment;
use super::options::TrainOptions;
use crate::dataset::Dataset;
use crate::loss::choice::Scratch;
use crate::tape::{Packed, Pass, SampleKey, Sums, Tape, Workspace};

/// Most sets of sums that the gradients of a batch are gathered in, and most threads that can work at a
/// batch.
pub const MOST_SUMS: usize = 16;

/// Samples of each shard of a batch of `samples` (the last one may have fewer).
pub(super) fn share(samples: usize) -> usize {
    samples.div_ceil(MOST_SUMS).max(1)
}

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
    scratch: Scratch,
    /// Gradient by the spikes of each neuron of the layer in hand.
    slopes: Vec<f32>,
}

impl Walker {
    pub(super) fn new(tape: &Tape, options: &TrainOptions, dataset: &Dataset) -> Self {
        Self {
            workspace: tape.workspace(dataset.steps(), options.checkpoint),
            raster: vec![0.0; dataset.steps() * dataset.channels()],
            scratch: Scratch::default(),
            slopes: Vec::new(),
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
    /// Spikes of each neuron of each layer.
    pub(super) spikes: Vec<Vec<f64>>,
    /// Samples in which each layer was silent.
    pub(super) silent_samples: Vec<usize>,
    /// The first sample whose loss is not finite, with the layer and step where that began.
    pub(super) failure: Option<(usize, Option<(usize, usize)>)>,
}

impl Shard {
    pub(super) fn new(tape: &Tape, graph: &Graph) -> Self {
        Self {
            sums: tape.sums(),
            loss: 0.0,
            correct: 0,
            spikes: graph.layers.iter().map(|layer| vec![0.0; layer.size]).collect(),
            silent_samples: vec![0; graph.layers.len()],
            failure: None,
        }
    }

    /// Walks the samples forwards and backwards.
    pub(super) fn run(&mut self, batch: Batch<'_>, samples: &[usize], walker: &mut Walker) {
        self.sums.clear();
        self.spikes.iter_mut().for_each(|spikes| spikes.fill(0.0));
        self.silent_samples.fill(0);
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
        let Walker { workspace, raster, scratch, slopes } = walker;
        augment::write_sample(&options.augmentation, seed, epoch, dataset, i, raster);
        let pass = Pass::Training(SampleKey::new(seed, epoch, i as u64));
        tape.forward(weights, raster, pass, workspace);
        if !workspace.is_finite() {
            return f64::NAN;
        }
        let outputs = network.graph.outputs();
        let target = &dataset.samples()[i].target;
        let (output, gradient) = workspace.output_and_gradient();
        let judged = options.loss.judge(output, outputs, target, gradient, scratch);
        gradient.iter_mut().for_each(|g| *g *= weight as f32);
        self.correct += usize::from(judged.right);
        let loss = judged.loss + self.regularize(batch, weight, workspace, slopes);
        if !loss.is_finite() {
            return loss;
        }
        loss + tape.backward(weights, workspace, &mut self.sums)
    }

    /// Counts spikes, and prices rates and membranes where that is asked for. The price of membranes comes
    /// with the walk backwards.
    fn regularize(
        &mut self,
        batch: Batch<'_>,
        weight: f64,
        workspace: &mut Workspace,
        slopes: &mut Vec<f32>,
    ) -> f64 {
        let graph = &batch.network.graph;
        let mut loss = 0.0;
        for (id, layer) in graph.layers_with_ids().filter(|(_, layer)| layer.as_lif().is_some()) {
            let i = id.index();
            let (totals, gradient) = workspace.totals_and_gradient(i);
            self.spikes[i].iter_mut().zip(totals).for_each(|(sum, &total)| *sum += f64::from(total));
            self.silent_samples[i] += usize::from(totals.iter().all(|&total| total == 0.0));
            if id == graph.output.layer {
                continue;
            }
            if let Some(regularizer) = batch.options.rate_regularizer {
                slopes.clear();
                slopes.resize(layer.size, 0.0);
                loss += regularizer.price(totals, batch.dataset.steps(), slopes);
                gradient.iter_mut().zip(&*slopes).for_each(|(g, slope)| *g = *slope * weight as f32);
            }
            if let Some(regularizer) = batch.options.membrane_regularizer {
                workspace.price_membranes(i, Some((regularizer.penalty(), weight)));
            }
        }
        loss
    }
}
