//! A graph, prepared for passes.

use synnet_ir::Graph;

use super::plan::TapePlan;
use super::tensors::LearnedTensors;

/// A graph, ready to be walked.
#[derive(Clone, Debug)]
pub struct Tape {
    pub(super) plan: TapePlan,
    pub(super) learned: LearnedTensors,
}

impl Tape {
    /// Prepares a graph.
    pub fn new(graph: &Graph) -> Self {
        let learned = LearnedTensors::new(graph);
        Self { plan: TapePlan::new(graph, &learned), learned }
    }

    /// The tensors that learn, in the order of [`Gradients`](super::Gradients).
    pub fn learned(&self) -> &LearnedTensors {
        &self.learned
    }
}
