//! [`TrainOptions`]: the options of training, and their checks.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use synnet_ir::{Diagnostic, Diagnostics, Graph, did_you_mean, nearest};

use super::augment::Augmentation;
use super::averaging::Averaging;
use super::bounds::Bounds;
use super::initialization::Initialization;
use super::selection::Selection;
use crate::loss::choice::Loss;
use crate::optimizer::choice::Optimizer;
use crate::option_range::{OptionError, OptionRange, setters};
use crate::regularizer::{MembraneRegularizer, RateRegularizer, WeightRegularizer};
use crate::schedule::choice::Schedule;
use crate::tape::Recompute;

/// The options of training. With the network and the data, they determine the result.
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
    /// The function to minimize.
    pub loss: Loss,
    /// Adam by default.
    #[serde(default)]
    pub optimizer: Optimizer,
    /// Factors on the learning rate of single tensors, 0 or more. A key is the name of a learned tensor
    /// (`l0.tau_mem`), or the last component of names (`tau_mem`, `weight`). A full name takes precedence.
    ///
    /// A factor replaces the default unit of a tensor: with `tau_mem: 1`, time constants are updated in seconds, as
    /// in PyTorch. By default, the optimizer sees time constants and thresholds in units of their declared values,
    /// and decays in units of the change that doubles their time constant, to first order.
    #[serde(default)]
    pub lr_factors: BTreeMap<String, f64>,
    /// Factor on the learning rate over time; constant by default.
    #[serde(default)]
    pub schedule: Schedule,
    /// Scaling of the initial weights to the data; none by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init: Option<Initialization>,
    /// Number of passes over the data; 0 keeps the initial weights.
    pub epochs: usize,
    /// Number of samples per update, 1 or more. The last batch of an epoch may have fewer.
    pub batch: usize,
    /// Seed of the order of the samples, dropout, noise and augmentation; 0 by default.
    #[serde(default)]
    pub seed: u64,
    /// Maximum L2 norm of all gradients together, to which larger gradients are scaled down; positive. No
    /// limit by default.
    #[serde(default)]
    pub gradient_clip: Option<f64>,
    /// Averaging of the learned tensors; none by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub averaging: Option<Averaging>,
    /// Bounds of trainable neuron parameters.
    #[serde(default)]
    pub bounds: Bounds,
    /// Random transformations of the rasters; none by default.
    #[serde(default)]
    pub augmentation: Augmentation,
    /// Penalty on firing rates that are too high or too low; none by default.
    #[serde(default)]
    pub rate_regularizer: Option<RateRegularizer>,
    /// Penalty on membrane potentials outside a band; none by default.
    #[serde(default)]
    pub membrane_regularizer: Option<MembraneRegularizer>,
    /// Penalty on large weights; none by default.
    #[serde(default)]
    pub weight_regularizer: Option<WeightRegularizer>,
    /// Gradient checkpointing; none by default. `checkpoint` is its former name.
    #[serde(default, alias = "checkpoint")]
    pub recompute: Recompute,
    /// Selection of the best epoch, and early stopping. By default, the last epoch counts and training does
    /// not stop early.
    #[serde(default)]
    pub selection: Option<Selection>,
}

impl TrainOptions {
    /// Creates options from the required ones, with defaults for the rest.
    pub fn new(loss: impl Into<Loss>, epochs: usize, batch: usize) -> Self {
        Self {
            loss: loss.into(),
            optimizer: Optimizer::default(),
            lr_factors: BTreeMap::new(),
            schedule: Schedule::default(),
            init: None,
            epochs,
            batch,
            seed: 0,
            gradient_clip: None,
            averaging: None,
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
        with_averaging: averaging = Averaging;
        with_bounds: bounds = Bounds;
        with_augmentation: augmentation = Augmentation;
        with_rate_regularizer: rate_regularizer = RateRegularizer;
        with_membrane_regularizer: membrane_regularizer = MembraneRegularizer;
        with_weight_regularizer: weight_regularizer = WeightRegularizer;
        with_recompute: recompute = Recompute;
        with_selection: selection = Selection;
    }

    /// Sets [`init`](Self::init).
    #[must_use]
    pub fn with_init(mut self, init: impl Into<Initialization>) -> Self {
        self.init = Some(init.into());
        self
    }

    /// Adds a factor to [`lr_factors`](Self::lr_factors). `tensor` is a name or the last component of names.
    #[must_use]
    pub fn with_lr_factor(mut self, tensor: impl Into<String>, factor: f64) -> Self {
        self.lr_factors.insert(tensor.into(), factor);
        self
    }

    /// Returns an error for every option that is out of range, whatever the network.
    pub fn errors(&self) -> Vec<OptionError> {
        let mut ranges = vec![OptionRange::count("batch", self.batch)];
        ranges.extend(self.optimizer.ranges());
        let factor = |(tensor, &factor)| OptionRange::non_negative("lr_factors", factor).item(tensor);
        ranges.extend(self.lr_factors.iter().map(factor));
        ranges.extend(self.schedule.ranges());
        ranges.extend(self.init.iter().flat_map(Initialization::ranges));
        ranges.extend(self.gradient_clip.map(|clip| OptionRange::positive("gradient_clip", clip)));
        ranges.extend(self.averaging.iter().flat_map(Averaging::ranges));
        ranges.extend(self.bounds.ranges());
        ranges.extend(self.augmentation.ranges());
        ranges.extend(self.rate_regularizer.iter().flat_map(RateRegularizer::ranges));
        ranges.extend(self.membrane_regularizer.iter().flat_map(MembraneRegularizer::ranges));
        ranges.extend(self.weight_regularizer.iter().flat_map(WeightRegularizer::ranges));
        ranges.extend(self.selection.map(|s| OptionRange::non_negative("selection.min_delta", s.min_delta)));
        ranges.extend(self.loss.ranges());
        ranges.into_iter().filter_map(OptionRange::check).chain(self.check_score()).collect()
    }

    /// Returns an error for every option that does not fit a network: class weights whose number is not that of the
    /// outputs, and keys of `lr_factors` that match no learned tensor.
    pub fn errors_for(&self, graph: &Graph) -> Vec<OptionError> {
        self.loss
            .class_weights_error(graph.outputs())
            .into_iter()
            .chain(self.lr_factor_errors(graph))
            .collect()
    }

    /// Returns an error for every option that is out of range or does not fit the network.
    pub(super) fn check(&self, graph: &Graph) -> Diagnostics {
        let errors = self.errors().into_iter().chain(self.errors_for(graph));
        let mut diagnostics: Diagnostics = errors.map(Diagnostic::from).collect();
        diagnostics.extend(self.loss.check(graph));
        diagnostics
    }

    fn check_score(&self) -> Option<OptionError> {
        let by = self.selection?.by;
        (by.needs_classes() && !self.loss.classifies()).then(|| OptionError {
            path: ["selection", "by"].map(str::to_owned).to_vec(),
            is_key: false,
            predicate: format!("is `{}`, but the loss has no classes", by.name()),
            help: Some("select by `validation_loss` or `loss`".to_owned()),
        })
    }

    /// Returns the factor on the learning rate of a tensor; `None` if no factor names it.
    pub(super) fn lr_factor(&self, tensor: &str) -> Option<f64> {
        let last = tensor.rsplit('.').next().unwrap_or(tensor);
        self.lr_factors.get(tensor).or_else(|| self.lr_factors.get(last)).copied()
    }

    fn lr_factor_errors(&self, graph: &Graph) -> Vec<OptionError> {
        let tensors: Vec<String> =
            graph.tensors().into_iter().filter(|spec| spec.learn).map(|spec| spec.name).collect();
        let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
        let names: BTreeSet<String> = tensors.iter().map(|name| last(name)).chain(tensors.clone()).collect();
        let unknown = self.lr_factors.keys().filter(|key| !names.contains(*key));
        let help = |key: &str| match nearest(key, names.iter().map(String::as_str)) {
            Some(name) => did_you_mean(name),
            None if tensors.is_empty() => "remove it: the network has no learned tensors".to_owned(),
            None => {
                let all: Vec<String> = tensors.iter().map(|tensor| format!("`{tensor}`")).collect();
                format!("use one of the learned tensors: {}", all.join(", "))
            }
        };
        let error = |key: &String| OptionError {
            path: vec!["lr_factors".to_owned(), key.clone()],
            is_key: true,
            predicate: "names no learned tensor".to_owned(),
            help: Some(help(key)),
        };
        unknown.map(error).collect()
    }
}
