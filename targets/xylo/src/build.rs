//! The whole way of a network onto a chip.

use synnet_ir::{Diagnostics, Network};

use crate::build_output::Build;
use crate::chip::Chip;
use crate::map::{self, MapOptions};
use crate::quantize::{QuantizeOptions, quantize};
use crate::rules;

/// How to build.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct BuildOptions {
    /// How to map.
    pub map: MapOptions,
    /// How to quantize.
    pub quantize: QuantizeOptions,
}

impl BuildOptions {
    /// The defaults of mapping and quantization.
    pub fn new() -> Self {
        Self::default()
    }

    /// Chooses how to map.
    #[must_use]
    pub fn with_map(mut self, map: MapOptions) -> Self {
        self.map = map;
        self
    }

    /// Chooses how to quantize.
    #[must_use]
    pub fn with_quantize(mut self, quantize: QuantizeOptions) -> Self {
        self.quantize = quantize;
        self
    }
}

/// Checks, maps and quantizes a network, with all its neurons.
///
/// # Errors
/// As [`build_with`].
pub fn build(network: &Network, chip: &Chip, options: &QuantizeOptions) -> Result<Build, Diagnostics> {
    build_with(network, chip, &BuildOptions::new().with_quantize(options.clone()))
}

/// Checks, maps and quantizes a network.
///
/// # Errors
/// Every design rule of the chip that the network breaks, and what the chip merely does differently. The rules are those of
/// [`rules::check`], but weights that quantization makes zero take no fan-out memory. Those of [`quantize()`].
pub fn build_with(network: &Network, chip: &Chip, options: &BuildOptions) -> Result<Build, Diagnostics> {
    let (float, mut warnings) = map::lay_out(network, chip, &options.map)?;
    let (specification, report) = quantize(&float, chip, &options.quantize)?;
    let d = specification.dimensions;
    let too_many = rules::fan_out_of_weights(&specification.weights_rec, d, &float.layers, chip);
    warnings.extend(report.warnings());
    if !too_many.is_empty() {
        warnings.extend(too_many);
        return Err(warnings);
    }
    Ok(Build { specification, float, report, warnings, core: chip.core })
}
