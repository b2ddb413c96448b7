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

mod population;
mod program;
mod recording;

use std::sync::Arc;

use rayon::prelude::*;

use crate::chip::CoreVersion;
use crate::specification::{Specification, SpecificationError};
use population::Population;
use program::Program;
pub use recording::{PopulationRecord, Record, Recording};

/// Most events of an input channel in one step; more are dropped and counted.
pub const INPUT_CAP: u8 = 15;
/// Most spikes of a hidden neuron in one step.
pub const HIDDEN_CAP: u8 = 31;
/// Most spikes of a readout neuron in one step.
pub const READOUT_CAP: u8 = 1;

/// A chip with its state. Cloning copies the state and shares the program.
#[derive(Clone, Debug)]
pub struct Simulator {
    program: Arc<Program>,
    hidden: Population,
    readout: Population,
    /// Hidden neurons that spiked in the last step, in ascending order, with their counts.
    spiking: Vec<(u16, u8)>,
    clipped_events: u64,
}

/// Why a raster cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a raster of {length} values does not consist of whole steps of {inputs} input channels")]
pub struct RasterError {
    /// Values of the raster.
    pub length: usize,
    /// Input channels of the specification.
    pub inputs: usize,
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
        Ok(Self {
            hidden: Population::new(&program.hidden),
            readout: Population::new(&program.readout),
            spiking: Vec::new(),
            clipped_events: 0,
            program: Arc::new(program),
        })
    }

    /// Number of input channels.
    pub fn inputs(&self) -> usize {
        self.program.input_rows.len()
    }

    /// Number of readout neurons.
    pub fn outputs(&self) -> usize {
        self.readout.spikes.len()
    }

    /// Sets all states to zero and forgets spikes that are under way.
    pub fn reset(&mut self) {
        self.hidden.reset();
        self.readout.reset();
        self.spiking.clear();
        self.clipped_events = 0;
    }

    /// One step: the event counts of the input channels in, the spikes of the readout neurons out.
    /// Missing channels are silent, surplus ones are ignored.
    pub fn step(&mut self, events: &[u8]) -> &[u8] {
        self.advance::<false>(events);
        &self.readout.spikes
    }

    /// A step; one that is watched notes which neurons meet a rail.
    fn advance<const WATCH: bool>(&mut self, events: &[u8]) {
        let program = &*self.program;
        if WATCH {
            self.hidden.clamped.fill(false);
            self.readout.clamped.fill(false);
        }
        for (&count, row) in events.iter().zip(&program.input_rows) {
            if count > 0 {
                self.clipped_events += u64::from(count.saturating_sub(INPUT_CAP));
                self.hidden.receive::<WATCH>(row, count.min(INPUT_CAP));
            }
        }
        for &(source, count) in &self.spiking {
            self.hidden.receive::<WATCH>(&program.hidden_rows[source as usize], count);
            self.readout.receive::<WATCH>(&program.readout_rows[source as usize], count);
        }
        self.hidden.update::<WATCH>(&program.hidden, program.core);
        self.readout.update::<WATCH>(&program.readout, program.core);
        self.spiking.clear();
        let spikes = self.hidden.spikes.iter().enumerate();
        self.spiking.extend(spikes.filter(|(_, n)| **n > 0).map(|(i, &n)| (i as u16, n)));
    }

    /// Runs a raster `[steps, inputs]` on from the present state.
    ///
    /// # Errors
    /// Where the raster is not a whole number of steps.
    pub fn run(&mut self, raster: &[u8], record: Record) -> Result<Recording, RasterError> {
        let inputs = self.inputs();
        if inputs == 0 || !raster.len().is_multiple_of(inputs) {
            return Err(RasterError { length: raster.len(), inputs });
        }
        let before = self.clipped_events;
        let steps = raster.len() / inputs;
        let mut recording = Recording::new(steps, &self.hidden, &self.readout, record);
        for events in raster.chunks_exact(inputs) {
            match record {
                Record::Readout => self.advance::<false>(events),
                Record::All => self.advance::<true>(events),
            }
            recording.push(&self.hidden, &self.readout);
        }
        recording.clipped_events = self.clipped_events - before;
        Ok(recording)
    }

    /// Runs each raster from zero states, on all threads. The state of `self` neither matters nor changes.
    ///
    /// # Errors
    /// Where a raster is not a whole number of steps.
    pub fn run_batch(&self, rasters: &[&[u8]], record: Record) -> Result<Vec<Recording>, RasterError> {
        let run = |chip: &mut Self, raster: &&[u8]| {
            chip.reset();
            chip.run(raster, record)
        };
        rasters.par_iter().map_init(|| self.clone(), run).collect()
    }

    /// Membrane potentials of the readout neurons after the last step.
    pub fn readout_vmem(&self) -> &[i16] {
        &self.readout.vmem
    }

    /// Synaptic currents of the readout neurons after the last step.
    pub fn readout_isyn(&self) -> &[i16] {
        &self.readout.isyn[0]
    }

    /// Spikes of the hidden neurons in the last step, those of aliases included.
    pub fn hidden_spikes(&self) -> &[u8] {
        &self.hidden.spikes
    }

    /// Input events dropped since the last reset, because a channel had more than [`INPUT_CAP`] in a step.
    pub fn clipped_events(&self) -> u64 {
        self.clipped_events
    }
}
