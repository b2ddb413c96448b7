//! The trace of a run: spikes and states of the chip's neurons, step by step.

use super::population::Population;

/// The part of a run that is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Record {
    /// Spikes and states of the readout neurons.
    #[default]
    Readout,
    /// Spikes and states of all neurons, and how often each saturates.
    All,
}

/// The trace of a run. States are taken at the end of each step: currents after decay, membrane potentials after reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulationTrace {
    /// Number of steps.
    pub steps: usize,
    /// Trace of the readout neurons, whose spikes are the chip's output.
    pub readout: PopulationTrace,
    /// Trace of the hidden neurons; `None` without [`Record::All`].
    pub hidden: Option<PopulationTrace>,
    /// Number of input events dropped in this run.
    pub clipped_events: u64,
}

/// The trace of a population: row-major arrays `[steps, neurons]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PopulationTrace {
    /// Number of neurons.
    pub neurons: usize,
    /// Spike counts, alias spikes included.
    pub spikes: Vec<u8>,
    /// Membrane potentials after reset.
    pub vmem: Vec<i16>,
    /// Currents of the first synapse after decay.
    pub isyn: Vec<i16>,
    /// Currents of the second synapse after decay; `None` if neurons have one synapse.
    pub isyn2: Option<Vec<i16>>,
    /// Number of steps in which a state of the neuron saturates, `[neurons]`. Empty without [`Record::All`].
    ///
    /// A step counts once if the exact result of at least one of these additions lies outside of 16 bits: an event
    /// added to one of the neuron's currents, event by event; the sum of leak, currents and bias, which is the change
    /// of the membrane; the change added to the membrane (on Xylo 1: the currents added to the membrane). Leaks and
    /// resets never saturate. The amount that is lost does not matter.
    pub saturations: Vec<u32>,
}

impl SimulationTrace {
    pub(super) fn new(steps: usize, hidden: &Population, readout: &Population, record: Record) -> Self {
        Self {
            steps,
            readout: PopulationTrace::new(steps, readout, record),
            hidden: (record == Record::All).then(|| PopulationTrace::new(steps, hidden, record)),
            clipped_events: 0,
        }
    }

    #[inline(always)]
    pub(super) fn push(&mut self, hidden: &Population, readout: &Population) {
        self.readout.push(readout);
        if let Some(record) = &mut self.hidden {
            record.push(hidden);
        }
    }

    /// Returns the chip's output: the spike counts of the readout neurons, `[steps, outputs]`.
    pub fn output(&self) -> &[u8] {
        &self.readout.spikes
    }
}

impl PopulationTrace {
    fn new(steps: usize, population: &Population, record: Record) -> Self {
        let neurons = population.neurons;
        // Allocated at once, so that the steps of a run allocate nothing.
        let n = steps * neurons;
        Self {
            neurons,
            spikes: Vec::with_capacity(n),
            vmem: Vec::with_capacity(n),
            isyn: Vec::with_capacity(n),
            isyn2: (population.isyn.len() == 2).then(|| Vec::with_capacity(n)),
            saturations: if record == Record::All { vec![0; neurons] } else { Vec::new() },
        }
    }

    #[inline(always)]
    fn push(&mut self, population: &Population) {
        let n = self.neurons;
        self.spikes.extend_from_slice(&population.spikes.as_flattened()[..n]);
        self.vmem.extend_from_slice(&population.vmem.as_flattened()[..n]);
        self.isyn.extend_from_slice(&population.isyn[0].as_flattened()[..n]);
        if let (Some(record), Some(isyn2)) = (&mut self.isyn2, population.isyn.get(1)) {
            record.extend_from_slice(&isyn2.as_flattened()[..n]);
        }
        for (steps, &clamped) in self.saturations.iter_mut().zip(population.clamped.as_flattened()) {
            *steps += u32::from(clamped != 0);
        }
    }
}
