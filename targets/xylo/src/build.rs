//! The pipeline from a network to the integers of a chip: rules, mapping, quantization.

use synnet_ir::{Diagnostics, Network};

use crate::build_output::Build;
use crate::chip::Chip;
use crate::dead_neurons;
use crate::map::{self, MapOptions};
use crate::quantize::{QuantizeOptions, quantize};
use crate::rules;

/// Options of [`build_with`].
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct BuildOptions {
    /// Options of the mapping.
    pub map: MapOptions,
    /// Options of the quantizer.
    pub quantize: QuantizeOptions,
}

impl BuildOptions {
    /// Returns the defaults of mapping and quantization.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the options of the mapping.
    #[must_use]
    pub fn with_map(mut self, map: MapOptions) -> Self {
        self.map = map;
        self
    }

    /// Sets the options of the quantizer.
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
/// Returns every design rule of the chip that the network breaks, with the warnings. The rules are those of
/// [`rules::check`], except that weights which are zero after quantization take no fan-out memory. Also returns the
/// errors of [`quantize()`].
pub fn build_with(network: &Network, chip: &Chip, options: &BuildOptions) -> Result<Build, Diagnostics> {
    let (mut float, mut warnings) = map::lay_out(network, chip, &options.map)?;
    let (mut specification, mut report) = quantize(&float, chip, &options.quantize)?;
    // Rounding can leave neurons without weights. Each pass removes at least one, so this ends.
    while options.map.remove_dead && dead_neurons::remove_rounded(&mut float, &specification) {
        (specification, report) = quantize(&float, chip, &options.quantize)?;
    }
    // Fan-out is checked last, because quantization makes small weights zero, and those take no entry.
    let d = specification.dimensions;
    let too_many = rules::fan_out_of_weights(&specification.weights_rec, d, &float.layers, chip);
    warnings.extend(report.warnings());
    if !too_many.is_empty() {
        warnings.extend(too_many);
        return Err(warnings);
    }
    Ok(Build { specification, float, report, warnings, core: chip.core })
}
