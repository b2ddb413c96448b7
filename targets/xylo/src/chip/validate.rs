//! What a chip's description has to fulfil beside its form: that the compiler and the simulator can do what it says.

use super::Chip;
use crate::specification::{
    MAX_DASH, MAX_HIDDEN_SPIKES, MAX_INPUT_EVENTS, MAX_NEURONS, MAX_READOUT_SPIKES, MAX_WEIGHT_SHIFT,
};

impl Chip {
    /// What is wrong with a description besides its form, one line for each fault, with the key that is to blame: sizes
    /// that contradict each other, numbers that the simulator cannot follow, the name of another chip of this crate.
    /// Empty for a possible chip.
    pub fn check(&self) -> Vec<String> {
        errors(self)
    }
}

fn errors(chip: &Chip) -> Vec<String> {
    let mut errors = names(chip);
    let mut within = |key: &str, value: usize, low: usize, high: usize| {
        if !(low..=high).contains(&value) {
            errors.push(format!("`{key}` is {value}; {low} to {high} are possible"));
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
    for (key, value, cap) in caps {
        if value != u32::from(cap) {
            errors.push(format!(
                "`{key}` is {value}; the simulator of these chips has {cap}, and no other number"
            ));
        }
    }
    if chip.threshold < 1 {
        errors.push(format!("`threshold` is {}; 1 to 32767 are possible", chip.threshold));
    }
    if chip.bias && chip.core == super::CoreVersion::V1 {
        errors.push("`bias` is true; cores `v1` have no biases".into());
    }
    errors.extend(frequencies(chip));
    errors
}

fn names(chip: &Chip) -> Vec<String> {
    let mut errors = Vec::new();
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if chip.name.is_empty() || !chip.name.chars().all(allowed) {
        errors.push(format!("`name` is `{}`; small letters, digits and `-` are possible", chip.name));
    }
    if Chip::find(&chip.name).is_some() {
        errors.push(format!("`name` is `{}`, which is taken; choose another", chip.name));
    }
    if chip.title.trim().is_empty() {
        errors.push("`title` is empty".into());
    }
    errors
}

/// Faults of clocks and of power.
fn frequencies(chip: &Chip) -> Vec<String> {
    let mut errors = Vec::new();
    let mut positive = |key: &str, value: f64| {
        if !(value.is_finite() && value > 0.0) {
            errors.push(format!("`{key}` is {value}; numbers above 0 are possible"));
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
        errors.push(format!("`power.uw_per_mhz` is {low} to {high}; the lesser number comes first"));
    }
    errors
}
