//! What of a chip a specification occupies, and what of it does not fit.
//!
//! The design rules ([`rules`](crate::rules)) do this for a network, at its lines. This is for specifications
//! that come from files.

use serde::Serialize;

use crate::chip::Chip;
use crate::specification::Specification;

/// How much of a resource is in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// What is counted.
    pub resource: &'static str,
    /// How much the network needs.
    pub used: usize,
    /// How much the chip has.
    pub available: usize,
}

impl Usage {
    /// Whether there is enough.
    pub fn fits(&self) -> bool {
        self.used <= self.available
    }
}

/// What a specification occupies of a chip. Weights that are zero take no memory of connections.
pub fn usage(spec: &Specification, chip: &Chip) -> Vec<Usage> {
    let d = spec.dimensions;
    let synapses = d.synapses.max(1);
    let row =
        |n: usize| spec.weights_rec.chunks_exact((d.hidden * synapses).max(1)).nth(n).unwrap_or_default();
    let targets =
        |n: usize| row(n).chunks_exact(synapses).filter(|cell| cell.iter().any(|&w| w != 0)).count();
    let targets: Vec<usize> = (0..d.hidden).map(targets).collect();
    let rows_in = spec.weights_in.chunks_exact((d.input_expansion * synapses).max(1));
    let input_expansion = rows_in.filter_map(|row| row.iter().rposition(|&w| w != 0)).max();
    let first_row =
        spec.weights_out.chunks_exact(d.outputs.max(1)).position(|row| row.iter().any(|&w| w != 0));
    let biases = spec.bias.iter().chain(&spec.bias_out).filter(|&&bias| bias != 0).count();
    let one = |resource, used, available| Usage { resource, used, available };
    vec![
        one("input channels", d.inputs, chip.inputs),
        one("hidden neurons", d.hidden, chip.hidden),
        one(
            "first hidden ids that the input reaches",
            input_expansion.map_or(0, |n| n / synapses + 1),
            chip.input_expansion,
        ),
        one(
            "last hidden ids that feed the readout",
            first_row.map_or(0, |n| d.output_expansion - n),
            chip.output_expansion,
        ),
        one("readout neurons", d.outputs, chip.outputs),
        one("synapses of a hidden neuron", d.synapses, chip.synapses.hidden),
        one(
            "hidden targets of a hidden neuron",
            targets.iter().copied().max().unwrap_or(0),
            chip.fan_out.per_neuron,
        ),
        one("connections between hidden neurons", targets.iter().sum(), chip.fan_out.total),
        one(
            "aliases",
            spec.alias_target.iter().flatten().count(),
            if chip.aliases { chip.hidden } else { 0 },
        ),
        one("biases", biases, if chip.bias { chip.hidden + chip.outputs } else { 0 }),
    ]
}

/// What of a specification is not possible on a chip, one line for each.
pub fn misfits(spec: &Specification, chip: &Chip) -> Vec<String> {
    let over = usage(spec, chip).into_iter().filter(|usage| !usage.fits());
    let mut misfits: Vec<String> = over
        .map(|u| format!("{}: {} are needed, {} has {}", u.resource, u.used, chip.title, u.available))
        .collect();
    let mut within = |what: &str, low: i64, high: i64, values: &mut dyn Iterator<Item = i64>| {
        if let Some((i, value)) = values.enumerate().find(|(_, value)| !(low..=high).contains(value)) {
            misfits
                .push(format!("`{what}` holds {value} at element {i}; {} has {low} to {high}", chip.title));
        }
    };
    let limit = i64::from(chip.weight_limit());
    for (name, weights) in [
        ("weights_in", &spec.weights_in),
        ("weights_rec", &spec.weights_rec),
        ("weights_out", &spec.weights_out),
    ] {
        within(name, -limit - 1, limit, &mut weights.iter().map(|&w| w.into()));
    }
    for (name, shift) in [
        ("weight_shift_in", spec.weight_shift_in),
        ("weight_shift_rec", spec.weight_shift_rec),
        ("weight_shift_out", spec.weight_shift_out),
    ] {
        within(name, 0, chip.weight_shift.into(), &mut std::iter::once(shift.into()));
    }
    for (name, thresholds) in [("threshold", &spec.threshold), ("threshold_out", &spec.threshold_out)] {
        within(name, i16::MIN.into(), chip.threshold.into(), &mut thresholds.iter().map(|&t| t.into()));
    }
    let (membrane, synapse) = (chip.dash.membrane, chip.dash.synapse);
    let second: &[u8] = if spec.dimensions.synapses > 1 { &spec.dash_syn_2 } else { &[] };
    for (name, dashes, range) in [
        ("dash_mem", &spec.dash_mem[..], membrane),
        ("dash_mem_out", &spec.dash_mem_out, membrane),
        ("dash_syn", &spec.dash_syn, synapse),
        ("dash_syn_2", second, synapse),
        ("dash_syn_out", &spec.dash_syn_out, synapse),
    ] {
        within(name, range.min.into(), range.max.into(), &mut dashes.iter().map(|&dash| dash.into()));
    }
    misfits
}
