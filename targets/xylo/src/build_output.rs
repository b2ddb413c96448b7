//! A network on a chip.

use synnet_ir::Diagnostics;

use crate::chip::CoreVersion;
use crate::float_specification::FloatSpecification;
use crate::quantize::report::QuantizeReport;
#[cfg(feature = "simulate")]
use crate::simulate::Simulator;
use crate::specification::Specification;
#[cfg(feature = "simulate")]
use crate::specification::SpecificationError;

/// A network on a chip.
#[derive(Clone, Debug, PartialEq)]
pub struct Build {
    /// What the chip is given.
    pub specification: Specification,
    /// The same in float numbers, with the place of each layer.
    pub float: FloatSpecification,
    /// Scales, shifts and errors of the quantization.
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
    pub fn simulator(&self) -> Result<Simulator, SpecificationError> {
        Simulator::with_core(&self.specification, self.core)
    }
}
