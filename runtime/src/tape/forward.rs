//! The walk forwards.

use pulp::Arch;
use synnet_dsl::graph::Quantity;

use super::packed::{Packed, PackedLayer, PackedLinear};
use super::plan::{Kind, LayerPlan, Path};
use super::workspace::{LayerBuffers, LayerState, Scratch};
use super::{BLOCK, Pass, SampleKey, Tape, Workspace};
use crate::kernels::events::{AddRows, Dropout, Events};
use crate::kernels::product::Product;
use crate::kernels::{membrane, rows, synapse};
use crate::random::mix;

/// Share of counts that are not zero above which a dense product is quicker than adding a row for
/// each event (`cargo bench -p synnet-runtime --bench training_step`).
const DENSE: f64 = 0.5;

/// Whether a walk forwards is the first one through its steps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Visit {
    /// Output and totals are written.
    First,
    /// Only what the walk backwards needs is made again.
    Again,
}

/// Consecutive time steps: some of a block.
#[derive(Clone, Copy)]
pub(super) struct Steps {
    pub(super) from: usize,
    pub(super) to: usize,
    /// The first step of the block.
    pub(super) block: usize,
    /// The first step of the span that is kept.
    pub(super) span: usize,
}

impl Steps {
    pub(super) fn len(self) -> usize {
        self.to - self.from
    }
}

impl Tape {
    /// Runs one sample `[steps, channels]` from rest.
    ///
    /// # Panics
    /// Where the input does not fill the workspace, or weights or workspace are of another tape.
    pub fn forward(&self, weights: &Packed, input: &[f32], pass: Pass, workspace: &mut Workspace) {
        assert_eq!(input.len(), workspace.steps * self.plan.channels, "the input fills the workspace");
        workspace.reset(&self.plan);
        workspace.pass = pass;
        workspace.input.clear();
        workspace.input.extend_from_slice(input);
        for (i, (from, to)) in workspace.spans() {
            workspace.save(i);
            self.walk_span(weights, workspace, from, to, Visit::First);
        }
    }

    /// Walks the steps of a span forwards, from the states and events that the workspace holds.
    pub(super) fn walk_span(
        &self,
        weights: &Packed,
        workspace: &mut Workspace,
        from: usize,
        to: usize,
        visit: Visit,
    ) {
        for layer in &mut workspace.layers {
            layer.start.copy_from(&layer.state);
        }
        for block in (from..to).step_by(BLOCK) {
            let end = (block + BLOCK).min(to);
            let channels = self.plan.channels;
            let input = &workspace.input[block * channels..end * channels];
            if channels > 0 {
                workspace.events[0].append(input, channels, weights.arch);
            } else {
                workspace.events[0].append_silence(end - block);
            }
            for stage in &self.plan.stages {
                for first in (block..end).step_by(stage.steps) {
                    let steps = Steps { from: first, to: (first + stage.steps).min(end), block, span: from };
                    for layer in stage.layers.clone() {
                        self.walk_layer(weights, workspace, layer, steps, visit);
                    }
                }
            }
        }
    }

    fn walk_layer(
        &self,
        weights: &Packed,
        workspace: &mut Workspace,
        layer: usize,
        steps: Steps,
        visit: Visit,
    ) {
        let plan = &self.plan.layers[layer];
        let Workspace { layers, events, scratch, pass, output, .. } = workspace;
        let buffers = &mut layers[layer];
        sum_inputs(plan, weights, events, scratch, steps, *pass);
        let packed = &weights.layers[layer];
        let columns = scratch.columns.first_mut(steps.len() * plan.columns());
        if !plan.fuses_synapse {
            synapse::Forward { decay: &packed.decay, rows: columns, state: &mut buffers.state.isyn }
                .run(weights.arch);
        }
        if plan.learns_synapses {
            buffers.isyn.range_mut(steps.from - steps.span, steps.to - steps.span).copy_from_slice(columns);
        }
        match plan.kind {
            Kind::Lif { noise, .. } => {
                let noise = if let (true, Pass::Training(key)) = (noise > 0.0, *pass) {
                    draw_noise(scratch, plan, noise, mix(key.noise(), layer as u32), steps);
                    steps.len()
                } else {
                    0
                };
                let vmem = self.plan.gives(layer, Quantity::Vmem);
                let counts = visit == Visit::First;
                self.fire(plan, packed, (buffers, scratch), noise, vmem, counts, steps, weights.arch);
            }
            Kind::ExpSyn => {
                let len = steps.len() * plan.width;
                let currents = scratch.columns.first_mut(len);
                scratch.spikes.first_mut(len).copy_from_slice(currents);
                if visit == Visit::First {
                    currents
                        .chunks_exact(plan.width.max(1))
                        .for_each(|row| rows::add(&mut buffers.totals, row));
                }
            }
        }
        let spikes = scratch.spikes.first_mut(steps.len() * plan.width);
        if plan.width > 0 {
            events[layer + 1].append(spikes, plan.width, weights.arch);
        } else {
            events[layer + 1].append_silence(steps.len());
        }
        if visit == Visit::First && self.plan.output.0 == layer {
            self.give(plan, scratch, steps, output);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the buffers of a scan, named one by one")]
    fn fire(
        &self,
        plan: &LayerPlan,
        packed: &PackedLayer,
        (buffers, scratch): (&mut LayerBuffers, &mut Scratch),
        noise: usize,
        vmem: bool,
        counts: bool,
        steps: Steps,
        arch: Arch,
    ) {
        let (rows, len) = (steps.len(), steps.len() * plan.width);
        let (from, to) = (steps.from - steps.span, steps.to - steps.span);
        let Scratch { columns, current, spikes, .. } = scratch;
        let current = if plan.synapses == 1 {
            columns.first_mut(len)
        } else {
            let current = current.first_mut(len);
            add_synapses(columns.first_mut(rows * plan.columns()), plan, current);
            current
        };
        let keeps_iahp = plan.is_adaptive() && plan.learns_constants;
        let LayerState { isyn, membrane: state } = &mut buffers.state;
        let fuses = plan.fuses_synapse;
        membrane::Forward {
            constants: &packed.membrane,
            current,
            synapse: fuses.then(|| membrane::Synapse { decay: &packed.decay, state: isyn }),
            noise: scratch.noise.first_mut(noise * plan.width),
            state,
            before_reset: buffers.before_reset.range_mut(from, to),
            spikes: spikes.first_mut(len),
            vmem: scratch.vmem.first_mut(if vmem { len } else { 0 }),
            iahp: if keeps_iahp { buffers.iahp.range_mut(from, to) } else { &mut [] },
            totals: if counts { &mut buffers.totals } else { scratch.totals.first_mut(plan.width) },
        }
        .run(arch);
    }

    /// Writes what the network gives in some steps.
    fn give(&self, plan: &LayerPlan, scratch: &mut Scratch, steps: Steps, output: &mut [f32]) {
        let (rows, given) = match self.plan.output.1 {
            Quantity::Spikes => (plan.width, &mut scratch.spikes),
            Quantity::Vmem => (plan.width, &mut scratch.vmem),
            Quantity::Isyn => (plan.columns(), &mut scratch.columns),
        };
        if plan.size > 0 {
            let given = given.first_mut(steps.len() * rows).chunks_exact(rows);
            let output = &mut output[steps.from * plan.size..steps.to * plan.size];
            for (out, row) in output.chunks_exact_mut(plan.size).zip(given) {
                out.copy_from_slice(&row[..plan.size]);
            }
        }
    }

    /// The first layer with a state that is not finite, and the time step, in the sample that was
    /// walked last.
    pub fn first_not_finite(&self, weights: &Packed, workspace: &mut Workspace) -> Option<(usize, usize)> {
        let mut found = None;
        for (i, (from, to)) in workspace.spans() {
            workspace.restore(i);
            self.walk_span(weights, workspace, from, to, Visit::Again);
            let layers = self.plan.layers.iter().enumerate();
            let here = layers.filter_map(|(l, plan)| {
                let step = (from..to).find(|&t| {
                    if plan.is_spiking() {
                        workspace.layers[l].before_reset.row(t - from).iter().any(|v| !v.is_finite())
                    } else {
                        workspace.events[l + 1].at(t, 0).counts.iter().any(|i| !i.is_finite())
                    }
                });
                step.map(|step| (l, step))
            });
            found = here.min_by_key(|&(layer, step)| (step, layer));
            if found.is_some() {
                break;
            }
        }
        found
    }
}

/// The sum of what arrives at a layer, into the columns of the scratch.
fn sum_inputs(
    plan: &LayerPlan,
    weights: &Packed,
    events: &[Events],
    scratch: &mut Scratch,
    steps: Steps,
    pass: Pass,
) {
    let Scratch { columns, counts, kept, .. } = scratch;
    let width = plan.columns();
    let columns = columns.first_mut(steps.len() * width);
    columns.fill(0.0);
    for path in &plan.paths {
        let linear = weights.connections[path.connection].as_ref();
        if let Some(bias) = linear.map(|linear| &linear.bias).filter(|bias| !bias.is_empty()) {
            columns.chunks_exact_mut(width).for_each(|row| rows::add(row, bias));
        }
        for &(source, lag) in &path.sources {
            let (source, lag) = match dropout(path, pass) {
                Some(dropout) => {
                    kept.filter(&events[source], (steps.from, steps.to), lag, dropout);
                    (&*kept, 0)
                }
                None => (&events[source], lag),
            };
            match linear {
                Some(linear) => {
                    let counts = counts.first_mut(steps.len() * path.source_size);
                    multiply(path, linear, (source, lag), counts, columns, steps, weights.arch);
                }
                None => add_counts(plan, (source, lag), columns, steps),
            }
        }
    }
}

/// Which counts a connection drops in this walk.
pub(super) fn dropout(path: &Path, pass: Pass) -> Option<Dropout> {
    match (path.dropout, pass) {
        (Some((probability, site)), Pass::Training(SampleKey(key))) => {
            Some(Dropout::new(key, site, probability, path.source_size))
        }
        _ => None,
    }
}

/// Adds the product of counts and matrix: row by row, or dense where most neurons spike.
fn multiply(
    path: &Path,
    linear: &PackedLinear,
    (source, lag): (&Events, usize),
    counts: &mut [f32],
    columns: &mut [f32],
    steps: Steps,
    arch: Arch,
) {
    let width = columns.len() / steps.len().max(1);
    if is_dense(source, lag, path.source_size, steps, DENSE) {
        source.scatter(steps.from, lag, counts, path.source_size);
        Product {
            left: counts,
            row: path.source_size,
            column: 1,
            inner: path.source_size,
            right: linear.matrix.range(0, path.source_size),
            width,
            out: columns,
        }
        .run(arch);
    } else {
        let matrix = linear.matrix.range(0, path.source_size);
        AddRows { events: source, time: steps.from, lag, matrix, width, out: columns }.run(arch);
    }
}

/// Whether the share of neurons that spike lies above `limit`.
pub(super) fn is_dense(source: &Events, lag: usize, size: usize, steps: Steps, limit: f64) -> bool {
    let (from, to) = (steps.from.saturating_sub(lag), steps.to.saturating_sub(lag));
    source.count(from, to) as f64 > limit * (size * steps.len()) as f64
}

/// Adds counts as they are.
fn add_counts(plan: &LayerPlan, (source, lag): (&Events, usize), columns: &mut [f32], steps: Steps) {
    for (i, row) in columns.chunks_exact_mut(plan.columns().max(1)).enumerate() {
        let step = source.at(steps.from + i, lag);
        for (&neuron, &count) in step.neurons.iter().zip(step.counts) {
            row[plan.place(neuron as usize)] += count;
        }
    }
}

/// Sums the currents of a neuron's synapses, in their order.
fn add_synapses(columns: &[f32], plan: &LayerPlan, current: &mut [f32]) {
    let width = plan.width;
    for (columns, current) in columns.chunks_exact(plan.columns()).zip(current.chunks_exact_mut(width)) {
        current.copy_from_slice(&columns[..width]);
        columns[width..].chunks_exact(width).for_each(|synapse| rows::add(current, synapse));
    }
}

/// Gaussian noise of some steps, the same whenever it is drawn.
fn draw_noise(scratch: &mut Scratch, plan: &LayerPlan, std: f32, key: u32, steps: Steps) {
    let unit = |bits: u32| (f64::from(bits) + 0.5) / 4_294_967_296.0;
    let rows = scratch.noise.first_mut(steps.len() * plan.width);
    for (i, row) in rows.chunks_exact_mut(plan.width.max(1)).enumerate() {
        for (neuron, x) in row[..plan.size].iter_mut().enumerate() {
            let place = ((steps.from + i) as u32).wrapping_mul(plan.size as u32).wrapping_add(neuron as u32);
            let (first, second) = (mix(key, place.wrapping_mul(2)), mix(key, place.wrapping_mul(2) | 1));
            let radius = (-2.0 * unit(first).ln()).sqrt();
            *x = std * (radius * (std::f64::consts::TAU * unit(second)).cos()) as f32;
        }
        row[plan.size..].fill(0.0);
    }
}

impl SampleKey {
    /// A key for noise, apart from that of dropout.
    fn noise(self) -> u32 {
        mix(self.0, u32::MAX)
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
