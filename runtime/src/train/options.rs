//! How a network is trained.

use serde::{Deserialize, Serialize};
use synnet_dsl::diagnostic::Diagnostic;
use synnet_dsl::graph::Graph;

pub use super::augment::Augmentation;
use crate::codes;
use crate::loss::Loss;
use crate::optimizer::Adam;
use crate::schedule::Schedule;

/// Everything that decides what training does, besides network and data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainOptions {
    /// What is made small.
    pub loss: Loss,
    /// How weights follow their gradients.
    #[serde(default)]
    pub optimizer: Optimizer,
    /// How the learning rate changes.
    #[serde(default)]
    pub schedule: Schedule,
    /// Passes over the data.
    pub epochs: usize,
    /// Samples per update.
    pub batch: usize,
    /// Decides the order of samples, dropout and augmentation.
    #[serde(default)]
    pub seed: u64,
    /// Greatest L2 norm of all gradients together; longer ones are scaled down to it.
    #[serde(default)]
    pub gradient_clip: Option<f64>,
    /// Random changes of the rasters, anew for each sample and epoch.
    #[serde(default)]
    pub augmentation: Augmentation,
    /// A price on high firing rates.
    #[serde(default)]
    pub rate_regularizer: Option<RateRegularizer>,
}

/// An optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Optimizer {
    /// Adam.
    Adam(Adam),
}

impl Default for Optimizer {
    fn default() -> Self {
        Self::Adam(Adam::default())
    }
}

/// Adds `weight * max(0, rate - target)^2` to a sample's loss for each spiking layer but the output,
/// where `rate` is the mean of spikes per neuron and step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateRegularizer {
    /// Price.
    pub weight: f64,
    /// Rate that costs nothing.
    pub target: f64,
}

impl TrainOptions {
    /// Every option that is out of its range or does not fit the network.
    pub(super) fn check(&self, graph: &Graph) -> Vec<Diagnostic> {
        let Optimizer::Adam(adam) = self.optimizer;
        let probability = |x: f64| (0.0..=1.0).contains(&x);
        let positive = |x: f64| x > 0.0 && x.is_finite();
        let not_negative = |x: f64| x >= 0.0 && x.is_finite();
        let below_one = |x: f64| (0.0..1.0).contains(&x);
        let mut facts = vec![
            ("epochs", self.epochs as f64, self.epochs > 0, "1 or more"),
            ("batch", self.batch as f64, self.batch > 0, "1 or more"),
            ("optimizer.lr", adam.lr, positive(adam.lr), "positive"),
            ("optimizer.eps", adam.eps, positive(adam.eps), "positive"),
            ("optimizer.betas", adam.betas[0], below_one(adam.betas[0]), "from 0 to below 1"),
            ("optimizer.betas", adam.betas[1], below_one(adam.betas[1]), "from 0 to below 1"),
            ("schedule.warm_up", self.schedule.warm_up, not_negative(self.schedule.warm_up), "0 or more"),
            ("schedule.floor", self.schedule.floor, probability(self.schedule.floor), "from 0 to 1"),
        ];
        facts.extend(self.augmentation.facts());
        if let Some(clip) = self.gradient_clip {
            facts.push(("gradient_clip", clip, positive(clip), "positive"));
        }
        if let Some(RateRegularizer { weight, target }) = self.rate_regularizer {
            facts.push(("rate_regularizer.weight", weight, not_negative(weight), "0 or more"));
            facts.push(("rate_regularizer.target", target, not_negative(target), "0 or more"));
        }
        if let Loss::CrossEntropy { label_smoothing, scale, .. } = self.loss {
            facts.push((
                "loss.label_smoothing",
                label_smoothing,
                below_one(label_smoothing),
                "from 0 to below 1",
            ));
            facts.push(("loss.scale", scale, positive(scale), "positive"));
        }
        let out_of_range =
            facts.into_iter().filter(|(_, _, fits, _)| !fits).map(|(name, value, _, range)| {
                let message = format!("`{name}` is {value}; it must be {range}");
                Diagnostic::error_without_place(&codes::OPTION_RANGE, message)
            });
        out_of_range.chain(self.check_readout(graph)).collect()
    }

    fn check_readout(&self, graph: &Graph) -> Option<Diagnostic> {
        let Loss::CrossEntropy { readout, .. } = self.loss else { return None };
        crate::loss::check_readout(readout, graph)
    }
}
