//! The vendor's cycle model, the choice of a clock, and measured power.

use std::ops::Range;

use serde::Serialize;
#[cfg(feature = "simulate")]
use synnet_ir::Raster;

use crate::chip::{Chip, CycleModel};
use crate::float_specification::MappedLayer;
#[cfg(feature = "simulate")]
use crate::simulate::SimulationTrace;
use crate::specification::Specification;

/// Share by which the suggested clock exceeds the clock that the worst case needs.
pub const CLOCK_MARGIN: f64 = 0.2;

/// Cycles per input event and hidden neuron that it may reach.
const INPUT_EVENT: f64 = 3.5;
/// Cycles per input channel.
const INPUT_CHANNEL: f64 = 1.0;
/// Cycles per spike and hidden target.
const HIDDEN_TARGET: f64 = 7.0;
/// Cycles per hidden neuron for finding its spikes.
const HIDDEN_SCAN: f64 = 3.0;
/// Cycles per spike that feeds the readout.
const READOUT_EVENT: f64 = 1.0;
/// Cycles per spike and readout neuron.
const READOUT_TARGET: f64 = 8.0;
/// Cycles per hidden neuron for its update.
const HIDDEN_UPDATE: f64 = 19.0;
/// Cycles per readout neuron for its update.
const READOUT_UPDATE: f64 = 12.0;

/// Activity of a network: probabilities of at least one spike per step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Activity {
    /// Probability of an event of an input channel, averaged over the channels.
    pub input: f64,
    /// Probability of a spike of each hidden neuron, aliases included, `[hidden]`.
    pub hidden: Vec<f64>,
}

impl Activity {
    /// Returns the worst case: every channel and every neuron spikes in every step.
    pub fn worst_case(specification: &Specification) -> Self {
        Self::uniform(specification, 1.0, 1.0)
    }

    /// Returns an activity with the same probability for all hidden neurons.
    pub fn uniform(specification: &Specification, input: f64, hidden: f64) -> Self {
        Self { input, hidden: vec![hidden; specification.dimensions.hidden] }
    }

    /// Returns the activity in traces of the simulator and their rasters. Returns `None` if the traces have no hidden
    /// neurons, which need [`Record::All`](crate::simulate::Record), or no steps.
    #[cfg(feature = "simulate")]
    pub fn measured(rasters: &[Raster], recordings: &[SimulationTrace]) -> Option<Self> {
        let neurons = recordings.first()?.hidden.as_ref()?.neurons;
        let mut counts = ActivityCounts::new(neurons);
        for raster in rasters {
            for t in 0..raster.steps() {
                let mut active = 0;
                raster.visit_step(t, |_, _| active += 1);
                counts.add_input(active, raster.channels());
            }
        }
        for recording in recordings {
            let hidden = recording.hidden.as_ref().filter(|hidden| hidden.neurons == neurons)?;
            match neurons {
                0 => counts.steps += recording.steps as u64,
                _ => hidden.spikes.chunks_exact(neurons).for_each(|row| counts.add_hidden(row)),
            }
        }
        counts.activity()
    }

    /// Returns the mean probability over the hidden neurons; 0 if there are none.
    pub fn mean_hidden(&self) -> f64 {
        self.hidden.iter().sum::<f64>() / self.hidden.len().max(1) as f64
    }
}

/// Counts from which an [`Activity`] is measured, step by step. Counts of several runs can be merged in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityCounts {
    /// Channels with an event, over all steps.
    active: u64,
    /// Channels times steps.
    channels: u64,
    /// Steps in which each hidden neuron spiked.
    spiking: Vec<u64>,
    /// Steps of the hidden neurons.
    steps: u64,
}

impl ActivityCounts {
    /// Creates counts of 0 for a chip with `hidden` hidden neurons.
    pub fn new(hidden: usize) -> Self {
        Self { spiking: vec![0; hidden], ..Self::default() }
    }

    /// Adds a step of the input: the number of channels with an event, out of `channels`.
    pub fn add_input(&mut self, active: usize, channels: usize) {
        self.active += active as u64;
        self.channels += channels as u64;
    }

    /// Adds a step of the hidden neurons: their spike counts, aliases included, `[hidden]`.
    pub fn add_hidden(&mut self, spikes: &[u8]) {
        self.steps += 1;
        self.spiking.iter_mut().zip(spikes).for_each(|(n, &spikes)| *n += u64::from(spikes > 0));
    }

    /// Adds the counts of other runs of the same chip.
    pub fn merge(&mut self, other: &Self) {
        self.active += other.active;
        self.channels += other.channels;
        self.steps += other.steps;
        self.spiking.iter_mut().zip(&other.spiking).for_each(|(n, more)| *n += more);
    }

    /// Returns the mean activity, or `None` if there were no steps.
    pub fn activity(&self) -> Option<Activity> {
        if self.steps == 0 || self.channels == 0 {
            return None;
        }
        let hidden = self.spiking.iter().map(|&n| n as f64 / self.steps as f64).collect();
        Some(Activity { input: self.active as f64 / self.channels as f64, hidden })
    }
}

/// Neurons whose cycles are counted together, such as a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeuronGroup {
    /// Name in the report.
    pub name: String,
    /// Ids of the neurons, among the hidden ones or among the readout's.
    pub ids: Range<usize>,
    /// Whether the group is part of the readout.
    pub readout: bool,
}

impl NeuronGroup {
    /// Returns the groups of a specification whose layers are not known: `hidden` and `readout`.
    pub fn populations(specification: &Specification) -> Vec<Self> {
        let d = specification.dimensions;
        let group = |name: &str, count, readout| Self { name: name.into(), ids: 0..count, readout };
        vec![group("hidden", d.hidden, false), group("readout", d.outputs, true)]
    }
}

impl From<&MappedLayer> for NeuronGroup {
    fn from(layer: &MappedLayer) -> Self {
        Self { name: layer.name.clone(), ids: layer.ids.clone(), readout: layer.readout }
    }
}

/// Clock cycles of a step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// Sum of all cycles.
    pub cycles: f64,
    /// Cycles of the input channels, which belong to no layer.
    pub channels: f64,
    /// Cycles of each layer.
    pub layers: Vec<LayerCost>,
    /// Operations on the second synapse. They run in parallel and take no cycles. `None` if the model does not cover
    /// them.
    pub second_synapse_operations: Option<f64>,
}

/// Cycles of a step that a layer causes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerCost {
    /// Name of the layer.
    pub name: String,
    /// Number of neurons.
    pub neurons: usize,
    /// Cycles for delivering input events to the layer.
    pub input: f64,
    /// Cycles for delivering the layer's spikes to hidden neurons.
    pub spikes: f64,
    /// Cycles for delivering the layer's spikes to the readout.
    pub to_readout: f64,
    /// Cycles for updating the layer's neurons.
    pub update: f64,
    /// Cycles saved by removing one neuron, averaged over the layer.
    pub saved_by_one_less: f64,
}

impl LayerCost {
    /// Returns the sum of the layer's cycles.
    pub fn cycles(&self) -> f64 {
        self.input + self.spikes + self.to_readout + self.update
    }
}

/// Computes the cycles of a step with the chip's model. Returns `None` if the chip has no model, or if the activity has
/// another number of hidden neurons than the specification.
pub fn cost(
    specification: &Specification,
    chip: &Chip,
    groups: &[NeuronGroup],
    activity: &Activity,
) -> Option<Cost> {
    let model = chip.cycles?;
    let d = specification.dimensions;
    if specification.check().is_err() || activity.hidden.len() != d.hidden {
        return None;
    }
    let counts = CostCounts::new(specification, model);
    let hidden = groups.iter().filter(|group| !group.readout);
    let readout = groups.iter().filter(|group| group.readout);
    let mut layers: Vec<LayerCost> =
        hidden.map(|group| counts.hidden(group, specification, activity)).collect();
    layers.extend(readout.map(|group| counts.readout(group, activity)));
    let channels = d.inputs as f64 * INPUT_CHANNEL;
    let second_synapse_operations = (model == CycleModel::Dense).then(|| {
        let neurons = d.hidden as f64;
        let (p_in, p_hidden) = (activity.input, activity.mean_hidden());
        let operations =
            1.5 * p_in * d.inputs as f64 * neurons + 5.0 * counts.mean_targets() * p_hidden * neurons;
        if d.synapses > 1 { operations + neurons } else { 0.0 }
    });
    let cycles = channels + layers.iter().map(LayerCost::cycles).sum::<f64>();
    Some(Cost { cycles, channels, layers, second_synapse_operations })
}

/// The numbers of a specification that the model needs.
struct CostCounts {
    inputs: f64,
    outputs: f64,
    /// Whether each hidden neuron counts as receiving input.
    takes_input: Vec<bool>,
    /// Whether each hidden neuron counts as feeding the readout.
    feeds_readout: Vec<bool>,
    /// Number of hidden targets of each hidden neuron. As in the vendor's model, only the first synapse counts.
    targets: Vec<usize>,
    /// Share of hidden neurons that have an alias target; equals the mean number of alias sources per neuron.
    aliases: f64,
}

impl CostCounts {
    fn new(spec: &Specification, model: CycleModel) -> Self {
        let d = spec.dimensions;
        let first = |weights: &[i8], place: usize| weights[place * d.synapses] != 0;
        let dense = model == CycleModel::Dense;
        let column = |n: usize| {
            n < d.input_expansion && (0..d.inputs).any(|i| first(&spec.weights_in, i * d.input_expansion + n))
        };
        let silent = d.hidden - d.output_expansion;
        let row = |n: usize| {
            n >= silent && spec.weights_out[(n - silent) * d.outputs..][..d.outputs].iter().any(|&w| w != 0)
        };
        let targets = |n: usize| (0..d.hidden).filter(|t| first(&spec.weights_rec, n * d.hidden + t)).count();
        Self {
            inputs: d.inputs as f64,
            outputs: d.outputs as f64,
            takes_input: (0..d.hidden).map(|n| dense || column(n)).collect(),
            feeds_readout: (0..d.hidden).map(|n| dense || row(n)).collect(),
            targets: (0..d.hidden).map(targets).collect(),
            aliases: spec.alias_target.iter().flatten().count() as f64 / d.hidden.max(1) as f64,
        }
    }

    fn mean_targets(&self) -> f64 {
        self.targets.iter().sum::<usize>() as f64 / self.targets.len().max(1) as f64
    }

    /// Returns the cycles for updating one hidden neuron.
    fn update(&self, activity: &Activity) -> f64 {
        // Term by term as in `power_cycles_model.py`, so that the sums are rounded alike.
        let (p, aliases) = (activity.mean_hidden(), self.aliases);
        let both = aliases * aliases;
        let spikes = 2.0 * p.max(both) + 3.0 * (p * aliases).max(both) + p + p.max(aliases) * aliases;
        HIDDEN_UPDATE + spikes
    }

    fn hidden(&self, group: &NeuronGroup, spec: &Specification, activity: &Activity) -> LayerCost {
        let d = spec.dimensions;
        let update = self.update(activity);
        let count = |flags: &[bool]| group.ids.clone().filter(|&n| flags[n]).count() as f64;
        let p = &activity.hidden;
        let input = self.inputs * activity.input * INPUT_EVENT * count(&self.takes_input);
        let own = |n: usize| HIDDEN_TARGET * p[n] * self.targets[n] as f64;
        let spikes: f64 = group.ids.clone().map(|n| own(n) + HIDDEN_SCAN).sum();
        let per_spike = READOUT_EVENT + READOUT_TARGET * self.outputs;
        let to_readout =
            group.ids.clone().filter(|&n| self.feeds_readout[n]).fold(0.0, |sum, n| sum + p[n] * per_spike);
        let neurons = group.ids.len();
        // Removing a neuron also removes a target of other neurons.
        let reached = |source: usize| {
            let targets = group.ids.clone().filter(|&t| t != source);
            targets.filter(|t| spec.weights_rec[(source * d.hidden + t) * d.synapses] != 0).count() as f64
        };
        let from_others: f64 = (0..d.hidden).map(|source| HIDDEN_TARGET * p[source] * reached(source)).sum();
        let update = update * neurons as f64;
        let all = input + spikes + to_readout + update + from_others;
        LayerCost {
            name: group.name.clone(),
            neurons,
            input,
            spikes,
            to_readout,
            update,
            saved_by_one_less: all / neurons.max(1) as f64,
        }
    }

    fn readout(&self, group: &NeuronGroup, activity: &Activity) -> LayerCost {
        let sources = self.feeds_readout.iter().zip(&activity.hidden).filter(|(feeds, _)| **feeds);
        let from_others: f64 = sources.map(|(_, p)| p * READOUT_TARGET).sum();
        let neurons = group.ids.len();
        LayerCost {
            name: group.name.clone(),
            neurons,
            input: 0.0,
            spikes: 0.0,
            to_readout: 0.0,
            update: READOUT_UPDATE * neurons as f64,
            saved_by_one_less: if neurons == 0 { 0.0 } else { READOUT_UPDATE + from_others },
        }
    }
}

/// The clock that a network needs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClockChoice {
    /// Clock for the worst case of cycles, with [`CLOCK_MARGIN`], in MHz.
    pub suggested_mhz: f64,
    /// The slowest documented clock that is fast enough, in MHz; `None` if all are too slow or none is documented.
    pub documented_mhz: Option<f64>,
}

/// Chooses the clock for the given number of cycles per step of `dt` seconds.
pub fn clock(chip: &Chip, worst_case_cycles: f64, dt: f64) -> ClockChoice {
    let suggested_mhz = worst_case_cycles * (1.0 + CLOCK_MARGIN) / dt / 1e6;
    let documented = chip.clock.iter().flat_map(|clock| &clock.documented_mhz);
    let documented_mhz = documented.copied().filter(|&mhz| mhz >= suggested_mhz).min_by(f64::total_cmp);
    ClockChoice { suggested_mhz, documented_mhz }
}

/// Power of the chip's digital part, from measurements on boards.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PowerRange {
    /// Main clock, in MHz.
    pub mhz: f64,
    /// Minimum, in uW.
    pub low_uw: f64,
    /// Maximum, in uW.
    pub high_uw: f64,
}

impl PowerRange {
    /// Returns the minimum and maximum energy over the given number of seconds, in uJ.
    pub fn energy_uj(&self, seconds: f64) -> [f64; 2] {
        [self.low_uw * seconds, self.high_uw * seconds]
    }
}

/// Returns the power that boards drew at a clock: interpolated if power was measured at several clocks, otherwise the
/// measurements at exactly this clock. Returns `None` if there are neither. [`Power::basis`](crate::chip::Power::basis)
/// states the source of the numbers.
pub fn power(chip: &Chip, mhz: f64) -> Option<PowerRange> {
    let power = chip.power.as_ref()?;
    if let (Some(fixed), Some([low, high])) = (power.static_uw, power.uw_per_mhz) {
        return Some(PowerRange { mhz, low_uw: fixed + low * mhz, high_uw: fixed + high * mhz });
    }
    let here = power.measured.iter().filter(|m| (m.mhz - mhz).abs() < 1e-9).map(|m| m.uw);
    let low_uw = here.clone().min_by(f64::total_cmp)?;
    Some(PowerRange { mhz, low_uw, high_uw: here.max_by(f64::total_cmp)? })
}
