//! Chips as data: what each member of the Xylo family can hold.
//!
//! A chip is a file of `chips/`, with the evidence for each number beside it. The design rules, the mapping
//! and the quantiser read these numbers and know no chip by name.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// Capabilities of one chip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chip {
    /// Name of the target: `xylo-audio3`.
    pub name: String,
    /// Name in prose.
    pub title: String,
    /// The vendor's part number.
    pub part: String,
    /// Rockpool's package for this chip.
    pub rockpool: String,
    /// Order of the neuron update.
    pub core: CoreVersion,
    /// Input channels.
    pub inputs: usize,
    /// Hidden neurons that may receive input (the first ids).
    pub input_expansion: usize,
    /// Hidden neurons.
    pub hidden: usize,
    /// Hidden neurons that may feed the readout (the last ids).
    pub output_expansion: usize,
    /// Readout neurons.
    pub outputs: usize,
    /// Synapses per neuron.
    pub synapses: Synapses,
    /// Memory of connections between hidden neurons.
    pub fan_out: FanOut,
    /// Bits of a weight, with its sign.
    pub weight_bits: u32,
    /// Largest weight shift.
    pub weight_shift: u8,
    /// Largest threshold.
    pub threshold: i16,
    /// Whether neurons have biases.
    pub bias: bool,
    /// Whether a hidden neuron can copy its spikes to another.
    pub aliases: bool,
    /// Bit shifts of the leaks.
    pub dash: Dashes,
    /// Most events of a source in one step.
    pub events: Events,
}

/// Order of the neuron update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoreVersion {
    /// Xylo 1: leak and input reach the membrane one after the other; no bias.
    V1,
    /// Xylo Audio 2, IMU and Audio 3: leak, input and bias are summed first.
    #[default]
    V2,
}

/// Synapses per neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Synapses {
    /// Of a hidden neuron.
    pub hidden: usize,
    /// Of a readout neuron.
    pub readout: usize,
}

/// Memory of connections between hidden neurons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FanOut {
    /// Most targets of one neuron.
    pub per_neuron: usize,
    /// Most targets of all neurons together.
    pub total: usize,
}

/// Bit shifts of the leaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dashes {
    /// Of synaptic currents.
    pub synapse: DashRange,
    /// Of membranes.
    pub membrane: DashRange,
}

/// A range of bit shifts, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DashRange {
    /// Least.
    pub min: u8,
    /// Greatest.
    pub max: u8,
}

/// Most events of a source in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// Of an input channel.
    pub input: u32,
    /// Of a hidden neuron.
    pub hidden: u32,
    /// Of a readout neuron.
    pub readout: u32,
}

/// Why a text does not describe a chip.
#[derive(Debug, thiserror::Error)]
#[error("not a chip description: {0}")]
pub struct ChipError(#[from] serde_yaml::Error);

static CHIPS: LazyLock<Vec<Chip>> = LazyLock::new(|| {
    let parse = |text| Chip::from_yaml(text).expect("the chips of this crate are tested to parse");
    [include_str!("../chips/xylo-audio3.yaml")].map(parse).into()
});

impl Chip {
    /// Every chip that this crate knows, in the order of their names.
    pub fn all() -> &'static [Chip] {
        &CHIPS
    }

    /// The chip of this target name.
    pub fn find(name: &str) -> Option<&'static Chip> {
        CHIPS.iter().find(|chip| chip.name == name)
    }

    /// A chip described in the form of this crate's `chips/*.yaml`.
    ///
    /// # Errors
    /// Where a field is missing, unknown or of the wrong type.
    pub fn from_yaml(text: &str) -> Result<Self, ChipError> {
        Ok(serde_yaml::from_str(text)?)
    }

    /// Largest magnitude of a weight; the range is kept symmetric.
    pub fn weight_limit(&self) -> i32 {
        (1 << (self.weight_bits.clamp(2, 8) - 1)) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chips_are_found_by_name() {
        for chip in Chip::all() {
            assert_eq!(Chip::find(&chip.name), Some(chip));
        }
        let names: Vec<_> = Chip::all().iter().map(|chip| chip.name.as_str()).collect();
        assert!(names.is_sorted() && names.contains(&"xylo-audio3"));
        assert_eq!(Chip::find("xylo-audio9"), None);
    }

    #[test]
    fn a_misspelt_field_is_an_error() {
        let text = include_str!("../chips/xylo-audio3.yaml").replace("inputs:", "input:");
        let error = Chip::from_yaml(&text).unwrap_err().to_string();
        assert!(error.contains("unknown field `input`"), "{error}");
    }
}
