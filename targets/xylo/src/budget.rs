//! The budget: how much of each resource of a chip a network uses.
//!
//! The [`Budget`] of a graph counts every connection in full. That of a specification counts nonzero weights only,
//! because only these take entries of the fan-out memory.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use synnet_ir::Graph;
use synnet_ir::graph::{Endpoint, LayerId};

use crate::chip::Chip;
use crate::layout::Layout;
use crate::specification::{Dimensions, Specification};

/// Use of a chip's resources by a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Budget {
    /// The chip's [`title`](Chip::title).
    pub chip: String,
    /// Whether all connections were counted, or nonzero weights only.
    pub basis: Basis,
    /// Use of each resource, in the order of [`Resource`].
    pub resources: Vec<Usage>,
    /// Histogram of the hidden neurons by their number of hidden targets, in ascending order, without empty bins.
    pub fan_out: Vec<FanOutBin>,
}

/// What a budget counts as a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Every connection in full, because the weights are not known.
    Structure,
    /// Nonzero weights.
    Weights,
}

/// A resource of which a chip has a limited number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Input channels.
    Inputs,
    /// Hidden neurons.
    Hidden,
    /// Hidden neurons that may receive input.
    InputExpansion,
    /// Hidden neurons that may feed the readout.
    OutputExpansion,
    /// Readout neurons.
    Outputs,
    /// Maximum number of synapses of a hidden neuron.
    HiddenSynapses,
    /// Maximum number of synapses of a readout neuron.
    ReadoutSynapses,
    /// Maximum number of hidden targets of a hidden neuron.
    LargestFanOut,
    /// Connected pairs of hidden neurons. One entry holds the weights of all synapses.
    FanOutMemory,
    /// Hidden neurons with an alias target.
    Aliases,
    /// Neurons with a bias.
    Biases,
    /// Weights from the input.
    InputWeights,
    /// Weights between hidden neurons.
    HiddenWeights,
    /// Weights to the readout.
    ReadoutWeights,
}

impl Resource {
    /// Returns the name of the resource in the table. A resource that is part of the one above it is indented.
    pub fn description(self) -> &'static str {
        match self {
            Self::Inputs => "input channels",
            Self::Hidden => "hidden neurons",
            Self::InputExpansion => "  fed by the input",
            Self::OutputExpansion => "  feeding the readout",
            Self::Outputs => "readout neurons",
            Self::HiddenSynapses => "synapses of a hidden neuron",
            Self::ReadoutSynapses => "synapses of a readout neuron",
            Self::LargestFanOut => "largest fan-out",
            Self::FanOutMemory => "fan-out memory",
            Self::Aliases => "aliases",
            Self::Biases => "biases",
            Self::InputWeights => "weights from the input",
            Self::HiddenWeights => "weights between hidden neurons",
            Self::ReadoutWeights => "weights to the readout",
        }
    }
}

/// Use of one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// The resource that is counted.
    pub resource: Resource,
    /// Number that the network needs.
    pub used: usize,
    /// Number that the chip has.
    pub available: usize,
}

impl Usage {
    /// Returns whether the network needs more than the chip has.
    pub fn is_exceeded(&self) -> bool {
        self.used > self.available
    }
}

/// A bin of the histogram of fan-outs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FanOutBin {
    /// Minimum number of targets.
    pub from: usize,
    /// Maximum number of targets.
    pub to: usize,
    /// Number of neurons with that many targets.
    pub neurons: usize,
}

/// The numbers that a network needs, before they are compared with a chip.
struct ResourceCounts {
    dimensions: Dimensions,
    readout_synapses: usize,
    /// Fan-outs, each with the number of hidden neurons that have it.
    fan_outs: Vec<(usize, usize)>,
    aliases: usize,
    biases: usize,
    /// From the input, between hidden neurons, to the readout.
    weights: [usize; 3],
}

impl Budget {
    /// Computes what a graph would use of a chip, whether or not it fits. Connections count in full; a connection
    /// through an alias counts once.
    pub fn from_graph(graph: &Graph, chip: &Chip) -> Self {
        let layout = Layout::new(graph, chip);
        let fan_outs = layout.fan_outs(graph);
        let size = |id: LayerId| graph.layer(id).size;
        let mut weights = [0_usize; 3];
        for block in layout.blocks() {
            // Connections that no chip supports are errors of the rules, and count in no memory.
            let into_readout = block.target == layout.readout;
            let memory = match block.source {
                Endpoint::Input if into_readout => continue,
                Endpoint::Input => 0,
                Endpoint::Layer(id) if id == layout.readout => continue,
                Endpoint::Layer(_) => 1 + usize::from(into_readout),
            };
            weights[memory] = weights[memory].saturating_add(block.weights(graph));
        }
        let biases = graph.layers.iter().filter_map(|layer| Some((layer.size, &layer.as_lif()?.bias)));
        let biased = biases.map(|(size, bias)| match bias.values.as_slice() {
            _ if bias.learn => size,
            [value] => size * usize::from(*value != 0.0),
            values => values.iter().filter(|&&value| value != 0.0).count(),
        });
        let counts = ResourceCounts {
            dimensions: layout.dimensions(graph),
            readout_synapses: graph.layer(layout.readout).synapses(),
            fan_outs: layout.hidden.iter().map(|p| (fan_outs[p.layer.index()], p.ids.len())).collect(),
            aliases: layout.aliased().map(|(from, _)| size(from)).sum(),
            biases: biased.sum(),
            weights,
        };
        counts.compare(chip, Basis::Structure)
    }

    /// Computes what a specification uses of a chip, whether or not it fits. Zero weights take no entry of the fan-out
    /// memory.
    pub fn from_specification(specification: &Specification, chip: &Chip) -> Self {
        let s = specification;
        let present = |weights: &[i8]| weights.iter().filter(|&&w| w != 0).count();
        let biased = |biases: &[i16]| biases.iter().filter(|&&bias| bias != 0).count();
        let fan_outs = fan_outs(&s.weights_rec, s.dimensions).into_iter();
        let counts = ResourceCounts {
            dimensions: s.dimensions,
            readout_synapses: 1,
            fan_outs: fan_outs.map(|fan_out| (fan_out, 1)).collect(),
            aliases: s.alias_target.iter().flatten().count(),
            biases: biased(&s.bias) + biased(&s.bias_out),
            weights: [&s.weights_in, &s.weights_rec, &s.weights_out].map(|weights| present(weights)),
        };
        counts.compare(chip, Basis::Weights)
    }

    /// Returns the use of a resource.
    pub fn get(&self, resource: Resource) -> Option<Usage> {
        self.resources.iter().copied().find(|usage| usage.resource == resource)
    }

    /// Iterates over the resources of which the network needs more than the chip has.
    pub fn exceeded(&self) -> impl Iterator<Item = &Usage> {
        self.resources.iter().filter(|usage| usage.is_exceeded())
    }
}

/// Returns the number of hidden targets of each hidden neuron. A neuron counts as a target if at least one of its synapses has a nonzero weight.
pub(crate) fn fan_outs<T: Copy + Default + PartialEq>(weights_rec: &[T], d: Dimensions) -> Vec<usize> {
    let connected = |weights: &&[T]| weights.iter().any(|&w| w != T::default());
    let row_length = (d.hidden * d.synapses).max(1);
    let rows = weights_rec.chunks_exact(row_length);
    rows.map(|row| row.chunks_exact(d.synapses.max(1)).filter(connected).count()).collect()
}

impl ResourceCounts {
    fn compare(self, chip: &Chip, basis: Basis) -> Budget {
        let d = self.dimensions;
        // The limits of integer code are `usize::MAX`, so every sum and product saturates.
        let neurons = chip.hidden.saturating_add(chip.outputs);
        let memory = self.fan_outs.iter().map(|&(fan_out, neurons)| fan_out.saturating_mul(neurons));
        let memory = memory.fold(0, usize::saturating_add);
        let input_weights = chip.inputs.saturating_mul(chip.input_expansion);
        let largest = self.fan_outs.iter().filter(|(_, neurons)| *neurons > 0).map(|&(fan_out, _)| fan_out);
        let [from_input, hidden, to_readout] = self.weights;
        let resources = [
            (Resource::Inputs, d.inputs, chip.inputs),
            (Resource::Hidden, d.hidden, chip.hidden),
            (Resource::InputExpansion, d.input_expansion, chip.input_expansion),
            (Resource::OutputExpansion, d.output_expansion, chip.output_expansion),
            (Resource::Outputs, d.outputs, chip.outputs),
            (Resource::HiddenSynapses, d.synapses, chip.synapses.hidden),
            (Resource::ReadoutSynapses, self.readout_synapses, chip.synapses.readout),
            (Resource::LargestFanOut, largest.max().unwrap_or(0), chip.fan_out.per_neuron),
            (Resource::FanOutMemory, memory, chip.fan_out.total),
            (Resource::Aliases, self.aliases, if chip.aliases { chip.hidden } else { 0 }),
            (Resource::Biases, self.biases, if chip.bias { neurons } else { 0 }),
            (Resource::InputWeights, from_input, input_weights.saturating_mul(chip.synapses.hidden)),
            (Resource::HiddenWeights, hidden, chip.fan_out.total.saturating_mul(chip.synapses.hidden)),
            (Resource::ReadoutWeights, to_readout, chip.output_expansion.saturating_mul(chip.outputs)),
        ];
        let resources =
            resources.map(|(resource, used, available)| Usage { resource, used, available }).to_vec();
        Budget { chip: chip.title.clone(), basis, resources, fan_out: histogram(&self.fan_outs) }
    }
}

/// Returns bins that double in width (0, 1, 2 to 3, 4 to 7, ...), without the empty ones.
fn histogram(fan_outs: &[(usize, usize)]) -> Vec<FanOutBin> {
    let mut bins: BTreeMap<u32, usize> = BTreeMap::new();
    for &(fan_out, neurons) in fan_outs.iter().filter(|(_, neurons)| *neurons > 0) {
        *bins.entry(fan_out.checked_ilog2().map_or(0, |log| log + 1)).or_default() += neurons;
    }
    let range = |index: u32| match index.checked_sub(1) {
        None => (0, 0),
        Some(log) => (1_usize << log, (1_usize << log) - 1 + (1_usize << log)),
    };
    let bins = bins.into_iter().map(|(index, neurons)| (range(index), neurons));
    bins.map(|((from, to), neurons)| FanOutBin { from, to, neurons }).collect()
}

/// Width of a bar, in characters.
const BAR: usize = 20;

/// Draws a bar for a part of a whole. Anything above 0 fills at least one character.
fn bar(part: usize, whole: usize) -> String {
    let share = if whole == 0 { f64::from(u8::from(part > 0)) } else { part as f64 / whole as f64 };
    let filled = (share * BAR as f64).round().clamp(f64::from(u8::from(part > 0)), BAR as f64) as usize;
    format!("{}{}", "#".repeat(filled), ".".repeat(BAR - filled))
}

impl fmt::Display for Budget {
    /// Writes a table: used, available, a bar, and the excess if there is one; then the histogram of fan-outs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = match self.basis {
            Basis::Structure => "connections in full",
            Basis::Weights => "nonzero weights",
        };
        writeln!(f, "{} ({counted})", self.chip)?;
        writeln!(f, "  {:<31}{:>8} {:>10}", "", "used", "available")?;
        for usage in &self.resources {
            let Usage { resource, used, available } = usage;
            write!(f, "  {:<31}{used:>8} {available:>10}  ", resource.description())?;
            match used.checked_sub(*available) {
                Some(over) if over > 0 => writeln!(f, "{}  {over} too many", bar(*used, *available))?,
                _ => writeln!(f, "{}", bar(*used, *available))?,
            }
        }
        if self.fan_out.is_empty() {
            return Ok(());
        }
        let neurons: usize = self.fan_out.iter().map(|bin| bin.neurons).sum();
        writeln!(f, "hidden neurons by fan-out")?;
        for bin in &self.fan_out {
            let range = match (bin.from, bin.to) {
                (1, 1) => "1 target".to_owned(),
                (from, to) if from == to => format!("{from} targets"),
                (from, to) => format!("{from} to {to} targets"),
            };
            writeln!(f, "  {range:<31}{:>8} {:>10}  {}", bin.neurons, "", bar(bin.neurons, neurons))?;
        }
        Ok(())
    }
}
