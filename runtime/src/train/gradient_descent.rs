//! One update of the learned tensors: weight penalty, gradient clipping, schedule, optimizer.

use synnet_ir::{Diagnostics, Graph, Slot, TensorSpec};

use super::bounds::check_initial;
use super::learning_rate::{self, LargeStep, LearnedTensor};
use super::options::TrainOptions;
use crate::optimizer::choice::Optimizer;
use crate::optimizer::state::{OptimizerState, Update, UpdateRule};
use crate::tape::{Gradients, LearnedTensors};

/// The learned tensors with their gradients and the state of the optimizer. Vectors are indexed by learned
/// tensor.
#[derive(Debug)]
pub(super) struct GradientDescent {
    /// The values of the tensors, and the optimizer's moments.
    pub(super) optimizer_state: OptimizerState,
    rules: Vec<UpdateRule>,
    /// The unit in which the optimizer sees each element; empty if all are 1.
    units: Vec<Vec<f32>>,
    /// The gradients of the current batch.
    pub(super) gradients: Gradients,
    /// L2 norm of each gradient in the tensor's unit, without the weight penalty.
    norms: Vec<f64>,
}

/// Metrics of one update.
pub(super) struct UpdateStats {
    /// The weight penalty, which is added to the loss of each sample.
    pub(super) penalty: f64,
    /// L2 norm of all gradients together, before clipping.
    pub(super) gradient_norm: f64,
    /// Learning rate, after the schedule.
    pub(super) lr: f64,
}

impl GradientDescent {
    /// Creates the state before the first update.
    ///
    /// # Errors
    /// Returns an error for each tensor that starts outside its bounds.
    pub(super) fn new(
        graph: &Graph,
        learned: &LearnedTensors,
        tensors: Vec<Vec<f32>>,
        options: &TrainOptions,
    ) -> Result<Self, Diagnostics> {
        let units = |spec: &TensorSpec| match options.lr_factor(&spec.name) {
            Some(_) => Vec::new(),
            None => learning_rate::units(graph, spec),
        };
        Ok(Self {
            rules: rules(graph, learned.specs(), &tensors, options)?,
            units: learned.specs().iter().map(units).collect(),
            optimizer_state: OptimizerState::new(&options.optimizer, tensors),
            gradients: learned.zeros(),
            norms: Vec::new(),
        })
    }

    /// Returns the L2 norm of each tensor's gradient in the last update, in the tensor's unit and without the weight
    /// penalty.
    pub(super) fn norms(&self) -> &[f64] {
        &self.norms
    }

    /// Returns a warning for each kind of constant whose steps are too large.
    pub(super) fn large_steps(
        &self,
        graph: &Graph,
        specs: &[TensorSpec],
        optimizer: &Optimizer,
    ) -> Vec<LargeStep> {
        let tensors = specs.iter().enumerate().map(|(i, spec)| LearnedTensor {
            spec,
            values: &self.optimizer_state.tensors[i],
            lr_factor: self.rules[i].lr_factor,
            units: &self.units[i],
        });
        learning_rate::large_steps(graph, tensors, optimizer)
    }

    /// Updates the tensors from the gradients of a batch. `batches` is the number of batches per epoch.
    ///
    /// # Errors
    /// Returns the index of the first tensor that would become infinite or NaN, and such a value. The state
    /// is then unchanged.
    pub(super) fn update(
        &mut self,
        options: &TrainOptions,
        batches: usize,
    ) -> Result<UpdateStats, (usize, f32)> {
        // With respect to a value in units of `u`, a gradient is `u` times as large. A step will be, too.
        for (gradient, units) in self.gradients.tensors.iter_mut().zip(&self.units) {
            gradient.iter_mut().zip(units).for_each(|(g, unit)| *g *= unit);
        }
        // Before the weight penalty is added: the norms show what the loss itself contributes.
        self.norms.clear();
        self.norms.extend(self.gradients.tensors.iter().map(|tensor| norm(tensor)));
        let penalty = self.penalize_weights(options);
        let total = match options.weight_regularizer {
            Some(_) => total_norm(self.gradients.tensors.iter().map(|tensor| norm(tensor))),
            None => total_norm(self.norms.iter().copied()),
        };
        // Gradient clipping by the global norm (Pascanu, Mikolov and Bengio, 2013), applied inside the
        // optimizer's loop.
        let clip = options.gradient_clip.filter(|clip| total > *clip);
        let factor = options.schedule.factor(self.optimizer_state.step, options.epochs, batches);
        let lr = options.optimizer.lr() * factor;
        self.optimizer_state.update(Update {
            optimizer: &options.optimizer,
            lr,
            gradient_factor: clip.map_or(1.0, |clip| (clip / total) as f32),
            rules: &self.rules,
            units: &self.units,
            gradients: &self.gradients.tensors,
        })?;
        Ok(UpdateStats { penalty, gradient_norm: total, lr })
    }

    /// Returns the weight penalty, and adds its gradient.
    fn penalize_weights(&mut self, options: &TrainOptions) -> f64 {
        let Some(regularizer) = options.weight_regularizer else { return 0.0 };
        let tensors = self.optimizer_state.tensors.iter().zip(&mut self.gradients.tensors);
        let weights = tensors.zip(&self.rules).filter(|(_, rule)| rule.decays);
        weights.map(|((weights, gradient), _)| regularizer.penalty(weights, gradient)).sum()
    }
}

/// Returns the update rule of each learned tensor.
///
/// # Errors
/// Returns an error for each tensor that starts outside its bounds.
fn rules(
    graph: &Graph,
    specs: &[TensorSpec],
    tensors: &[Vec<f32>],
    options: &TrainOptions,
) -> Result<Vec<UpdateRule>, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let rule = |(spec, values): (&TensorSpec, &Vec<f32>)| {
        let bounds = options.bounds.range(graph, spec);
        diagnostics.extend(check_initial(spec, bounds, values));
        UpdateRule {
            lr_factor: options.lr_factor(&spec.name).unwrap_or(1.0),
            decays: matches!(spec.slot, Slot::Weight(_)),
            bounds,
        }
    };
    let rules = specs.iter().zip(tensors).map(rule).collect();
    if diagnostics.is_empty() { Ok(rules) } else { Err(diagnostics) }
}

/// Returns the L2 norm of all tensors together, from the norm of each.
fn total_norm(norms: impl Iterator<Item = f64>) -> f64 {
    norms.map(|norm| norm * norm).sum::<f64>().sqrt()
}

/// Returns the L2 norm of a tensor.
fn norm(tensor: &[f32]) -> f64 {
    // Eight partial sums vectorize, and fix the order of the additions on every machine.
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
