//! Shards: the parts of a batch that threads work on.
//!
//! The shards of a batch do not depend on the number of threads. Each has gradient sums of its own, which are
//! added in the order of the shards. Gradients are therefore equal bit for bit for any number of threads.

use synnet_ir::{Graph, Network};

use super::augment;
use super::options::TrainOptions;
use crate::dataset::Dataset;
use crate::loss::choice::Scratch;
use crate::tape::{GradientSums, PackedWeights, Pass, SampleKey, Tape, Workspace};

/// Maximum number of shards of a batch. It limits the threads that can work on a batch, and the memory for
/// gradient sums.
pub const MAX_GRADIENT_SUMS: usize = 16;

/// Returns the number of samples per shard of a batch of `samples`. The last shard may have fewer.
pub(super) fn shard_size(samples: usize) -> usize {
    samples.div_ceil(MAX_GRADIENT_SUMS).max(1)
}

/// The inputs that all shards of a batch share.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a> {
    pub(super) tape: &'a Tape,
    pub(super) network: &'a Network,
    pub(super) weights: &'a PackedWeights,
    pub(super) options: &'a TrainOptions,
    pub(super) dataset: &'a Dataset,
    pub(super) epoch: u64,
    /// Number of samples in the batch.
    pub(super) size: usize,
}

/// The buffers of a thread.
#[derive(Debug)]
pub(super) struct Worker {
    workspace: Workspace,
    /// The augmented sample, `[steps, channels]`.
    raster: Vec<f32>,
    scratch: Scratch,
    /// Gradient of the rate penalty on the spikes of each neuron of one layer.
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
    /// Gradients of the mean loss of the batch.
    pub(super) sums: GradientSums,
    /// Sum of the losses of the samples.
    pub(super) loss: f64,
    /// Number of samples that were classified correctly.
    pub(super) correct: usize,
    /// Number of spikes, `[layer][neuron]`.
    pub(super) spikes: Vec<Vec<f64>>,
    /// Number of samples in which each layer was silent.
    pub(super) silent_samples: Vec<usize>,
    /// The first sample whose loss is infinite or NaN, with the layer and step of the first such state.
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

    /// Runs the forward and the backward pass of each sample. Stops at the first loss that is infinite or
    /// NaN.
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

    /// Runs both passes of sample `i`, and returns its loss with penalties.
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
        // The loss of a batch is the mean over its samples, so each gradient counts `1 / size`.
        gradient.iter_mut().for_each(|g| *g *= weight as f32);
        self.correct += usize::from(outcome.correct);
        let loss = outcome.loss + self.regularize(batch, weight, workspace, spike_gradients);
        // Without this, the sums would contain NaN, and the trainer reports the sample anyway.
        if !loss.is_finite() {
            return loss;
        }
        loss + tape.backward(weights, workspace, &mut self.sums)
    }

    /// Counts the spikes of all layers, and applies the regularizers of rates and membrane potentials.
    /// Returns the rate penalty; the backward pass returns the membrane penalty.
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
            // The loss already determines the output layer.
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
