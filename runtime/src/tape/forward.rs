//! The forward pass: blocks of time steps through all layers, with spikes as event lists.

use synnet_ir::graph::Quantity;
use synnet_random::mix;

use super::layer_pass::{LayerPass, Steps};
use super::packed_weights::{PackedLinear, PackedWeights};
use super::pass::{BLOCK_STEPS, Pass};
use super::plan::{ConnectionPlan, Kind, LayerPlan};
use super::prepared::Tape;
use super::workspace::{LayerBuffers, LayerState, Scratch, Workspace};
use crate::kernels::event_lists::{AddRows, EventLists};
use crate::kernels::product::Product;
use crate::kernels::{membrane, rows, synapse};

/// Fraction of nonzero counts above which the input currents are computed as a dense product, and not by
/// adding one row per event. The crossover was measured at 0.6 for layers of 60 neurons and 0.4 for 256.
const DENSE_THRESHOLD: f64 = 0.5;

/// Whether a forward pass is the first one through its steps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ForwardMode {
    /// Writes the network's output and adds to the spike totals.
    Initial,
    /// Reproduces only what the backward pass reads: membranes, currents and events.
    Recompute,
}

impl Tape {
    /// Runs one sample, `[steps, channels]`, from states of zero.
    ///
    /// # Panics
    /// If `input` does not have `steps * channels` values, or if `weights` or `workspace` belong to another
    /// tape.
    pub fn forward(&self, weights: &PackedWeights, input: &[f32], pass: Pass, workspace: &mut Workspace) {
        assert_eq!(
            input.len(),
            workspace.steps * self.plan.channels,
            "the input has a value per step and channel"
        );
        workspace.reset();
        workspace.pass = pass;
        workspace.input.clear();
        workspace.input.extend_from_slice(input);
        for (i, span) in workspace.spans() {
            workspace.save(i);
            self.forward_span(weights, workspace, span, ForwardMode::Initial);
        }
    }

    /// Runs the steps of a span, from the states and events that the workspace holds.
    pub(super) fn forward_span(
        &self,
        weights: &PackedWeights,
        workspace: &mut Workspace,
        (span, to): (usize, usize),
        mode: ForwardMode,
    ) {
        for layer in &mut workspace.layers {
            layer.start.copy_from(&layer.state);
        }
        let (channels, all) = (self.plan.channels, workspace.steps);
        // All layers of a block before the next block: currents, membranes and events of a block fit the
        // second-level cache, those of a whole sequence do not.
        for block in (span..to).step_by(BLOCK_STEPS) {
            let end = (block + BLOCK_STEPS).min(to);
            let input = &workspace.input[block * channels..end * channels];
            workspace.events[0].append(input, (end - block, channels), weights.arch);
            for stage in &self.plan.stages {
                // `stage.steps` is at most the shortest recurrent delay, so every event that a layer reads
                // was emitted in an earlier turn.
                for from in (block..end).step_by(stage.steps) {
                    let steps = Steps { from, to: (from + stage.steps).min(end), block, span, all };
                    for layer in stage.layers.clone() {
                        let (network, pass) = (&self.plan, workspace.pass);
                        forward_layer(LayerPass { network, weights, pass, steps, layer }, workspace, mode);
                    }
                }
            }
        }
    }

    /// Returns the layer whose state is the first to be infinite or NaN in the last sample, and the time
    /// step; `None` if all states are finite. Repeats the forward pass, and is meant for error messages.
    ///
    /// # Panics
    /// If `weights` or `workspace` belong to another tape.
    pub fn first_non_finite(
        &self,
        weights: &PackedWeights,
        workspace: &mut Workspace,
    ) -> Option<(usize, usize)> {
        workspace.spans().find_map(|(i, (from, to))| {
            workspace.restore(i);
            self.forward_span(weights, workspace, (from, to), ForwardMode::Recompute);
            let places = self.plan.layers.iter().enumerate().filter_map(|(layer, plan)| {
                let is_finite = |step: usize| {
                    let emitted = workspace.events[layer + 1].at(step, 0).counts;
                    let vmem = if plan.is_spiking() {
                        workspace.layers[layer].before_reset.row(step - from)
                    } else {
                        &[]
                    };
                    emitted.iter().chain(vmem).all(|x| x.is_finite())
                };
                Some((layer, (from..to).find(|&step| !is_finite(step))?))
            });
            places.min_by_key(|&(layer, step)| (step, layer))
        })
    }
}

/// Runs one layer in a few steps: sums its inputs, runs its synapses and neurons, and emits events.
fn forward_layer(layer_pass: LayerPass<'_>, workspace: &mut Workspace, mode: ForwardMode) {
    let (plan, layer) = (layer_pass.plan(), layer_pass.layer);
    let Workspace { layers, events, scratch, output, .. } = workspace;
    let buffers = &mut layers[layer];
    sum_inputs(layer_pass, events, scratch);
    let columns = scratch.columns.first_mut(layer_pass.columns());
    // A fused synapse is part of the membrane's scan below, which saves a pass over the columns.
    if plan.filters && !plan.fuses_synapse {
        let (decay, state) = (&layer_pass.packed().decay, &mut buffers.state.isyn);
        synapse::Forward { decay, rows: columns, state }.run(layer_pass.arch());
    }
    if plan.learns_synapses {
        let (from, to) = layer_pass.span_rows();
        buffers.isyn.range_mut(from, to).copy_from_slice(columns);
    }
    match plan.kind {
        Kind::Lif { .. } => forward_neuron(layer_pass, buffers, scratch, mode),
        Kind::ExpSyn => {
            let emitted = scratch.spikes.first_mut(layer_pass.elements());
            emitted.copy_from_slice(columns);
            // An infinite count times the zero padding of a matrix is NaN. Padding must not emit it.
            emitted.chunks_exact_mut(plan.width.max(1)).for_each(|row| row[plan.size..].fill(0.0));
            if mode == ForwardMode::Initial {
                columns.chunks_exact(plan.width.max(1)).for_each(|row| rows::add(&mut buffers.totals, row));
            }
        }
    }
    let spikes = scratch.spikes.first_mut(layer_pass.elements());
    events[layer + 1].append(spikes, (layer_pass.rows(), plan.width), layer_pass.arch());
    if mode == ForwardMode::Initial && layer_pass.network.output.0 == layer {
        let output = &mut output[layer_pass.steps.from * plan.size..layer_pass.steps.to * plan.size];
        write_output(layer_pass, scratch, output);
    }
}

/// Writes the sum of all connections into a layer to `scratch.columns`, in the order of the connections.
fn sum_inputs(layer_pass: LayerPass<'_>, events: &[EventLists], scratch: &mut Scratch) {
    let Scratch { columns, counts, undropped, .. } = scratch;
    let plan = layer_pass.plan();
    let columns = columns.first_mut(layer_pass.columns());
    columns.fill(0.0);
    for connection in &plan.incoming {
        let linear = layer_pass.linear(connection);
        if let Some(bias) = linear.map(|linear| &linear.bias).filter(|bias| !bias.is_empty()) {
            columns.chunks_exact_mut(plan.columns()).for_each(|row| rows::add(row, bias));
        }
        for &source in &connection.sources {
            let source = layer_pass.events_of(connection, source, events, undropped);
            match linear {
                Some(linear) => {
                    let counts = counts.first_mut(layer_pass.rows() * connection.source_size);
                    multiply(layer_pass, connection, linear, source, counts, columns);
                }
                None => add_counts(layer_pass, source, columns),
            }
        }
    }
}

/// Computes `out += counts @ matrix`: one row per event, or a dense product if many neurons spike.
fn multiply(
    layer_pass: LayerPass<'_>,
    connection: &ConnectionPlan,
    linear: &PackedLinear,
    source: (&EventLists, usize),
    counts: &mut [f32],
    out: &mut [f32],
) {
    let (size, width) = (connection.source_size, layer_pass.plan().columns());
    let (matrix, time, (events, lag)) = (linear.matrix.range(0, size), layer_pass.steps.from, source);
    if layer_pass.is_dense(source, size, DENSE_THRESHOLD) {
        events.scatter(time, lag, counts, size);
        Product { left: counts, row: size, column: 1, inner: size, right: matrix, width, out }
            .run(layer_pass.arch());
    } else {
        AddRows { events, time, lag, matrix, width, out }.run(layer_pass.arch());
    }
}

/// Adds counts to the columns of the same index, for a connection without a matrix.
fn add_counts(layer_pass: LayerPass<'_>, (source, lag): (&EventLists, usize), columns: &mut [f32]) {
    let plan = layer_pass.plan();
    for (i, row) in columns.chunks_exact_mut(plan.columns().max(1)).enumerate() {
        let step = source.at(layer_pass.steps.from + i, lag);
        for (&neuron, &count) in step.neurons.iter().zip(step.counts) {
            row[plan.padded_index(neuron as usize)] += count;
        }
    }
}

/// Runs the scan over the membranes of an integrate-and-fire layer.
fn forward_neuron(
    layer_pass: LayerPass<'_>,
    buffers: &mut LayerBuffers,
    scratch: &mut Scratch,
    mode: ForwardMode,
) {
    let (plan, packed, elements) = (layer_pass.plan(), layer_pass.packed(), layer_pass.elements());
    let noise = draw_noise(layer_pass, scratch.noise.first_mut(elements));
    let Scratch { columns, current, spikes, vmem, totals, .. } = scratch;
    let current = if plan.synapses == 1 {
        columns.first_mut(elements)
    } else {
        let current = current.first_mut(elements);
        add_synapses(plan, columns.first_mut(layer_pass.columns()), current);
        current
    };
    let (from, to) = layer_pass.span_rows();
    let LayerState { isyn, membrane: state } = &mut buffers.state;
    // The backward pass needs only the membrane before reset; the one after reset is stored if it is the
    // output.
    let stores_vmem = layer_pass.network.is_output(layer_pass.layer, Quantity::Vmem);
    membrane::Forward {
        constants: &packed.membrane,
        current,
        synapse: plan.fuses_synapse.then(|| membrane::Synapse { decay: &packed.decay, state: isyn }),
        noise: if noise { scratch.noise.first_mut(elements) } else { &[] },
        state,
        before_reset: buffers.before_reset.range_mut(from, to),
        spikes: spikes.first_mut(elements),
        vmem: vmem.first_mut(if stores_vmem { elements } else { 0 }),
        iahp: if plan.keeps_iahp() { buffers.iahp.range_mut(from, to) } else { &mut [] },
        // On recomputation, these spikes have already been counted.
        totals: if mode == ForwardMode::Initial { &mut buffers.totals } else { totals.first_mut(plan.width) },
    }
    .run(layer_pass.arch());
}

/// Sums the currents of each neuron's synapses, in the order of the synapses.
fn add_synapses(plan: &LayerPlan, columns: &[f32], current: &mut [f32]) {
    let width = plan.width;
    for (columns, current) in columns.chunks_exact(plan.columns()).zip(current.chunks_exact_mut(width)) {
        current.copy_from_slice(&columns[..width]);
        columns[width..].chunks_exact(width).for_each(|synapse| rows::add(current, synapse));
    }
}

/// Writes the Gaussian noise current of these steps, `[rows, width]`, to `out`. Returns whether there is any:
/// there is none in evaluation.
fn draw_noise(layer_pass: LayerPass<'_>, out: &mut [f32]) -> bool {
    let (plan, Kind::Lif { noise: deviation, .. }) = (layer_pass.plan(), layer_pass.plan().kind) else {
        return false;
    };
    let Pass::Training(key) = layer_pass.pass else { return false };
    if deviation <= 0.0 {
        return false;
    }
    // Each number is a hash of its time step and neuron, so a recomputed segment sees the same noise. The
    // offset of 1/2 keeps the logarithm below finite.
    let key = mix(key.noise(), layer_pass.layer as u32);
    let unit = |bits: u32| (f64::from(bits) + 0.5) / 4_294_967_296.0;
    for (i, row) in out.chunks_exact_mut(plan.width).enumerate() {
        let first = ((layer_pass.steps.from + i) as u32).wrapping_mul(plan.size as u32);
        for (neuron, x) in row[..plan.size].iter_mut().enumerate() {
            // Box and Muller (1958), from two independent uniform numbers.
            let counter = first.wrapping_add(neuron as u32).wrapping_mul(2);
            let (radius, angle) = (unit(mix(key, counter)), unit(mix(key, counter | 1)));
            *x = deviation * ((-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()) as f32;
        }
        row[plan.size..].fill(0.0);
    }
    true
}

/// Writes the network's output in these steps, `[rows, size]`, without padding.
fn write_output(layer_pass: LayerPass<'_>, scratch: &mut Scratch, output: &mut [f32]) {
    let plan = layer_pass.plan();
    let (width, values) = match layer_pass.network.output.1 {
        Quantity::Spikes => (plan.width, &mut scratch.spikes),
        Quantity::Vmem => (plan.width, &mut scratch.vmem),
        Quantity::Isyn => (plan.columns(), &mut scratch.columns),
    };
    let values = values.first_mut(layer_pass.rows() * width);
    for (out, row) in output.chunks_exact_mut(plan.size.max(1)).zip(values.chunks_exact(width.max(1))) {
        out.copy_from_slice(&row[..plan.size]);
    }
}

impl Workspace {
    /// Saves the states before span `i`, and the events that delayed connections will still read.
    fn save(&mut self, i: usize) {
        let saved = &mut self.saved[i];
        for (saved, layer) in saved.layers.iter_mut().zip(&self.layers) {
            saved.copy_from(&layer.state);
        }
        for ((saved, events), &max_delay) in
            saved.events.iter_mut().zip(&mut self.events).zip(&self.max_delay)
        {
            saved.keep_last(events, max_delay);
            // Events of earlier spans are dropped here: this is what bounds memory to one span.
            events.keep_last(saved, max_delay);
        }
    }

    /// Restores the states and events before span `i`.
    pub(super) fn restore(&mut self, i: usize) {
        let saved = &self.saved[i];
        for (saved, layer) in saved.layers.iter().zip(&mut self.layers) {
            layer.state.copy_from(saved);
        }
        for ((saved, events), &max_delay) in saved.events.iter().zip(&mut self.events).zip(&self.max_delay) {
            events.keep_last(saved, max_delay);
        }
    }
}
