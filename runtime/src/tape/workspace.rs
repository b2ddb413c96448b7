//! The buffers of one walk, used again and again.

use super::pass::{BLOCK_STEPS, Pass, Recompute};
use super::penalty::MembranePenalty;
use super::plan::{LayerPlan, TapePlan};
use super::prepared::Tape;
use crate::kernels::event_lists::EventLists;
use crate::kernels::membrane::{Carry, State};
use crate::kernels::padded;

/// Buffers for one sample at a time of a fixed number of steps. Each thread needs one.
#[derive(Debug)]
pub struct Workspace {
    pub(super) steps: usize,
    /// Steps whose membranes and events are kept.
    pub(super) span: usize,
    pub(super) layers: Vec<LayerBuffers>,
    /// What each source emits: 0 is the input, `i + 1` layer `i`.
    pub(super) events: Vec<EventLists>,
    /// By source: how many steps back its events are still needed.
    pub(super) max_delay: Vec<usize>,
    pub(super) scratch: Scratch,
    pub(super) input: Vec<f32>,
    pub(super) pass: Pass,
    pub(super) output: Vec<f32>,
    pub(super) d_output: Vec<f32>,
    /// The states at the beginning of each span.
    pub(super) saved: Vec<SavedStates>,
}

/// What belongs to one layer.
#[derive(Debug)]
pub(super) struct LayerBuffers {
    pub(super) state: LayerState,
    /// The state before the span that is kept.
    pub(super) start: LayerState,
    /// Membrane before reset of every step of the span.
    pub(super) before_reset: Rows,
    /// After-hyperpolarization current of every step, where its decay or weight learns.
    pub(super) iahp: Rows,
    /// Synaptic currents of every step, where their leak learns.
    pub(super) isyn: Rows,
    /// Gradient on the spikes: rows of a block, after those of the `max_delay` steps before it.
    pub(super) d_spikes: Rows,
    pub(super) carry: Carry,
    /// Gradient on the synaptic currents from the step after the block.
    pub(super) isyn_carry: Vec<f32>,
    /// Spikes of each neuron in the whole sequence.
    pub(super) totals: Vec<f32>,
    /// Neurons without padding.
    pub(super) size: usize,
    /// Gradient on every spike of each neuron, from outside.
    pub(super) d_totals: Vec<f32>,
    /// The price on membranes and the weight of its gradient, if there is one.
    pub(super) membrane_penalty: Option<(MembranePenalty, f64)>,
}

/// States of a layer between two blocks.
#[derive(Clone, Debug)]
pub(super) struct LayerState {
    /// `[synapses, width]`.
    pub(super) isyn: Vec<f32>,
    pub(super) membrane: State,
}

/// States of the whole network between two blocks.
#[derive(Clone, Debug)]
pub(super) struct SavedStates {
    pub(super) layers: Vec<LayerState>,
    /// The last events of each source, as far back as they are needed.
    pub(super) events: Vec<EventLists>,
}

/// Rows of a block, used by one layer after another.
#[derive(Debug)]
pub(super) struct Scratch {
    /// Input columns, then synaptic currents; backwards the gradients on them.
    pub(super) columns: Rows,
    /// Sum of the synaptic currents; backwards the gradient on it.
    pub(super) current: Rows,
    pub(super) noise: Rows,
    pub(super) spikes: Rows,
    /// Membrane after reset; backwards the gradient on it.
    pub(super) vmem: Rows,
    /// Counts of a source, dense.
    pub(super) counts: Rows,
    /// Gradient on the counts of a source.
    pub(super) d_counts: Rows,
    /// Gradient on the membrane before reset, from outside.
    pub(super) d_before_reset: Rows,
    /// Spikes that are not to be counted again.
    pub(super) totals: Rows,
    /// The events of a source that are left by dropout.
    pub(super) undropped: EventLists,
}

/// `[rows, width]` numbers, the first of them at a multiple of 64 bytes.
#[derive(Debug)]
pub(super) struct Rows {
    data: Vec<f32>,
    start: usize,
    width: usize,
}

/// Numbers before the first multiple of 64 bytes, at most.
const ALIGNMENT_PADDING: usize = 64 / size_of::<f32>() - 1;

impl Rows {
    pub(super) fn new(rows: usize, width: usize) -> Self {
        let data = vec![0.0; rows * width + ALIGNMENT_PADDING];
        let start = data.as_ptr().align_offset(64).min(ALIGNMENT_PADDING);
        Self { data, start, width }
    }

    /// The rows `from..to`.
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

    /// The first `len` numbers, for rows of any width.
    pub(super) fn first_mut(&mut self, len: usize) -> &mut [f32] {
        &mut self.data[self.start..self.start + len]
    }

    /// All rows.
    pub(super) fn used(&self) -> &[f32] {
        let len = self.data.len() - ALIGNMENT_PADDING;
        &self.data[self.start..self.start + len]
    }

    pub(super) fn used_mut(&mut self) -> &mut [f32] {
        let len = self.data.len() - ALIGNMENT_PADDING;
        &mut self.data[self.start..self.start + len]
    }

    /// Moves all rows down by `by` rows; what falls over the end is lost, and zeros enter at the top.
    pub(super) fn shift_down(&mut self, by: usize, rows: usize) {
        let (kept, by) = ((rows - by.min(rows)) * self.width, by.min(rows) * self.width);
        let data = self.first_mut(kept + by);
        data.copy_within(..kept, by);
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
    /// Buffers for sequences of `steps` time steps.
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
            saved: vec![saved; if span == 0 { 0 } else { steps.div_ceil(span) }],
        }
    }
}

impl LayerBuffers {
    fn new(plan: &LayerPlan, span: usize, max_delay: usize) -> Self {
        let rows = |wanted: bool, width: usize| Rows::new(if wanted { span } else { 0 }, width);
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
        let widest = |width: fn(&LayerPlan) -> usize| plan.layers.iter().map(width).max().unwrap_or(0);
        let (width, columns) = (widest(|layer| layer.width), widest(LayerPlan::columns));
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
    /// Time steps of a sequence.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Whether all membranes and currents are finite numbers after the last step; one that is not never
    /// becomes one again.
    pub fn is_finite(&self) -> bool {
        let states = self.layers.iter().map(|layer| &layer.state);
        let mut numbers = states.flat_map(|state| state.isyn.iter().chain(&state.membrane.vmem));
        numbers.all(|x| x.is_finite())
    }

    /// What the network gave, `[steps, outputs]`.
    pub fn output(&self) -> &[f32] {
        &self.output
    }

    /// What the network gave, and the gradient on it, both `[steps, outputs]`. The gradient is zero
    /// after a walk forwards; fill it before the walk backwards.
    pub fn output_and_gradient(&mut self) -> (&[f32], &mut [f32]) {
        (&self.output, &mut self.d_output)
    }

    /// Spikes of each neuron of a layer in the whole sequence (for leaky integrators: the sum of the
    /// current).
    pub fn totals(&self, layer: usize) -> &[f32] {
        let layer = &self.layers[layer];
        &layer.totals[..layer.size]
    }

    /// As [`totals`](Self::totals), and the gradient on them, which is zero after a walk forwards.
    pub fn totals_and_gradient(&mut self, layer: usize) -> (&[f32], &mut [f32]) {
        let layer = &mut self.layers[layer];
        (&layer.totals[..layer.size], &mut layer.d_totals[..layer.size])
    }

    /// Prices the membranes of a layer from now on, with a weight of the gradient, or no longer. The walk
    /// backwards gives the price. [`MembraneRegularizer::penalty`](crate::regularizer::MembraneRegularizer::penalty)
    /// makes one.
    pub fn penalize_membranes(&mut self, layer: usize, penalty: Option<(MembranePenalty, f64)>) {
        self.layers[layer].membrane_penalty = penalty;
    }

    /// The spikes of a layer (leaky integrators: the currents), `[steps, neurons]`, where all steps
    /// are kept ([`Recompute::None`]).
    pub fn spikes(&self, tape: &Tape, layer: usize) -> Vec<f32> {
        let size = tape.plan.layers[layer].size;
        let mut spikes = vec![0.0; self.steps * size];
        if size > 0 {
            self.events[layer + 1].scatter(0, 0, &mut spikes, size);
        }
        spikes
    }

    /// Back to rest, for a new sample.
    pub(super) fn reset(&mut self) {
        for layer in &mut self.layers {
            layer.state.clear();
            layer.totals.fill(0.0);
            layer.d_totals.fill(0.0);
        }
        self.events.iter_mut().for_each(|events| events.restart(0));
        self.d_output.fill(0.0);
    }

    /// No gradient comes from after the last step.
    pub(super) fn clear_carries(&mut self) {
        for layer in &mut self.layers {
            layer.d_spikes.used_mut().fill(0.0);
            layer.carry.clear();
            layer.isyn_carry.fill(0.0);
        }
    }

    /// The spans of the sequence, as first and last step.
    pub(super) fn spans(&self) -> impl DoubleEndedIterator<Item = (usize, (usize, usize))> + use<> {
        let (steps, span) = (self.steps, self.span.max(1));
        (0..steps.div_ceil(span)).map(move |i| (i, (i * span, ((i + 1) * span).min(steps))))
    }
}
