//! The state of the interpreter, and one time step.
//!
//! A step updates the layers in order. Each layer sums its connections into its input columns, advances its
//! neurons, and emits counts; delayed and recurrent connections read the counts of earlier steps.

use std::collections::VecDeque;

use synnet_ir::graph::Quantity;
use synnet_random::{Purpose, Stream};

use super::program::{ConnectionProgram, Dynamics, LayerProgram, Program};
use crate::kernels::rows::{add, add_events};
use crate::kernels::{integrator, lif, vectorized};

/// The states of all layers, and the past steps that delays and recurrence read.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// The network's output in the last step.
    pub(super) output: Vec<f32>,
    layers: Vec<LayerState>,
    /// Counts of the input (first) and of each layer.
    emitted: Vec<SpikeHistory>,
    /// Buffer for the input columns of the current layer.
    columns: Vec<f32>,
    /// Buffer for the summed sources of the current connection.
    counts: Vec<f32>,
}

#[derive(Clone, Debug)]
enum LayerState {
    Lif { state: lif::State, noise: Option<Box<Noise>> },
    ExpSyn { isyn: Vec<f32> },
}

/// The noise of a layer.
#[derive(Clone, Debug)]
struct Noise {
    stream: Stream,
    /// Noise current of the current step, one value per neuron.
    row: Vec<f32>,
}

/// The counts that a layer or the input has emitted, in this step and in earlier ones.
#[derive(Clone, Debug)]
struct SpikeHistory {
    now: Vec<f32>,
    /// Earlier steps, the most recent first. Grows up to the longest delay, so that a long delay takes memory
    /// only as time passes.
    past: VecDeque<Vec<f32>>,
}

impl SpikeHistory {
    /// Returns the counts of `lag` steps ago; `None` before the first step.
    fn lagged(&self, lag: usize) -> Option<&[f32]> {
        if lag == 0 { Some(&self.now) } else { self.past.get(lag - 1).map(Vec::as_slice) }
    }

    /// Makes the counts of this step past ones, and drops those older than `max_lag` steps.
    fn advance(&mut self, max_lag: usize) {
        if max_lag == 0 {
            return;
        }
        // The oldest row becomes the newest: once the history is full, a step allocates nothing.
        let mut row =
            if self.past.len() == max_lag { self.past.pop_back() } else { None }.unwrap_or_default();
        row.clone_from(&self.now);
        self.past.push_front(row);
    }
}

impl State {
    /// Creates states of zero. Noise depends on `seed`, on the index `sample` of the sequence, and on the
    /// layer.
    pub(super) fn new(program: &Program, seed: u64, sample: u64) -> Self {
        let layers = program.layers.iter().enumerate().map(|(i, layer)| match &layer.dynamics {
            Dynamics::Lif { constants, noise } => LayerState::Lif {
                state: lif::State::new(constants),
                noise: (*noise != 0.0).then(|| {
                    let stream = Stream::new(seed, Purpose::Noise, sample, i as u64);
                    Box::new(Noise { stream, row: vec![0.0; layer.size] })
                }),
            },
            Dynamics::ExpSyn { decay, .. } => LayerState::ExpSyn { isyn: vec![0.0; decay.len()] },
        });
        let widths = std::iter::once(program.channels).chain(program.layers.iter().map(|layer| layer.size));
        let emitted = widths.map(|width| SpikeHistory { now: vec![0.0; width], past: VecDeque::new() });
        Self {
            output: vec![0.0; program.outputs],
            layers: layers.collect(),
            emitted: emitted.collect(),
            columns: Vec::new(),
            counts: Vec::new(),
        }
    }

    /// Advances all layers by one time step.
    pub(super) fn step(&mut self, program: &Program, input: &[f32]) {
        vectorized(
            #[inline(always)]
            || {
                // A layer reads the counts of earlier layers from this step, since these have already been
                // updated. Recurrent connections have a delay of at least 1.
                self.emitted[0].now.copy_from_slice(input);
                for (i, layer) in program.layers.iter().enumerate() {
                    self.receive(layer);
                    self.update(i, layer);
                }
                for (emitted, &max_lag) in self.emitted.iter_mut().zip(&program.max_lag) {
                    emitted.advance(max_lag);
                }
                self.write_output(program);
            },
        );
    }

    /// Sums the connections into a layer, in the order of the source file, into `columns`.
    #[inline(always)]
    fn receive(&mut self, layer: &LayerProgram) {
        self.columns.clear();
        self.columns.resize(layer.dynamics.columns(), 0.0);
        for connection in &layer.incoming {
            if let Some(bias) = &connection.bias {
                add(&mut self.columns, bias);
            }
            let counts = match connection.sources[..] {
                // The usual case, a single source, needs no copy.
                [(source, lag)] => self.emitted[source].lagged(lag),
                _ => sum_sources(&self.emitted, connection, &mut self.counts),
            };
            let Some(counts) = counts else { continue };
            match &connection.matrix {
                Some(matrix) => add_events(&mut self.columns, counts, matrix),
                None => add(&mut self.columns, counts),
            }
        }
    }

    /// Advances the neurons of layer `i` by one step.
    #[inline(always)]
    fn update(&mut self, i: usize, layer: &LayerProgram) {
        let emitted = &mut self.emitted[i + 1].now;
        match (&mut self.layers[i], &layer.dynamics) {
            (LayerState::Lif { state, noise }, Dynamics::Lif { constants, noise: scale }) => {
                // The scale already contains `sqrt(dt)`; the sample is rounded to f32 before it is scaled.
                let noise = noise.as_deref_mut().map(|Noise { stream, row }| {
                    row.iter_mut().for_each(|x| *x = stream.normal() as f32 * scale);
                    &row[..]
                });
                lif::step(constants, &self.columns, noise, state);
                emitted.copy_from_slice(&state.spikes);
            }
            (LayerState::ExpSyn { isyn }, Dynamics::ExpSyn { decay, filters }) => {
                if *filters {
                    integrator::integrate(isyn, &self.columns, decay);
                } else {
                    isyn.copy_from_slice(&self.columns);
                }
                emitted.copy_from_slice(isyn);
            }
            (LayerState::Lif { .. }, Dynamics::ExpSyn { .. })
            | (LayerState::ExpSyn { .. }, Dynamics::Lif { .. }) => {
                unreachable!("the state of a layer has the kind of its neurons")
            }
        }
    }

    /// Copies the network's output from the states.
    #[inline(always)]
    fn write_output(&mut self, program: &Program) {
        let (layer, quantity) = program.output;
        self.output.clear();
        match &self.layers[layer] {
            LayerState::Lif { state, .. } => match quantity {
                Quantity::Spikes => self.output.extend_from_slice(&state.spikes),
                Quantity::Vmem => self.output.extend_from_slice(&state.vmem),
                // Of several synapses, the first is the output.
                Quantity::Isyn => {
                    let synapses = program.layers[layer].dynamics.synapses();
                    self.output.extend(state.isyn.iter().step_by(synapses));
                }
            },
            LayerState::ExpSyn { isyn } => self.output.extend_from_slice(isyn),
        }
    }

    /// Returns a quantity of layer `i`: one value per neuron, or per input column for currents. Empty for
    /// spikes and membranes of leaky integrators.
    pub(super) fn quantity(&self, i: usize, quantity: Quantity) -> &[f32] {
        match (&self.layers[i], quantity) {
            (LayerState::Lif { state, .. }, Quantity::Spikes) => &state.spikes,
            (LayerState::Lif { state, .. }, Quantity::Vmem) => &state.vmem,
            (LayerState::Lif { state, .. }, Quantity::Isyn) => &state.isyn,
            (LayerState::ExpSyn { .. }, Quantity::Spikes | Quantity::Vmem) => &[],
            (LayerState::ExpSyn { isyn }, Quantity::Isyn) => isyn,
        }
    }
}

/// Sums the sources of a connection into `row`. Returns `None` as long as no source has reached the
/// connection.
#[inline(always)]
fn sum_sources<'a>(
    emitted: &[SpikeHistory],
    connection: &ConnectionProgram,
    row: &'a mut Vec<f32>,
) -> Option<&'a [f32]> {
    row.clear();
    for counts in connection.sources.iter().filter_map(|&(source, lag)| emitted[source].lagged(lag)) {
        if row.is_empty() {
            row.extend_from_slice(counts);
        } else {
            add(row, counts);
        }
    }
    (!row.is_empty()).then_some(row)
}
