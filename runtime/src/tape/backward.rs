//! The backward pass: backpropagation through time (Werbos, 1990) with surrogate gradients (Neftci, Mostafa
//! and Zenke, 2019).
//!
//! Blocks, stages and layers are visited in the reverse of the forward pass's order. Each layer turns the
//! gradient on its spikes into the gradient on its membranes ([`backward_neuron`]), on its input columns
//! ([`backward_synapse`]), on its weights ([`accumulate_connection_gradient`]), and on the spikes of its
//! sources ([`backpropagate_to_sources`]).

use synnet_ir::graph::{Quantity, Surrogate, SurrogateKind};

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
use crate::kernels::surrogate::{Bump, Centered, periodic_exponential, piecewise_linear};
use crate::kernels::{padded, rows, synapse};

/// Fraction of nonzero counts above which the gradient of a matrix is computed as a dense product, and not by
/// adding one row per event. The crossover was measured at 0.3 for layers of 60 neurons and 0.2 for 256.
const DENSE_THRESHOLD: f64 = 0.25;

impl Tape {
    /// Backpropagates through the sample of the last [`forward`](Self::forward) pass, and adds its gradients
    /// to `sums`. Returns the membrane penalty ([`Workspace::penalize_membranes`]), which is 0 without one.
    ///
    /// # Panics
    /// If `weights`, `workspace` or `sums` belong to another tape.
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
            // The forward pass ended in the last span, so that one's membranes and events are still in the
            // workspace.
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

    /// Backpropagates through one block: stages, turns and layers in reverse order. Returns the membrane
    /// penalty.
    fn backward_block(
        &self,
        weights: &PackedWeights,
        workspace: &mut Workspace,
        block: Steps,
        sums: &mut GradientSums,
    ) -> f64 {
        let mut penalty_sum = 0.0;
        let (network, pass) = (&self.plan, workspace.pass);
        // Within a stage, gradients of later steps come first: a recurrent connection takes at least
        // `stage.steps` steps, so what it sends back into these steps is complete.
        for stage in network.stages.iter().rev() {
            for from in (block.from..block.to).step_by(stage.steps).rev() {
                let steps = Steps { from, to: (from + stage.steps).min(block.to), ..block };
                for layer in stage.layers.clone().rev().filter(|&layer| network.layers[layer].requires_grad) {
                    penalty_sum +=
                        backward_layer(LayerPass { network, weights, pass, steps, layer }, workspace, sums);
                }
            }
        }
        // A delayed connection sends gradients to spikes of up to `max_delay` steps before the block. They
        // lie in the first rows; every earlier block is `BLOCK_STEPS` long, so this is where it expects them.
        for (layer, max_delay) in workspace.layers.iter_mut().zip(&workspace.max_delay[1..]) {
            if !layer.d_spikes.is_empty() {
                layer.d_spikes.shift_down(BLOCK_STEPS, max_delay + BLOCK_STEPS);
            }
        }
        penalty_sum
    }
}

/// Backpropagates through one layer in a few steps: neurons, synapses, weights, sources. The gradient on the
/// layer's spikes must be complete. Returns the membrane penalty.
fn backward_layer(layer_pass: LayerPass<'_>, workspace: &mut Workspace, sums: &mut GradientSums) -> f64 {
    let (plan, steps) = (layer_pass.plan(), layer_pass.steps);
    let Workspace { layers, events, max_delay, scratch, d_output, .. } = workspace;
    let buffers = &mut layers[layer_pass.layer];
    let is_output = layer_pass.network.output.0 == layer_pass.layer;
    let d_output = if is_output { &d_output[steps.from * plan.size..steps.to * plan.size] } else { &[] };
    let output_gradient = OutputGradient { quantity: layer_pass.network.output.1, d_output };
    // Rows `..max_delay` of `d_spikes` belong to the steps before the block.
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
            // A leaky integrator emits its current, so the gradient on its "spikes" is the one on the
            // current.
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
    for connection in &plan.incoming {
        if let Some(sums) = sums.connections[connection.index].as_mut() {
            accumulate_connection_gradient(layer_pass, connection, events, scratch, sums);
        }
        backpropagate_to_sources(layer_pass, connection, layers, max_delay, scratch);
    }
    penalty_sum
}

/// The gradient of the loss with respect to the network's output, `[rows, size]`; empty if the layer is not
/// the output.
#[derive(Clone, Copy)]
struct OutputGradient<'a> {
    quantity: Quantity,
    d_output: &'a [f32],
}

impl OutputGradient<'_> {
    /// Adds the gradient to the first `size` columns of `rows`, `[rows, width]`.
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

/// Turns the gradient on the spikes into the gradient on the sum of the synaptic currents; if the synapse is
/// fused into the scan, into the gradient on the input columns. The result is in `scratch.columns` if the
/// neurons have one synapse, and else in `scratch.current`. Returns the membrane penalty.
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
        .map_or(0.0, |penalty| penalize_membranes(layer_pass, penalty, before_reset, d_before_reset));
    let learn = sums.filter(|_| plan.learns_constants).map(|sums| Learn {
        // The row before the span is not stored; `start` holds the state that it left.
        before: (from > 0).then(|| buffers.before_reset.row(from - 1)),
        start: &buffers.start.membrane,
        iahp: if plan.keeps_iahp() { buffers.iahp.range(from, to) } else { &[] },
        sums: &mut sums.constants,
    });
    let d_current = if plan.synapses == 1 { &mut scratch.columns } else { &mut scratch.current };
    let isyn_carry = &mut buffers.isyn_carry;
    let synapse = plan.fuses_synapse.then(|| Synapse { decay: &packed.decay, state: isyn_carry });
    // The surrogate is a type parameter of the kernel: it is chosen here once, and not in the inner loop.
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
    let Surrogate { kind, window } = surrogate;
    match kind {
        SurrogateKind::PeriodicExponential => run!(periodic_exponential(window, max_spikes)),
        SurrogateKind::PiecewiseLinear => run!(piecewise_linear(window)),
        SurrogateKind::FastSigmoid => run!(Centered::new(Bump::FastSigmoid, window)),
        SurrogateKind::Arctangent => run!(Centered::new(Bump::Arctangent, window)),
        SurrogateKind::Triangle => run!(Centered::new(Bump::Triangle, window)),
        SurrogateKind::Boxcar => run!(Centered::new(Bump::Boxcar, window)),
    }
    penalty_sum
}

/// Returns what the membranes of these steps contribute to the mean penalty over all steps and neurons of the
/// sequence. Writes the gradient with respect to the membranes, times `weight`, into `d_before_reset`.
fn penalize_membranes(
    layer_pass: LayerPass<'_>,
    (penalty, weight): (MembranePenalty, f64),
    before_reset: &[f32],
    d_before_reset: &mut [f32],
) -> f64 {
    let (plan, threshold) = (layer_pass.plan(), &layer_pass.packed().membrane.threshold);
    let mean_factor = 1.0 / (layer_pass.steps.all * plan.size).max(1) as f64;
    let (mut penalty_sum, factor) = (0.0, (mean_factor * weight) as f32);
    // Padding stays at zero: its membranes of 0 would be penalized if the band's lower bound is positive.
    d_before_reset.fill(0.0);
    let d_rows = d_before_reset.chunks_exact_mut(plan.width.max(1));
    for (row, d_row) in before_reset.chunks_exact(plan.width.max(1)).zip(d_rows) {
        for ((&v, d_v), &threshold) in row.iter().zip(d_row).zip(threshold).take(plan.size) {
            let (p, slope) = penalty.evaluate(v, threshold);
            penalty_sum += f64::from(p);
            *d_v = slope * factor;
        }
    }
    penalty_sum * mean_factor
}

/// Turns the gradient on the sum of the synaptic currents into the gradient on the input columns.
fn backward_synapse(
    layer_pass: LayerPass<'_>,
    buffers: &mut LayerBuffers,
    scratch: &mut Scratch,
    output_gradient: OutputGradient<'_>,
    sums: Option<&mut LayerSums>,
) {
    let (plan, width) = (layer_pass.plan(), layer_pass.plan().columns());
    let columns = scratch.columns.first_mut(layer_pass.columns());
    // The membrane receives the sum of the synaptic currents, so each of them gets the gradient on the sum.
    if plan.synapses > 1 {
        let current = scratch.current.first_mut(layer_pass.elements());
        for (row, current) in columns.chunks_exact_mut(width).zip(current.chunks_exact(plan.width)) {
            row.chunks_exact_mut(plan.width).for_each(|synapse| synapse.copy_from_slice(current));
        }
    }
    // The output is the current of the first synapse, which has the first columns. For a leaky integrator,
    // the gradient on the output has already been added.
    if plan.is_spiking() && output_gradient.is(Quantity::Isyn) {
        output_gradient.add_to(columns, plan, width);
    }
    // Without filter, the current is the input.
    if !plan.filters {
        return;
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

/// Adds the gradients of a connection's matrix and bias: `counts^T @ columns`, and the sum of the columns
/// over time.
fn accumulate_connection_gradient(
    layer_pass: LayerPass<'_>,
    connection: &ConnectionPlan,
    events: &[EventLists],
    scratch: &mut Scratch,
    sums: &mut LinearSums,
) {
    let Scratch { columns, counts, undropped, .. } = scratch;
    let (width, size, time) = (layer_pass.plan().columns(), connection.source_size, layer_pass.steps.from);
    let rows = &*columns.first_mut(layer_pass.columns());
    if connection.learns_bias {
        rows.chunks_exact(width.max(1)).for_each(|row| rows::add(&mut sums.bias, row));
    }
    if !connection.learns_matrix || size == 0 {
        return;
    }
    let d_matrix = sums.matrix.range_mut(0, size);
    for &source in &connection.sources {
        let source = layer_pass.events_of(connection, source, events, undropped);
        let (events, lag) = source;
        if layer_pass.is_dense(source, size, DENSE_THRESHOLD) {
            let (left, inner) = (counts.first_mut(layer_pass.rows() * size), layer_pass.rows());
            events.scatter(time, lag, left, size);
            // `left` is `[rows, size]`; these strides transpose it.
            Product { left, row: 1, column: size, inner, right: rows, width, out: d_matrix }
                .run(layer_pass.arch());
        } else {
            AddOuter { events, time, lag, rows, width, d_matrix }.run(layer_pass.arch());
        }
    }
}

/// Adds the gradient on the counts that a connection carries to the gradients on its sources' spikes, `lag`
/// steps earlier.
fn backpropagate_to_sources(
    layer_pass: LayerPass<'_>,
    connection: &ConnectionPlan,
    layers: &mut [LayerBuffers],
    max_delay: &[usize],
    scratch: &mut Scratch,
) {
    let (plan, steps, network) = (layer_pass.plan(), layer_pass.steps, layer_pass.network);
    // `max_delay` ignores delays that exceed the sequence: their events never arrive. For the others,
    // `lag <= max_delay`, so that `first` is not negative.
    let gets_gradient =
        |&&(source, lag): &&(usize, usize)| network.requires_grad(source) && lag <= max_delay[source];
    let mut sources = connection.sources.iter().filter(gets_gradient).map(|&(source, lag)| {
        let first = steps.from - steps.block + max_delay[source] - lag;
        (source - 1, first, first + layer_pass.rows())
    });
    let dropout = layer_pass.dropout(connection);
    let linear = layer_pass.linear(connection);
    let transposed = linear.and_then(|linear| linear.transposed.as_ref());
    let columns = scratch.columns.first_mut(layer_pass.columns());
    // The usual case, one source without dropout, adds the product in place: a quarter to a half of a
    // training step is spent in it (docs/performance.md).
    if let (None, [_], Some(transposed)) = (dropout, &connection.sources[..], transposed) {
        if let Some((source, from, to)) = sources.next() {
            add_product(layer_pass, columns, transposed, layers[source].d_spikes.range_mut(from, to));
        }
        return;
    }
    let width = padded(connection.source_size);
    let d_counts = scratch.d_counts.first_mut(layer_pass.rows() * width);
    d_counts.fill(0.0);
    match (linear, transposed) {
        (Some(_), Some(transposed)) => add_product(layer_pass, columns, transposed, d_counts),
        (Some(_), None) => return,
        (None, _) => {
            let rows = columns.chunks_exact(plan.columns().max(1));
            for (d_counts, row) in d_counts.chunks_exact_mut(width.max(1)).zip(rows) {
                let d_counts = d_counts.iter_mut().take(connection.source_size);
                d_counts.enumerate().for_each(|(column, d)| *d = row[plan.padded_index(column)]);
            }
        }
    }
    // The same draws as in the forward pass: a dropped count has no influence, so its gradient is 0.
    if let Some(dropout) = dropout {
        dropout.mask(steps.from, d_counts, width);
    }
    for (source, from, to) in sources {
        rows::add(layers[source].d_spikes.range_mut(from, to), d_counts);
    }
}

/// Computes `out += columns @ transposed`.
fn add_product(layer_pass: LayerPass<'_>, columns: &[f32], transposed: &Rows, out: &mut [f32]) {
    let plan = layer_pass.plan();
    // With one synapse, the padding is at the end of the columns, and the product can stop before it.
    let inner = if plan.synapses == 1 { plan.size } else { plan.columns() };
    let (right, width) = (transposed.range(0, inner), transposed.width());
    Product { left: columns, row: plan.columns(), column: 1, inner, right, width, out }
        .run(layer_pass.arch());
}
