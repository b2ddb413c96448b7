//! Moving the tensors along their gradients.

use synnet_ir::{Diagnostics, Graph, Slot, TensorSpec};

use super::bounds::check_initial;
use super::options::TrainOptions;
use crate::optimizer::state::{OptimizerState, Update, UpdateRule};
use crate::tape::{Gradients, LearnedTensors};

/// The tensors that learn, their gradients, and how they follow them.
#[derive(Debug)]
pub(super) struct GradientDescent {
    /// The tensors, and the state of the optimizer.
    pub(super) optimizer_state: OptimizerState,
    /// How each of the tensors is updated.
    rules: Vec<UpdateRule>,
    /// The gradients of the batch in hand.
    pub(super) gradients: Gradients,
    /// The norm of the gradient of each tensor, without the price on weights.
    norms: Vec<f64>,
}

/// What an update says of itself, besides the norm of each tensor's gradient.
pub(super) struct UpdateStats {
    /// What regularisers of weights add to the loss of each sample.
    pub(super) penalty: f64,
    /// L2 norm of all gradients together, before clipping.
    pub(super) gradient_norm: f64,
    /// Learning rate, after the schedule.
    pub(super) lr: f64,
}

impl GradientDescent {
    /// At the beginning of training.
    ///
    /// # Errors
    /// Factors for tensors that do not learn; tensors that start beyond their bounds.
    pub(super) fn new(
        graph: &Graph,
        learned: &LearnedTensors,
        tensors: Vec<Vec<f32>>,
        options: &TrainOptions,
    ) -> Result<Self, Diagnostics> {
        Ok(Self {
            rules: rules(graph, learned.specs(), &tensors, options)?,
            optimizer_state: OptimizerState::new(&options.optimizer, tensors),
            gradients: learned.zeros(),
            norms: Vec::new(),
        })
    }

    /// The norm of the gradient of each tensor in the last update, without the price on weights.
    pub(super) fn norms(&self) -> &[f64] {
        &self.norms
    }

    /// One update from the gradients of a batch, one of `batches` of the epoch.
    ///
    /// # Errors
    /// The index of the first tensor that would not stay finite, and a value that it would get; nothing is
    /// changed then.
    pub(super) fn update(
        &mut self,
        options: &TrainOptions,
        batches: usize,
    ) -> Result<UpdateStats, (usize, f32)> {
        self.norms.clear();
        self.norms.extend(self.gradients.tensors.iter().map(|tensor| norm(tensor)));
        let penalty = self.penalize_weights(options);
        let total = match options.weight_regularizer {
            Some(_) => total_norm(self.gradients.tensors.iter().map(|tensor| norm(tensor))),
            None => total_norm(self.norms.iter().copied()),
        };
        let clip = options.gradient_clip.filter(|clip| total > *clip);
        let factor = options.schedule.factor(self.optimizer_state.step, options.epochs, batches);
        let lr = options.optimizer.lr() * factor;
        self.optimizer_state.update(Update {
            optimizer: &options.optimizer,
            lr,
            gradient_factor: clip.map_or(1.0, |clip| (clip / total) as f32),
            rules: &self.rules,
            gradients: &self.gradients.tensors,
        })?;
        Ok(UpdateStats { penalty, gradient_norm: total, lr })
    }

    /// Adds the gradients of the price on weights, and returns the price.
    fn penalize_weights(&mut self, options: &TrainOptions) -> f64 {
        let Some(regularizer) = options.weight_regularizer else { return 0.0 };
        let tensors = self.optimizer_state.tensors.iter().zip(&mut self.gradients.tensors);
        let weights = tensors.zip(&self.rules).filter(|(_, rule)| rule.decays);
        weights.map(|((weights, gradient), _)| regularizer.penalty(weights, gradient)).sum()
    }
}

/// How each of the tensors that learn is updated.
///
/// # Errors
/// Factors for tensors that do not learn; tensors that start beyond their bounds.
fn rules(
    graph: &Graph,
    specs: &[TensorSpec],
    tensors: &[Vec<f32>],
    options: &TrainOptions,
) -> Result<Vec<UpdateRule>, Diagnostics> {
    let mut diagnostics = options.check_lr_factors(specs.iter().map(|spec| spec.name.as_str()));
    let rule = |(spec, values): (&TensorSpec, &Vec<f32>)| {
        let bounds = options.bounds.of(graph, spec);
        diagnostics.extend(check_initial(spec, bounds, values));
        UpdateRule {
            lr_factor: options.lr_factor(&spec.name),
            decays: matches!(spec.slot, Slot::Weight(_)),
            bounds,
        }
    };
    let rules = specs.iter().zip(tensors).map(rule).collect();
    if diagnostics.is_empty() { Ok(rules) } else { Err(diagnostics) }
}

/// The L2 norm of tensors with these norms.
fn total_norm(norms: impl Iterator<Item = f64>) -> f64 {
    norms.map(|norm| norm * norm).sum::<f64>().sqrt()
}

/// The L2 norm: eight sums side by side, in an order that does not depend on the machine.
fn norm(tensor: &[f32]) -> f64 {
    let mut sums = [0.0_f64; 8];
    let (chunks, rest) = tensor.as_chunks::<8>();
    for chunk in chunks {
        for (sum, &g) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(g) * f64::from(g);
        }
    }
    for (sum, &g) in sums.iter_mut().zip(rest) {
        *sum += f64::from(g) * f64::from(g);
    }
    sums.iter().sum::<f64>().sqrt()
}
