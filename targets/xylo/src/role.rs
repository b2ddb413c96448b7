//! What a layer is to a chip.

/// What a layer is to the chip, in the order of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Receives input.
    Input,
    /// Receives input and feeds the readout.
    Both,
    /// Neither.
    Inner,
    /// Feeds the readout.
    Output,
    /// Is the readout.
    Readout,
}

impl Role {
    /// The role of a hidden layer.
    pub(crate) fn new(receives_input: bool, feeds_readout: bool) -> Self {
        match (receives_input, feeds_readout) {
            (true, true) => Self::Both,
            (true, false) => Self::Input,
            (false, true) => Self::Output,
            (false, false) => Self::Inner,
        }
    }

    /// Whether its neurons have input weights.
    pub fn receives_input(self) -> bool {
        matches!(self, Self::Input | Self::Both)
    }

    /// Whether its neurons have readout weights.
    pub fn feeds_readout(self) -> bool {
        matches!(self, Self::Output | Self::Both)
    }
}
