//! Metrics of training: of a complete epoch, and its progress batch by batch.

use serde::{Deserialize, Serialize};

use super::layer_metrics::LayerMetrics;
use super::warning::Warning;
use crate::evaluate::Validation;

/// The progress of an epoch after a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress<'a> {
    /// The epoch, from 0.
    pub epoch: usize,
    /// Number of batches completed in this epoch.
    pub batch: usize,
    /// Number of batches per epoch.
    pub batches: usize,
    /// Mean loss over the samples of the epoch so far.
    pub loss: f64,
    /// Fraction of samples classified correctly so far, from 0 to 1; `None` for losses without classes.
    pub accuracy: Option<f64>,
    /// Metrics of every spiking layer so far, in the order of update.
    pub layers: &'a [LayerMetrics],
    /// L2 norm of all gradients of the last batch together, before clipping.
    pub gradient_norm: f64,
    /// Learning rate of the last update.
    pub lr: f64,
}

impl Progress<'_> {
    /// Returns the completed fraction of the epoch, from 0 to 1.
    pub fn fraction(&self) -> f64 {
        self.batch as f64 / self.batches.max(1) as f64
    }
}

/// The metrics of an epoch, or of its part up to a stop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// The epoch, from 0.
    pub epoch: usize,
    /// Whether all batches of the epoch are included.
    pub complete: bool,
    /// Mean loss over the samples, each at the weights of its batch, with dropout, augmentation and
    /// regularizers.
    pub loss: f64,
    /// Fraction of samples classified correctly under the same conditions, from 0 to 1; `None` for losses
    /// without classes.
    pub accuracy: Option<f64>,
    /// Metrics of every spiking layer, in the order of update.
    pub layers: Vec<LayerMetrics>,
    /// Name and gradient norm (L2) of each learned tensor, averaged over the batches, before clipping and
    /// without the gradient of the [`WeightRegularizer`](crate::regularizer::WeightRegularizer). Gradients of
    /// neuron constants are those in the unit of [`lr_factors`](crate::TrainOptions::lr_factors).
    pub gradient_norms: Vec<(String, f64)>,
    /// Learning rate of the last update.
    pub lr: f64,
    /// The result on a validation set after the epoch. The trainer leaves it `None`; fill it in from
    /// [`Trainer::validate`](crate::Trainer::validate).
    pub validation: Option<Validation>,
    /// Layers that show signs of not learning.
    pub warnings: Vec<Warning>,
}
