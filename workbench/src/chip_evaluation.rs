//! Evaluation on a simulated chip: a set of recordings, read out as the float network is.

use synnet_ir::graph::Quantity;
use synnet_ir::{InvalidCount, Network, Raster};
use synnet_runtime::{Dataset, Evaluation, Label, Readout, Sequence};
use synnet_xylo::Build;
use synnet_xylo::cost::Activity;
use synnet_xylo::simulate::{Record, SimulationTrace};

use crate::error::Error;

/// What the chip made of a set of recordings.
pub struct ChipEvaluation {
    /// Predictions, confusion, rates of the hidden layers. Outputs are in units of the float network.
    pub evaluation: Evaluation,
    /// Input events beyond what a channel takes in a step.
    pub dropped_events: u64,
    /// How often channels and hidden neurons had spikes; `None` for an empty set.
    pub activity: Option<Activity>,
}

/// Runs every recording on the simulator. The chip's output is behind the float network's by one step per
/// layer, so each recording is followed by as many silent steps and the first ones of the output are left out.
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
    let recordings = simulator.run_batch(&rasters, Record::All).map_err(|e| wrong(&e))?;

    let width = network.graph.outputs();
    let scales = &build.report.scale_out;
    let quantity = network.graph.output.quantity;
    let data = recordings.iter().flat_map(|r| output(r, quantity, width, lag, scales)).collect();
    let outputs = Sequence::new(recordings.len(), dataset.steps(), width, data).map_err(|e| wrong(&e))?;
    let labels: Vec<usize> = dataset.samples().iter().filter_map(|s| class(&s.label)).collect();
    let mut evaluation = Evaluation::from_outputs(outputs, &labels, readout)
        .map_err(|errors| Error::without_place(&errors))?;
    evaluation.rates = rates(build, &recordings);
    let dropped_events = recordings.iter().map(|r| r.clipped_events).sum();
    let activity = Activity::measured(&rasters, &recordings);
    Ok(ChipEvaluation { evaluation, dropped_events, activity })
}

/// Share of the recordings for which two engines give the same class.
pub fn agreement(a: &Evaluation, b: &Evaluation) -> f64 {
    let equal = a.predictions.iter().zip(&b.predictions).filter(|(a, b)| a == b).count();
    equal as f64 / a.predictions.len().max(1) as f64
}

fn class(target: &Label) -> Option<usize> {
    match target {
        Label::Class(label) => Some(*label),
        _ => None,
    }
}

/// The events of recording `i` at the length of the set, with `lag` silent steps behind them.
pub fn raster(dataset: &Dataset, i: usize, lag: usize) -> Result<Raster, Error> {
    let raster = dataset.samples()[i].raster.resized(dataset.steps());
    if let Err(InvalidCount { value, step, channel }) = raster.check_counts() {
        return Err(Error::Input(format!(
            "sample {i} of the test set is {value} in step {step}, channel {channel}; a chip takes whole counts \
             of events up to 255"
        )));
    }
    Ok(raster.resized(dataset.steps() + lag))
}

fn output(
    recording: &SimulationTrace,
    quantity: Quantity,
    width: usize,
    lag: usize,
    scales: &[f64],
) -> Vec<f32> {
    let readout = &recording.readout;
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

/// For each hidden neuron of a chip, those whose spikes it repeats.
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

/// The spikes of a step that are a neuron's own and not handed to it by those that are aliased to it. (Where both
/// together reach the chip's cap, what is missing is missing from its own.)
pub fn unaliased_spikes(row: &[u8], id: usize, sources: &[usize]) -> u32 {
    let handed: u32 = sources.iter().map(|&source| u32::from(row[source])).sum();
    u32::from(row[id]).saturating_sub(handed)
}

/// Mean spikes per neuron and step of each layer, without those that aliases hand to it, in the steps of the recording at the layer's own time.
fn rates(build: &Build, recordings: &[SimulationTrace]) -> Vec<(String, f64)> {
    let sources = alias_sources(build);
    let layers = build.float.layers.iter();
    layers
        .map(|layer| {
            let population = |r: &SimulationTrace| {
                let record = if layer.readout { Some(&r.readout) } else { r.hidden.as_ref() };
                let steps = r.steps - build.float.latency();
                let Some(record) = record else { return 0 };
                let rows = record.spikes.chunks_exact(record.neurons.max(1)).skip(layer.lag).take(steps);
                let own = |row: &[u8], id: usize| match sources.get(id) {
                    Some(sources) if !layer.readout => unaliased_spikes(row, id, sources),
                    _ => row[id].into(),
                };
                rows.map(|row| layer.ids.clone().map(|id| u64::from(own(row, id))).sum::<u64>()).sum()
            };
            let spikes: u64 = recordings.iter().map(population).sum();
            let steps: usize = recordings.iter().map(|r| r.steps - build.float.latency()).sum();
            (layer.name.clone(), spikes as f64 / (steps * layer.ids.len()).max(1) as f64)
        })
        .collect()
}
