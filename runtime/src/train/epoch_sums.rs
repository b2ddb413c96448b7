//! Sums over the batches of an epoch, from which its metrics are computed.

use serde::{Deserialize, Serialize};
use synnet_ir::Graph;

use super::gradient_descent::UpdateStats;
use super::layer_metrics::{LayerMetrics, SATURATED_RATE, owner};
use super::metrics::{EpochMetrics, Progress};
use super::shard::Shard;
use super::warning::warnings;
use crate::tape::Tape;

/// Limit of plausible counts of samples, batches and steps in a checkpoint; the product of two does not
/// overflow.
const MAX_COUNT: usize = 1 << (usize::BITS / 2 - 1);

/// Sums over the batches of an epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct EpochSums {
    samples: usize,
    batches: usize,
    steps: usize,
    loss: f64,
    /// Number of correct samples; `None` for losses without classes.
    correct: Option<usize>,
    /// Number of spikes, `[layer][neuron]`.
    spikes: Vec<Vec<f64>>,
    /// Number of samples in which each layer was silent.
    silent_samples: Vec<usize>,
    /// Gradient norm of each learned tensor, summed over the batches.
    tensor_norms: Vec<f64>,
    /// Gradient norm of each layer, summed over the batches.
    layer_norms: Vec<f64>,
    /// Buffer for the squared gradient norm of each layer in one batch.
    #[serde(skip)]
    squares: Vec<f64>,
    /// Index of the layer to which each learned tensor belongs.
    #[serde(skip)]
    owners: Vec<usize>,
    /// Indices of the spiking layers.
    #[serde(skip)]
    spiking: Vec<usize>,
    /// Metrics of the spiking layers, a buffer for [`Progress`].
    #[serde(skip)]
    layers: Vec<LayerMetrics>,
    gradient_norm: f64,
    lr: f64,
}

impl EpochSums {
    /// Creates empty sums, for samples of `steps` steps. `classifies`: whether the loss has classes.
    pub(super) fn new(graph: &Graph, tape: &Tape, steps: usize, classifies: bool) -> Self {
        let specs = tape.learned().specs();
        let layers = graph.layers.len();
        let spiking: Vec<usize> = (0..layers).filter(|&i| graph.layers[i].as_lif().is_some()).collect();
        let named = |&i: &usize| LayerMetrics {
            layer: graph.layers[i].name.clone(),
            rate: 0.0,
            silent_neurons: 0.0,
            saturated_neurons: 0.0,
            silent_samples: 0.0,
            gradient_norm: 0.0,
        };
        Self {
            samples: 0,
            batches: 0,
            steps,
            loss: 0.0,
            correct: classifies.then_some(0),
            spikes: graph.layers.iter().map(|layer| vec![0.0; layer.size]).collect(),
            silent_samples: vec![0; layers],
            tensor_norms: vec![0.0; specs.len()],
            layer_norms: vec![0.0; layers],
            squares: vec![0.0; layers],
            owners: specs.iter().map(|spec| owner(graph, spec.slot).index()).collect(),
            layers: spiking.iter().map(named).collect(),
            spiking,
            gradient_norm: 0.0,
            lr: 0.0,
        }
    }

    /// Returns the sums from a checkpoint, completed by the buffers of `fresh`, which are not stored. `None`
    /// if their shapes or counts do not belong to this network.
    pub(super) fn resumed(saved: Self, fresh: &Self) -> Option<Self> {
        let widths = |sums: &Self| -> Vec<usize> { sums.spikes.iter().map(Vec::len).collect() };
        let fits = widths(&saved) == widths(fresh)
            && saved.silent_samples.len() == fresh.silent_samples.len()
            && saved.tensor_norms.len() == fresh.tensor_norms.len()
            && saved.layer_norms.len() == fresh.layer_norms.len()
            && saved.correct.is_some() == fresh.correct.is_some();
        let counts = [saved.samples, saved.batches, saved.steps, saved.correct.unwrap_or(0)];
        let fits = fits && counts.iter().chain(&saved.silent_samples).all(|&count| count < MAX_COUNT);
        fits.then(|| Self {
            squares: fresh.squares.clone(),
            owners: fresh.owners.clone(),
            spiking: fresh.spiking.clone(),
            layers: fresh.layers.clone(),
            ..saved
        })
    }

    /// Adds the results of a shard of `samples` samples.
    pub(super) fn add_shard(&mut self, shard: &Shard, samples: usize) {
        self.samples += samples;
        self.loss += shard.loss;
        self.correct = self.correct.map(|correct| correct + shard.correct);
        for (sums, spikes) in self.spikes.iter_mut().zip(&shard.spikes) {
            sums.iter_mut().zip(spikes).for_each(|(sum, x)| *sum += x);
        }
        self.silent_samples.iter_mut().zip(&shard.silent_samples).for_each(|(sum, n)| *sum += n);
    }

    /// Adds the update of a batch of `samples` samples, with the norm of each tensor's gradient.
    pub(super) fn add_update(&mut self, updated: &UpdateStats, samples: usize, norms: &[f64]) {
        self.batches += 1;
        // The weight penalty belongs to the loss of every sample, but is computed once per batch.
        self.loss += updated.penalty * samples as f64;
        self.squares.fill(0.0);
        for ((norm, sum), &layer) in norms.iter().zip(&mut self.tensor_norms).zip(&self.owners) {
            *sum += norm;
            self.squares[layer] += norm * norm;
        }
        self.layer_norms.iter_mut().zip(&self.squares).for_each(|(sum, square)| *sum += square.sqrt());
        (self.gradient_norm, self.lr) = (updated.gradient_norm, updated.lr);
    }

    /// Returns the mean loss over the samples so far.
    fn mean_loss(&self) -> f64 {
        self.loss / self.samples.max(1) as f64
    }

    fn accuracy(&self) -> Option<f64> {
        self.correct.map(|correct| correct as f64 / self.samples.max(1) as f64)
    }

    /// Computes the metrics of the layers from the sums.
    fn measure_layers(&mut self) {
        let (samples, steps) = (self.samples.max(1) as f64, (self.samples * self.steps).max(1) as f64);
        for (&i, layer) in self.spiking.iter().zip(&mut self.layers) {
            let spikes = &self.spikes[i];
            let neurons = spikes.len().max(1) as f64;
            let fraction = |which: &dyn Fn(f64) -> bool| {
                spikes.iter().filter(|&&sum| which(sum)).count() as f64 / neurons
            };
            layer.rate = spikes.iter().sum::<f64>() / (steps * neurons);
            layer.silent_neurons = fraction(&|sum| sum == 0.0);
            layer.saturated_neurons = fraction(&|sum| sum >= SATURATED_RATE * steps);
            layer.silent_samples = self.silent_samples[i] as f64 / samples;
            layer.gradient_norm = self.layer_norms[i] / self.batches.max(1) as f64;
        }
    }

    /// Returns the metrics after `batch` of `batches` batches.
    pub(super) fn progress(&mut self, epoch: usize, batch: usize, batches: usize) -> Progress<'_> {
        self.measure_layers();
        Progress {
            epoch,
            batch,
            batches,
            loss: self.mean_loss(),
            accuracy: self.accuracy(),
            layers: &self.layers,
            gradient_norm: self.gradient_norm,
            lr: self.lr,
        }
    }

    /// Returns the metrics of all batches that were added.
    pub(super) fn into_metrics(
        mut self,
        graph: &Graph,
        tape: &Tape,
        epoch: usize,
        complete: bool,
    ) -> EpochMetrics {
        self.measure_layers();
        let batches = self.batches.max(1) as f64;
        let specs = tape.learned().specs().iter().zip(&self.tensor_norms);
        EpochMetrics {
            epoch,
            complete,
            loss: self.mean_loss(),
            accuracy: self.accuracy(),
            gradient_norms: specs.map(|(spec, norm)| (spec.name.clone(), norm / batches)).collect(),
            lr: self.lr,
            validation: None,
            warnings: warnings(graph, &self.layers),
            layers: self.layers,
        }
    }
}
