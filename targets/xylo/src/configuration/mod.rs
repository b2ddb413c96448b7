//! The vendor's configuration file of a chip, where its format is known: JSON of samna's module `xyloCore2`, for
//! Xylo Audio 2.
//!
//! What is known of the format, and how:
//!
//! * *Confirmed by a file that samna wrote (2022)*: every key, the order of the keys, the types, the indent, the form
//!   of matrices, of an empty optional value, and of neurons; that the second synapse of the input is called
//!   `syn2_weights` and that of the hidden neurons `syn2Weights`. The fields of samna's object were the same in 2024.
//! * *As Rockpool sets them* (`config_from_specification`): which flags and clocks a network needs.
//! * *Inferred*: the form of an alias, `{ "nullopt": false, "data": 7 }`, which is how the library cereal writes a
//!   value that is present; the file has none. A matrix of the second synapse that is not used is one by one and zero,
//!   as samna's object of 2024 shows it.
//! * *Unknown*: whether samna accepts each of these files, and what its operation modes are numbered; 0, its default,
//!   is written.
//!
//! In the file every hidden neuron has input and readout weights, so a specification whose matrices are narrower gains
//! zeros ([`Specification::with_full_expansion`]).

mod core2;
mod json;

use crate::specification::{Specification, SpecificationError};
use core2::XyloCore2;

/// What of the format of these files a real file confirms and what it does not, in a sentence.
pub const PROVENANCE: &str = "keys, order and types as in a file that the vendor's library samna wrote in 2022; not confirmed: \
                            the form of aliases, and that samna accepts it";

/// A configuration of Xylo Audio 2: the network, and the settings of the chip that are no part of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    file: XyloCore2,
    specification: Specification,
}

impl Configuration {
    /// The configuration of a network. Flags and clocks are those that Rockpool's `config_from_specification` sets for
    /// it; all other settings are samna's defaults.
    ///
    /// # Errors
    /// Where the specification does not hold together ([`Specification::check`]).
    pub fn new(specification: &Specification) -> Result<Self, SpecificationError> {
        specification.check()?;
        let specification = specification.with_full_expansion();
        Ok(Self { file: XyloCore2::new(&specification), specification })
    }

    /// The network, with input and readout weights of every hidden neuron. Where biases or the second synapse are
    /// switched off, it has none.
    pub fn specification(&self) -> &Specification {
        &self.specification
    }

    /// Writes the file. The same configuration gives the same text.
    pub fn to_json(&self) -> String {
        json::write(&self.file)
    }

    /// Reads a file. Keys may come in any order; all must be there, and no others.
    ///
    /// # Errors
    /// Where the bytes are not JSON; else every value that is missing, unknown, of a wrong type or shape, out of range
    /// or in contradiction to another, with its path.
    pub fn from_json(bytes: &[u8]) -> Result<Self, SpecificationError> {
        let file: XyloCore2 = json::read(bytes)?;
        let specification = file.specification()?;
        Ok(Self { file, specification })
    }
}
