//! A few samples of a batch, walked by one thread.
//!
//! Every batch is cut into the same shards whatever the number of threads, each with its own sums of
//! gradients; these are added in the order of the shards. So they are the same bit for bit.

use synnet_ir::{Graph, Network};

use super::augment;
use super::options::TrainOptions;
use crate::dataset::Dataset;
use crate::loss::choice::Scratch;
use crate::tape::{GradientSums, PackedWeights, Pass, SampleKey, Tape, Workspace};

/// Most sets of sums that the gradients of a batch are gathered in, and most threads that can work at a
/// batch.
pub const MAX_GRADIENT_SUMS: usize = 16;

/// Samples of each shard of a batch of `samples` (the last one may have fewer).
pub(super) fn shard_size(samples: usize) -> usize {
    samples.div_ceil(MAX_GRADIENT_SUMS).max(1)
}

/// What all shards of a batch share.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a> {
    pub(super) tape: &'a Tape,
    pub(super) network: &'a Network,
    pub(super) weights: &'a PackedWeights,
    pub(super) options: &'a TrainOptions,
    pub(super) dataset: &'a Dataset,
    pub(super) epoch: u64,
    /// Samples in the batch.
    pub(super) size: usize,
}

/// Buffers of a thread.
#[derive(Debug)]
pub(super) struct Worker {
    workspace: Workspace,
    raster: Vec<f32>,
    scratch: Scratch,
    /// Gradient by the spikes of each neuron of the layer in hand.
    spike_gradients: Vec<f32>,
}

impl Worker {
    pub(super) fn new(tape: &Tape, options: &TrainOptions, dataset: &Dataset) -> Self {
        Self {
            workspace: tape.workspace(dataset.steps(), options.recompute),
            raster: vec![0.0; dataset.steps() * dataset.channels()],
            scratch: Scratch::default(),
            spike_gradients: Vec::new(),
        }
    }
}

/// The sums over the samples of a shard.
#[derive(Debug)]
pub(super) struct Shard {
    /// Gradients of the batch's loss.
    pub(super) sums: GradientSums,
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
    pub(super) fn run(&mut self, batch: Batch<'_>, samples: &[usize], worker: &mut Worker) {
        self.sums.clear();
        self.spikes.iter_mut().for_each(|spikes| spikes.fill(0.0));
        self.silent_samples.fill(0);
        (self.loss, self.correct, self.failure) = (0.0, 0, None);
        for &i in samples {
            let loss = self.run_sample(batch, i, worker);
            self.loss += loss;
            if !loss.is_finite() {
                let place = batch.tape.first_non_finite(batch.weights, &mut worker.workspace);
                self.failure = Some((i, place));
                return;
            }
        }
    }

    fn run_sample(&mut self, batch: Batch<'_>, i: usize, worker: &mut Worker) -> f64 {
        let Batch { tape, network, weights, options, dataset, epoch, size } = batch;
        let (seed, weight) = (options.seed, 1.0 / size as f64);
        let Worker { workspace, raster, scratch, spike_gradients } = worker;
        augment::write_sample(&options.augmentation, seed, epoch, dataset, i, raster);
        let pass = Pass::Training(SampleKey::new(seed, epoch, i as u64));
        tape.forward(weights, raster, pass, workspace);
        if !workspace.is_finite() {
            return f64::NAN;
        }
        let outputs = network.graph.outputs();
        let label = &dataset.samples()[i].label;
        let (output, gradient) = workspace.output_and_gradient();
        let outcome = options.loss.evaluate(output, outputs, label, gradient, scratch);
        gradient.iter_mut().for_each(|g| *g *= weight as f32);
        self.correct += usize::from(outcome.correct);
        let loss = outcome.loss + self.regularize(batch, weight, workspace, spike_gradients);
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
        spike_gradients: &mut Vec<f32>,
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
                spike_gradients.clear();
                spike_gradients.resize(layer.size, 0.0);
                loss += regularizer.penalty(totals, batch.dataset.steps(), spike_gradients);
                gradient.iter_mut().zip(&*spike_gradients).for_each(|(g, slope)| *g = *slope * weight as f32);
            }
            if let Some(regularizer) = batch.options.membrane_regularizer {
                workspace.penalize_membranes(i, Some((regularizer.penalty(), weight)));
            }
        }
        loss
    }
}
