//! What a run leaves behind.

use super::population::Population;

/// How much of a run is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Record {
    /// The readout neurons.
    #[default]
    Readout,
    /// Every state of every neuron.
    All,
}

/// A run of the chip. States are those at the end of a step: currents after decay, membranes after reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulationTrace {
    /// Steps.
    pub steps: usize,
    /// Readout neurons; their spikes are the chip's output.
    pub readout: PopulationTrace,
    /// Hidden neurons, with [`Record::All`].
    pub hidden: Option<PopulationTrace>,
    /// Input events that were dropped.
    pub clipped_events: u64,
}

/// The states of a population: arrays `[steps, neurons]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PopulationTrace {
    /// Neurons.
    pub neurons: usize,
    /// Spike counts, those of aliases included.
    pub spikes: Vec<u8>,
    /// Membrane potentials.
    pub vmem: Vec<i16>,
    /// Currents of the first synapse.
    pub isyn: Vec<i16>,
    /// Currents of the second synapse, where there is one.
    pub isyn2: Option<Vec<i16>>,
    /// For each neuron, `[neurons]`: in how many steps one of its states met a rail. Counted with
    /// [`Record::All`], else empty.
    ///
    /// A step counts once, if the exact result of at least one of these additions lies outside 16 bits, so that
    /// the rail, -32768 or 32767, took its place: an event added to one of the neuron's currents, each event in
    /// its turn; the sum of leak and currents, and the bias added to it, as the change of the membrane; the
    /// change added to the membrane (on Xylo 1: the currents added to the membrane). Leaks and resets never
    /// saturate. How much was lost does not matter.
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

    /// The chip's output: spikes of the readout neurons, `[steps, outputs]`.
    pub fn output(&self) -> &[u8] {
        &self.readout.spikes
    }
}

impl PopulationTrace {
    fn new(steps: usize, population: &Population, record: Record) -> Self {
        let neurons = population.neurons;
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
