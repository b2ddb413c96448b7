//! Validation of chip descriptions: sizes must be consistent, and the simulator must support the arithmetic.

use std::fmt;

use super::Chip;
use crate::specification::{
    MAX_DASH, MAX_HIDDEN_SPIKES, MAX_INPUT_EVENTS, MAX_NEURONS, MAX_READOUT_SPIKES, MAX_WEIGHT_SHIFT,
};

/// An error of a chip description. It displays as the key and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescriptionError {
    /// The path of the key with dots, such as `dash.synapse.max`. An item of a list is named by its index.
    pub key: String,
    /// What is wrong: "is 0; expected 1 to 1000".
    pub predicate: String,
}

impl fmt::Display for DescriptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.key, self.predicate)
    }
}

impl Chip {
    /// Returns the errors of a description. Errors are inconsistent sizes, numbers that the simulator does not support,
    /// and the name of a built-in chip. A valid description has none.
    pub fn check(&self) -> Vec<DescriptionError> {
        errors(self)
    }
}

fn error(key: impl Into<String>, predicate: impl Into<String>) -> DescriptionError {
    DescriptionError { key: key.into(), predicate: predicate.into() }
}

/// Returns whether a text is the name of a Python module: identifiers with dots between them.
fn is_python_module(text: &str) -> bool {
    let is_identifier = |part: &str| {
        !part.starts_with(|c: char| c.is_ascii_digit())
            && !part.is_empty()
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    text.split('.').all(is_identifier)
}

fn errors(chip: &Chip) -> Vec<DescriptionError> {
    let mut errors = names(chip);
    // The name goes into generated Python.
    if let Some(module) = chip.rockpool.as_ref().filter(|module| !is_python_module(module)) {
        errors.push(error(
            "rockpool",
            format!("is `{module}`; expected a Python module, such as `rockpool.devices.xylo`"),
        ));
    }
    let mut within = |key: &str, value: usize, low: usize, high: usize| {
        if !(low..=high).contains(&value) {
            errors.push(error(key, format!("is {value}; expected {low} to {high}")));
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
            errors.push(error(key, format!("is {value}; the simulator supports {cap} only")));
        }
    }
    if chip.threshold < 1 {
        errors.push(error("threshold", format!("is {}; expected 1 to 32767", chip.threshold)));
    }
    if chip.bias && chip.core == super::CoreVersion::V1 {
        errors.push(error("bias", "is true; a core `v1` has no biases"));
    }
    errors.extend(frequencies(chip));
    errors
}

fn names(chip: &Chip) -> Vec<DescriptionError> {
    let mut errors = Vec::new();
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if chip.name.is_empty() || !chip.name.chars().all(allowed) {
        let predicate = format!("is `{}`; expected lower-case letters, digits, `-` and `_`", chip.name);
        errors.push(error("name", predicate));
    }
    if Chip::find(&chip.name).is_some() {
        errors.push(error("name", format!("is `{}`, which is taken; choose another", chip.name)));
    }
    if chip.title.trim().is_empty() {
        errors.push(error("title", "is empty"));
    }
    errors
}

/// Returns the errors of clocks and power: values that are not positive, lists in the wrong order.
fn frequencies(chip: &Chip) -> Vec<DescriptionError> {
    let mut errors = Vec::new();
    let mut positive = |key: String, value: f64| {
        if !(value.is_finite() && value > 0.0) {
            errors.push(error(key, format!("is {value}; expected a positive number")));
        }
    };
    if let Some(clock) = &chip.clock {
        positive("clock.default_mhz".into(), clock.default_mhz);
        let documented = clock.documented_mhz.iter().enumerate();
        documented.for_each(|(i, &mhz)| positive(format!("clock.documented_mhz.{i}"), mhz));
    }
    if let Some(power) = &chip.power {
        power.static_uw.iter().for_each(|&uw| positive("power.static_uw".into(), uw));
        let slopes = power.uw_per_mhz.iter().flatten().enumerate();
        slopes.for_each(|(i, &uw)| positive(format!("power.uw_per_mhz.{i}"), uw));
        for (i, measurement) in power.measured.iter().enumerate() {
            positive(format!("power.measured.{i}.mhz"), measurement.mhz);
            positive(format!("power.measured.{i}.uw"), measurement.uw);
        }
    }
    let documented = chip.clock.iter().flat_map(|clock| &clock.documented_mhz);
    if !documented.is_sorted() {
        errors.push(error("clock.documented_mhz", "is not in ascending order"));
    }
    if let Some([low, high]) = chip.power.as_ref().and_then(|power| power.uw_per_mhz)
        && low > high
    {
        errors.push(error("power.uw_per_mhz", format!("is {low} to {high}; expected the minimum first")));
    }
    errors
}
