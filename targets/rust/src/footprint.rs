//! The memory estimate of a generated network.

/// Footprint of a generated network on its target, in bytes, without the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// States of all layers and delay lines: `size_of` the generated type. A type that takes its weights at run time
    /// also has one pointer per matrix and bias, which is not counted.
    pub ram: u64,
    /// Weights, and tables of constants that differ between neurons.
    pub flash: u64,
}
