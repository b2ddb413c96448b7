//! The buffers of a pass, allocated once per thread and reused for every sample.

use super::pass::{BLOCK_STEPS, Pass, Recompute};
use super::penalty::MembranePenalty;
use super::plan::{LayerPlan, TapePlan};
use super::prepared::Tape;
use crate::kernels::event_lists::EventLists;
use crate::kernels::membrane::{Carry, State};
use crate::kernels::padded;

/// Buffers for one sample of a fixed number of steps. Each thread needs one.
///
/// Membranes and events are stored for one *span*: all steps, or one segment with [`Recompute::Segments`].
#[derive(Debug)]
pub struct Workspace {
    pub(super) steps: usize,
    /// Steps per span.
    pub(super) span: usize,
    pub(super) layers: Vec<LayerBuffers>,
    /// Events of each source, in the order of [`TapePlan::sources`].
    pub(super) events: Vec<EventLists>,
    /// Longest delay of the connections from each source, in steps.
    pub(super) max_delay: Vec<usize>,
    pub(super) scratch: Scratch,
    /// The sample, `[steps, channels]`.
    pub(super) input: Vec<f32>,
    pub(super) pass: Pass,
    /// `[steps, outputs]`.
    pub(super) output: Vec<f32>,
    /// Gradient on the output, `[steps, outputs]`.
    pub(super) d_output: Vec<f32>,
    /// The states before each span.
    pub(super) saved: Vec<SavedStates>,
}

/// The buffers of one layer. `d_` stands for the gradient of the loss with respect to what follows.
#[derive(Debug)]
pub(super) struct LayerBuffers {
    pub(super) state: LayerState,
    /// The state before the span.
    pub(super) start: LayerState,
    /// Membrane before reset, `[span, width]`.
    pub(super) before_reset: Rows,
    /// After-hyperpolarization current, `[span, width]`; empty unless its decay or weight is trainable.
    pub(super) iahp: Rows,
    /// Synaptic currents, `[span, synapses * width]`; empty unless their leak is trainable.
    pub(super) isyn: Rows,
    /// `[max_delay + BLOCK_STEPS, width]`: first the steps before the block that delayed connections reach,
    /// then the block. Empty if the layer needs no gradient.
    pub(super) d_spikes: Rows,
    pub(super) carry: Carry,
    /// Gradient on the synaptic currents, carried from the following block, `[synapses * width]`.
    pub(super) isyn_carry: Vec<f32>,
    /// Spikes of each neuron over the whole sequence.
    pub(super) totals: Vec<f32>,
    /// Neurons, without padding.
    pub(super) size: usize,
    /// Gradient on `totals`, and so on every spike of each neuron.
    pub(super) d_totals: Vec<f32>,
    /// The membrane penalty and the factor on its gradient; `None` without a penalty.
    pub(super) membrane_penalty: Option<(MembranePenalty, f64)>,
}

/// States of a layer between two blocks.
#[derive(Clone, Debug)]
pub(super) struct LayerState {
    /// `[synapses, width]`.
    pub(super) isyn: Vec<f32>,
    pub(super) membrane: State,
}

/// States of the whole network between two spans.
#[derive(Clone, Debug)]
pub(super) struct SavedStates {
    pub(super) layers: Vec<LayerState>,
    /// The events of each source in the last `max_delay` steps.
    pub(super) events: Vec<EventLists>,
}

/// Buffers of one block, which all layers share. In the backward pass, a buffer holds the gradient on what it
/// holds in the forward pass.
#[derive(Debug)]
pub(super) struct Scratch {
    /// Input columns, then, in place, synaptic currents.
    pub(super) columns: Rows,
    /// Sum of the synaptic currents, if a neuron has several.
    pub(super) current: Rows,
    pub(super) noise: Rows,
    pub(super) spikes: Rows,
    /// Membrane after reset, if it is the network's output.
    pub(super) vmem: Rows,
    /// Counts of a source, dense, without padding.
    pub(super) counts: Rows,
    /// Gradient on the counts of a source, padded.
    pub(super) d_counts: Rows,
    /// Gradient of the membrane penalty on the membrane before reset.
    pub(super) d_before_reset: Rows,
    /// Takes the spike totals of a recomputed segment, which are not used.
    pub(super) totals: Rows,
    /// The events of a source that dropout keeps.
    pub(super) undropped: EventLists,
}

/// A `[rows, width]` buffer that starts at a multiple of 64 bytes. With `width` a multiple of
/// [`LANES`](crate::kernels::LANES), no vector of a row crosses a cache line.
#[derive(Debug)]
pub(super) struct Rows {
    data: Vec<f32>,
    start: usize,
    width: usize,
}

/// Maximum number of values before the first multiple of 64 bytes in an allocation.
const ALIGNMENT_PADDING: usize = 64 / size_of::<f32>() - 1;

impl Rows {
    pub(super) fn new(rows: usize, width: usize) -> Self {
        // `Vec` aligns to 4 bytes only; start at the next cache line instead of relying on an aligned
        // allocator.
        let data = vec![0.0; rows * width + ALIGNMENT_PADDING];
        let start = data.as_ptr().align_offset(64).min(ALIGNMENT_PADDING);
        Self { data, start, width }
    }

    /// Returns the rows `from..to`.
    pub(super) fn range(&self, from: usize, to: usize) -> &[f32] {
        &self.data[self.start + from * self.width..self.start + to * self.width]
    }

    pub(super) fn range_mut(&mut self, from: usize, to: usize) -> &mut [f32] {
        &mut self.data[self.start + from * self.width..self.start + to * self.width]
    }

    pub(super) fn row(&self, row: usize) -> &[f32] {
        self.range(row, row + 1)
    }

    pub(super) fn row_mut(&mut self, row: usize) -> &mut [f32] {
        self.range_mut(row, row + 1)
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn is_empty(&self) -> bool {
        self.used().is_empty()
    }

    /// Returns the first `len` values, for use as rows of another width.
    pub(super) fn first_mut(&mut self, len: usize) -> &mut [f32] {
        &mut self.data[self.start..self.start + len]
    }

    /// Returns the values of all rows.
    pub(super) fn used(&self) -> &[f32] {
        let len = self.data.len() - ALIGNMENT_PADDING;
        &self.data[self.start..self.start + len]
    }

    pub(super) fn used_mut(&mut self) -> &mut [f32] {
        let len = self.data.len() - ALIGNMENT_PADDING;
        &mut self.data[self.start..self.start + len]
    }

    /// Moves the first `rows` rows down by `by`. The last `by` of them are lost, and zeros enter at the top.
    pub(super) fn shift_down(&mut self, by: usize, rows: usize) {
        let (moved, by) = ((rows - by.min(rows)) * self.width, by.min(rows) * self.width);
        let data = self.first_mut(moved + by);
        data.copy_within(..moved, by);
        data[..by].fill(0.0);
    }
}

impl LayerState {
    fn new(plan: &LayerPlan) -> Self {
        Self { isyn: vec![0.0; plan.columns()], membrane: State::new(plan.width) }
    }

    fn clear(&mut self) {
        self.isyn.fill(0.0);
        self.membrane.clear();
    }

    pub(super) fn copy_from(&mut self, other: &Self) {
        self.isyn.copy_from_slice(&other.isyn);
        self.membrane.copy_from(&other.membrane);
    }
}

impl Tape {
    /// Allocates the buffers for sequences of `steps` time steps.
    pub fn workspace(&self, steps: usize, recompute: Recompute) -> Workspace {
        let plan = &self.plan;
        let span = recompute.span(steps);
        let max_delay: Vec<usize> =
            (0..plan.sources.len()).map(|source| plan.max_delay(source, steps)).collect();
        let layers = plan.layers.iter().zip(&max_delay[1..]);
        let outputs = plan.outputs();
        let saved = SavedStates {
            layers: plan.layers.iter().map(LayerState::new).collect(),
            events: vec![EventLists::default(); plan.sources.len()],
        };
        Workspace {
            steps,
            span,
            layers: layers.map(|(layer, &max_delay)| LayerBuffers::new(layer, span, max_delay)).collect(),
            events: vec![EventLists::default(); plan.sources.len()],
            max_delay,
            scratch: Scratch::new(plan),
            input: Vec::new(),
            pass: Pass::Evaluation,
            output: vec![0.0; steps * outputs],
            d_output: vec![0.0; steps * outputs],
            // A sequence without steps has no spans.
            saved: vec![saved; if span == 0 { 0 } else { steps.div_ceil(span) }],
        }
    }
}

impl LayerBuffers {
    fn new(plan: &LayerPlan, span: usize, max_delay: usize) -> Self {
        let rows = |stored: bool, width: usize| Rows::new(if stored { span } else { 0 }, width);
        Self {
            state: LayerState::new(plan),
            start: LayerState::new(plan),
            before_reset: rows(plan.is_spiking(), plan.width),
            iahp: rows(plan.keeps_iahp(), plan.width),
            isyn: rows(plan.learns_synapses, plan.columns()),
            d_spikes: Rows::new(if plan.requires_grad { max_delay + BLOCK_STEPS } else { 0 }, plan.width),
            carry: Carry::new(plan.width),
            isyn_carry: vec![0.0; plan.columns()],
            totals: vec![0.0; plan.width],
            size: plan.size,
            d_totals: vec![0.0; plan.width],
            membrane_penalty: None,
        }
    }
}

impl Scratch {
    fn new(plan: &TapePlan) -> Self {
        let max_width = |width: fn(&LayerPlan) -> usize| plan.layers.iter().map(width).max().unwrap_or(0);
        let (width, columns) = (max_width(|layer| layer.width), max_width(LayerPlan::columns));
        let source = plan.sources.iter().map(|&size| padded(size)).max().unwrap_or(0);
        let rows = |width| Rows::new(BLOCK_STEPS, width);
        Self {
            columns: rows(columns),
            current: rows(width),
            noise: rows(width),
            spikes: rows(width),
            vmem: rows(width),
            counts: rows(source),
            d_counts: rows(source),
            d_before_reset: rows(width),
            totals: Rows::new(1, width),
            undropped: EventLists::default(),
        }
    }
}

impl Workspace {
    /// Returns the number of time steps of a sequence.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Returns whether all membranes and synaptic currents have been finite throughout the last forward pass.
    pub fn is_finite(&self) -> bool {
        // The states after the last step suffice: a state that is infinite or NaN stays so.
        let states = self.layers.iter().map(|layer| &layer.state);
        let mut numbers = states.flat_map(|state| state.isyn.iter().chain(&state.membrane.vmem));
        numbers.all(|x| x.is_finite())
    }

    /// Returns the network's output, `[steps, outputs]`.
    pub fn output(&self) -> &[f32] {
        &self.output
    }

    /// Returns the network's output and the gradient on it, both `[steps, outputs]`. The forward pass sets
    /// the gradient to zero; write it before the backward pass.
    pub fn output_and_gradient(&mut self) -> (&[f32], &mut [f32]) {
        (&self.output, &mut self.d_output)
    }

    /// Returns the number of spikes of each neuron of a layer over the whole sequence; for leaky integrators,
    /// the sum of the current over its steps.
    pub fn totals(&self, layer: usize) -> &[f32] {
        let layer = &self.layers[layer];
        &layer.totals[..layer.size]
    }

    /// Like [`totals`](Self::totals), with the gradient on them. The forward pass sets the gradient to zero;
    /// write it before the backward pass.
    pub fn totals_and_gradient(&mut self, layer: usize) -> (&[f32], &mut [f32]) {
        let layer = &mut self.layers[layer];
        (&layer.totals[..layer.size], &mut layer.d_totals[..layer.size])
    }

    /// Sets the penalty on the membranes of a layer, and a factor on its gradient; `None` removes it. Each
    /// backward pass then returns the penalty.
    /// [`MembraneRegularizer::penalty`](crate::regularizer::MembraneRegularizer::penalty) creates one.
    pub fn penalize_membranes(&mut self, layer: usize, penalty: Option<(MembranePenalty, f64)>) {
        self.layers[layer].membrane_penalty = penalty;
    }

    /// Returns the spikes of a layer, `[steps, neurons]`; for leaky integrators, the currents. Requires
    /// [`Recompute::None`]: otherwise, only the steps of the last segment are stored.
    pub fn spikes(&self, tape: &Tape, layer: usize) -> Vec<f32> {
        let size = tape.plan.layers[layer].size;
        let mut spikes = vec![0.0; self.steps * size];
        if size > 0 {
            self.events[layer + 1].scatter(0, 0, &mut spikes, size);
        }
        spikes
    }

    /// Sets states, events and gradients to zero, for a new sample.
    pub(super) fn reset(&mut self) {
        for layer in &mut self.layers {
            layer.state.clear();
            layer.totals.fill(0.0);
            layer.d_totals.fill(0.0);
        }
        self.events.iter_mut().for_each(|events| events.restart(0));
        self.d_output.fill(0.0);
    }

    /// Sets the gradients that blocks carry backward to zero: none enters from after the last step.
    pub(super) fn clear_carries(&mut self) {
        for layer in &mut self.layers {
            layer.d_spikes.used_mut().fill(0.0);
            layer.carry.clear();
            layer.isyn_carry.fill(0.0);
        }
    }

    /// Returns the spans of the sequence: index, first step, and the step after the last.
    pub(super) fn spans(&self) -> impl DoubleEndedIterator<Item = (usize, (usize, usize))> + use<> {
        let (steps, span) = (self.steps, self.span.max(1));
        (0..steps.div_ceil(span)).map(move |i| (i, (i * span, ((i + 1) * span).min(steps))))
    }
}
