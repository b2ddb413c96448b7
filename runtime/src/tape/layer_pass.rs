//! Where a walk is: one layer in some time steps.

use pulp::Arch;

use super::packed_weights::{PackedLayer, PackedLinear, PackedWeights};
use super::pass::{Pass, SampleKey};
use super::plan::{ConnectionPlan, LayerPlan, TapePlan};
use crate::kernels::event_lists::{Dropout, EventLists};

/// Consecutive time steps: some of a block.
#[derive(Clone, Copy)]
pub(super) struct Steps {
    pub(super) from: usize,
    pub(super) to: usize,
    /// The first step of the block.
    pub(super) block: usize,
    /// The first step of the span that is kept.
    pub(super) span: usize,
    /// Steps of the whole sequence.
    pub(super) all: usize,
}

/// One layer in some steps, with everything that does not change on the way.
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

    pub(super) fn linear(self, path: &ConnectionPlan) -> Option<&'a PackedLinear> {
        self.weights.connections[path.connection].as_ref()
    }

    pub(super) fn arch(self) -> Arch {
        self.weights.arch
    }

    /// Number of steps.
    pub(super) fn rows(self) -> usize {
        self.steps.to - self.steps.from
    }

    /// Numbers of a value per neuron and step, with padding.
    pub(super) fn elements(self) -> usize {
        self.rows() * self.plan().width
    }

    /// Numbers of a value per input column and step, with padding.
    pub(super) fn columns(self) -> usize {
        self.rows() * self.plan().columns()
    }

    /// The steps as rows of what is kept of the span.
    pub(super) fn span_rows(self) -> (usize, usize) {
        (self.steps.from - self.steps.span, self.steps.to - self.steps.span)
    }

    /// Which counts a connection drops.
    pub(super) fn dropout(self, path: &ConnectionPlan) -> Option<Dropout> {
        match self.pass {
            Pass::Evaluation => None,
            Pass::Training(SampleKey(key)) => {
                path.dropout.map(|(probability, site)| Dropout::new(key, site, probability, path.source_size))
            }
        }
    }

    /// The events of a source as the connection passes them on, and the steps that they take: `span_rows` are
    /// those that dropout leaves, already in their steps of arrival.
    pub(super) fn events_of<'b>(
        self,
        path: &ConnectionPlan,
        (source, lag): (usize, usize),
        events: &'b [EventLists],
        span_rows: &'b mut EventLists,
    ) -> (&'b EventLists, usize) {
        match self.dropout(path) {
            Some(dropout) => {
                span_rows.filter(&events[source], (self.steps.from, self.steps.to), lag, dropout);
                (span_rows, 0)
            }
            None => (&events[source], lag),
        }
    }

    /// Whether the share of neurons of a source that spike lies above `limit`.
    pub(super) fn is_dense(self, (source, lag): (&EventLists, usize), size: usize, limit: f64) -> bool {
        let (from, to) = (self.steps.from.saturating_sub(lag), self.steps.to.saturating_sub(lag));
        source.count(from, to) as f64 > limit * (size * self.rows()) as f64
    }
}
