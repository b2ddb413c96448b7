//! The walk backwards.

use pulp::Arch;
use synnet_dsl::graph::{Quantity, SurrogateKind};

use super::forward::{Steps, Visit, dropout, is_dense};
use super::packed::{Packed, PackedLayer};
use super::plan::{Kind, LayerPlan, Path, Plan};
use super::sums::{LayerSums, LinearSums};
use super::workspace::{LayerBuffers, Rows, Scratch};
use super::{BLOCK, Pass, Sums, Tape, Workspace};
use crate::kernels::events::{AddOuter, Events};
use crate::kernels::membrane::{self, Learn, Synapse};
use crate::kernels::product::Product;
use crate::kernels::{rows, synapse};
use crate::regularizer::MembraneRegularizer;
use crate::surrogate::{periodic_exponential, piecewise_linear};

/// Share of counts that are not zero above which a dense product is quicker for the gradient of a
/// matrix than adding a row for each event (`cargo bench -p synnet-runtime --bench training_step`).
const DENSE: f64 = 0.25;

impl Tape {
    /// Walks the sample that was walked forwards last backwards, and adds the gradients to `sums`.
    /// Gives the price of the membranes ([`Workspace::price_membranes`]), 0 where they have none.
    ///
    /// # Panics
    /// Where weights, workspace or sums are of another tape.
    pub fn backward(&self, weights: &Packed, workspace: &mut Workspace, sums: &mut Sums) -> f64 {
        for layer in &mut workspace.layers {
            layer.d_spikes.used_mut().fill(0.0);
            layer.carry.clear();
            layer.isyn_carry.fill(0.0);
        }
        let mut price = 0.0;
        let last = workspace.saved.len().saturating_sub(1);
        for (i, (from, to)) in workspace.spans().rev() {
            if i < last {
                workspace.restore(i);
                self.walk_span(weights, workspace, from, to, Visit::Again);
            }
            for block in (from..to).step_by(BLOCK).rev() {
                let steps = Steps { from: block, to: (block + BLOCK).min(to), block, span: from };
                price += self.unwalk_block(weights, workspace, steps, sums);
            }
        }
        price
    }

    fn unwalk_block(
        &self,
        weights: &Packed,
        workspace: &mut Workspace,
        block: Steps,
        sums: &mut Sums,
    ) -> f64 {
        let mut price = 0.0;
        for stage in self.plan.stages.iter().rev() {
            for from in (block.from..block.to).step_by(stage.steps).rev() {
                let steps = Steps { from, to: (from + stage.steps).min(block.to), ..block };
                for layer in stage.layers.clone().rev().filter(|&l| self.plan.layers[l].differentiable) {
                    price += self.unwalk_layer(weights, workspace, layer, steps, sums);
                }
            }
        }
        for (layer, reach) in workspace.layers.iter_mut().zip(&workspace.reach[1..]) {
            if !layer.d_spikes.is_empty() {
                layer.d_spikes.shift_down(BLOCK, reach + BLOCK);
            }
        }
        price
    }

    fn unwalk_layer(
        &self,
        weights: &Packed,
        workspace: &mut Workspace,
        layer: usize,
        steps: Steps,
        sums: &mut Sums,
    ) -> f64 {
        let plan = &self.plan.layers[layer];
        let Workspace { layers, events, reach, scratch, pass, d_output, steps: all_steps, .. } = workspace;
        let (packed, arch) = (&weights.layers[layer], weights.arch);
        let buffers = &mut layers[layer];
        let outputs = self.plan.output.0 == layer;
        let d_output = if outputs { &d_output[steps.from * plan.size..steps.to * plan.size] } else { &[] };
        let given = Given { quantity: self.plan.output.1, d_output };
        let first = steps.from - steps.block + reach[layer + 1];
        let price = match plan.kind {
            Kind::Lif { .. } => {
                let sums = sums.layers[layer].as_mut();
                unfire(plan, packed, (buffers, scratch), given, first, (steps, *all_steps), sums, arch)
            }
            Kind::ExpSyn => {
                let len = steps.len() * plan.width;
                let d_columns = scratch.columns.first_mut(len);
                d_columns.copy_from_slice(buffers.d_spikes.range(first, first + steps.len()));
                given.add_to(d_columns, plan, plan.width);
                0.0
            }
        };
        unsynapse(plan, packed, (buffers, scratch), given, steps, sums.layers[layer].as_mut(), arch);
        for path in &plan.paths {
            let linear_sums = sums.connections[path.connection].as_mut();
            gradient_of_path(plan, path, linear_sums, events, scratch, steps, *pass, arch);
            flow_back(&self.plan, plan, path, weights, layers, reach, scratch, steps, *pass);
        }
        price
    }
}

/// The gradient on what the network gives, `[rows, size]`; empty for a layer that is not the output.
#[derive(Clone, Copy)]
struct Given<'a> {
    quantity: Quantity,
    d_output: &'a [f32],
}

impl Given<'_> {
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
#[expect(clippy::too_many_arguments, reason = "the buffers of a scan, named one by one")]
fn unfire(
    plan: &LayerPlan,
    packed: &PackedLayer,
    (buffers, scratch): (&mut LayerBuffers, &mut Scratch),
    given: Given<'_>,
    first: usize,
    (steps, all_steps): (Steps, usize),
    sums: Option<&mut LayerSums>,
    arch: Arch,
) -> f64 {
    let Kind::Lif { surrogate, max_spikes, .. } = plan.kind else { return 0.0 };
    let len = steps.len() * plan.width;
    let (from, to) = (steps.from - steps.span, steps.to - steps.span);
    let d_spikes = buffers.d_spikes.range_mut(first, first + steps.len());
    if given.is(Quantity::Spikes) {
        given.add_to(d_spikes, plan, plan.width);
    }
    let before_reset = buffers.before_reset.range(from, to);
    let d_vmem = scratch.vmem.first_mut(if given.is(Quantity::Vmem) { len } else { 0 });
    d_vmem.fill(0.0);
    if given.is(Quantity::Vmem) {
        given.add_to(d_vmem, plan, plan.width);
    }
    let priced = buffers.membrane_price.is_some();
    let d_before_reset = scratch.d_before_reset.first_mut(if priced { len } else { 0 });
    d_before_reset.fill(0.0);
    let threshold = &packed.membrane.threshold;
    let price = buffers.membrane_price.map_or(0.0, |price| {
        price_membranes(price, plan, threshold, before_reset, d_before_reset, all_steps)
    });
    let learn = sums.filter(|_| plan.learns_constants).map(|sums| Learn {
        before: (from > 0).then(|| buffers.before_reset.row(from - 1)),
        start: &buffers.start.membrane,
        iahp: if plan.is_adaptive() { buffers.iahp.range(from, to) } else { &[] },
        sums: &mut sums.constants,
    });
    let fuses = plan.fuses_synapse;
    let d_current = if plan.synapses == 1 { &mut scratch.columns } else { &mut scratch.current };
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
                synapse: fuses.then(|| Synapse { decay: &packed.decay, state: &mut buffers.isyn_carry }),
                d_current: d_current.first_mut(len),
                learn,
            }
            .run(arch)
        };
    }
    match surrogate.kind {
        SurrogateKind::PeriodicExponential => run!(periodic_exponential(surrogate.window, max_spikes)),
        SurrogateKind::PiecewiseLinear => run!(piecewise_linear(surrogate.window)),
    }
    price
}

/// The price of the membranes of some steps, mean over all `steps` and the neurons; its gradient, `weight`
/// times, goes to `d_before_reset`.
fn price_membranes(
    (regularizer, weight): (MembraneRegularizer, f64),
    plan: &LayerPlan,
    threshold: &[f32],
    before_reset: &[f32],
    d_before_reset: &mut [f32],
    steps: usize,
) -> f64 {
    let share = 1.0 / (steps * plan.size).max(1) as f64;
    let (mut price, factor) = (0.0, (share * weight) as f32);
    let rows = before_reset.chunks_exact(plan.width).zip(d_before_reset.chunks_exact_mut(plan.width));
    for (row, d_row) in rows {
        for ((&v, d_v), &threshold) in row.iter().zip(d_row).zip(threshold).take(plan.size) {
            let (p, slope) = regularizer.price(v, threshold);
            price += f64::from(p);
            *d_v = slope * factor;
        }
    }
    price * share
}

/// From the gradient on the sum of the synaptic currents to that on the input columns.
fn unsynapse(
    plan: &LayerPlan,
    packed: &PackedLayer,
    (buffers, scratch): (&mut LayerBuffers, &mut Scratch),
    given: Given<'_>,
    steps: Steps,
    sums: Option<&mut LayerSums>,
    arch: Arch,
) {
    if plan.fuses_synapse {
        return;
    }
    let width = plan.columns();
    let columns = scratch.columns.first_mut(steps.len() * width);
    if plan.synapses > 1 {
        let current = scratch.current.first_mut(steps.len() * plan.width);
        for (row, current) in columns.chunks_exact_mut(width).zip(current.chunks_exact(plan.width)) {
            row.chunks_exact_mut(plan.width).for_each(|synapse| synapse.copy_from_slice(current));
        }
    }
    if plan.is_spiking() && given.is(Quantity::Isyn) {
        given.add_to(columns, plan, width);
    }
    let (from, to) = (steps.from - steps.span, steps.to - steps.span);
    let isyn = &buffers.isyn;
    synapse::Backward {
        decay: &packed.decay,
        rows: columns,
        carry: &mut buffers.isyn_carry,
        learn: sums.filter(|_| plan.learns_synapses).map(|sums| (isyn.range(from, to), &mut sums.beta[..])),
    }
    .run(arch);
}

/// Adds the gradients of a connection's matrix and bias.
#[expect(clippy::too_many_arguments, reason = "the buffers of a product, named one by one")]
fn gradient_of_path(
    plan: &LayerPlan,
    path: &Path,
    sums: Option<&mut LinearSums>,
    events: &[Events],
    scratch: &mut Scratch,
    steps: Steps,
    pass: Pass,
    arch: Arch,
) {
    let Some(sums) = sums else { return };
    let Scratch { columns, counts, kept, .. } = scratch;
    let (width, size) = (plan.columns(), path.source_size);
    let d_columns = columns.first_mut(steps.len() * width);
    if path.learns_bias {
        d_columns.chunks_exact(width).for_each(|row| rows::add(&mut sums.bias, row));
    }
    if !path.learns_matrix || size == 0 {
        return;
    }
    let d_matrix = sums.matrix.range_mut(0, size);
    for &(source, lag) in &path.sources {
        let (source, lag) = match dropout(path, pass) {
            Some(dropout) => {
                kept.filter(&events[source], (steps.from, steps.to), lag, dropout);
                (&*kept, 0)
            }
            None => (&events[source], lag),
        };
        if is_dense(source, lag, size, steps, DENSE) {
            let counts = counts.first_mut(steps.len() * size);
            source.scatter(steps.from, lag, counts, size);
            let inner = steps.len();
            Product { left: counts, row: 1, column: size, inner, right: d_columns, width, out: d_matrix }
                .run(arch);
        } else {
            AddOuter { events: source, time: steps.from, lag, rows: d_columns, width, d_matrix }.run(arch);
        }
    }
}

/// Adds the gradient on the counts that a connection carries to those of its sources.
#[expect(clippy::too_many_arguments, reason = "the buffers of a product, named one by one")]
fn flow_back(
    network: &Plan,
    plan: &LayerPlan,
    path: &Path,
    weights: &Packed,
    layers: &mut [LayerBuffers],
    reach: &[usize],
    scratch: &mut Scratch,
    steps: Steps,
    pass: Pass,
) {
    let arrives = |lag: usize| lag <= steps.to;
    let flows =
        |&&(source, lag): &&(usize, usize)| network.flows_to(source) && lag <= reach[source] && arrives(lag);
    let mut sources = path.sources.iter().filter(flows).map(|&(source, lag)| {
        let first = steps.from - steps.block + reach[source] - lag;
        (source, first, first + steps.len())
    });
    let dropout = dropout(path, pass);
    let linear = weights.connections[path.connection].as_ref();
    let transposed = linear.and_then(|linear| linear.transposed.as_ref());
    let columns = scratch.columns.first_mut(steps.len() * plan.columns());
    if let (None, [_], Some(transposed)) = (dropout, &path.sources[..], transposed) {
        if let Some((source, from, to)) = sources.next() {
            let d_spikes = layers[source - 1].d_spikes.range_mut(from, to);
            add_product(plan, columns, transposed, d_spikes, weights.arch);
        }
        return;
    }
    let width = crate::kernels::padded(path.source_size);
    let d_counts = scratch.d_counts.first_mut(steps.len() * width);
    d_counts.fill(0.0);
    match transposed {
        Some(transposed) => add_product(plan, columns, transposed, d_counts, weights.arch),
        None if linear.is_some() => return,
        None => {
            for (d_counts, row) in
                d_counts.chunks_exact_mut(width.max(1)).zip(columns.chunks_exact(plan.columns()))
            {
                (0..path.source_size).for_each(|column| d_counts[column] = row[plan.place(column)]);
            }
        }
    }
    if let Some(dropout) = dropout {
        dropout.mask(steps.from, d_counts, width);
    }
    for (source, from, to) in sources {
        rows::add(layers[source - 1].d_spikes.range_mut(from, to), d_counts);
    }
}

/// `d_counts += d_columns @ transposed`.
fn add_product(plan: &LayerPlan, d_columns: &[f32], transposed: &Rows, d_counts: &mut [f32], arch: Arch) {
    let inner = if plan.synapses == 1 { plan.size } else { plan.columns() };
    let width = transposed.width();
    let right = transposed.range(0, inner);
    Product { left: d_columns, row: plan.columns(), column: 1, inner, right, width, out: d_counts }.run(arch);
}
