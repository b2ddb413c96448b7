//! Inference on an array of input events, with the float interpreter or the simulator of a chip.

use std::fmt;
use std::path::Path;

use synnet_arrays::{AutoSerialize, NpzWriter};
use synnet_ir::Network;
use synnet_runtime::{Interpreter, Sequence, Tracing};
use synnet_xylo::simulate::{PopulationTrace, Record};
use synnet_xylo::{
    chip::{Chip, CoreVersion},
    simulate,
    simulate::Simulator,
};

use crate::compiled_network::CompiledNetwork;
use crate::cost;
use crate::error::Error;
use crate::files;
use crate::input_events::InputEvents;

/// Named output arrays: `output`, and if states are recorded, `<layer>.spikes`, `<layer>.vmem` and `<layer>.isyn`.
#[derive(Default)]
pub struct Arrays {
    archive: NpzWriter,
}

impl Arrays {
    /// Returns the bytes of an `.npz` file.
    ///
    /// # Errors
    /// Returns an error if the arrays are too large for the format.
    pub fn to_npz(self) -> Result<Vec<u8>, Error> {
        self.archive.finish().map_err(|e| Error::Refused(e.to_string()))
    }

    /// Writes the arrays to an `.npz` file.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub fn write(self, path: &Path) -> Result<(), Error> {
        files::write(path, &self.to_npz()?)
    }

    /// Adds an array of values in row-major order.
    fn add<T>(&mut self, name: &str, shape: &[usize], values: &[T]) -> Result<(), Error>
    where
        T: AutoSerialize + Copy,
    {
        self.archive.add(name, shape, values).map_err(|e| Error::Refused(e.to_string()))
    }
}

/// The result of the float interpreter.
pub struct Interpretation {
    /// `output` `[B, T, O]`, and the states of every layer if they are recorded.
    pub arrays: Arrays,
    /// The values of `output` that are infinite or NaN, if there are any.
    pub non_finite: Option<NonFinite>,
}

/// Values of an output array that are infinite or NaN.
#[derive(Clone, Copy, Debug)]
pub struct NonFinite {
    /// Number of such values, 1 or more.
    pub count: usize,
    /// Number of all values.
    pub total: usize,
    /// The first such value.
    pub value: f32,
    /// Sequence, step and output of the first such value, from 0.
    pub place: [usize; 3],
}

impl NonFinite {
    /// Finds such values in an array `[sequences, time, width]`.
    fn find(values: &[f32], time: usize, width: usize) -> Option<Self> {
        let first = values.iter().position(|x| !x.is_finite())?;
        let count = values.iter().filter(|x| !x.is_finite()).count();
        let place = [first / width / time, first / width % time, first % width];
        Some(Self { count, total: values.len(), value: values[first], place })
    }
}

impl fmt::Display for NonFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, total, value, place: [sequence, step, output] } = self;
        let verb = if *count == 1 { "is" } else { "are" };
        write!(
            f,
            "{count} of {total} output values {verb} not finite; the first is {value} in sequence {sequence}, step {step}, \
             output {output}"
        )
    }
}

/// Runs the float interpreter. `output` is `[B, T, O]`. `record` adds the states of every layer, after reset. `seed` is
/// the seed of the membrane noise.
///
/// # Errors
/// Returns an error if a value exceeds the range of `f32`, or if the channels are not those of the network.
pub fn interpret(
    network: &Network,
    events: &InputEvents,
    record: bool,
    seed: u64,
) -> Result<Interpretation, Error> {
    let InputEvents { batch, time, ref data, .. } = *events;
    let input: Vec<f32> = data.iter().map(|&x| x as f32).collect();
    if let Some(i) = input.iter().position(|x| !x.is_finite()) {
        return Err(Error::Input(format!(
            "the array holds {:e}, which exceeds the range of 32-bit floats",
            data[i]
        )));
    }
    let input = Sequence::new(batch, time, network.graph.input.channels, input).map_err(Error::input)?;
    let tracing = if record { Tracing::On } else { Tracing::Off };
    let run = Interpreter::new(network).run(&input, tracing, seed).map_err(Error::input)?;

    let mut arrays = Arrays::default();
    let shape = |n: usize| vec![batch, time, n];
    arrays.add("output", &shape(run.output.width), &run.output.data)?;
    for (layer, trace) in network.graph.layers.iter().zip(&run.layers) {
        for (quantity, states) in [("spikes", &trace.spikes), ("vmem", &trace.vmem)] {
            if let Some(states) = states {
                arrays.add(&format!("{}.{quantity}", layer.name), &shape(layer.size), &states.data)?;
            }
        }
        let mut currents = shape(layer.size);
        if layer.synapses() > 1 {
            currents.push(layer.synapses());
        }
        arrays.add(&format!("{}.isyn", layer.name), &currents, &trace.isyn.data)?;
    }
    let non_finite = NonFinite::find(&run.output.data, time, run.output.width);
    Ok(Interpretation { arrays, non_finite })
}

/// The result of a simulation.
pub struct Simulation {
    /// `output`, the spikes of the readout `[B, T, O]`; `readout.vmem` if the readout is read by its membranes; all
    /// states if they are recorded. Without a batch axis in the input, the arrays have none.
    pub arrays: Arrays,
    /// Number of input events that the chip dropped.
    pub dropped_events: u64,
    /// Whether the readout never spikes, so that its membrane potentials are the output.
    pub by_membrane: bool,
    /// The generation of the chip's core.
    pub core: CoreVersion,
    /// Cycles per step, on average and in the worst case; `None` if there is no model of the chip's cycles.
    pub cycles: Option<[f64; 2]>,
}

/// Runs the simulator of a chip. The default is a chip of the current generation without size limits. `record` adds all
/// states.
///
/// # Errors
/// Returns an error if the specification is inconsistent, or if a value is not an event count.
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
    let traces = simulator.run_batch(&rasters, states).map_err(Error::input)?;
    let clipped = traces.iter().map(|trace| trace.clipped_events).sum::<u64>();
    // By convention, the maximum threshold means that the readout is read by its membranes.
    let by_membrane = specification.threshold_out.iter().all(|&threshold| threshold == i16::MAX);
    Ok(Simulation {
        arrays: simulated_arrays(events, simulator.outputs(), &traces, by_membrane, record)?,
        dropped_events: clipped.saturating_add(events.above_u8()),
        by_membrane,
        core,
        cycles: chip.and_then(|chip| cost::measured_cycles(specification, chip, &rasters, &traces)),
    })
}

impl CompiledNetwork {
    /// Creates a simulator of the network for a generation of the core.
    ///
    /// # Errors
    /// Returns an error if the specification is inconsistent.
    pub fn simulator(&self, core: CoreVersion) -> Result<Simulator, Error> {
        Simulator::with_core(&self.specification, core).map_err(|e| Error::file(self.path(), e))
    }
}

/// Returns the arrays of [`Simulation::arrays`].
fn simulated_arrays(
    events: &InputEvents,
    outputs: usize,
    traces: &[simulate::SimulationTrace],
    by_membrane: bool,
    record: bool,
) -> Result<Arrays, Error> {
    let mut arrays = Arrays::default();
    let shape = |n: usize| {
        let sequence = [events.time, n];
        if events.batched { vec![events.batch, sequence[0], sequence[1]] } else { sequence.to_vec() }
    };
    let spikes: Vec<i64> = traces.iter().flat_map(|trace| trace.output()).map(|&n| i64::from(n)).collect();
    arrays.add("output", &shape(outputs), &spikes)?;
    if by_membrane && !record {
        let vmem: Vec<i64> =
            traces.iter().flat_map(|trace| &trace.readout.vmem).map(|&x| i64::from(x)).collect();
        arrays.add("readout.vmem", &shape(outputs), &vmem)?;
    }
    if record {
        let hidden: Vec<&PopulationTrace> = traces.iter().filter_map(|trace| trace.hidden.as_ref()).collect();
        let readout: Vec<&PopulationTrace> = traces.iter().map(|trace| &trace.readout).collect();
        add_population(&mut arrays, "hidden", &hidden, &shape)?;
        add_population(&mut arrays, "readout", &readout, &shape)?;
    }
    Ok(arrays)
}

/// Adds all states of a population.
fn add_population(
    arrays: &mut Arrays,
    name: &str,
    traces: &[&PopulationTrace],
    shape: &dyn Fn(usize) -> Vec<usize>,
) -> Result<(), Error> {
    let shape = shape(traces.first().map_or(0, |trace| trace.neurons));
    let spikes: Vec<i64> = traces.iter().flat_map(|trace| &trace.spikes).map(|&x| i64::from(x)).collect();
    arrays.add(&format!("{name}.spikes"), &shape, &spikes)?;
    let mut add_state = |state: &str, select: &dyn Fn(&PopulationTrace) -> Option<&Vec<i16>>| {
        let values: Option<Vec<&Vec<i16>>> = traces.iter().map(|trace| select(trace)).collect();
        let Some(values) = values else { return Ok(()) };
        let values: Vec<i64> = values.into_iter().flatten().map(|&x| i64::from(x)).collect();
        arrays.add(&format!("{name}.{state}"), &shape, &values)
    };
    add_state("vmem", &|trace| Some(&trace.vmem))?;
    add_state("isyn", &|trace| Some(&trace.isyn))?;
    add_state("isyn2", &|trace| trace.isyn2.as_ref())
}
