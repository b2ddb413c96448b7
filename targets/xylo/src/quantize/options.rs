//! Options of the quantizer, and the table of its methods.

use std::str::FromStr;

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};

use super::ranges::Ranges;
use crate::chip::Chip;

/// Options of [`quantize`](super::quantize()).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct QuantizeOptions {
    /// Which neurons share a scale. [`Method::Channel`] by default.
    pub method: Method,
    /// Whether to use weight shifts, which let states resolve more than weights do. They need `ranges`, or fewer
    /// `weight_bits` than the chip has. True by default.
    pub weight_shifts: bool,
    /// Factor by which the 16-bit range exceeds the measured range of the states: 1 or more, 2 by default.
    pub headroom: f64,
    /// Whether to lower scales of single neurons by up to 10 %, so that the rounding errors of their weights cancel.
    /// True by default.
    pub refine: bool,
    /// Percentile of the magnitudes of nonzero weights that is represented: above 0 and up to 100. Larger weights
    /// saturate. It is computed for each scale and each group of weights. `None`, the default, clips nothing.
    pub clip: Option<f64>,
    /// Bits of a weight, sign included: 2 to 8. `None`, the default, uses the bits of the chip.
    pub weight_bits: Option<u32>,
    /// Ranges of the states, measured in the float network on typical input. The weights alone do not bound the states,
    /// so without ranges (`None`, the default) shifts only make up for missing `weight_bits`.
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

/// Method of quantization: which neurons share a scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Each neuron has its own scale. A readout whose membrane potential or current is the output shares one.
    #[default]
    Channel,
    /// All hidden neurons share one scale, and all readout neurons share another.
    Global,
    /// Rockpool 3.1's `channel_quantize`, faults included, for comparison. The other options have no effect.
    RockpoolChannel,
    /// Rockpool 3.1's `global_quantize`, faults included, for comparison. The other options have no effect.
    RockpoolGlobal,
}

/// The name of each method, and the function of Rockpool that it reproduces, in the order of the variants.
const METHODS: [(Method, &str, Option<&str>); 4] = [
    (Method::Channel, "channel", None),
    (Method::Global, "global", None),
    (Method::RockpoolChannel, "rockpool-channel", Some("channel_quantize")),
    (Method::RockpoolGlobal, "rockpool-global", Some("global_quantize")),
];

/// The error for a name that no method has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("methods are {}", Method::NAMES.map(|name| format!("`{name}`")).join(", "))]
pub struct UnknownMethod;

impl Method {
    /// All methods, in the order of the variants.
    pub const ALL: [Self; 4] = [METHODS[0].0, METHODS[1].0, METHODS[2].0, METHODS[3].0];

    /// The names of [`ALL`](Self::ALL).
    pub const NAMES: [&'static str; 4] = [METHODS[0].1, METHODS[1].1, METHODS[2].1, METHODS[3].1];

    /// Returns the method's name on the command line and in recipes.
    pub fn name(self) -> &'static str {
        // A test checks that the table has the order of the variants.
        METHODS[self as usize].1
    }

    /// Returns the function of Rockpool that the method reproduces; `None` for the methods of this crate.
    pub fn rockpool(self) -> Option<&'static str> {
        METHODS[self as usize].2
    }
}

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(name: &str) -> Result<Self, UnknownMethod> {
        Self::ALL.into_iter().find(|method| method.name() == name).ok_or(UnknownMethod)
    }
}

impl Serialize for Method {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Method {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(|UnknownMethod| D::Error::unknown_variant(&name, &Self::NAMES))
    }
}

impl QuantizeOptions {
    /// Returns the defaults: a refined scale for each neuron, shifts if ranges are given, no clipping, all bits of the
    /// chip.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets which neurons share a scale.
    #[must_use]
    pub fn with_method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Sets whether weight shifts are used.
    #[must_use]
    pub fn with_weight_shifts(mut self, weight_shifts: bool) -> Self {
        self.weight_shifts = weight_shifts;
        self
    }

    /// Sets the factor by which the 16-bit range exceeds the measured range of the states, 1 or more.
    #[must_use]
    pub fn with_headroom(mut self, headroom: f64) -> Self {
        self.headroom = headroom;
        self
    }

    /// Sets whether scales of single neurons are lowered so that rounding errors cancel.
    #[must_use]
    pub fn with_refine(mut self, refine: bool) -> Self {
        self.refine = refine;
        self
    }

    /// Sets the percentile of the weights' magnitudes that is represented, above 0 and up to 100.
    #[must_use]
    pub fn with_clip(mut self, clip: impl Into<Option<f64>>) -> Self {
        self.clip = clip.into();
        self
    }

    /// Sets the bits of a weight, sign included, 2 to 8.
    #[must_use]
    pub fn with_weight_bits(mut self, weight_bits: impl Into<Option<u32>>) -> Self {
        self.weight_bits = weight_bits.into();
        self
    }

    /// Sets the measured ranges of the states.
    #[must_use]
    pub fn with_ranges(mut self, ranges: impl Into<Option<Ranges>>) -> Self {
        self.ranges = ranges.into();
        self
    }

    /// Returns each option out of range with what is wrong: "is 9; expected 2 to 8". Quantization itself uses the nearest
    /// value in range.
    pub fn errors(&self) -> Vec<(&'static str, String)> {
        let mut errors = Vec::new();
        if !(self.headroom >= 1.0 && self.headroom.is_finite()) {
            errors.push(("headroom", format!("is {}; expected 1 or more", self.headroom)));
        }
        if let Some(clip) = self.clip.filter(|clip| !(*clip > 0.0 && *clip <= 100.0)) {
            errors.push(("clip", format!("is {clip}; expected a percentile above 0 and up to 100")));
        }
        if let Some(bits) = self.weight_bits.filter(|bits| !(2..=8).contains(bits)) {
            errors.push(("weight_bits", format!("is {bits}; expected 2 to 8")));
        }
        errors
    }

    /// Returns the maximum magnitude of a weight.
    pub(super) fn weight_limit(&self, chip: &Chip) -> f64 {
        let chip_limit = chip.weight_limit();
        let own = |bits: u32| (1 << (bits.clamp(2, 8) - 1)) - 1;
        self.weight_bits.map_or(chip_limit, |bits| chip_limit.min(own(bits))).into()
    }

    /// Returns the headroom of the states, at least 1.
    pub(super) fn headroom(&self) -> f64 {
        // NaN fails the comparison, so it counts as 1, too.
        if self.headroom >= 1.0 { self.headroom } else { 1.0 }
    }

    /// Returns the percentile at which weights are clipped, if any are: 100 clips nothing.
    pub(super) fn percentile(&self) -> Option<f64> {
        self.clip.filter(|clip| *clip > 0.0 && *clip < 100.0)
    }

    /// Returns whether the choice of scales needs every weight, not only the maxima.
    pub(super) fn needs_weights(&self) -> bool {
        self.percentile().is_some() || (self.refine && self.method == Method::Channel)
    }
}

#[cfg(test)]
mod tests {
    use super::{METHODS, Method};

    #[test]
    fn the_table_of_methods_is_in_the_order_of_variants() {
        for (i, (method, name, _)) in METHODS.into_iter().enumerate() {
            assert_eq!((method as usize, method.name(), name.parse()), (i, name, Ok(method)));
        }
        assert_eq!(
            "chanel".parse::<Method>().unwrap_err().to_string().matches('`').count(),
            2 * METHODS.len()
        );
    }
}
