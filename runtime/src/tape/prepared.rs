//! [`Tape`]: a graph prepared for forward and backward passes.

use synnet_ir::Graph;

use super::plan::TapePlan;
use super::tensors::LearnedTensors;

/// A graph prepared for forward and backward passes. It holds no weights and no states, so that threads can
/// share it.
#[derive(Clone, Debug)]
pub struct Tape {
    pub(super) plan: TapePlan,
    pub(super) learned: LearnedTensors,
}

impl Tape {
    /// Prepares a graph. Everything but the values of its learned parameters is fixed from here on.
    pub fn new(graph: &Graph) -> Self {
        let learned = LearnedTensors::new(graph);
        Self { plan: TapePlan::new(graph, &learned), learned }
    }

    /// Returns the trainable tensors, in the order of [`Gradients`](super::Gradients).
    pub fn learned(&self) -> &LearnedTensors {
        &self.learned
    }
}
