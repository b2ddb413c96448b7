//! Chips as data: the limits and the arithmetic of each member of the Xylo family.
//!
//! A chip is a file in `chips/`, with the evidence for each number beside it. Design rules, mapping, quantizer and cost
//! model read these numbers; none of them knows a chip by name.

mod validate;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

pub use validate::DescriptionError;

/// Limits and arithmetic of one chip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chip {
    /// Name of the target, such as `xylo-audio3`.
    pub name: String,
    /// Name in messages, such as "SynSense Xylo Audio 3".
    pub title: String,
    /// The vendor's part number, such as "SYNS65302".
    pub part: String,
    /// Rockpool's Python package for this chip; `None` if Rockpool 3.1 has none that works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rockpool: Option<String>,
    /// The vendor's format of a configuration file; `None` if no real file is public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<ConfigurationFormat>,
    /// Version of the core, which decides the order of the neuron update.
    pub core: CoreVersion,
    /// Number of input channels.
    pub inputs: usize,
    /// Number of hidden neurons that may receive input. They have the first ids.
    pub input_expansion: usize,
    /// Number of hidden neurons.
    pub hidden: usize,
    /// Number of hidden neurons that may feed the readout. They have the last ids.
    pub output_expansion: usize,
    /// Number of readout neurons.
    pub outputs: usize,
    /// Number of synapses per neuron.
    pub synapses: Synapses,
    /// Size of the memory of connections between hidden neurons.
    pub fan_out: FanOut,
    /// Bits of a weight, sign included: 2 to 8.
    pub weight_bits: u32,
    /// Maximum left shift of a group of weights: 0 to 7.
    pub weight_shift: u8,
    /// Maximum threshold, in units of the membrane potential.
    pub threshold: i16,
    /// Whether neurons have biases.
    pub bias: bool,
    /// Whether a hidden neuron can copy its spikes to another one.
    pub aliases: bool,
    /// Ranges of the leaks' bit shifts.
    pub dash: BitShiftRanges,
    /// Maximum number of events per source per step.
    pub events: EventLimits,
    /// Model of the clock cycles of a step; `None` if the vendor has none for this chip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycles: Option<CycleModel>,
    /// Main clocks that the vendor documents; `None` if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Clock>,
    /// Power measured on boards; `None` if no measurement is public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<Power>,
}

/// Format of a configuration file of the vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigurationFormat {
    /// JSON of samna's module `xyloCore2`, as samna wrote it in 2022.
    SamnaXyloCore2,
}

/// Variant of the vendor's cycle model (Rockpool's `power_cycles_model.py`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CycleModel {
    /// Every hidden neuron counts as receiving input and feeding the readout. The model has operations of the second
    /// synapse (Xylo Audio 2).
    Dense,
    /// A hidden neuron counts as receiving input, or as feeding the readout, only if it has such weights. The model
    /// ignores the second synapse (Xylo IMU and Audio 3).
    Expansion,
}

/// Frequencies of the main clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Frequency after power-up, in MHz.
    pub default_mhz: f64,
    /// Frequencies in the vendor's documents, in MHz, in ascending order.
    pub documented_mhz: Vec<f64>,
}

/// Power of the digital part, which runs the network, as measured on single boards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Power {
    /// Share that is independent of the clock, in uW; `None` if power was measured at one clock only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub static_uw: Option<f64>,
    /// Minimum and maximum per MHz of the main clock, in uW; `None` if power was measured at one clock only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uw_per_mhz: Option<[f64; 2]>,
    /// Single measurements, in no particular order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measured: Vec<PowerMeasurement>,
    /// Source of the numbers, in a sentence without a period.
    pub basis: String,
}

/// A measurement of power on a board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerMeasurement {
    /// Main clock, in MHz.
    pub mhz: f64,
    /// Power of the digital part, in uW.
    pub uw: f64,
    /// Conditions: what the board was running.
    pub situation: String,
}

/// Version of a core, which decides the order of the neuron update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoreVersion {
    /// Xylo 1: the membrane first leaks, then adds its input. There are no biases.
    V1,
    /// Xylo Audio 2, IMU and Audio 3: leak, input and bias are summed, and the sum is added to the membrane.
    #[default]
    V2,
}

/// Number of synapses per neuron. Each synapse has a current with a time constant of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Synapses {
    /// Synapses of a hidden neuron: 1 or 2.
    pub hidden: usize,
    /// Synapses of a readout neuron: 1.
    pub readout: usize,
}

/// Size of the memory of connections between hidden neurons. Connections to the readout are stored elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FanOut {
    /// Maximum number of targets of one neuron.
    pub per_neuron: usize,
    /// Maximum number of targets of all neurons together.
    pub total: usize,
}

/// Ranges of the leaks' bit shifts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BitShiftRanges {
    /// Range for synaptic currents. It excludes 0, with which a current never reaches the membrane.
    pub synapse: BitShiftRange,
    /// Range for membranes.
    pub membrane: BitShiftRange,
}

/// A range of bit shifts, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BitShiftRange {
    /// Minimum.
    pub min: u8,
    /// Maximum.
    pub max: u8,
}

/// Maximum number of events per source per step. They are fixed in the hardware.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventLimits {
    /// Events of an input channel; the chip drops the excess.
    pub input: u32,
    /// Spikes of a hidden neuron.
    pub hidden: u32,
    /// Spikes of a readout neuron.
    pub readout: u32,
}

/// The error of [`Chip::from_yaml`].
#[derive(Debug, thiserror::Error)]
#[error("not a chip description: {0}")]
pub struct ChipError(#[from] serde_yaml::Error);

/// The built-in descriptions, ordered by the chips' names.
const SOURCES: [&str; 4] = [
    include_str!("../chips/xylo-1.yaml"),
    include_str!("../chips/xylo-audio2.yaml"),
    include_str!("../chips/xylo-audio3.yaml"),
    include_str!("../chips/xylo-imu.yaml"),
];

static CHIPS: LazyLock<Vec<Chip>> = LazyLock::new(|| {
    // The files are compiled in, so this depends on no input; `built_in_chips_are_valid` parses all of them.
    let parse = |text| Chip::from_yaml(text).expect("the chips of this crate are tested to parse");
    SOURCES.map(parse).into()
});

impl Chip {
    /// Returns the built-in chips, ordered by name.
    pub fn all() -> &'static [Chip] {
        &CHIPS
    }

    /// Returns the built-in chip with this target name.
    pub fn find(name: &str) -> Option<&'static Chip> {
        CHIPS.iter().find(|chip| chip.name == name)
    }

    /// Returns the YAML of a built-in chip, with its comments: the evidence for each number.
    pub fn source(name: &str) -> Option<&'static str> {
        CHIPS.iter().position(|chip| chip.name == name).map(|index| SOURCES[index])
    }

    /// Parses a description in the form of `chips/*.yaml`. [`check`](Self::check) judges its values.
    ///
    /// # Errors
    /// Returns an error if a field is missing, unknown or of the wrong type.
    pub fn from_yaml(text: &str) -> Result<Self, ChipError> {
        Ok(serde_yaml::from_str(text)?)
    }

    /// Returns the maximum magnitude of a weight: 127 for 8 bits.
    pub fn weight_limit(&self) -> i32 {
        // -128 stays unused, as in Rockpool's quantizers, so that a weight and its negative have the same error.
        (1 << (self.weight_bits.clamp(2, 8) - 1)) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The errors of a description, one a line.
    fn lines(chip: &Chip) -> String {
        chip.check().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

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
            assert_eq!(renamed.check(), []);
            let taken = format!("`name` is `{}`, which is taken; choose another", chip.name);
            assert_eq!(lines(chip), taken);
        }
    }

    #[test]
    fn every_error_of_a_description_is_named() {
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
        insta::assert_snapshot!(lines(&chip));
    }

    #[test]
    fn an_unknown_field_is_an_error() {
        let text = include_str!("../chips/xylo-audio3.yaml").replace("inputs:", "input:");
        let error = Chip::from_yaml(&text).unwrap_err().to_string();
        assert!(error.contains("unknown field `input`"), "{error}");
    }
}
