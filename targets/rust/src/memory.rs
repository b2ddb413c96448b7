//! What a generated network occupies.

/// Bytes that a generated network occupies on its target, code not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// States of all layers and delay lines: `size_of` the generated type where it holds its weights.
    /// A type that takes them at run time has besides one pointer per matrix and bias.
    pub ram: u64,
    /// Weights, and constants given per neuron.
    pub flash: u64,
}
