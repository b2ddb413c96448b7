//! The result of [`build`](crate::build()): a network on a chip.

use synnet_ir::Diagnostics;

use crate::chip::CoreVersion;
use crate::float_specification::FloatSpecification;
use crate::quantize::report::QuantizeReport;
#[cfg(feature = "simulate")]
use crate::simulate::Simulator;
use crate::specification::Specification;
#[cfg(feature = "simulate")]
use crate::specification::SpecificationError;

/// A network on a chip, in integers and in float numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Build {
    /// The integers that the chip is given.
    pub specification: Specification,
    /// The same arrays in float numbers, with the ids of each layer.
    pub float: FloatSpecification,
    /// Scales, shifts and errors of the quantization.
    pub report: QuantizeReport,
    /// Warnings about everything that behaves differently from the float network.
    pub warnings: Diagnostics,
    /// Version of the chip's core, which decides the order of the neuron update.
    pub core: CoreVersion,
}

#[cfg(feature = "simulate")]
impl Build {
    /// Returns a simulator of the chip with this network; all states are zero.
    ///
    /// # Errors
    /// Returns an error if the specification is inconsistent. One that [`build`](crate::build()) returns never is.
    pub fn simulator(&self) -> Result<Simulator, SpecificationError> {
        Simulator::with_core(&self.specification, self.core)
    }
}
