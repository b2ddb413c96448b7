//! A graph, prepared for passes.

use synnet_ir::graph::Graph;

use super::plan::Plan;
use super::tensors::LearntTensors;

/// A graph, ready to be walked.
#[derive(Clone, Debug)]
pub struct Tape {
    pub(super) plan: Plan,
    pub(super) learnt: LearntTensors,
}

impl Tape {
    /// Prepares a graph.
    pub fn new(graph: &Graph) -> Self {
        let learnt = LearntTensors::new(graph);
        Self { plan: Plan::new(graph, &learnt), learnt }
    }

    /// The tensors that learn, in the order of [`Gradients`](super::Gradients).
    pub fn learnt(&self) -> &LearntTensors {
        &self.learnt
    }
}
