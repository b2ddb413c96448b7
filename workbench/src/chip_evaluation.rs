//! Evaluation of a dataset on a simulated chip, with the readout of the float network.

use rayon::prelude::*;
use synnet_ir::graph::Quantity;
use synnet_ir::{InvalidCount, Network, Raster};
use synnet_runtime::{Dataset, Evaluation, Label, Readout, Sample};
use synnet_xylo::cost::{Activity, ActivityCounts};
use synnet_xylo::simulate::{RunError, Simulator};
use synnet_xylo::{Build, MappedLayer};

use crate::error::Error;

/// The results of a dataset on a chip.
pub struct ChipEvaluation {
    /// Predictions, confusion matrix, and firing rates of all layers. Scores are in units of the float network.
    pub evaluation: Evaluation,
    /// Input events above the chip's limit per channel per step.
    pub dropped_events: u64,
    /// Mean activity of channels and hidden neurons; `None` for an empty dataset.
    pub activity: Option<Activity>,
}

/// Runs every sample on the simulator.
///
/// The chip's output lags the float network's by one step per hidden layer. Each sample is therefore followed by as
/// many silent steps, and the same number of steps is cut from the beginning of the output. Each thread holds the output
/// of one sample at a time.
///
/// # Errors
/// Returns an error if the build is inconsistent, or if a sample has event counts that a chip cannot take, or a label
/// that is not a class of the network.
pub fn evaluate(
    build: &Build,
    network: &Network,
    dataset: &Dataset,
    readout: Readout,
) -> Result<ChipEvaluation, Error> {
    let simulator = build.simulator().map_err(Error::input)?;
    let (channels, inputs) = (dataset.channels(), simulator.inputs());
    if channels != inputs {
        return Err(Error::input(RunError::Channels { channels, inputs }));
    }
    for (i, sample) in dataset.samples().iter().enumerate() {
        check_counts(sample, dataset.steps(), i)?;
    }
    let runner = Runner { build, dataset, readout, quantity: network.graph.output.quantity };
    let classes = network.graph.outputs();
    let sources = alias_sources(build);
    // Scores are appended in the order of the samples. All other results are sums of whole numbers.
    let totals = (0..dataset.samples().len())
        .into_par_iter()
        .fold(
            || (simulator.clone(), Totals::new(build)),
            |(mut chip, mut totals), i| {
                runner.run(&mut chip, i, classes, &sources, &mut totals);
                (chip, totals)
            },
        )
        .map(|(_, totals)| totals)
        .reduce(|| Totals::new(build), Totals::merge);
    let labels: Vec<usize> = dataset.samples().iter().filter_map(|s| class(&s.label)).collect();
    let mut evaluation = Evaluation::from_scores(totals.scores, classes, &labels)
        .map_err(|errors| Error::without_place(&errors))?;
    let neuron_steps = dataset.samples().len() * dataset.steps();
    let rate = |(layer, spikes): (&MappedLayer, &u64)| {
        (layer.name.clone(), *spikes as f64 / (neuron_steps * layer.ids.len()).max(1) as f64)
    };
    evaluation.rates = build.float.layers.iter().zip(&totals.spikes).map(rate).collect();
    Ok(ChipEvaluation {
        evaluation,
        dropped_events: totals.dropped_events,
        activity: totals.activity.activity(),
    })
}

/// What is kept of samples.
struct Totals {
    /// The readout of each output, `[samples, outputs]`.
    scores: Vec<f32>,
    /// Spikes of each layer of the build, without aliased ones.
    spikes: Vec<u64>,
    dropped_events: u64,
    activity: ActivityCounts,
}

impl Totals {
    fn new(build: &Build) -> Self {
        Self {
            scores: Vec::new(),
            spikes: vec![0; build.float.layers.len()],
            dropped_events: 0,
            activity: ActivityCounts::new(build.specification.dimensions.hidden),
        }
    }

    /// Appends the samples of `next`, which follow those of `self`.
    fn merge(mut self, next: Self) -> Self {
        self.scores.extend(next.scores);
        self.spikes.iter_mut().zip(next.spikes).for_each(|(sum, spikes)| *sum += spikes);
        self.dropped_events += next.dropped_events;
        self.activity.merge(&next.activity);
        self
    }
}

/// The inputs that all samples share.
struct Runner<'a> {
    build: &'a Build,
    dataset: &'a Dataset,
    readout: Readout,
    /// The network's output.
    quantity: Quantity,
}

impl Runner<'_> {
    /// Runs sample `i` from the initial state and adds it to the totals. `sources` are [`alias_sources`].
    fn run(
        &self,
        chip: &mut Simulator,
        i: usize,
        classes: usize,
        sources: &[Vec<usize>],
        totals: &mut Totals,
    ) {
        let (raster, steps) = (&self.dataset.samples()[i].raster, self.dataset.steps());
        let float = &self.build.float;
        let lag = float.latency();
        let mut events = vec![0; chip.inputs()];
        let mut output = Vec::with_capacity(steps * classes);
        chip.reset();
        for t in 0..steps + lag {
            events.fill(0);
            let mut active = 0;
            if t < steps.min(raster.steps()) {
                raster.visit_step(t, |channel, count| {
                    active += 1;
                    if let Some(events) = events.get_mut(channel) {
                        *events = count as u8;
                    }
                });
            }
            totals.activity.add_input(active, raster.channels());
            chip.step(&events);
            totals.activity.add_hidden(chip.hidden_spikes());
            for (layer, spikes) in float.layers.iter().zip(&mut totals.spikes) {
                if (layer.lag..layer.lag + steps).contains(&t) {
                    *spikes += own_spikes(chip, layer, sources);
                }
            }
            if t >= lag {
                self.push_output(chip, &mut output);
            }
        }
        totals.dropped_events += chip.clipped_events();
        totals.scores.extend(self.readout.statistic(&output, classes));
    }

    /// Appends the output of a step, in units of the float network.
    fn push_output(&self, chip: &Simulator, output: &mut Vec<f32>) {
        let scales = &self.build.report.scale_out;
        let scaled = |(&x, scale): (&i16, &f64)| (f64::from(x) / scale) as f32;
        match self.quantity {
            Quantity::Spikes => output.extend(chip.readout_spikes().iter().map(|&n| f32::from(n))),
            Quantity::Vmem => output.extend(chip.readout_vmem().iter().zip(scales).map(scaled)),
            Quantity::Isyn => output.extend(chip.readout_isyn().iter().zip(scales).map(scaled)),
        }
    }
}

/// Returns the spikes of a layer in the last step, without those that alias sources add.
pub(crate) fn own_spikes(chip: &Simulator, layer: &MappedLayer, sources: &[Vec<usize>]) -> u64 {
    let row = if layer.readout { chip.readout_spikes() } else { chip.hidden_spikes() };
    let all: u64 = row[layer.ids.clone()].iter().map(|&n| u64::from(n)).sum();
    if layer.readout {
        return all;
    }
    let aliased = layer.ids.clone().filter(|&id| !sources[id].is_empty());
    let added = aliased.map(|id| u64::from(u32::from(row[id]) - unaliased_spikes(row, id, &sources[id])));
    all - added.sum::<u64>()
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
    check_counts(&dataset.samples()[i], dataset.steps(), i)?;
    Ok(dataset.samples()[i].raster.resized(dataset.steps()).resized(dataset.steps() + lag))
}

/// Checks the first `steps` steps of sample `i` of the test set.
fn check_counts(sample: &Sample, steps: usize, i: usize) -> Result<(), Error> {
    match sample.raster.check_counts() {
        Err(InvalidCount { value, step, channel }) if step < steps => Err(Error::Input(format!(
            "sample {i} of the test set has the value {value} in step {step}, channel {channel}; a chip takes event \
             counts, whole numbers from 0 to 255"
        ))),
        _ => Ok(()),
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
