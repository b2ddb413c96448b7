//! The walk backwards.

use synnet_ir::graph::{Quantity, SurrogateKind};

use super::forward::ForwardMode;
use super::gradient_sums::{GradientSums, LayerSums, LinearSums};
use super::layer_pass::{LayerPass, Steps};
use super::packed_weights::PackedWeights;
use super::pass::BLOCK_STEPS;
use super::penalty::MembranePenalty;
use super::plan::{ConnectionPlan, Kind, LayerPlan};
use super::prepared::Tape;
use super::workspace::{LayerBuffers, Rows, Scratch, Workspace};
use crate::kernels::event_lists::{AddOuter, EventLists};
use crate::kernels::membrane::{self, Learn, Synapse};
use crate::kernels::product::Product;
use crate::kernels::surrogate::{periodic_exponential, piecewise_linear};
use crate::kernels::{padded, rows, synapse};

/// Share of counts that are not zero above which a dense product is quicker for the gradient of a
/// matrix than adding a row for each event.
const DENSE_THRESHOLD: f64 = 0.25;

impl Tape {
    /// Walks the sample that was walked forwards last backwards, and adds the gradients to `sums`.
    /// Gives the price of the membranes ([`Workspace::penalize_membranes`]), 0 where they have none.
    ///
    /// # Panics
    /// Where weights, workspace or sums are of another tape.
    pub fn backward(
        &self,
        weights: &PackedWeights,
        workspace: &mut Workspace,
        sums: &mut GradientSums,
    ) -> f64 {
        workspace.clear_carries();
        let mut penalty_sum = 0.0;
        let last = workspace.saved.len().saturating_sub(1);
        for (i, (span, to)) in workspace.spans().rev() {
            if i < last {
                workspace.restore(i);
                self.forward_span(weights, workspace, (span, to), ForwardMode::Recompute);
            }
            for block in (span..to).step_by(BLOCK_STEPS).rev() {
                let to = (block + BLOCK_STEPS).min(to);
                let steps = Steps { from: block, to, block, span, all: workspace.steps };
                penalty_sum += self.backward_block(weights, workspace, steps, sums);
            }
        }
        penalty_sum
    }

    fn backward_block(
        &self,
        weights: &PackedWeights,
        workspace: &mut Workspace,
        block: Steps,
        sums: &mut GradientSums,
    ) -> f64 {
        let mut penalty_sum = 0.0;
        let (network, pass) = (&self.plan, workspace.pass);
        for stage in network.stages.iter().rev() {
            for from in (block.from..block.to).step_by(stage.steps).rev() {
                let steps = Steps { from, to: (from + stage.steps).min(block.to), ..block };
                for layer in stage.layers.clone().rev().filter(|&layer| network.layers[layer].requires_grad) {
                    penalty_sum +=
                        backward_layer(LayerPass { network, weights, pass, steps, layer }, workspace, sums);
                }
            }
        }
        for (layer, max_delay) in workspace.layers.iter_mut().zip(&workspace.max_delay[1..]) {
            if !layer.d_spikes.is_empty() {
                layer.d_spikes.shift_down(BLOCK_STEPS, max_delay + BLOCK_STEPS);
            }
        }
        penalty_sum
    }
}

fn backward_layer(layer_pass: LayerPass<'_>, workspace: &mut Workspace, sums: &mut GradientSums) -> f64 {
    let (plan, steps) = (layer_pass.plan(), layer_pass.steps);
    let Workspace { layers, events, max_delay, scratch, d_output, .. } = workspace;
    let buffers = &mut layers[layer_pass.layer];
    let is_output = layer_pass.network.output.0 == layer_pass.layer;
    let d_output = if is_output { &d_output[steps.from * plan.size..steps.to * plan.size] } else { &[] };
    let output_gradient = OutputGradient { quantity: layer_pass.network.output.1, d_output };
    let first = steps.from - steps.block + max_delay[layer_pass.layer + 1];
    let d_spikes = (first, first + layer_pass.rows());
    let mut layer_sums = sums.layers[layer_pass.layer].as_mut();
    let penalty_sum = match plan.kind {
        Kind::Lif { .. } => backward_neuron(
            layer_pass,
            buffers,
            scratch,
            output_gradient,
            d_spikes,
            layer_sums.as_deref_mut(),
        ),
        Kind::ExpSyn => {
            let d_columns = scratch.columns.first_mut(layer_pass.elements());
            d_columns.copy_from_slice(buffers.d_spikes.range(d_spikes.0, d_spikes.1));
            let rows = d_columns.chunks_exact_mut(plan.width.max(1));
            rows.for_each(|row| rows::add(row, &buffers.d_totals));
            output_gradient.add_to(d_columns, plan, plan.width);
            0.0
        }
    };
    if !plan.fuses_synapse {
        backward_synapse(layer_pass, buffers, scratch, output_gradient, layer_sums);
    }
    for path in &plan.incoming {
        if let Some(sums) = sums.connections[path.connection].as_mut() {
            accumulate_connection_gradient(layer_pass, path, events, scratch, sums);
        }
        backpropagate_to_sources(layer_pass, path, layers, max_delay, scratch);
    }
    penalty_sum
}

/// The gradient on what the network gives, `[rows, size]`; empty for a layer that is not the output.
#[derive(Clone, Copy)]
struct OutputGradient<'a> {
    quantity: Quantity,
    d_output: &'a [f32],
}

impl OutputGradient<'_> {
    /// Adds it to gradients `[rows, width]`.
    fn add_to(self, rows: &mut [f32], plan: &LayerPlan, width: usize) {
        let d_outputs = self.d_output.chunks_exact(plan.size.max(1));
        for (row, d_output) in rows.chunks_exact_mut(width.max(1)).zip(d_outputs) {
            rows::add(&mut row[..plan.size], d_output);
        }
    }

    fn is(self, quantity: Quantity) -> bool {
        self.quantity == quantity && !self.d_output.is_empty()
    }
}

/// From the gradient on spikes to that on the sum of the synaptic currents (on the input columns, where
/// the synapse is part of the scan), which is left in the first rows of the scratch's columns (one synapse)
/// or in its `current`. Gives the price of the membranes.
fn backward_neuron(
    layer_pass: LayerPass<'_>,
    buffers: &mut LayerBuffers,
    scratch: &mut Scratch,
    output_gradient: OutputGradient<'_>,
    d_spikes: (usize, usize),
    sums: Option<&mut LayerSums>,
) -> f64 {
    let (plan, packed, elements) = (layer_pass.plan(), layer_pass.packed(), layer_pass.elements());
    let Kind::Lif { surrogate, max_spikes, .. } = plan.kind else { return 0.0 };
    let (from, to) = layer_pass.span_rows();
    let d_spikes = buffers.d_spikes.range_mut(d_spikes.0, d_spikes.1);
    if output_gradient.is(Quantity::Spikes) {
        output_gradient.add_to(d_spikes, plan, plan.width);
    }
    let d_vmem = scratch.vmem.first_mut(if output_gradient.is(Quantity::Vmem) { elements } else { 0 });
    d_vmem.fill(0.0);
    if output_gradient.is(Quantity::Vmem) {
        output_gradient.add_to(d_vmem, plan, plan.width);
    }
    let before_reset = buffers.before_reset.range(from, to);
    let membrane_penalty = buffers.membrane_penalty;
    let d_before_reset =
        scratch.d_before_reset.first_mut(if membrane_penalty.is_some() { elements } else { 0 });
    let penalty_sum = membrane_penalty
        .map_or(0.0, |penalty_sum| penalize_membranes(layer_pass, penalty_sum, before_reset, d_before_reset));
    let learn = sums.filter(|_| plan.learns_constants).map(|sums| Learn {
        before: (from > 0).then(|| buffers.before_reset.row(from - 1)),
        start: &buffers.start.membrane,
        iahp: if plan.keeps_iahp() { buffers.iahp.range(from, to) } else { &[] },
        sums: &mut sums.constants,
    });
    let d_current = if plan.synapses == 1 { &mut scratch.columns } else { &mut scratch.current };
    let isyn_carry = &mut buffers.isyn_carry;
    let synapse = plan.fuses_synapse.then(|| Synapse { decay: &packed.decay, state: isyn_carry });
    macro_rules! run {
        ($surrogate:expr) => {
            membrane::Backward {
                constants: &packed.membrane,
                surrogate: $surrogate,
                before_reset,
                d_spikes,
                d_each_spike: &buffers.d_totals,
                d_vmem,
                d_before_reset,
                carry: &mut buffers.carry,
                synapse,
                d_current: d_current.first_mut(elements),
                learn,
            }
            .run(layer_pass.arch())
        };
    }
    match surrogate.kind {
        SurrogateKind::PeriodicExponential => run!(periodic_exponential(surrogate.window, max_spikes)),
        SurrogateKind::PiecewiseLinear => run!(piecewise_linear(surrogate.window)),
    }
    penalty_sum
}

/// The price of the membranes in some steps: their share of the mean over all steps and neurons. Writes
/// the gradient, `weight` times.
fn penalize_membranes(
    layer_pass: LayerPass<'_>,
    (penalty, weight): (MembranePenalty, f64),
    before_reset: &[f32],
    d_before_reset: &mut [f32],
) -> f64 {
    let (plan, threshold) = (layer_pass.plan(), &layer_pass.packed().membrane.threshold);
    let share = 1.0 / (layer_pass.steps.all * plan.size).max(1) as f64;
    let (mut penalty_sum, factor) = (0.0, (share * weight) as f32);
    d_before_reset.fill(0.0);
    let d_rows = d_before_reset.chunks_exact_mut(plan.width.max(1));
    for (row, d_row) in before_reset.chunks_exact(plan.width.max(1)).zip(d_rows) {
        for ((&v, d_v), &threshold) in row.iter().zip(d_row).zip(threshold).take(plan.size) {
            let (p, slope) = penalty.of(v, threshold);
            penalty_sum += f64::from(p);
            *d_v = slope * factor;
        }
    }
    penalty_sum * share
}

/// From the gradient on the sum of the synaptic currents to that on the input columns.
fn backward_synapse(
    layer_pass: LayerPass<'_>,
    buffers: &mut LayerBuffers,
    scratch: &mut Scratch,
    output_gradient: OutputGradient<'_>,
    sums: Option<&mut LayerSums>,
) {
    let (plan, width) = (layer_pass.plan(), layer_pass.plan().columns());
    let columns = scratch.columns.first_mut(layer_pass.columns());
    if plan.synapses > 1 {
        let current = scratch.current.first_mut(layer_pass.elements());
        for (row, current) in columns.chunks_exact_mut(width).zip(current.chunks_exact(plan.width)) {
            row.chunks_exact_mut(plan.width).for_each(|synapse| synapse.copy_from_slice(current));
        }
    }
    if plan.is_spiking() && output_gradient.is(Quantity::Isyn) {
        output_gradient.add_to(columns, plan, width);
    }
    let (from, to) = layer_pass.span_rows();
    let isyn = &buffers.isyn;
    synapse::Backward {
        decay: &layer_pass.packed().decay,
        rows: columns,
        carry: &mut buffers.isyn_carry,
        learn: sums.filter(|_| plan.learns_synapses).map(|sums| (isyn.range(from, to), &mut sums.beta[..])),
    }
    .run(layer_pass.arch());
}

/// Adds the gradients of a connection's matrix and bias.
fn accumulate_connection_gradient(
    layer_pass: LayerPass<'_>,
    path: &ConnectionPlan,
    events: &[EventLists],
    scratch: &mut Scratch,
    sums: &mut LinearSums,
) {
    let Scratch { columns, counts, undropped, .. } = scratch;
    let (width, size, time) = (layer_pass.plan().columns(), path.source_size, layer_pass.steps.from);
    let rows = &*columns.first_mut(layer_pass.columns());
    if path.learns_bias {
        rows.chunks_exact(width.max(1)).for_each(|row| rows::add(&mut sums.bias, row));
    }
    if !path.learns_matrix || size == 0 {
        return;
    }
    let d_matrix = sums.matrix.range_mut(0, size);
    for &source in &path.sources {
        let source = layer_pass.events_of(path, source, events, undropped);
        let (events, lag) = source;
        if layer_pass.is_dense(source, size, DENSE_THRESHOLD) {
            let (left, inner) = (counts.first_mut(layer_pass.rows() * size), layer_pass.rows());
            events.scatter(time, lag, left, size);
            Product { left, row: 1, column: size, inner, right: rows, width, out: d_matrix }
                .run(layer_pass.arch());
        } else {
            AddOuter { events, time, lag, rows, width, d_matrix }.run(layer_pass.arch());
        }
    }
}

/// Adds the gradient on the counts that a connection carries to those of its sources.
fn backpropagate_to_sources(
    layer_pass: LayerPass<'_>,
    path: &ConnectionPlan,
    layers: &mut [LayerBuffers],
    max_delay: &[usize],
    scratch: &mut Scratch,
) {
    let (plan, steps, network) = (layer_pass.plan(), layer_pass.steps, layer_pass.network);
    let flows = |&&(source, lag): &&(usize, usize)| network.requires_grad(source) && lag <= max_delay[source];
    let mut sources = path.sources.iter().filter(flows).map(|&(source, lag)| {
        let first = steps.from - steps.block + max_delay[source] - lag;
        (source - 1, first, first + layer_pass.rows())
    });
    let dropout = layer_pass.dropout(path);
    let linear = layer_pass.linear(path);
    let transposed = linear.and_then(|linear| linear.transposed.as_ref());
    let columns = scratch.columns.first_mut(layer_pass.columns());
    if let (None, [_], Some(transposed)) = (dropout, &path.sources[..], transposed) {
        if let Some((source, from, to)) = sources.next() {
            add_product(layer_pass, columns, transposed, layers[source].d_spikes.range_mut(from, to));
        }
        return;
    }
    let width = padded(path.source_size);
    let d_counts = scratch.d_counts.first_mut(layer_pass.rows() * width);
    d_counts.fill(0.0);
    match (linear, transposed) {
        (Some(_), Some(transposed)) => add_product(layer_pass, columns, transposed, d_counts),
        (Some(_), None) => return,
        (None, _) => {
            let rows = columns.chunks_exact(plan.columns().max(1));
            for (d_counts, row) in d_counts.chunks_exact_mut(width.max(1)).zip(rows) {
                let d_counts = d_counts.iter_mut().take(path.source_size);
                d_counts.enumerate().for_each(|(column, d)| *d = row[plan.padded_index(column)]);
            }
        }
    }
    if let Some(dropout) = dropout {
        dropout.mask(steps.from, d_counts, width);
    }
    for (source, from, to) in sources {
        rows::add(layers[source].d_spikes.range_mut(from, to), d_counts);
    }
}

/// `out += columns @ transposed`.
fn add_product(layer_pass: LayerPass<'_>, columns: &[f32], transposed: &Rows, out: &mut [f32]) {
    let plan = layer_pass.plan();
    // With one synapse the padding of the columns comes last.
    let inner = if plan.synapses == 1 { plan.size } else { plan.columns() };
    let (right, width) = (transposed.range(0, inner), transposed.width());
    Product { left: columns, row: plan.columns(), column: 1, inner, right, width, out }
        .run(layer_pass.arch());
}
