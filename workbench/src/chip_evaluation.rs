//! Evaluation of a dataset on a simulated chip, with the readout of the float network.

use synnet_ir::graph::Quantity;
use synnet_ir::{InvalidCount, Network, Raster};
use synnet_runtime::{Dataset, Evaluation, Label, Readout, Sequence};
use synnet_xylo::Build;
use synnet_xylo::cost::Activity;
use synnet_xylo::simulate::{Record, SimulationTrace};

use crate::error::Error;

/// The results of a dataset on a chip.
pub struct ChipEvaluation {
    /// Predictions, confusion matrix, and firing rates of all layers. Outputs are in units of the float network.
    pub evaluation: Evaluation,
    /// Input events above the chip's limit per channel per step.
    pub dropped_events: u64,
    /// Mean activity of channels and hidden neurons; `None` for an empty dataset.
    pub activity: Option<Activity>,
}

/// Runs every sample on the simulator.
///
/// The chip's output lags the float network's by one step per hidden layer. Each sample is therefore followed by as
/// many silent steps, and the same number of steps is cut from the beginning of the output.
///
/// # Errors
/// Returns an error if the build is inconsistent, or if a sample has event counts that a chip cannot take.
pub fn evaluate(
    build: &Build,
    network: &Network,
    dataset: &Dataset,
    readout: Readout,
) -> Result<ChipEvaluation, Error> {
    let wrong = |e: &dyn std::fmt::Display| Error::input(e);
    let simulator = build.simulator().map_err(|e| wrong(&e))?;
    let lag = build.float.latency();
    let rasters: Vec<Raster> =
        (0..dataset.samples().len()).map(|i| raster(dataset, i, lag)).collect::<Result<_, _>>()?;
    let traces = simulator.run_batch(&rasters, Record::All).map_err(|e| wrong(&e))?;

    let width = network.graph.outputs();
    let scales = &build.report.scale_out;
    let quantity = network.graph.output.quantity;
    let data = traces.iter().flat_map(|trace| output(trace, quantity, width, lag, scales)).collect();
    let outputs = Sequence::new(traces.len(), dataset.steps(), width, data).map_err(|e| wrong(&e))?;
    let labels: Vec<usize> = dataset.samples().iter().filter_map(|s| class(&s.label)).collect();
    let mut evaluation = Evaluation::from_outputs(outputs, &labels, readout)
        .map_err(|errors| Error::without_place(&errors))?;
    evaluation.rates = rates(build, &traces);
    let dropped_events = traces.iter().map(|trace| trace.clipped_events).sum();
    let activity = Activity::measured(&rasters, &traces);
    Ok(ChipEvaluation { evaluation, dropped_events, activity })
}

/// Returns the fraction of samples for which two engines predict the same class.
pub fn agreement(a: &Evaluation, b: &Evaluation) -> f64 {
    let equal = a.predictions.iter().zip(&b.predictions).filter(|(a, b)| a == b).count();
    equal as f64 / a.predictions.len().max(1) as f64
}

fn class(label: &Label) -> Option<usize> {
    match label {
        Label::Class(class) => Some(*class),
        _ => None,
    }
}

/// Returns the events of sample `i` at the length of the dataset, followed by `lag` silent steps.
///
/// # Errors
/// Returns an error if a value is not a whole number from 0 to 255.
pub fn raster(dataset: &Dataset, i: usize, lag: usize) -> Result<Raster, Error> {
    let raster = dataset.samples()[i].raster.resized(dataset.steps());
    if let Err(InvalidCount { value, step, channel }) = raster.check_counts() {
        return Err(Error::Input(format!(
            "sample {i} of the test set has the value {value} in step {step}, channel {channel}; a chip takes event \
             counts, whole numbers from 0 to 255"
        )));
    }
    Ok(raster.resized(dataset.steps() + lag))
}

/// Returns the network's output `[steps, width]` in units of the float network, without its first `lag` steps.
fn output(trace: &SimulationTrace, quantity: Quantity, width: usize, lag: usize, scales: &[f64]) -> Vec<f32> {
    let readout = &trace.readout;
    let states = |values: &[i16]| -> Vec<f32> {
        let scaled = values.iter().enumerate().map(|(i, &x)| (f64::from(x) / scales[i % width]) as f32);
        scaled.skip(lag * width).collect()
    };
    match quantity {
        Quantity::Spikes => readout.spikes.iter().skip(lag * width).map(|&n| f32::from(n)).collect(),
        Quantity::Vmem => states(&readout.vmem),
        Quantity::Isyn => states(&readout.isyn),
    }
}

/// Returns, for each hidden neuron of the chip, the neurons whose spikes are added to its own by aliasing.
pub fn alias_sources(build: &Build) -> Vec<Vec<usize>> {
    let targets = &build.specification.alias_target;
    let mut sources = vec![Vec::new(); targets.len()];
    for (source, target) in targets.iter().enumerate() {
        if let Some(sources) = target.and_then(|target| sources.get_mut(target)) {
            sources.push(source);
        }
    }
    sources
}

/// Returns the neuron's own spikes in a step, without those that its alias sources add. If the sum reaches the chip's
/// limit, the neuron's own spikes are the ones that are missing.
pub fn unaliased_spikes(row: &[u8], id: usize, sources: &[usize]) -> u32 {
    let aliased: u32 = sources.iter().map(|&source| u32::from(row[source])).sum();
    u32::from(row[id]).saturating_sub(aliased)
}

/// Returns the mean spikes per neuron per step of each layer, without aliased spikes. Each layer is measured over the
/// steps of the sample, shifted by the layer's lag.
fn rates(build: &Build, traces: &[SimulationTrace]) -> Vec<(String, f64)> {
    let sources = alias_sources(build);
    let layers = build.float.layers.iter();
    layers
        .map(|layer| {
            let count_spikes = |trace: &SimulationTrace| {
                let population = if layer.readout { Some(&trace.readout) } else { trace.hidden.as_ref() };
                let steps = trace.steps - build.float.latency();
                let Some(population) = population else { return 0 };
                let rows =
                    population.spikes.chunks_exact(population.neurons.max(1)).skip(layer.lag).take(steps);
                let own = |row: &[u8], id: usize| match sources.get(id) {
                    Some(sources) if !layer.readout => unaliased_spikes(row, id, sources),
                    _ => row[id].into(),
                };
                rows.map(|row| layer.ids.clone().map(|id| u64::from(own(row, id))).sum::<u64>()).sum()
            };
            let spikes: u64 = traces.iter().map(count_spikes).sum();
            let steps: usize = traces.iter().map(|trace| trace.steps - build.float.latency()).sum();
            (layer.name.clone(), spikes as f64 / (steps * layer.ids.len()).max(1) as f64)
        })
        .collect()
}
