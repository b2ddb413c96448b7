//! The chip, bit for bit: every synaptic current, membrane and spike of every step.
//!
//! All states are signed 16-bit integers. One step of [`Simulator::step`]:
//!
//! 1. *Delivery.* Every input channel in ascending order, then every hidden neuron that spiked in the step
//!    before, adds `count * (weight << shift)` to the currents of its targets. Each addition saturates, so the
//!    order matters at the rails. Readout neurons receive the hidden spikes of the step before as well.
//! 2. *Currents.* Each current decays: `isyn -= leak(isyn, dash_syn)`, where `leak(x, d)` is `x >> d`, rounded
//!    down, but at least 1 for a positive `x`. Every state thus reaches 0.
//! 3. *Membranes.* `vmem += clamp(clamp(-leak(vmem, dash_mem) + isyn + isyn2) + bias)`, saturating; on Xylo 1
//!    ([`CoreVersion::V1`]) the leak acts first, and there is no bias.
//! 4. *Spikes*, in ascending order of neurons. While `vmem >= threshold` and fewer than 31 spikes (1 for a
//!    readout neuron): one more spike, `vmem -= threshold`. An alias hands the count to its target: within this
//!    step, as a start value, if the target has a higher id; else on top of what the target did.
//!
//! These are the semantics of SynSense's `xylosim` (modules `v1` and `v2`), which agree with printed results of
//! real Xylo Audio 3 silicon; `docs/xylo.md` says how far.

mod delivery;
mod population;
mod program;
#[cfg(test)]
mod tests;
mod trace;

use std::sync::Arc;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;
use synnet_ir::{InvalidCount, Raster};

use crate::chip::CoreVersion;
use crate::specification::{MAX_HIDDEN_SPIKES, MAX_INPUT_EVENTS, Specification, SpecificationError};
use delivery::{Counts, Events, LANES, Matrix};
use population::Population;
use program::Program;
pub use trace::{PopulationTrace, Record, SimulationTrace};

/// A chip with its state. Cloning copies the state and shares the program.
#[derive(Clone, Debug)]
pub struct Simulator {
    program: Arc<Program>,
    /// The vector instructions of this machine.
    arch: Arch,
    hidden: Population,
    readout: Population,
    /// Event counts of the input channels, none above the cap.
    channels: Vec<Counts>,
    /// Of the input channels in this step.
    input_events: Events,
    /// Of the hidden neurons in the last step.
    hidden_events: Events,
    clipped_events: u64,
}

/// Why a raster cannot be run.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// It has another number of channels.
    #[error("the raster has {channels} channels; the chip has {inputs} input channels")]
    Channels {
        /// Channels of the raster.
        channels: usize,
        /// Input channels of the specification.
        inputs: usize,
    },
    /// It holds other values than counts of events.
    #[error("a chip takes counts of events: {0}")]
    InvalidCount(#[from] InvalidCount),
}

impl Simulator {
    /// A chip of the current generation (Audio 2, IMU, Audio 3) with all states zero.
    ///
    /// # Errors
    /// Where the specification does not hold together ([`Specification::check`]).
    pub fn new(specification: &Specification) -> Result<Self, SpecificationError> {
        Self::with_core(specification, CoreVersion::V2)
    }

    /// As [`new`](Self::new), with the given order of the neuron update.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_core(specification: &Specification, core: CoreVersion) -> Result<Self, SpecificationError> {
        specification.check()?;
        let program = Program::new(specification, core);
        let max_count = |matrices: &[Matrix]| matrices.iter().map(Matrix::max_count).min().unwrap_or(u8::MAX);
        let hidden_max_count = max_count(&program.between_hidden).min(program.to_readout.max_count());
        Ok(Self {
            arch: Arch::new(),
            hidden: Population::new(&program.hidden),
            readout: Population::new(&program.readout),
            channels: vec![[0; LANES]; program.inputs.div_ceil(LANES)],
            input_events: Events::new(program.inputs, MAX_INPUT_EVENTS, max_count(&program.from_input)),
            hidden_events: Events::new(program.hidden.count, MAX_HIDDEN_SPIKES, hidden_max_count),
            clipped_events: 0,
            program: Arc::new(program),
        })
    }

    /// Number of input channels.
    pub fn inputs(&self) -> usize {
        self.program.inputs
    }

    /// Number of readout neurons.
    pub fn outputs(&self) -> usize {
        self.readout.neurons
    }

    /// Sets all states to zero and forgets spikes that are under way.
    pub fn reset(&mut self) {
        self.hidden.reset();
        self.readout.reset();
        self.hidden_events.clear();
        self.clipped_events = 0;
    }

    /// One step: the event counts of the input channels in, the spikes of the readout neurons out.
    /// Missing channels are silent, surplus ones are ignored.
    pub fn step(&mut self, events: &[u8]) -> &[u8] {
        self.arch.dispatch(Step { chip: self, events });
        &self.readout.spikes.as_flattened()[..self.readout.neurons]
    }

    /// A step; one that is watched marks the neurons that meet a rail.
    #[inline(always)]
    fn advance<const RECORD_SATURATION: bool>(&mut self, events: &[u8]) {
        let Self { hidden, readout, input_events, hidden_events, .. } = self;
        let program = &*self.program;
        if RECORD_SATURATION {
            hidden.clamped.fill([0; LANES]);
            readout.clamped.fill([0; LANES]);
        }
        let channels = &mut self.channels.as_flattened_mut()[..program.inputs];
        channels[events.len().min(program.inputs)..].fill(0);
        for (channel, &count) in channels.iter_mut().zip(events) {
            *channel = count.min(MAX_INPUT_EVENTS);
            self.clipped_events += u64::from(count - *channel);
        }
        input_events.collect(&self.channels);
        let matrices = program.from_input.iter().zip(&program.between_hidden);
        for ((from_input, between_hidden), isyn) in matrices.zip(&mut hidden.isyn) {
            from_input.deliver::<RECORD_SATURATION>(input_events, isyn, &mut hidden.clamped);
            between_hidden.deliver::<RECORD_SATURATION>(hidden_events, isyn, &mut hidden.clamped);
        }
        program.to_readout.deliver::<RECORD_SATURATION>(
            hidden_events,
            &mut readout.isyn[0],
            &mut readout.clamped,
        );
        hidden.update::<RECORD_SATURATION>(&program.hidden, program.core);
        readout.update::<RECORD_SATURATION>(&program.readout, program.core);
        hidden_events.collect(&hidden.spikes);
    }

    /// Runs a raster of event counts, one channel for each input channel, on from the present state.
    ///
    /// # Errors
    /// A raster of another number of channels, or of values that are no counts.
    pub fn run(&mut self, raster: &Raster, record: Record) -> Result<SimulationTrace, RunError> {
        let inputs = self.inputs();
        if raster.channels() != inputs {
            return Err(RunError::Channels { channels: raster.channels(), inputs });
        }
        // Laid out at once for all steps: the loop over them neither allocates nor knows the form of a raster.
        let counts = raster.counts()?;
        let before = self.clipped_events;
        let mut recording = SimulationTrace::new(raster.steps(), &self.hidden, &self.readout, record);
        match record {
            Record::Readout => self.record::<false>(&counts, &mut recording),
            Record::All => self.record::<true>(&counts, &mut recording),
        }
        recording.clipped_events = self.clipped_events - before;
        Ok(recording)
    }

    /// Runs counts `[steps, inputs]`, as many steps as the recording has.
    fn record<const RECORD_SATURATION: bool>(&mut self, counts: &[u8], recording: &mut SimulationTrace) {
        self.arch.dispatch(Steps::<RECORD_SATURATION> { chip: self, counts, trace: recording });
    }

    /// Runs each raster from zero states, on all threads. The state of `self` neither matters nor changes.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_batch(&self, rasters: &[Raster], record: Record) -> Result<Vec<SimulationTrace>, RunError> {
        let run = |chip: &mut Self, raster: &Raster| {
            chip.reset();
            chip.run(raster, record)
        };
        rasters.par_iter().map_init(|| self.clone(), run).collect()
    }

    /// Membrane potentials of the readout neurons after the last step.
    pub fn readout_vmem(&self) -> &[i16] {
        &self.readout.vmem.as_flattened()[..self.readout.neurons]
    }

    /// Synaptic currents of the readout neurons after the last step.
    pub fn readout_isyn(&self) -> &[i16] {
        &self.readout.isyn[0].as_flattened()[..self.readout.neurons]
    }

    /// Spikes of the hidden neurons in the last step, those of aliases included.
    pub fn hidden_spikes(&self) -> &[u8] {
        &self.hidden.spikes.as_flattened()[..self.hidden.neurons]
    }

    /// Input events dropped since the last reset, because a channel had more than [`MAX_INPUT_EVENTS`] in a step.
    pub fn clipped_events(&self) -> u64 {
        self.clipped_events
    }
}

/// One step, in the vector instructions of the machine.
///
/// A closure in its place would be called through a function that the compiler does not inline, and the arithmetic would
/// stay in baseline instructions: three times as slow.
struct Step<'a> {
    chip: &'a mut Simulator,
    events: &'a [u8],
}

impl WithSimd for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.chip.advance::<false>(self.events);
    }
}

/// Steps of counts `[steps, inputs]` whose states are recorded, in the vector instructions of the machine; see [`Step`].
struct Steps<'a, const RECORD_SATURATION: bool> {
    chip: &'a mut Simulator,
    counts: &'a [u8],
    trace: &'a mut SimulationTrace,
}

impl<const RECORD_SATURATION: bool> WithSimd for Steps<'_, RECORD_SATURATION> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { chip, counts, trace } = self;
        let inputs = chip.inputs();
        for t in 0..trace.steps {
            chip.advance::<RECORD_SATURATION>(&counts[t * inputs..(t + 1) * inputs]);
            trace.push(&chip.hidden, &chip.readout);
        }
    }
}
