//! What training measures: figures of an epoch, and how far it has come.

use serde::{Deserialize, Serialize};

use super::layer_metrics::LayerMetrics;
use super::warning::Warning;
use crate::evaluate::Validation;

/// How far an epoch has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress<'a> {
    /// The epoch, from 0.
    pub epoch: usize,
    /// Batches of the epoch that are done.
    pub batch: usize,
    /// Batches of the epoch.
    pub batches: usize,
    /// Mean loss over the samples of the epoch so far.
    pub loss: f64,
    /// Share of samples classified right so far; `None` for losses without classes.
    pub accuracy: Option<f64>,
    /// Figures of every spiking layer so far.
    pub layers: &'a [LayerMetrics],
    /// L2 norm of all gradients of the last batch together, before clipping.
    pub gradient_norm: f64,
    /// Learning rate of the last update.
    pub lr: f64,
}

impl Progress<'_> {
    /// Share of the epoch that is done, from 0 to 1.
    pub fn fraction(&self) -> f64 {
        self.batch as f64 / self.batches.max(1) as f64
    }
}

/// What an epoch gave (or the part of it up to a stop).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// The epoch, from 0.
    pub epoch: usize,
    /// Whether all batches are done.
    pub complete: bool,
    /// Mean loss over the samples, with dropout, augmentation and regularisers, as the weights moved.
    pub loss: f64,
    /// Share of samples classified right, likewise; `None` for losses without classes.
    pub accuracy: Option<f64>,
    /// Figures of every spiking layer, in the order of update.
    pub layers: Vec<LayerMetrics>,
    /// Mean over the batches of the L2 norm of each learned tensor's gradient, before clipping and without the
    /// part of the [`WeightRegularizer`](crate::regularizer::WeightRegularizer).
    pub gradient_norms: Vec<(String, f64)>,
    /// Learning rate of the last update.
    pub lr: f64,
    /// What the validation set gave after the epoch; the caller fills it in from
    /// [`Trainer::validate`](crate::Trainer::validate), where there is such a set.
    pub validation: Option<Validation>,
    /// What looks wrong.
    pub warnings: Vec<Warning>,
}
