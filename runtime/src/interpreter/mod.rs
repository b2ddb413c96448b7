//! The float interpreter, which defines the numbers of a network.
//!
//! A [`Program`] holds the constants of a network, a [`State`] its states; a run advances one state per
//! sequence, step by step. All arithmetic is f32, in exactly the order that [`synnet_ir::graph`] states, so
//! generated code can be compared bit for bit.

mod program;
mod state;

use std::sync::Arc;

use rayon::prelude::*;
use synnet_ir::Network;
use synnet_ir::graph::Quantity;

use crate::sequence::{Sequence, ShapeError};
use program::Program;
use state::State;

/// An interpreter of one network, with a state for step-by-step use. Clones share the weights.
#[derive(Clone, Debug)]
pub struct Interpreter {
    program: Arc<Program>,
    state: State,
}

/// Whether a run records the traces of every layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracing {
    /// The output only.
    Off,
    /// Spikes, membrane potentials and currents of every layer.
    On,
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The network's output, `[batch, time, outputs]`.
    pub output: Sequence,
    /// The traces of each layer, in the order of update; empty with [`Tracing::Off`].
    pub layers: Vec<LayerTrace>,
}

/// The states of a layer at the end of each step.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerTrace {
    /// Name of the layer.
    pub name: String,
    /// Spike counts, `[batch, time, neurons]`; `None` for leaky integrators.
    pub spikes: Option<Sequence>,
    /// Membrane potentials after reset, `[batch, time, neurons]`; `None` for leaky integrators.
    pub vmem: Option<Sequence>,
    /// Synaptic currents, `[batch, time, neurons * synapses]`; synapse `s` of neuron `n` is column
    /// `n * synapses + s`.
    pub isyn: Sequence,
}

/// The states at the end of a step, as [`Interpreter::states`] and [`Interpreter::visit_steps`] show them. Layers are
/// counted in the order of the graph.
#[derive(Clone, Copy, Debug)]
pub struct StepStates<'a> {
    state: &'a State,
}

impl<'a> StepStates<'a> {
    /// Returns the network's output, `[outputs]`.
    pub fn output(self) -> &'a [f32] {
        &self.state.output
    }

    /// Returns the spike counts of a layer, `[neurons]`; empty for leaky integrators.
    ///
    /// # Panics
    /// If there is no such layer.
    pub fn spikes(self, layer: usize) -> &'a [f32] {
        self.state.quantity(layer, Quantity::Spikes)
    }

    /// Returns the membrane potentials of a layer after reset, `[neurons]`; empty for leaky integrators.
    ///
    /// # Panics
    /// If there is no such layer.
    pub fn vmem(self, layer: usize) -> &'a [f32] {
        self.state.quantity(layer, Quantity::Vmem)
    }

    /// Returns the synaptic currents of a layer, `[neurons * synapses]`; synapse `s` of neuron `n` is column
    /// `n * synapses + s`.
    ///
    /// # Panics
    /// If there is no such layer.
    pub fn isyn(self, layer: usize) -> &'a [f32] {
        self.state.quantity(layer, Quantity::Isyn)
    }
}

impl Interpreter {
    /// Prepares a network. All states are zero, and noise has seed 0.
    pub fn new(network: &Network) -> Self {
        let program = Arc::new(Program::new(network));
        let state = State::new(&program, 0, 0);
        Self { program, state }
    }

    /// Runs one time step and returns the output. The states are kept for the next step.
    ///
    /// # Panics
    /// If the length of `input` is not the number of channels of the network's input.
    pub fn step(&mut self, input: &[f32]) -> &[f32] {
        assert_eq!(
            input.len(),
            self.program.channels,
            "a step takes one value per channel of the network's input"
        );
        self.state.step(&self.program, input);
        &self.state.output
    }

    /// Returns the states at the end of the last step.
    pub fn states(&self) -> StepStates<'_> {
        StepStates { state: &self.state }
    }

    /// Sets all states to zero, and restarts the noise with seed 0.
    pub fn reset(&mut self) {
        self.reset_with_seed(0);
    }

    /// Like [`reset`](Self::reset), with another seed. The following steps draw the same noise as the first
    /// sequence of a [`run`](Self::run) with this seed.
    pub fn reset_with_seed(&mut self, seed: u64) {
        self.state = State::new(&self.program, seed, 0);
    }

    /// Runs each sequence of a batch from states of zero, in parallel. The interpreter's own state does not
    /// change.
    ///
    /// `seed` determines the noise of a network that has some. Noise depends on the seed and on the index of
    /// the sequence in the batch, never on the number of threads.
    ///
    /// # Errors
    /// Returns [`ShapeError::Channels`] if the width of `input` is not the number of channels of the
    /// network's input.
    pub fn run(&self, input: &Sequence, tracing: Tracing, seed: u64) -> Result<Run, ShapeError> {
        self.run_from(input, tracing, seed, 0)
    }

    /// Like [`run`](Self::run), for the part of a larger batch that begins at index `first`. The noise is
    /// that of these sequences in the larger batch.
    ///
    /// # Errors
    /// Returns [`ShapeError::Channels`] if the width of `input` is not the number of channels of the
    /// network's input.
    pub fn run_from(
        &self,
        input: &Sequence,
        tracing: Tracing,
        seed: u64,
        first: u64,
    ) -> Result<Run, ShapeError> {
        let program = &*self.program;
        if input.width != program.channels {
            return Err(ShapeError::Channels {
                network: program.name.clone(),
                expected: program.channels,
                found: input.width,
            });
        }
        let samples: Vec<SequenceTrace> = (0..input.batch)
            .into_par_iter()
            .map(|b| {
                let mut sample = SequenceTrace::new(program, tracing);
                let write_input = |t: usize, row: &mut [f32]| row.copy_from_slice(input.row(b, t));
                self.visit_steps(input.time, seed, first + b as u64, write_input, |states| {
                    sample.record(states)
                });
                sample
            })
            .collect();
        Ok(join(program, tracing, input, &samples))
    }

    /// Runs one sequence of `steps` steps from states of zero, and shows the states after each step to `visit`. Nothing
    /// is kept, so that memory does not grow with the steps. The interpreter's own state does not change.
    ///
    /// `write_input` writes the input of a step, one value per channel of the network's input, over that of the
    /// previous step. Noise is that of the sequence `index` of a batch with this seed.
    pub fn visit_steps(
        &self,
        steps: usize,
        seed: u64,
        index: u64,
        mut write_input: impl FnMut(usize, &mut [f32]),
        mut visit: impl FnMut(StepStates<'_>),
    ) {
        let program = &*self.program;
        let mut state = State::new(program, seed, index);
        let mut row = vec![0.0; program.channels];
        for t in 0..steps {
            write_input(t, &mut row);
            state.step(program, &row);
            visit(StepStates { state: &state });
        }
    }
}

/// The output and the traces of one sequence.
struct SequenceTrace {
    /// `[time, outputs]`.
    output: Vec<f32>,
    /// Spikes, membrane potentials and currents of each recorded layer, `[time, columns]` each.
    layers: Vec<[Vec<f32>; 3]>,
}

impl SequenceTrace {
    fn new(program: &Program, tracing: Tracing) -> Self {
        let recorded = if tracing == Tracing::On { program.layers.len() } else { 0 };
        Self { output: Vec::new(), layers: vec![Default::default(); recorded] }
    }

    fn record(&mut self, states: StepStates<'_>) {
        self.output.extend_from_slice(states.output());
        for (i, [spikes, vmem, isyn]) in self.layers.iter_mut().enumerate() {
            spikes.extend_from_slice(states.spikes(i));
            vmem.extend_from_slice(states.vmem(i));
            isyn.extend_from_slice(states.isyn(i));
        }
    }
}

/// Concatenates the traces of single sequences to a batch.
fn join(program: &Program, tracing: Tracing, input: &Sequence, samples: &[SequenceTrace]) -> Run {
    let gather = |width: usize, of: &dyn Fn(&SequenceTrace) -> &[f32]| Sequence {
        batch: input.batch,
        time: input.time,
        width,
        data: samples.iter().flat_map(|sample| of(sample).iter().copied()).collect(),
    };
    let output = gather(program.outputs, &|sample| &sample.output);
    let recorded = program.layers.iter().enumerate().filter(|_| tracing == Tracing::On);
    let layers = recorded.map(|(i, layer)| {
        let spiking = |which: usize| {
            layer.dynamics.is_spiking().then(|| gather(layer.size, &|sample| &sample.layers[i][which]))
        };
        LayerTrace {
            name: layer.name.clone(),
            spikes: spiking(0),
            vmem: spiking(1),
            isyn: gather(layer.dynamics.columns(), &|sample| &sample.layers[i][2]),
        }
    });
    Run { output, layers: layers.collect() }
}
