//! Roles of layers on a chip.

/// Role of a layer on a chip. The variants are in the order of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A hidden layer that receives input: an input expansion layer.
    Input,
    /// A hidden layer that receives input and feeds the readout.
    Both,
    /// A hidden layer that neither receives input nor feeds the readout.
    Inner,
    /// A hidden layer that feeds the readout: an output expansion layer.
    Output,
    /// The readout itself.
    Readout,
}

impl Role {
    /// Returns the role of a hidden layer.
    pub(crate) fn new(receives_input: bool, feeds_readout: bool) -> Self {
        match (receives_input, feeds_readout) {
            (true, true) => Self::Both,
            (true, false) => Self::Input,
            (false, true) => Self::Output,
            (false, false) => Self::Inner,
        }
    }

    /// Returns whether neurons with this role have input weights.
    pub fn receives_input(self) -> bool {
        matches!(self, Self::Input | Self::Both)
    }

    /// Returns whether neurons with this role have readout weights.
    pub fn feeds_readout(self) -> bool {
        matches!(self, Self::Output | Self::Both)
    }
}
