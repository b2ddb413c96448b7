//! Chips as data: what each member of the Xylo family can hold.
//!
//! A chip is a file of `chips/`, with the evidence for each number beside it. The design rules, the mapping
//! and the quantizer read these numbers and know no chip by name.

mod validate;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// Capabilities of one chip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chip {
    /// Name of the target: `xylo-audio3`.
    pub name: String,
    /// Name in prose.
    pub title: String,
    /// The vendor's part number.
    pub part: String,
    /// Rockpool's package for this chip, where the current Rockpool has one that works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rockpool: Option<String>,
    /// The vendor's file format of a configuration, where a real file of it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<ConfigurationFormat>,
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
    pub dash: BitShiftRanges,
    /// Most events of a source in one step.
    pub events: Events,
    /// How many clock cycles a step takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycles: Option<CycleModel>,
    /// Main clocks that the vendor documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Clock>,
    /// Power that was measured on boards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<Power>,
}

/// A file format of the vendor for configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigurationFormat {
    /// JSON of samna's module `xyloCore2`, as in a file that samna wrote in 2022.
    SamnaXyloCore2,
}

/// The cycle model of the vendor (Rockpool's `power_cycles_model.py`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CycleModel {
    /// Every hidden neuron takes input and feeds the readout; the second synapse costs extra (Xylo Audio 2).
    Dense,
    /// Only hidden neurons with weights from the input, or to the readout, count as such; the second synapse is left
    /// out (Xylo IMU and Audio 3).
    Expansion,
}

/// Frequencies of the main clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Frequency after power-up, in megahertz.
    pub default_mhz: f64,
    /// Frequencies that the vendor's documents use, in ascending order, in megahertz.
    pub documented_mhz: Vec<f64>,
}

/// Power of the digital part, which holds the network, as measured on single boards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Power {
    /// Independent of the clock, in microwatts; `None` where measurements at one clock do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub static_uw: Option<f64>,
    /// Per megahertz of the main clock, least and most, in microwatts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uw_per_mhz: Option<[f64; 2]>,
    /// Single measurements: main clock in megahertz, power in microwatts, and the situation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measured: Vec<PowerMeasurement>,
    /// Where the numbers come from, in a sentence.
    pub basis: String,
}

/// A measurement on a board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerMeasurement {
    /// Main clock, in megahertz.
    pub mhz: f64,
    /// Power of the digital part, in microwatts.
    pub uw: f64,
    /// What was running.
    pub situation: String,
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
pub struct BitShiftRanges {
    /// Of synaptic currents.
    pub synapse: BitShiftRange,
    /// Of membranes.
    pub membrane: BitShiftRange,
}

/// A range of bit shifts, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BitShiftRange {
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

/// The descriptions of this crate, in the order of the chips' names.
const SOURCES: [&str; 4] = [
    include_str!("../chips/xylo-1.yaml"),
    include_str!("../chips/xylo-audio2.yaml"),
    include_str!("../chips/xylo-audio3.yaml"),
    include_str!("../chips/xylo-imu.yaml"),
];

static CHIPS: LazyLock<Vec<Chip>> = LazyLock::new(|| {
    let parse = |text| Chip::from_yaml(text).expect("the chips of this crate are tested to parse");
    SOURCES.map(parse).into()
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

    /// The description of a chip of this crate as it was written, with the evidence for each number.
    pub fn source(name: &str) -> Option<&'static str> {
        CHIPS.iter().position(|chip| chip.name == name).map(|place| SOURCES[place])
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
        assert!(Chip::source("xylo-imu").unwrap().contains("\nname: xylo-imu\n"));
    }

    #[test]
    fn built_in_chips_are_valid() {
        for chip in Chip::all() {
            let renamed = Chip { name: format!("{}-copy", chip.name), ..chip.clone() };
            assert_eq!(renamed.check(), Vec::<String>::new());
            assert_eq!(chip.check(), [format!("`name` is `{}`, which is taken; choose another", chip.name)]);
        }
    }

    #[test]
    fn every_fault_of_a_description_is_named() {
        let mut chip = Chip::find("xylo-audio3").unwrap().clone();
        chip.name = "My chip".into();
        chip.inputs = 0;
        chip.hidden = 100;
        chip.weight_bits = 9;
        chip.dash.synapse = BitShiftRange { min: 3, max: 2 };
        chip.dash.membrane.max = 16;
        chip.events.hidden = 63;
        chip.threshold = 0;
        chip.clock = Some(Clock { default_mhz: f64::NAN, documented_mhz: vec![2.0, 1.0] });
        insta::assert_snapshot!(chip.check().join("\n"));
    }

    #[test]
    fn an_unknown_field_is_an_error() {
        let text = include_str!("../chips/xylo-audio3.yaml").replace("inputs:", "input:");
        let error = Chip::from_yaml(&text).unwrap_err().to_string();
        assert!(error.contains("unknown field `input`"), "{error}");
    }
}
