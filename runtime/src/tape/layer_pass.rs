//! The unit of work of a pass: one layer in a few consecutive time steps.

use pulp::Arch;

use super::packed_weights::{PackedLayer, PackedLinear, PackedWeights};
use super::pass::{Pass, SampleKey};
use super::plan::{ConnectionPlan, LayerPlan, TapePlan};
use crate::kernels::event_lists::{Dropout, EventLists};

/// The steps `from..to`, which lie within one block. All indices count from the start of the sequence.
#[derive(Clone, Copy)]
pub(super) struct Steps {
    pub(super) from: usize,
    pub(super) to: usize,
    /// First step of the block.
    pub(super) block: usize,
    /// First step of the span whose membranes and events are in the workspace.
    pub(super) span: usize,
    /// Number of steps of the whole sequence.
    pub(super) all: usize,
}

/// One layer in a few steps, with everything that is constant during the pass.
#[derive(Clone, Copy)]
pub(super) struct LayerPass<'a> {
    pub(super) network: &'a TapePlan,
    pub(super) weights: &'a PackedWeights,
    pub(super) pass: Pass,
    pub(super) steps: Steps,
    pub(super) layer: usize,
}

impl<'a> LayerPass<'a> {
    pub(super) fn plan(self) -> &'a LayerPlan {
        &self.network.layers[self.layer]
    }

    pub(super) fn packed(self) -> &'a PackedLayer {
        &self.weights.layers[self.layer]
    }

    pub(super) fn linear(self, connection: &ConnectionPlan) -> Option<&'a PackedLinear> {
        self.weights.connections[connection.index].as_ref()
    }

    pub(super) fn arch(self) -> Arch {
        self.weights.arch
    }

    /// Returns the number of steps: buffers have one row for each.
    pub(super) fn rows(self) -> usize {
        self.steps.to - self.steps.from
    }

    /// Returns the length of a buffer with one value per neuron per step, with padding.
    pub(super) fn elements(self) -> usize {
        self.rows() * self.plan().width
    }

    /// Returns the length of a buffer with one value per input column and step, with padding.
    pub(super) fn columns(self) -> usize {
        self.rows() * self.plan().columns()
    }

    /// Returns the steps as a range of rows in the buffers of the span.
    pub(super) fn span_rows(self) -> (usize, usize) {
        (self.steps.from - self.steps.span, self.steps.to - self.steps.span)
    }

    /// Returns which counts a connection drops: none in evaluation.
    pub(super) fn dropout(self, connection: &ConnectionPlan) -> Option<Dropout> {
        match self.pass {
            Pass::Evaluation => None,
            Pass::Training(SampleKey(key)) => connection
                .dropout
                .map(|(probability, site)| Dropout::new(key, site, probability, connection.source_size)),
        }
    }

    /// Returns the events of a source after dropout, and the delay that remains to be applied. With dropout,
    /// the events that remain are written to `undropped` at their steps of arrival, so that the delay is 0.
    pub(super) fn events_of<'b>(
        self,
        connection: &ConnectionPlan,
        (source, lag): (usize, usize),
        events: &'b [EventLists],
        undropped: &'b mut EventLists,
    ) -> (&'b EventLists, usize) {
        match self.dropout(connection) {
            Some(dropout) => {
                undropped.filter(&events[source], (self.steps.from, self.steps.to), lag, dropout);
                (undropped, 0)
            }
            None => (&events[source], lag),
        }
    }

    /// Returns whether a source has more than `limit` events per neuron per step in these steps. The limits
    /// are measured crossovers between event lists and dense products.
    pub(super) fn is_dense(self, (source, lag): (&EventLists, usize), size: usize, limit: f64) -> bool {
        let (from, to) = (self.steps.from.saturating_sub(lag), self.steps.to.saturating_sub(lag));
        source.count(from, to) as f64 > limit * (size * self.rows()) as f64
    }
}
