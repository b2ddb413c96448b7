//! Validation of chip descriptions: sizes must be consistent, and the simulator must support the arithmetic.

use super::Chip;
use crate::specification::{
    MAX_DASH, MAX_HIDDEN_SPIKES, MAX_INPUT_EVENTS, MAX_NEURONS, MAX_READOUT_SPIKES, MAX_WEIGHT_SHIFT,
};

impl Chip {
    /// Returns the errors of a description, one line each, with the offending key. Errors are inconsistent sizes,
    /// numbers that the simulator does not support, and the name of a built-in chip. A valid description has none.
    pub fn check(&self) -> Vec<String> {
        errors(self)
    }
}

fn errors(chip: &Chip) -> Vec<String> {
    let mut errors = names(chip);
    let mut within = |key: &str, value: usize, low: usize, high: usize| {
        if !(low..=high).contains(&value) {
            errors.push(format!("`{key}` is {value}; expected {low} to {high}"));
        }
    };
    within("inputs", chip.inputs, 1, MAX_NEURONS);
    within("hidden", chip.hidden, 1, MAX_NEURONS);
    within("outputs", chip.outputs, 1, MAX_NEURONS);
    within("input_expansion", chip.input_expansion, 1, chip.hidden.max(1));
    within("output_expansion", chip.output_expansion, 1, chip.hidden.max(1));
    within("synapses.hidden", chip.synapses.hidden, 1, 2);
    within("synapses.readout", chip.synapses.readout, 1, 1);
    within("weight_bits", chip.weight_bits as usize, 2, 8);
    within("weight_shift", chip.weight_shift.into(), 0, MAX_WEIGHT_SHIFT.into());
    for (key, range) in [("dash.synapse", chip.dash.synapse), ("dash.membrane", chip.dash.membrane)] {
        within(&format!("{key}.max"), range.max.into(), range.min.into(), MAX_DASH.into());
    }
    let caps = [
        ("events.input", chip.events.input, MAX_INPUT_EVENTS),
        ("events.hidden", chip.events.hidden, MAX_HIDDEN_SPIKES),
        ("events.readout", chip.events.readout, MAX_READOUT_SPIKES),
    ];
    // The simulator has these limits as constants, because every chip of the family has them.
    for (key, value, cap) in caps {
        if value != u32::from(cap) {
            errors.push(format!("`{key}` is {value}; the simulator supports {cap} only"));
        }
    }
    if chip.threshold < 1 {
        errors.push(format!("`threshold` is {}; expected 1 to 32767", chip.threshold));
    }
    if chip.bias && chip.core == super::CoreVersion::V1 {
        errors.push("`bias` is true; a core `v1` has no biases".into());
    }
    errors.extend(frequencies(chip));
    errors
}

fn names(chip: &Chip) -> Vec<String> {
    let mut errors = Vec::new();
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if chip.name.is_empty() || !chip.name.chars().all(allowed) {
        errors.push(format!("`name` is `{}`; expected lower-case letters, digits, `-` and `_`", chip.name));
    }
    if Chip::find(&chip.name).is_some() {
        errors.push(format!("`name` is `{}`, which is taken; choose another", chip.name));
    }
    if chip.title.trim().is_empty() {
        errors.push("`title` is empty".into());
    }
    errors
}

/// Returns the errors of clocks and power: values that are not positive, lists in the wrong order.
fn frequencies(chip: &Chip) -> Vec<String> {
    let mut errors = Vec::new();
    let mut positive = |key: &str, value: f64| {
        if !(value.is_finite() && value > 0.0) {
            errors.push(format!("`{key}` is {value}; expected a number above 0"));
        }
    };
    if let Some(clock) = &chip.clock {
        positive("clock.default_mhz", clock.default_mhz);
        clock.documented_mhz.iter().for_each(|&mhz| positive("clock.documented_mhz", mhz));
    }
    if let Some(power) = &chip.power {
        power.static_uw.iter().for_each(|&uw| positive("power.static_uw", uw));
        power.uw_per_mhz.iter().flatten().for_each(|&uw| positive("power.uw_per_mhz", uw));
        for measurement in &power.measured {
            positive("power.measured.mhz", measurement.mhz);
            positive("power.measured.uw", measurement.uw);
        }
    }
    let documented = chip.clock.iter().flat_map(|clock| &clock.documented_mhz);
    if !documented.is_sorted() {
        errors.push("`clock.documented_mhz` is not in ascending order".into());
    }
    if let Some([low, high]) = chip.power.as_ref().and_then(|power| power.uw_per_mhz)
        && low > high
    {
        errors.push(format!("`power.uw_per_mhz` is {low} to {high}; expected the minimum first"));
    }
    errors
}
