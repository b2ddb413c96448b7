//! Spiking networks on SynSense Xylo chips: design rules, mapping, quantisation, bit-exact simulation.
//!
//! [`build`] is the whole way of a network through this crate, one file per stage:
//!
//! 1. [`chip`]: what each chip can hold, as data.
//! 2. [`rules`]: what of the network does not fit, at the line that is to blame.
//! 3. [`layout`] and [`mod@map`]: which neuron goes where; the chip's arrays in float numbers.
//! 4. [`mod@quantize`]: those arrays as integers.
//! 5. [`specification`]: the integers that a chip is given, and their file.
//! 6. [`simulate`]: what the chip then does, in every state of every step.
//! 7. [`mod@loader`]: the script that hands the file to Rockpool.
//!
//! The crate reads and writes no files; bytes and values come in and go out.

pub mod chip;
pub mod codes;
pub mod layout;
pub mod loader;
pub mod map;
pub mod quantize;
pub mod rules;
pub mod simulate;
pub mod specification;

use synnet_dsl::{Diagnostic, Network};

pub use chip::{Chip, CoreVersion};
pub use loader::loader;
pub use map::{FloatSpecification, map};
pub use quantize::{QuantizeOptions, QuantizeReport, Ranges, quantize};
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
    pub warnings: Vec<Diagnostic>,
    /// The chip's order of update.
    pub core: CoreVersion,
}

impl Build {
    /// The chip with the network on it, all states zero.
    ///
    /// # Errors
    /// Where the specification does not hold together, which one that was built here does.
    pub fn simulator(&self) -> Result<Simulator, specification::SpecificationError> {
        Simulator::with_core(&self.specification, self.core)
    }
}

/// Checks, maps and quantises a network.
///
/// # Errors
/// Every design rule of the chip that the network breaks, and what the chip merely does differently; those of
/// [`quantize()`].
pub fn build(network: &Network, chip: &Chip, options: &QuantizeOptions) -> Result<Build, Vec<Diagnostic>> {
    let mut warnings = rules::check(&network.graph, chip);
    if warnings.iter().any(Diagnostic::is_error) {
        return Err(warnings);
    }
    let float = map::place(network);
    let (specification, report) = quantize(&float, chip, options)?;
    warnings.extend(report.warnings());
    Ok(Build { specification, float, report, warnings, core: chip.core })
}
