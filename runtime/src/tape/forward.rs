//! The walk forwards.

use synnet_ir::graph::Quantity;
use synnet_random::mix;

use super::packed::{Packed, PackedLinear};
use super::pass::{BLOCK, Pass};
use super::plan::{Kind, LayerPlan, Path};
use super::prepared::Tape;
use super::walk::{Steps, Walk};
use super::workspace::{LayerBuffers, LayerState, Scratch, Workspace};
use crate::kernels::events::{AddRows, Events};
use crate::kernels::product::Product;
use crate::kernels::{membrane, rows, synapse};

/// Share of counts that are not zero above which a dense product is quicker than adding a row for each
/// event.
const DENSE: f64 = 0.5;

/// Whether a walk forwards is the first one through its steps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Visit {
    /// Output and totals are written.
    First,
    /// Only what the walk backwards needs is made again.
    Again,
}

impl Tape {
    /// Runs one sample `[steps, channels]` from rest.
    ///
    /// # Panics
    /// Where the input does not fill the workspace, or weights or workspace are of another tape.
    pub fn forward(&self, weights: &Packed, input: &[f32], pass: Pass, workspace: &mut Workspace) {
        assert_eq!(input.len(), workspace.steps * self.plan.channels, "the input fills the workspace");
        workspace.reset();
        workspace.pass = pass;
        workspace.input.clear();
        workspace.input.extend_from_slice(input);
        for (i, span) in workspace.spans() {
            workspace.save(i);
            self.walk_span(weights, workspace, span, Visit::First);
        }
    }

    /// Walks the steps of a span forwards, from the states and events that the workspace holds.
    pub(super) fn walk_span(
        &self,
        weights: &Packed,
        workspace: &mut Workspace,
        (span, to): (usize, usize),
        visit: Visit,
    ) {
        for layer in &mut workspace.layers {
            layer.start.copy_from(&layer.state);
        }
        let (channels, all) = (self.plan.channels, workspace.steps);
        for block in (span..to).step_by(BLOCK) {
            let end = (block + BLOCK).min(to);
            let input = &workspace.input[block * channels..end * channels];
            workspace.events[0].append(input, (end - block, channels), weights.arch);
            for stage in &self.plan.stages {
                for from in (block..end).step_by(stage.steps) {
                    let steps = Steps { from, to: (from + stage.steps).min(end), block, span, all };
                    for layer in stage.layers.clone() {
                        let (network, pass) = (&self.plan, workspace.pass);
                        walk_layer(Walk { network, weights, pass, steps, layer }, workspace, visit);
                    }
                }
            }
        }
    }

    /// The first layer with a state that is not finite, and the time step, in the sample that was
    /// walked last.
    ///
    /// # Panics
    /// Where weights or workspace are of another tape.
    pub fn first_not_finite(&self, weights: &Packed, workspace: &mut Workspace) -> Option<(usize, usize)> {
        workspace.spans().find_map(|(i, (from, to))| {
            workspace.restore(i);
            self.walk_span(weights, workspace, (from, to), Visit::Again);
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

fn walk_layer(walk: Walk<'_>, workspace: &mut Workspace, visit: Visit) {
    let (plan, layer) = (walk.plan(), walk.layer);
    let Workspace { layers, events, scratch, output, .. } = workspace;
    let buffers = &mut layers[layer];
    sum_inputs(walk, events, scratch);
    let columns = scratch.columns.first_mut(walk.columns());
    if !plan.fuses_synapse {
        let (decay, state) = (&walk.packed().decay, &mut buffers.state.isyn);
        synapse::Forward { decay, rows: columns, state }.run(walk.arch());
    }
    if plan.learns_synapses {
        let (from, to) = walk.kept();
        buffers.isyn.range_mut(from, to).copy_from_slice(columns);
    }
    match plan.kind {
        Kind::Lif { .. } => fire(walk, buffers, scratch, visit),
        Kind::ExpSyn => {
            let emitted = scratch.spikes.first_mut(walk.cells());
            emitted.copy_from_slice(columns);
            // Where a count is infinite, the product with the padding of a matrix is NaN; it emits nothing.
            emitted.chunks_exact_mut(plan.width.max(1)).for_each(|row| row[plan.size..].fill(0.0));
            if visit == Visit::First {
                columns.chunks_exact(plan.width.max(1)).for_each(|row| rows::add(&mut buffers.totals, row));
            }
        }
    }
    let spikes = scratch.spikes.first_mut(walk.cells());
    events[layer + 1].append(spikes, (walk.rows(), plan.width), walk.arch());
    if visit == Visit::First && walk.network.output.0 == layer {
        let output = &mut output[walk.steps.from * plan.size..walk.steps.to * plan.size];
        give(walk, scratch, output);
    }
}

/// The sum of what arrives at a layer, into the columns of the scratch.
fn sum_inputs(walk: Walk<'_>, events: &[Events], scratch: &mut Scratch) {
    let Scratch { columns, counts, kept, .. } = scratch;
    let plan = walk.plan();
    let columns = columns.first_mut(walk.columns());
    columns.fill(0.0);
    for path in &plan.paths {
        let linear = walk.linear(path);
        if let Some(bias) = linear.map(|linear| &linear.bias).filter(|bias| !bias.is_empty()) {
            columns.chunks_exact_mut(plan.columns()).for_each(|row| rows::add(row, bias));
        }
        for &source in &path.sources {
            let source = walk.events_of(path, source, events, kept);
            match linear {
                Some(linear) => {
                    let counts = counts.first_mut(walk.rows() * path.source_size);
                    multiply(walk, path, linear, source, counts, columns);
                }
                None => add_counts(walk, source, columns),
            }
        }
    }
}

/// Adds the product of counts and matrix: row by row, or dense where most neurons spike.
fn multiply(
    walk: Walk<'_>,
    path: &Path,
    linear: &PackedLinear,
    source: (&Events, usize),
    counts: &mut [f32],
    out: &mut [f32],
) {
    let (size, width) = (path.source_size, walk.plan().columns());
    let (matrix, time, (events, lag)) = (linear.matrix.range(0, size), walk.steps.from, source);
    if walk.is_dense(source, size, DENSE) {
        events.scatter(time, lag, counts, size);
        Product { left: counts, row: size, column: 1, inner: size, right: matrix, width, out }
            .run(walk.arch());
    } else {
        AddRows { events, time, lag, matrix, width, out }.run(walk.arch());
    }
}

/// Adds counts as they are.
fn add_counts(walk: Walk<'_>, (source, lag): (&Events, usize), columns: &mut [f32]) {
    let plan = walk.plan();
    for (i, row) in columns.chunks_exact_mut(plan.columns().max(1)).enumerate() {
        let step = source.at(walk.steps.from + i, lag);
        for (&neuron, &count) in step.neurons.iter().zip(step.counts) {
            row[plan.place(neuron as usize)] += count;
        }
    }
}

/// The membranes of a layer of integrate-and-fire neurons.
fn fire(walk: Walk<'_>, buffers: &mut LayerBuffers, scratch: &mut Scratch, visit: Visit) {
    let (plan, packed, cells) = (walk.plan(), walk.packed(), walk.cells());
    let noise = draw_noise(walk, scratch.noise.first_mut(cells));
    let Scratch { columns, current, spikes, vmem, totals, .. } = scratch;
    let current = if plan.synapses == 1 {
        columns.first_mut(cells)
    } else {
        let current = current.first_mut(cells);
        add_synapses(plan, columns.first_mut(walk.columns()), current);
        current
    };
    let (from, to) = walk.kept();
    let LayerState { isyn, membrane: state } = &mut buffers.state;
    let vmem_is_given = walk.network.gives(walk.layer, Quantity::Vmem);
    membrane::Forward {
        constants: &packed.membrane,
        current,
        synapse: plan.fuses_synapse.then(|| membrane::Synapse { decay: &packed.decay, state: isyn }),
        noise: if noise { scratch.noise.first_mut(cells) } else { &[] },
        state,
        before_reset: buffers.before_reset.range_mut(from, to),
        spikes: spikes.first_mut(cells),
        vmem: vmem.first_mut(if vmem_is_given { cells } else { 0 }),
        iahp: if plan.keeps_iahp() { buffers.iahp.range_mut(from, to) } else { &mut [] },
        totals: if visit == Visit::First { &mut buffers.totals } else { totals.first_mut(plan.width) },
    }
    .run(walk.arch());
}

/// Sums the currents of a neuron's synapses, in their order.
fn add_synapses(plan: &LayerPlan, columns: &[f32], current: &mut [f32]) {
    let width = plan.width;
    for (columns, current) in columns.chunks_exact(plan.columns()).zip(current.chunks_exact_mut(width)) {
        current.copy_from_slice(&columns[..width]);
        columns[width..].chunks_exact(width).for_each(|synapse| rows::add(current, synapse));
    }
}

/// Gaussian noise of some steps, the same whenever it is drawn. Whether there is any.
fn draw_noise(walk: Walk<'_>, out: &mut [f32]) -> bool {
    let (plan, Kind::Lif { noise: deviation, .. }) = (walk.plan(), walk.plan().kind) else { return false };
    let Pass::Training(key) = walk.pass else { return false };
    if deviation <= 0.0 {
        return false;
    }
    let key = mix(key.noise(), walk.layer as u32);
    let unit = |bits: u32| (f64::from(bits) + 0.5) / 4_294_967_296.0;
    for (i, row) in out.chunks_exact_mut(plan.width).enumerate() {
        let first = ((walk.steps.from + i) as u32).wrapping_mul(plan.size as u32);
        for (neuron, x) in row[..plan.size].iter_mut().enumerate() {
            let place = first.wrapping_add(neuron as u32).wrapping_mul(2);
            let (one, other) = (unit(mix(key, place)), unit(mix(key, place | 1)));
            *x = deviation * ((-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * other).cos()) as f32;
        }
        row[plan.size..].fill(0.0);
    }
    true
}

/// Writes what the network gives in some steps.
fn give(walk: Walk<'_>, scratch: &mut Scratch, output: &mut [f32]) {
    let plan = walk.plan();
    let (width, given) = match walk.network.output.1 {
        Quantity::Spikes => (plan.width, &mut scratch.spikes),
        Quantity::Vmem => (plan.width, &mut scratch.vmem),
        Quantity::Isyn => (plan.columns(), &mut scratch.columns),
    };
    let given = given.first_mut(walk.rows() * width);
    for (out, row) in output.chunks_exact_mut(plan.size.max(1)).zip(given.chunks_exact(width.max(1))) {
        out.copy_from_slice(&row[..plan.size]);
    }
}

impl Workspace {
    /// Keeps the states before span `i`.
    fn save(&mut self, i: usize) {
        let saved = &mut self.saved[i];
        for (saved, layer) in saved.layers.iter_mut().zip(&self.layers) {
            saved.copy_from(&layer.state);
        }
        for ((saved, events), &reach) in saved.events.iter_mut().zip(&mut self.events).zip(&self.reach) {
            saved.keep_last(events, reach);
            events.keep_last(saved, reach);
        }
    }

    /// Returns to the states before span `i`.
    pub(super) fn restore(&mut self, i: usize) {
        let saved = &self.saved[i];
        for (saved, layer) in saved.layers.iter().zip(&mut self.layers) {
            layer.state.copy_from(saved);
        }
        for ((saved, events), &reach) in saved.events.iter().zip(&mut self.events).zip(&self.reach) {
            events.keep_last(saved, reach);
        }
    }
}
