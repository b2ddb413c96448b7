//! Moving the tensors along their gradients.

use synnet_ir::{Diagnostics, Graph, Slot, TensorSpec};

use super::bounds::check_start;
use super::{TrainError, TrainOptions, Trainer};
use crate::optimizer::{Rule, Update};

/// How each of the tensors that learn is updated.
///
/// # Errors
/// Factors for tensors that do not learn; tensors that start beyond their bounds.
pub(super) fn rules(
    graph: &Graph,
    specs: &[TensorSpec],
    tensors: &[Vec<f32>],
    options: &TrainOptions,
) -> Result<Vec<Rule>, Diagnostics> {
    let mut diagnostics = options.check_lr_factors(specs.iter().map(|spec| spec.name.as_str()));
    let rule = |(spec, values): (&TensorSpec, &Vec<f32>)| {
        let bounds = options.bounds.of(graph, spec);
        diagnostics.extend(check_start(spec, bounds, values));
        Rule {
            lr_factor: options.lr_factor(&spec.name),
            decays: matches!(spec.slot, Slot::Weight(_)),
            bounds,
        }
    };
    let rules = specs.iter().zip(tensors).map(rule).collect();
    if diagnostics.is_empty() { Ok(rules) } else { Err(diagnostics) }
}

/// What an update says of itself, besides the norm of each tensor's gradient.
pub(super) struct Updated {
    /// What regularisers of weights add to the loss of each sample.
    pub(super) penalty: f64,
    /// L2 norm of all gradients together, before clipping.
    pub(super) gradient_norm: f64,
    /// Learning rate, after the schedule.
    pub(super) lr: f64,
}

impl Trainer {
    /// One update from the gradients of a batch, one of `batches` of the epoch.
    pub(super) fn update(&mut self, batches: usize) -> Result<Updated, TrainError> {
        self.norms.clear();
        self.norms.extend(self.gradients.tensors.iter().map(|tensor| norm(tensor)));
        let penalty = self.price_weights();
        let total = match self.options.weight_regularizer {
            Some(_) => together(self.gradients.tensors.iter().map(|tensor| norm(tensor))),
            None => together(self.norms.iter().copied()),
        };
        let clip = self.options.gradient_clip.filter(|clip| total > *clip);
        let done = self.learning.step;
        let factor = self.options.schedule.factor(done, self.options.epochs, batches);
        let lr = self.options.optimizer.lr() * factor;
        let update = Update {
            optimizer: &self.options.optimizer,
            lr,
            gradient_factor: clip.map_or(1.0, |clip| (clip / total) as f32),
            rules: &self.rules,
            gradients: &self.gradients.tensors,
        };
        self.learning.update(update).map_err(|(i, value)| TrainError::Update {
            tensor: self.tape.learnt().specs()[i].name.clone(),
            value,
            epoch: self.epoch,
            batch: self.batch,
        })?;
        self.tape.learnt().write(&mut self.network, &self.learning.tensors);
        Ok(Updated { penalty, gradient_norm: total, lr })
    }

    /// Adds the gradients of the price on weights, and returns the price.
    fn price_weights(&mut self) -> f64 {
        let Some(regularizer) = self.options.weight_regularizer else { return 0.0 };
        let tensors = self.learning.tensors.iter().zip(&mut self.gradients.tensors);
        let weights = tensors.zip(&self.rules).filter(|(_, rule)| rule.decays);
        weights.map(|((weights, gradient), _)| regularizer.price(weights, gradient)).sum()
    }
}

/// The L2 norm of tensors with these norms.
fn together(norms: impl Iterator<Item = f64>) -> f64 {
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
