//! Spiking networks on SynSense Xylo chips: design rules, mapping, quantisation, bit-exact simulation.
//!
//! [`build`] is the whole way of a network through this crate, one file per stage:
//!
//! 1. [`chip`]: what each chip can hold, as data.
//! 2. [`rules`]: what of the network does not fit, at the line that is to blame.
//! 3. [`layout`] and [`mod@map`]: which neuron goes where; the chip's arrays in float numbers. [`budget`]: how much of
//!    the chip that takes.
//! 4. [`mod@quantize`]: those arrays as integers.
//! 5. [`specification`]: the integers that a chip is given, and their file.
//! 6. [`simulate`]: what the chip then does, in every state of every step.
//! 7. [`configuration`]: the vendor's file, where its format is known; [`mod@loader`]: the script that hands the
//!    specification to the vendor's tools.
//! 8. [`cost`]: cycles, clock and power.
//!
//! The crate reads and writes no files; bytes and values come in and go out.
//!
//! # Features
//! Both are on by default. Without them the crate has what generating integer code takes, and few dependencies.
//!
//! * `files`: specifications as `.npz` archives.
//! * `simulate`: the simulator.

mod aliases;
pub mod budget;
pub mod chip;
pub mod codes;
pub mod configuration;
pub mod cost;
mod dead;
pub mod layout;
pub mod loader;
pub mod map;
pub mod quantize;
pub mod rules;
#[cfg(feature = "simulate")]
pub mod simulate;
pub mod specification;

use synnet_ir::{Diagnostics, Network};

pub use budget::Budget;
pub use chip::{Chip, CoreVersion};
pub use configuration::Configuration;
pub use loader::{LoaderFiles, loader};
pub use map::{FloatSpecification, MapOptions, map, map_with};
pub use quantize::{QuantizeOptions, QuantizeReport, Ranges, quantize};
#[cfg(feature = "simulate")]
pub use simulate::{Recording, Simulator};
pub use specification::Specification;

/// A network on a chip.
#[derive(Clone, Debug, PartialEq)]
pub struct Build {
    /// What the chip is given.
    pub specification: Specification,
    /// The same in float numbers, with the place of each layer.
    pub float: FloatSpecification,
    /// Scales, shifts and errors of the quantisation.
    pub report: QuantizeReport,
    /// What fits but will behave differently.
    pub warnings: Diagnostics,
    /// The chip's order of update.
    pub core: CoreVersion,
}

#[cfg(feature = "simulate")]
impl Build {
    /// The chip with the network on it, all states zero.
    ///
    /// # Errors
    /// Where the specification does not hold together, which one that was built here does.
    pub fn simulator(&self) -> Result<Simulator, specification::SpecificationError> {
        Simulator::with_core(&self.specification, self.core)
    }
}

/// How to build.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BuildOptions {
    /// How to map.
    pub map: MapOptions,
    /// How to quantise.
    pub quantize: QuantizeOptions,
}

/// Checks, maps and quantises a network, with all its neurons.
///
/// # Errors
/// As [`build_with`].
pub fn build(network: &Network, chip: &Chip, options: &QuantizeOptions) -> Result<Build, Diagnostics> {
    build_with(network, chip, &BuildOptions { map: MapOptions::default(), quantize: options.clone() })
}

/// Checks, maps and quantises a network.
///
/// # Errors
/// Every design rule of the chip that the network breaks, and what the chip merely does differently. The rules are those of
/// [`rules::check`], but weights that quantisation makes zero take no fan-out memory. Those of [`quantize()`].
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
