//! The float interpreter: the canonical meaning of a network, step by step.
//!
//! It computes in f32, in exactly the order that [`synnet_ir::graph`] states, so that generated
//! code can be compared with it bit for bit.

mod program;
mod state;

use std::sync::Arc;

use rayon::prelude::*;
use synnet_ir::Network;
use synnet_ir::graph::Quantity;

use crate::sequence::{Sequence, ShapeError};
use program::Program;
use state::State;

/// A network that can be run.
#[derive(Clone, Debug)]
pub struct Interpreter {
    program: Arc<Program>,
    state: State,
}

/// Whether a run keeps the traces of every layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracing {
    /// The output only.
    Off,
    /// Spikes, membranes and currents of every layer.
    On,
}

/// What a run gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The network's output, `[batch, time, outputs]`.
    pub output: Sequence,
    /// The traces of each layer in the order of update; empty unless recorded.
    pub layers: Vec<LayerTrace>,
}

/// The states of a layer at the end of each step.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerTrace {
    /// Name of the layer.
    pub name: String,
    /// Spike counts `[batch, time, neurons]`; `None` for leaky integrators.
    pub spikes: Option<Sequence>,
    /// Membrane potentials after reset `[batch, time, neurons]`; `None` for leaky integrators.
    pub vmem: Option<Sequence>,
    /// Synaptic currents `[batch, time, neurons * synapses]`; synapse `s` of neuron `n` is column
    /// `n * synapses + s`.
    pub isyn: Sequence,
}

impl Interpreter {
    /// Prepares a network; states are zero and the seed of noise is 0.
    pub fn new(network: &Network) -> Self {
        let program = Arc::new(Program::new(network));
        let state = State::new(&program, 0, 0);
        Self { program, state }
    }

    /// Runs one time step and gives the output; states carry over to the next.
    ///
    /// # Panics
    /// Where the input does not have as many values as the network has channels.
    pub fn step(&mut self, input: &[f32]) -> &[f32] {
        assert_eq!(
            input.len(),
            self.program.channels,
            "a step takes one value per channel of the network's input"
        );
        self.state.step(&self.program, input);
        &self.state.output
    }

    /// Sets all states back to zero, and noise back to its beginning.
    pub fn reset(&mut self) {
        self.reset_with_seed(0);
    }

    /// As [`reset`](Self::reset), with another seed of noise. The steps that follow draw the noise
    /// of the first sequence of a [`run`](Self::run) with this seed.
    pub fn reset_with_seed(&mut self, seed: u64) {
        self.state = State::new(&self.program, seed, 0);
    }

    /// Runs each sequence of a batch from rest; the interpreter's own state is not touched.
    ///
    /// `seed` decides the noise, if the network has any: of each sequence by its place in the
    /// batch, whatever the number of threads.
    ///
    /// # Errors
    /// Where the input is not as wide as the network's.
    pub fn run(&self, input: &Sequence, recording: Tracing, seed: u64) -> Result<Run, ShapeError> {
        self.run_from(input, recording, seed, 0)
    }

    /// As [`run`](Self::run), for a batch that is a part of a greater one and begins at `first` there: the noise is
    /// that of these sequences in the greater one.
    ///
    /// # Errors
    /// Where the input is not as wide as the network's.
    pub fn run_from(
        &self,
        input: &Sequence,
        recording: Tracing,
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
                let mut state = State::new(program, seed, first + b as u64);
                let mut sample = SequenceTrace::new(program, recording);
                for t in 0..input.time {
                    state.step(program, input.row(b, t));
                    sample.record(&state);
                }
                sample
            })
            .collect();
        Ok(join(program, recording, input, &samples))
    }
}

/// The results of one sequence.
struct SequenceTrace {
    output: Vec<f32>,
    /// Spikes, membranes and currents of each recorded layer.
    layers: Vec<[Vec<f32>; 3]>,
}

impl SequenceTrace {
    fn new(program: &Program, recording: Tracing) -> Self {
        let recorded = if recording == Tracing::On { program.layers.len() } else { 0 };
        Self { output: Vec::new(), layers: vec![Default::default(); recorded] }
    }

    fn record(&mut self, state: &State) {
        self.output.extend_from_slice(&state.output);
        for (i, [spikes, vmem, isyn]) in self.layers.iter_mut().enumerate() {
            spikes.extend_from_slice(state.quantity(i, Quantity::Spikes));
            vmem.extend_from_slice(state.quantity(i, Quantity::Vmem));
            isyn.extend_from_slice(state.quantity(i, Quantity::Isyn));
        }
    }
}

/// Lays the sequences of a batch one after another.
fn join(program: &Program, recording: Tracing, input: &Sequence, samples: &[SequenceTrace]) -> Run {
    let gather = |width: usize, of: &dyn Fn(&SequenceTrace) -> &[f32]| Sequence {
        batch: input.batch,
        time: input.time,
        width,
        data: samples.iter().flat_map(|sample| of(sample).iter().copied()).collect(),
    };
    let output = gather(program.outputs, &|sample| &sample.output);
    let recorded = program.layers.iter().enumerate().filter(|_| recording == Tracing::On);
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
