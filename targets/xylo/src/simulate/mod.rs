//! The simulator: every synaptic current, membrane and spike of the chip in every step, bit for bit.
//!
//! ```text
//! Specification ──► Program ──► SpikeList ──► Matrix::deliver ──► Population::update ──► SimulationTrace
//!                   program.rs  delivery.rs                       population.rs          trace.rs
//! ```
//!
//! All states are signed 16-bit integers. One step of [`Simulator::step`]:
//!
//! 1. *Delivery.* Every input channel in ascending order, then every hidden neuron that spiked in the previous step,
//!    adds `weight << shift` to the currents of its targets, once per event. Each addition saturates, so the order
//!    matters once a current saturates. Readout neurons receive the hidden spikes of the previous step, too.
//! 2. *Currents.* Each current decays: `isyn -= leak(isyn, dash_syn)`, where `leak(x, d)` is `x >> d`, rounded down,
//!    but at least 1 for a positive `x`. So every state reaches 0.
//! 3. *Membranes.* `vmem += clamp(clamp(-leak(vmem, dash_mem) + isyn + isyn2) + bias)`, saturating. On Xylo 1
//!    ([`CoreVersion::V1`]), the leak acts first, and there is no bias.
//! 4. *Spikes*, in ascending order of neurons. While `vmem >= threshold` and there were fewer than 31 spikes (1 for a
//!    readout neuron), the neuron spikes once more and `vmem -= threshold`. An alias adds the count to its target: if
//!    the target has a higher id, its count of this step starts there; otherwise the count is added afterwards.
//!
//! These are the semantics of SynSense's `xylosim` (modules `v1` and `v2`), which agree with printed results of a Xylo
//! Audio 3 board; `docs/xylo.md` states how far.

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
use delivery::{LANES, LaneCounts, Matrix, SpikeList};
use population::Population;
use program::Program;
pub use trace::{PopulationTrace, Record, SimulationTrace};

/// A simulated chip: a program and its state. Cloning copies the state and shares the program.
#[derive(Clone, Debug)]
pub struct Simulator {
    program: Arc<Program>,
    /// The vector instructions of this machine.
    arch: Arch,
    hidden: Population,
    readout: Population,
    /// Event counts of the input channels in this step, none above the cap.
    channels: Vec<LaneCounts>,
    /// Events of the input channels in this step.
    input_events: SpikeList,
    /// Spikes of the hidden neurons in the previous step, which are delivered in this one.
    hidden_events: SpikeList,
    /// Input events dropped since the last reset.
    clipped_events: u64,
}

/// The error for a raster that a chip cannot run.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The raster and the chip have different numbers of channels.
    #[error("the raster has {channels} channels; the chip has {inputs} input channels")]
    Channels {
        /// Channels of the raster.
        channels: usize,
        /// Input channels of the specification.
        inputs: usize,
    },
    /// The raster holds values that are not event counts.
    #[error("a chip takes event counts: {0}")]
    InvalidCount(#[from] InvalidCount),
}

impl Simulator {
    /// Creates a chip of the current generation (Audio 2, IMU, Audio 3). All states are zero.
    ///
    /// # Errors
    /// Returns an error if the specification is inconsistent ([`Specification::check`]).
    pub fn new(specification: &Specification) -> Result<Self, SpecificationError> {
        Self::with_core(specification, CoreVersion::V2)
    }

    /// Creates a chip with the given order of the neuron update. All states are zero.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_core(specification: &Specification, core: CoreVersion) -> Result<Self, SpecificationError> {
        // The rest of this module relies on these lengths and ranges for every index.
        specification.check()?;
        let program = Program::new(specification, core);
        let max_count = |matrices: &[Matrix]| matrices.iter().map(Matrix::max_count).min().unwrap_or(u8::MAX);
        // Spikes of hidden neurons are listed once for all matrices, so the list obeys the tightest of their limits.
        let hidden_max_count = max_count(&program.between_hidden).min(program.to_readout.max_count());
        Ok(Self {
            arch: Arch::new(),
            hidden: Population::new(&program.hidden),
            readout: Population::new(&program.readout),
            channels: vec![[0; LANES]; program.inputs.div_ceil(LANES)],
            input_events: SpikeList::new(program.inputs, MAX_INPUT_EVENTS, max_count(&program.from_input)),
            hidden_events: SpikeList::new(program.hidden.count, MAX_HIDDEN_SPIKES, hidden_max_count),
            clipped_events: 0,
            program: Arc::new(program),
        })
    }

    /// Returns the number of input channels.
    pub fn inputs(&self) -> usize {
        self.program.inputs
    }

    /// Returns the number of readout neurons.
    pub fn outputs(&self) -> usize {
        self.readout.neurons
    }

    /// Sets all states and the count of dropped events to zero, and discards spikes that are not delivered yet.
    pub fn reset(&mut self) {
        // `channels` and `input_events` are filled anew in every step.
        self.hidden.reset();
        self.readout.reset();
        self.hidden_events.clear();
        self.clipped_events = 0;
    }

    /// Runs one step. Takes the event counts of the input channels, and returns the spikes of the readout neurons.
    /// Missing channels are silent, surplus ones are ignored.
    pub fn step(&mut self, events: &[u8]) -> &[u8] {
        self.arch.dispatch(OneStep { chip: self, events });
        self.readout_spikes()
    }

    /// Runs one step. With `RECORD_SATURATION`, marks the neurons whose states saturate; without it, the check costs
    /// nothing.
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
        // The order of xylosim: input before hidden spikes. It matters if a current saturates. `hidden_events` still
        // holds the spikes of the previous step: a spike takes one step.
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

    /// Runs a raster of event counts, `[steps, inputs]`, from the current state on.
    ///
    /// # Errors
    /// Returns an error if the raster has another number of channels, or values that are not event counts.
    pub fn run(&mut self, raster: &Raster, record: Record) -> Result<SimulationTrace, RunError> {
        let inputs = self.inputs();
        if raster.channels() != inputs {
            return Err(RunError::Channels { channels: raster.channels(), inputs });
        }
        // Dense counts for all steps, so that the loop neither allocates nor depends on the form of the raster.
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

    /// Runs counts `[steps, inputs]`, for as many steps as they have.
    fn record<const RECORD_SATURATION: bool>(&mut self, counts: &[u8], recording: &mut SimulationTrace) {
        // Dispatched once for the whole run: everything below is inlined into the version for this machine's vectors.
        self.arch.dispatch(RecordedSteps::<RECORD_SATURATION> { chip: self, counts, trace: recording });
    }

    /// Runs each raster from zero states, on all threads, and returns the traces in the same order. The state of `self`
    /// has no effect and does not change.
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

    /// Returns the spikes of the readout neurons in the last step.
    pub fn readout_spikes(&self) -> &[u8] {
        &self.readout.spikes.as_flattened()[..self.readout.neurons]
    }

    /// Returns the membrane potentials of the readout neurons after the last step.
    pub fn readout_vmem(&self) -> &[i16] {
        &self.readout.vmem.as_flattened()[..self.readout.neurons]
    }

    /// Returns the synaptic currents of the readout neurons after the last step.
    pub fn readout_isyn(&self) -> &[i16] {
        &self.readout.isyn[0].as_flattened()[..self.readout.neurons]
    }

    /// Returns the spike counts of the hidden neurons in the last step, alias spikes included.
    pub fn hidden_spikes(&self) -> &[u8] {
        &self.hidden.spikes.as_flattened()[..self.hidden.neurons]
    }

    /// Returns the number of input events dropped since the last reset because a channel had more than
    /// [`MAX_INPUT_EVENTS`] in a step.
    pub fn clipped_events(&self) -> u64 {
        self.clipped_events
    }
}

/// One step, in the vector instructions of the machine.
///
/// A closure in its place would be called through a function that the compiler does not inline, and the arithmetic would
/// stay in baseline instructions: three times as slow.
struct OneStep<'a> {
    chip: &'a mut Simulator,
    events: &'a [u8],
}

impl WithSimd for OneStep<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.chip.advance::<false>(self.events);
    }
}

/// Steps of counts `[steps, inputs]` whose states are recorded, in the vector instructions of the machine; see [`OneStep`].
struct RecordedSteps<'a, const RECORD_SATURATION: bool> {
    chip: &'a mut Simulator,
    counts: &'a [u8],
    trace: &'a mut SimulationTrace,
}

impl<const RECORD_SATURATION: bool> WithSimd for RecordedSteps<'_, RECORD_SATURATION> {
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
