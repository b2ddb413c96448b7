//! A network on an array of input events, in float numbers or on the simulated chip, and the arrays that come out.

use std::path::Path;

use synnet_arrays::{AutoSerialize, NpzWriter};
use synnet_ir::Network;
use synnet_runtime::{Interpreter, Sequence, Tracing};
use synnet_xylo::simulate::{PopulationTrace, Record};
use synnet_xylo::{Chip, CoreVersion, Simulator, simulate};

use crate::compiled_network::CompiledNetwork;
use crate::cost;
use crate::error::Error;
use crate::files;
use crate::input_events::InputEvents;

/// Named arrays: `output`, and with states recorded `<layer>.spikes`, `<layer>.vmem` and `<layer>.isyn`.
#[derive(Default)]
pub struct Arrays {
    archive: NpzWriter,
}

impl Arrays {
    /// The arrays as the bytes of an `.npz` file.
    ///
    /// # Errors
    /// Arrays that are too large for such a file.
    pub fn to_npz(self) -> Result<Vec<u8>, Error> {
        self.archive.finish().map_err(|e| Error::Refused(e.to_string()))
    }

    /// Writes the arrays to an `.npz` file.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(self, path: &Path) -> Result<(), Error> {
        files::write(path, &self.to_npz()?)
    }

    /// Adds an array in row-major order.
    fn add<T>(&mut self, name: &str, shape: &[usize], numbers: &[T]) -> Result<(), Error>
    where
        T: AutoSerialize + Copy,
    {
        self.archive.add(name, shape, numbers).map_err(|e| Error::Refused(e.to_string()))
    }
}

/// Runs the float interpreter. `output` is `[B, T, O]`; `record` adds the states of every layer. `seed` is that of
/// the noise.
///
/// # Errors
/// Numbers that 32 bits cannot hold, or events of other channels than the network has.
pub fn interpret(network: &Network, events: &InputEvents, record: bool, seed: u64) -> Result<Arrays, Error> {
    let InputEvents { batch, time, ref data, .. } = *events;
    let input: Vec<f32> = data.iter().map(|&x| x as f32).collect();
    if let Some(i) = input.iter().position(|x| !x.is_finite()) {
        return Err(Error::Input(format!("the array holds {:e}, more than 32-bit floats can hold", data[i])));
    }
    let input = Sequence::new(batch, time, network.graph.input.channels, input).map_err(Error::input)?;
    let recording = if record { Tracing::On } else { Tracing::Off };
    let run = Interpreter::new(network).run(&input, recording, seed).map_err(Error::input)?;

    let mut arrays = Arrays::default();
    let shape = |n: usize| vec![batch, time, n];
    arrays.add("output", &shape(run.output.width), &run.output.data)?;
    for (layer, trace) in network.graph.layers.iter().zip(&run.layers) {
        for (what, states) in [("spikes", &trace.spikes), ("vmem", &trace.vmem)] {
            if let Some(states) = states {
                arrays.add(&format!("{}.{what}", layer.name), &shape(layer.size), &states.data)?;
            }
        }
        let mut currents = shape(layer.size);
        if layer.synapses() > 1 {
            currents.push(layer.synapses());
        }
        arrays.add(&format!("{}.isyn", layer.name), &currents, &trace.isyn.data)?;
    }
    Ok(arrays)
}

/// What the simulator of a chip made of input events.
pub struct Simulation {
    /// `output`, the spikes of the readout; its membranes if it is read by them; every state if they were recorded.
    pub arrays: Arrays,
    /// Input events that the chip dropped.
    pub dropped_events: u64,
    /// Whether the readout is not meant to spike, so that its membranes are the output.
    pub by_membrane: bool,
    /// The generation of the chip's core.
    pub core: CoreVersion,
    /// Cycles of a step, on average and in the worst case; `None` for chips without a model.
    pub cycles: Option<[f64; 2]>,
}

/// Runs the simulator of a chip, or without one that of the current generation, of any size. `record` adds every
/// state.
///
/// # Errors
/// A specification that does not hold together, or events that are no whole counts.
pub fn simulate(
    network: &CompiledNetwork,
    chip: Option<&Chip>,
    events: &InputEvents,
    record: bool,
) -> Result<Simulation, Error> {
    let specification = &network.specification;
    let core = chip.map_or(CoreVersion::default(), |chip| chip.core);
    let simulator = network.simulator(core)?;
    let rasters = events.rasters().map_err(Error::Input)?;
    let states = if record { Record::All } else { Record::Readout };
    let recordings = simulator.run_batch(&rasters, states).map_err(Error::input)?;
    let clipped = recordings.iter().map(|r| r.clipped_events).sum::<u64>();
    // Such a readout is not meant to spike.
    let by_membrane = specification.threshold_out.iter().all(|&threshold| threshold == i16::MAX);
    Ok(Simulation {
        arrays: simulated(events, simulator.outputs(), &recordings, by_membrane, record)?,
        dropped_events: clipped.saturating_add(events.above_u8()),
        by_membrane,
        core,
        cycles: chip.and_then(|chip| cost::measured_cycles(specification, chip, &rasters, &recordings)),
    })
}

impl CompiledNetwork {
    /// The simulator of the network.
    ///
    /// # Errors
    /// A specification that does not hold together.
    pub fn simulator(&self, core: CoreVersion) -> Result<Simulator, Error> {
        Simulator::with_core(&self.specification, core).map_err(|e| Error::file(self.path(), e))
    }
}

/// The readout's spikes, its membranes if it is read by them, and with `record` every state.
fn simulated(
    events: &InputEvents,
    outputs: usize,
    recordings: &[simulate::SimulationTrace],
    by_membrane: bool,
    record: bool,
) -> Result<Arrays, Error> {
    let mut arrays = Arrays::default();
    let shape = |n: usize| {
        let sequence = [events.time, n];
        if events.batched { vec![events.batch, sequence[0], sequence[1]] } else { sequence.to_vec() }
    };
    let spikes: Vec<i64> = recordings.iter().flat_map(|r| r.output()).map(|&n| i64::from(n)).collect();
    arrays.add("output", &shape(outputs), &spikes)?;
    if by_membrane && !record {
        let vmem: Vec<i64> = recordings.iter().flat_map(|r| &r.readout.vmem).map(|&x| i64::from(x)).collect();
        arrays.add("readout.vmem", &shape(outputs), &vmem)?;
    }
    if record {
        let hidden: Vec<&PopulationTrace> = recordings.iter().filter_map(|r| r.hidden.as_ref()).collect();
        let readout: Vec<&PopulationTrace> = recordings.iter().map(|r| &r.readout).collect();
        population(&mut arrays, "hidden", &hidden, &shape)?;
        population(&mut arrays, "readout", &readout, &shape)?;
    }
    Ok(arrays)
}

fn population(
    arrays: &mut Arrays,
    name: &str,
    records: &[&PopulationTrace],
    shape: &dyn Fn(usize) -> Vec<usize>,
) -> Result<(), Error> {
    let shape = shape(records.first().map_or(0, |r| r.neurons));
    let spikes: Vec<i64> = records.iter().flat_map(|r| &r.spikes).map(|&x| i64::from(x)).collect();
    arrays.add(&format!("{name}.spikes"), &shape, &spikes)?;
    let mut state = |what: &str, of: &dyn Fn(&PopulationTrace) -> Option<&Vec<i16>>| {
        let values: Option<Vec<&Vec<i16>>> = records.iter().map(|record| of(record)).collect();
        let Some(values) = values else { return Ok(()) };
        let values: Vec<i64> = values.into_iter().flatten().map(|&x| i64::from(x)).collect();
        arrays.add(&format!("{name}.{what}"), &shape, &values)
    };
    state("vmem", &|r| Some(&r.vmem))?;
    state("isyn", &|r| Some(&r.isyn))?;
    state("isyn2", &|r| r.isyn2.as_ref())
}
