//! The vendor's model of cycles, and what was measured of power.

use std::ops::Range;

use serde::Serialize;
#[cfg(feature = "simulate")]
use synnet_ir::Raster;

use crate::chip::{Chip, CycleModel};
use crate::float_specification::MappedLayer;
#[cfg(feature = "simulate")]
use crate::simulate::SimulationTrace;
use crate::specification::Specification;

/// By how much the suggested clock exceeds what the worst case needs.
pub const CLOCK_MARGIN: f64 = 0.2;

/// Cycles of an input event for each hidden neuron that it may reach.
const INPUT_EVENT: f64 = 3.5;
/// Cycles of an input channel.
const INPUT_CHANNEL: f64 = 1.0;
/// Cycles of a spike for each hidden target.
const HIDDEN_TARGET: f64 = 7.0;
/// Cycles of looking for a hidden neuron's spikes.
const HIDDEN_SCAN: f64 = 3.0;
/// Cycles of a spike that is handed to the readout.
const READOUT_EVENT: f64 = 1.0;
/// Cycles of a spike for each readout neuron.
const READOUT_TARGET: f64 = 8.0;
/// Cycles of updating a hidden neuron.
const HIDDEN_UPDATE: f64 = 19.0;
/// Cycles of updating a readout neuron.
const READOUT_UPDATE: f64 = 12.0;

/// How often there is a spike: probabilities per step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Activity {
    /// That an input channel has an event, on average over the channels.
    pub input: f64,
    /// That each hidden neuron spikes, aliases included.
    pub hidden: Vec<f64>,
}

impl Activity {
    /// Every channel and every neuron in every step.
    pub fn worst_case(specification: &Specification) -> Self {
        Self::uniform(specification, 1.0, 1.0)
    }

    /// The same probability for all hidden neurons.
    pub fn uniform(specification: &Specification, input: f64, hidden: f64) -> Self {
        Self { input, hidden: vec![hidden; specification.dimensions.hidden] }
    }

    /// What happened in recordings of a simulator, with their rasters. `None` where nothing was
    /// recorded: the recordings need [`Record::All`](crate::simulate::Record).
    #[cfg(feature = "simulate")]
    pub fn measured(rasters: &[Raster], recordings: &[SimulationTrace]) -> Option<Self> {
        let (mut active, mut channels) = (0u64, 0u64);
        for raster in rasters {
            (0..raster.steps()).for_each(|t| raster.visit_step(t, |_, _| active += 1));
            channels += raster.steps() as u64 * raster.channels() as u64;
        }
        let neurons = recordings.first()?.hidden.as_ref()?.neurons;
        let mut spiking = vec![0u64; neurons];
        let mut steps = 0;
        for recording in recordings {
            let hidden = recording.hidden.as_ref().filter(|hidden| hidden.neurons == neurons)?;
            for row in hidden.spikes.chunks_exact(neurons.max(1)) {
                spiking.iter_mut().zip(row).for_each(|(n, &spikes)| *n += u64::from(spikes > 0));
            }
            steps += recording.steps;
        }
        if steps == 0 || channels == 0 {
            return None;
        }
        let hidden = spiking.iter().map(|&n| n as f64 / steps as f64).collect();
        Some(Self { input: active as f64 / channels as f64, hidden })
    }

    /// Mean over the hidden neurons.
    pub fn mean_hidden(&self) -> f64 {
        self.hidden.iter().sum::<f64>() / self.hidden.len().max(1) as f64
    }
}

/// Neurons that are counted together: a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeuronGroup {
    /// Its name.
    pub name: String,
    /// Ids, among the hidden neurons or among the readout's.
    pub ids: Range<usize>,
    /// Whether it is the readout.
    pub readout: bool,
}

impl NeuronGroup {
    /// The sections of a specification whose layers are not known: `hidden` and `readout`.
    pub fn populations(specification: &Specification) -> Vec<Self> {
        let d = specification.dimensions;
        let section = |name: &str, count, readout| Self { name: name.into(), ids: 0..count, readout };
        vec![section("hidden", d.hidden, false), section("readout", d.outputs, true)]
    }
}

impl From<&MappedLayer> for NeuronGroup {
    fn from(layer: &MappedLayer) -> Self {
        Self { name: layer.name.clone(), ids: layer.ids.clone(), readout: layer.readout }
    }
}

/// Cycles of a step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// All of them.
    pub cycles: f64,
    /// Those of the input channels, which belong to no layer.
    pub channels: f64,
    /// Those of each layer.
    pub layers: Vec<LayerCost>,
    /// Operations on the second synapse. They run beside the others and take no cycles. `None` where the model does
    /// not know them.
    pub second_synapse_operations: Option<f64>,
}

/// Cycles of a step that a layer causes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerCost {
    /// Its name.
    pub name: String,
    /// Number of its neurons.
    pub neurons: usize,
    /// Input events on their way to it.
    pub input: f64,
    /// Its spikes on their way to hidden neurons.
    pub spikes: f64,
    /// Its spikes on their way to the readout.
    pub to_readout: f64,
    /// The update of its neurons.
    pub update: f64,
    /// What one neuron less would save, on average over the layer.
    pub saved_by_one_less: f64,
}

impl LayerCost {
    /// All of them.
    pub fn cycles(&self) -> f64 {
        self.input + self.spikes + self.to_readout + self.update
    }
}

/// The cycles of a step by the chip's model; `None` where the chip has no model, or the activity does not belong to the
/// specification.
pub fn cost(
    specification: &Specification,
    chip: &Chip,
    sections: &[NeuronGroup],
    activity: &Activity,
) -> Option<Cost> {
    let model = chip.cycles?;
    let d = specification.dimensions;
    if specification.check().is_err() || activity.hidden.len() != d.hidden {
        return None;
    }
    let counts = Counts::of(specification, model);
    let hidden = sections.iter().filter(|section| !section.readout);
    let readout = sections.iter().filter(|section| section.readout);
    let mut layers: Vec<LayerCost> =
        hidden.map(|section| counts.hidden(section, specification, activity)).collect();
    layers.extend(readout.map(|section| counts.readout(section, activity)));
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

/// What of a specification the model counts.
struct Counts {
    inputs: f64,
    outputs: f64,
    /// Which hidden neurons take input.
    takes_input: Vec<bool>,
    /// Which hidden neurons feed the readout.
    feeds_readout: Vec<bool>,
    /// Hidden targets of each hidden neuron, by weights of the first synapse.
    targets: Vec<usize>,
    /// Share of the hidden neurons that have an alias, which is also the mean number of neurons whose alias one is.
    aliases: f64,
}

impl Counts {
    fn of(spec: &Specification, model: CycleModel) -> Self {
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

    /// Cycles of updating a hidden neuron.
    fn update(&self, activity: &Activity) -> f64 {
        let (p, aliases) = (activity.mean_hidden(), self.aliases);
        let both = aliases * aliases;
        let spikes = 2.0 * p.max(both) + 3.0 * (p * aliases).max(both) + p + p.max(aliases) * aliases;
        HIDDEN_UPDATE + spikes
    }

    fn hidden(&self, section: &NeuronGroup, spec: &Specification, activity: &Activity) -> LayerCost {
        let d = spec.dimensions;
        let update = self.update(activity);
        let count = |flags: &[bool]| section.ids.clone().filter(|&n| flags[n]).count() as f64;
        let p = &activity.hidden;
        let input = self.inputs * activity.input * INPUT_EVENT * count(&self.takes_input);
        let own = |n: usize| HIDDEN_TARGET * p[n] * self.targets[n] as f64;
        let spikes: f64 = section.ids.clone().map(|n| own(n) + HIDDEN_SCAN).sum();
        let per_spike = READOUT_EVENT + READOUT_TARGET * self.outputs;
        let to_readout =
            section.ids.clone().filter(|&n| self.feeds_readout[n]).fold(0.0, |sum, n| sum + p[n] * per_spike);
        let neurons = section.ids.len();
        // A neuron less is also a target less for others.
        let reached = |source: usize| {
            let targets = section.ids.clone().filter(|&t| t != source);
            targets.filter(|t| spec.weights_rec[(source * d.hidden + t) * d.synapses] != 0).count() as f64
        };
        let from_others: f64 = (0..d.hidden).map(|source| HIDDEN_TARGET * p[source] * reached(source)).sum();
        let update = update * neurons as f64;
        let all = input + spikes + to_readout + update + from_others;
        LayerCost {
            name: section.name.clone(),
            neurons,
            input,
            spikes,
            to_readout,
            update,
            saved_by_one_less: all / neurons.max(1) as f64,
        }
    }

    fn readout(&self, section: &NeuronGroup, activity: &Activity) -> LayerCost {
        let sources = self.feeds_readout.iter().zip(&activity.hidden).filter(|(feeds, _)| **feeds);
        let from_others: f64 = sources.map(|(_, p)| p * READOUT_TARGET).sum();
        let neurons = section.ids.len();
        LayerCost {
            name: section.name.clone(),
            neurons,
            input: 0.0,
            spikes: 0.0,
            to_readout: 0.0,
            update: READOUT_UPDATE * neurons as f64,
            saved_by_one_less: if neurons == 0 { 0.0 } else { READOUT_UPDATE + from_others },
        }
    }
}

/// The clock that a network asks for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClockChoice {
    /// Enough for the worst case of cycles, with [`CLOCK_MARGIN`], in megahertz.
    pub suggested_mhz: f64,
    /// The slowest clock that the vendor documents and that is no slower; `None` where there is none.
    pub documented_mhz: Option<f64>,
}

/// The clock for so many cycles in a step of `dt` seconds.
pub fn clock(chip: &Chip, worst_case_cycles: f64, dt: f64) -> ClockChoice {
    let suggested_mhz = worst_case_cycles * (1.0 + CLOCK_MARGIN) / dt / 1e6;
    let documented = chip.clock.iter().flat_map(|clock| &clock.documented_mhz);
    let documented_mhz = documented.copied().filter(|&mhz| mhz >= suggested_mhz).min_by(f64::total_cmp);
    ClockChoice { suggested_mhz, documented_mhz }
}

/// Power of the chip's digital part, from measurements on boards.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PowerRange {
    /// Main clock, in megahertz.
    pub mhz: f64,
    /// Least, in microwatts.
    pub low_uw: f64,
    /// Most, in microwatts.
    pub high_uw: f64,
}

impl PowerRange {
    /// Energy in so many seconds, least and most, in microjoules.
    pub fn energy_uj(&self, seconds: f64) -> [f64; 2] {
        [self.low_uw * seconds, self.high_uw * seconds]
    }
}

/// What boards of this kind took at that clock: by the measured lines, where power was measured at several clocks; else
/// what was measured at just this clock. `None` where neither is known. [`Power::basis`](crate::chip::Power::basis) has
/// where the numbers come from.
pub fn power(chip: &Chip, mhz: f64) -> Option<PowerRange> {
    let power = chip.power.as_ref()?;
    if let (Some(fixed), Some([low, high])) = (power.static_uw, power.uw_per_mhz) {
        return Some(PowerRange { mhz, low_uw: fixed + low * mhz, high_uw: fixed + high * mhz });
    }
    let here = power.measured.iter().filter(|m| (m.mhz - mhz).abs() < 1e-9).map(|m| m.uw);
    let low_uw = here.clone().min_by(f64::total_cmp)?;
    Some(PowerRange { mhz, low_uw, high_uw: here.max_by(f64::total_cmp)? })
}
