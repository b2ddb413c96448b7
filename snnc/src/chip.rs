//! A set of recordings on the simulated chip, read out as the float network is.

use synnet_dsl::Network;
use synnet_dsl::graph::Quantity;
use synnet_runtime::{Dataset, Evaluation, Readout, Sequence, Target};
use synnet_xylo::Build;
use synnet_xylo::cost::Activity;
use synnet_xylo::simulate::{Record, Recording};

use crate::failure::Failure;

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
) -> Result<ChipEvaluation, Failure> {
    let wrong = |e: &dyn std::fmt::Display| Failure::Input(e.to_string());
    let simulator = build.simulator().map_err(|e| wrong(&e))?;
    let lag = build.float.latency();
    let rasters: Vec<Vec<u8>> =
        (0..dataset.samples().len()).map(|i| counts(dataset, i, lag)).collect::<Result<_, _>>()?;
    let views: Vec<&[u8]> = rasters.iter().map(Vec::as_slice).collect();
    let recordings = simulator.run_batch(&views, Record::All).map_err(|e| wrong(&e))?;

    let width = network.graph.outputs();
    let scales = &build.report.scale_out;
    let quantity = network.graph.output.quantity;
    let data = recordings.iter().flat_map(|r| output(r, quantity, width, lag, scales)).collect();
    let outputs = Sequence::new(recordings.len(), dataset.steps(), width, data).map_err(|e| wrong(&e))?;
    let labels: Vec<usize> = dataset.samples().iter().filter_map(|s| class(&s.target)).collect();
    let mut evaluation =
        Evaluation::from_outputs(outputs, &labels, readout).map_err(|faults| Failure::findings(&faults))?;
    evaluation.rates = rates(build, &recordings);
    let dropped_events = recordings.iter().map(|r| r.clipped_events).sum();
    let activity = Activity::measured(&views, &recordings);
    Ok(ChipEvaluation { evaluation, dropped_events, activity })
}

/// Share of the recordings for which two engines give the same class.
pub fn agreement(a: &Evaluation, b: &Evaluation) -> f64 {
    let equal = a.predictions.iter().zip(&b.predictions).filter(|(a, b)| a == b).count();
    equal as f64 / a.predictions.len().max(1) as f64
}

fn class(target: &Target) -> Option<usize> {
    match target {
        Target::Class(label) => Some(*label),
        _ => None,
    }
}

/// The events of recording `i` at the length of the set, with `lag` silent steps behind them.
pub fn counts(dataset: &Dataset, i: usize, lag: usize) -> Result<Vec<u8>, Failure> {
    let channels = dataset.channels();
    let mut raster = vec![0.0; dataset.steps() * channels];
    dataset.write_sample(i, &mut raster);
    let whole = |x: f32| (0.0..=255.0).contains(&x) && x.fract() == 0.0;
    if let Some(place) = raster.iter().position(|&x| !whole(x)) {
        let (value, step, channel) = (raster[place], place / channels, place % channels);
        return Err(Failure::Input(format!(
            "sample {i} of the test set is {value} in step {step}, channel {channel}; a chip takes whole counts \
             of events up to 255"
        )));
    }
    let mut counts: Vec<u8> = raster.iter().map(|&x| x as u8).collect();
    counts.resize((dataset.steps() + lag) * channels, 0);
    Ok(counts)
}

fn output(recording: &Recording, quantity: Quantity, width: usize, lag: usize, scales: &[f64]) -> Vec<f32> {
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

/// Mean spikes per neuron and step of each layer, in the steps of the recording at the layer's own time.
fn rates(build: &Build, recordings: &[Recording]) -> Vec<(String, f64)> {
    let layers = build.float.layers.iter();
    layers
        .map(|layer| {
            let population = |r: &Recording| {
                let record = if layer.readout { Some(&r.readout) } else { r.hidden.as_ref() };
                let steps = r.steps - build.float.latency();
                record.map_or(0, |p| {
                    let rows = p.spikes.chunks_exact(p.neurons.max(1)).skip(layer.lag).take(steps);
                    rows.flat_map(|row| &row[layer.ids.clone()]).map(|&n| u64::from(n)).sum()
                })
            };
            let spikes: u64 = recordings.iter().map(population).sum();
            let steps: usize = recordings.iter().map(|r| r.steps - build.float.latency()).sum();
            (layer.name.clone(), spikes as f64 / (steps * layer.ids.len()).max(1) as f64)
        })
        .collect()
}
