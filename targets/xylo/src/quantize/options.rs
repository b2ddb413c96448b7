//! How to quantise.

use serde::{Deserialize, Serialize};

use super::Ranges;
use crate::chip::Chip;

/// How to quantise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuantizeOptions {
    /// Which neurons share a scale.
    pub method: Method,
    /// Whether weight shifts are used, which let states resolve more than weights do: where `ranges` are given, and for
    /// fewer `weight_bits` than the chip has.
    pub weight_shifts: bool,
    /// How much larger than the measured range of the states the chip's 16 bits are kept, 1 or more.
    pub headroom: f64,
    /// Whether scales of single neurons are lowered a little to where the rounding errors of their weights cancel best.
    pub refine: bool,
    /// Percentile of the weights' magnitudes that is still represented, above 0 and up to 100; larger weights saturate.
    /// Of the weights that are not zero, for each scale and each group of weights.
    pub clip: Option<f64>,
    /// Bits of a weight with its sign, 2 or more, where fewer are wanted than the chip has.
    pub weight_bits: Option<u32>,
    /// Ranges of the states, measured in the float network on typical input. How far states reach cannot be told
    /// from the weights alone; so without ranges there are no shifts but those by the bits that `weight_bits` leaves.
    #[serde(skip)]
    pub ranges: Option<Ranges>,
}

impl Default for QuantizeOptions {
    fn default() -> Self {
        Self {
            method: Method::default(),
            weight_shifts: true,
            headroom: 2.0,
            refine: true,
            clip: None,
            weight_bits: None,
            ranges: None,
        }
    }
}

/// Which neurons share a scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Each neuron has its own. A readout whose membrane or current is the output shares one.
    #[default]
    Channel,
    /// All hidden neurons share one, and all readout neurons share one.
    Global,
    /// As Rockpool 3.1's `channel_quantize` does it, faults included; for comparison. The other options have no effect.
    RockpoolChannel,
    /// As Rockpool 3.1's `global_quantize` does it, faults included; for comparison. The other options have no effect.
    RockpoolGlobal,
}

impl Method {
    /// Every method, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Channel, Self::Global, Self::RockpoolChannel, Self::RockpoolGlobal];

    /// Its name on the command line and in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Global => "global",
            Self::RockpoolChannel => "rockpool-channel",
            Self::RockpoolGlobal => "rockpool-global",
        }
    }

    /// The function of Rockpool that it reproduces, faults included, for comparison only.
    pub fn rockpool(self) -> Option<&'static str> {
        match self {
            Self::Channel | Self::Global => None,
            Self::RockpoolChannel => Some("channel_quantize"),
            Self::RockpoolGlobal => Some("global_quantize"),
        }
    }
}

impl QuantizeOptions {
    /// What of the options has no meaning; quantisation takes the nearest value that has.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !(self.headroom >= 1.0 && self.headroom.is_finite()) {
            faults.push(format!("`headroom` is {}; it is 1 or more", self.headroom));
        }
        if let Some(clip) = self.clip.filter(|clip| !(*clip > 0.0 && *clip <= 100.0)) {
            faults.push(format!("`clip` is {clip}; a percentile lies above 0 and is at most 100"));
        }
        if let Some(bits) = self.weight_bits.filter(|bits| !(2..=8).contains(bits)) {
            faults.push(format!("`weight_bits` is {bits}; a weight has 2 to 8 bits"));
        }
        faults
    }

    /// Largest magnitude of a weight.
    pub(super) fn weight_limit(&self, chip: &Chip) -> f64 {
        let chip_limit = chip.weight_limit();
        let own = |bits: u32| (1 << (bits.clamp(2, 8) - 1)) - 1;
        self.weight_bits.map_or(chip_limit, |bits| chip_limit.min(own(bits))).into()
    }

    /// Headroom of the states, 1 at least.
    pub(super) fn headroom(&self) -> f64 {
        if self.headroom >= 1.0 { self.headroom } else { 1.0 }
    }

    /// The percentile at which weights are clipped, if any are.
    pub(super) fn percentile(&self) -> Option<f64> {
        self.clip.filter(|clip| *clip > 0.0 && *clip < 100.0)
    }

    /// Whether the choice of scales needs every weight, not only the largest.
    pub(super) fn needs_weights(&self) -> bool {
        self.percentile().is_some() || (self.refine && self.method == Method::Channel)
    }
}
