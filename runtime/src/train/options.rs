//! How a network is trained.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use synnet_ir::{Diagnostic, Diagnostics, Graph};

use super::augment::Augmentation;
use super::bounds::Bounds;
use super::selection::Selection;
use crate::codes;
use crate::loss::choice::Loss;
use crate::optimizer::choice::Optimizer;
use crate::option_range::{OptionRange, setters};
use crate::regularizer::{MembraneRegularizer, RateRegularizer, WeightRegularizer};
use crate::schedule::choice::Schedule;
use crate::tape::Recompute;

/// Everything that decides what training does, besides network and data.
///
/// ```
/// use synnet_runtime::loss::CrossEntropy;
/// use synnet_runtime::optimizer::AdamW;
/// use synnet_runtime::schedule::Cosine;
/// use synnet_runtime::train::{Augmentation, Score, Selection};
/// use synnet_runtime::{Readout, TrainOptions};
///
/// // 100 epochs, 32 samples per update.
/// let options = TrainOptions::new(CrossEntropy::new(Readout::MeanVmem), 100, 32)
///     .with_optimizer(AdamW::new(0.005))
///     .with_lr_factor("tau_mem", 0.1)
///     .with_schedule(Cosine::default().with_warm_up(2.0))
///     .with_gradient_clip(5.0)
///     .with_augmentation(Augmentation::default().with_event_drop(0.1))
///     .with_selection(Selection::new(Score::ValidationLoss).with_patience(10))
///     .with_seed(3);
/// assert_eq!(options.epochs, 100);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TrainOptions {
    /// What is made small.
    pub loss: Loss,
    /// How weights follow their gradients.
    #[serde(default)]
    pub optimizer: Optimizer,
    /// Factors on the learning rate of some tensors. A key is the name of a tensor that learns (`l0.tau_mem`)
    /// or the last part of such names (`tau_mem`, `weight`); a whole name comes before a part.
    #[serde(default)]
    pub lr_factors: BTreeMap<String, f64>,
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
    /// Where learned constants of neurons are kept.
    #[serde(default)]
    pub bounds: Bounds,
    /// Random changes of the rasters, anew for each sample and epoch.
    #[serde(default)]
    pub augmentation: Augmentation,
    /// A price on firing rates that are too high or too low.
    #[serde(default)]
    pub rate_regularizer: Option<RateRegularizer>,
    /// A price on membranes outside a band.
    #[serde(default)]
    pub membrane_regularizer: Option<MembraneRegularizer>,
    /// A price on large weights.
    #[serde(default)]
    pub weight_regularizer: Option<WeightRegularizer>,
    /// What is kept of a sample for its gradients.
    #[serde(default)]
    pub recompute: Recompute,
    /// How the best epoch is chosen, and when to stop early; without it the last epoch counts.
    #[serde(default)]
    pub selection: Option<Selection>,
}

impl TrainOptions {
    /// Options with all that may be left out at its default.
    pub fn new(loss: impl Into<Loss>, epochs: usize, batch: usize) -> Self {
        Self {
            loss: loss.into(),
            optimizer: Optimizer::default(),
            lr_factors: BTreeMap::new(),
            schedule: Schedule::default(),
            epochs,
            batch,
            seed: 0,
            gradient_clip: None,
            bounds: Bounds::default(),
            augmentation: Augmentation::default(),
            rate_regularizer: None,
            membrane_regularizer: None,
            weight_regularizer: None,
            recompute: Recompute::None,
            selection: None,
        }
    }

    setters! {
        with_loss: loss = impl Into<Loss>;
        with_optimizer: optimizer = impl Into<Optimizer>;
        with_schedule: schedule = impl Into<Schedule>;
        with_epochs: epochs = usize;
        with_batch: batch = usize;
        with_seed: seed = u64;
        with_gradient_clip: gradient_clip = f64;
        with_bounds: bounds = Bounds;
        with_augmentation: augmentation = Augmentation;
        with_rate_regularizer: rate_regularizer = RateRegularizer;
        with_membrane_regularizer: membrane_regularizer = MembraneRegularizer;
        with_weight_regularizer: weight_regularizer = WeightRegularizer;
        with_recompute: recompute = Recompute;
        with_selection: selection = Selection;
    }

    /// Sets a factor in [`lr_factors`](Self::lr_factors), on the learning rate of the tensors of this name.
    #[must_use]
    pub fn with_lr_factor(mut self, tensor: impl Into<String>, factor: f64) -> Self {
        self.lr_factors.insert(tensor.into(), factor);
        self
    }

    /// Every option that is out of its range or does not fit the network.
    pub(super) fn check(&self, graph: &Graph) -> Diagnostics {
        let mut ranges =
            vec![OptionRange::count("epochs", self.epochs), OptionRange::count("batch", self.batch)];
        ranges.extend(self.optimizer.ranges());
        ranges
            .extend(self.lr_factors.values().map(|&factor| OptionRange::non_negative("lr_factors", factor)));
        ranges.extend(self.schedule.ranges());
        ranges.extend(self.gradient_clip.map(|clip| OptionRange::positive("gradient_clip", clip)));
        ranges.extend(self.bounds.ranges());
        ranges.extend(self.augmentation.ranges());
        ranges.extend(self.rate_regularizer.iter().flat_map(RateRegularizer::ranges));
        ranges.extend(self.membrane_regularizer.iter().flat_map(MembraneRegularizer::ranges));
        ranges.extend(self.weight_regularizer.iter().flat_map(WeightRegularizer::ranges));
        ranges.extend(self.selection.map(|s| OptionRange::non_negative("selection.min_delta", s.min_delta)));
        ranges.extend(self.loss.ranges());
        let mut diagnostics: Diagnostics = ranges.into_iter().filter_map(OptionRange::check).collect();
        diagnostics.extend(self.loss.check(graph));
        diagnostics.extend(self.check_score());
        diagnostics
    }

    fn check_score(&self) -> Option<Diagnostic> {
        let by = self.selection?.by;
        (by.needs_classes() && !self.loss.classifies()).then(|| {
            let message = format!("`selection.by` is `{}`, but the loss has no classes", by.name());
            Diagnostic::error_without_span(&codes::OPTION_RANGE, message)
                .with_help("select by `validation_loss` or `loss`")
        })
    }

    /// The factor on the learning rate of a tensor.
    pub(super) fn lr_factor(&self, tensor: &str) -> f64 {
        let part = tensor.rsplit('.').next().unwrap_or(tensor);
        let factor = self.lr_factors.get(tensor).or_else(|| self.lr_factors.get(part));
        factor.copied().unwrap_or(1.0)
    }

    /// An error for each of the `lr_factors` that names nothing which learns.
    pub(super) fn check_lr_factors<'a>(&self, tensors: impl Iterator<Item = &'a str> + Clone) -> Diagnostics {
        let names = |key: &str| tensors.clone().any(|t| t == key || t.rsplit('.').next() == Some(key));
        let unknown = self.lr_factors.keys().filter(|key| !names(key));
        let all = tensors.clone().map(|tensor| format!("`{tensor}`")).collect::<Vec<_>>().join(", ");
        let error = |key: &String| {
            let message = format!("`lr_factors` names `{key}`, which is not a tensor that learns");
            Diagnostic::error_without_span(&codes::OPTION_RANGE, message)
                .with_help(format!("these learn: {all}"))
        };
        unknown.map(error).collect()
    }
}
