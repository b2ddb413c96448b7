//! Configuration files of the vendor, if the format is known: JSON of samna's module `xyloCore2`, for Xylo Audio 2.
//!
//! `core2` declares the objects of the file and converts them from and to a [`Specification`]; `json` writes them in
//! the order of their fields and reads them with all errors.
//!
//! What is known about the format, and how:
//!
//! * *Confirmed by a file that samna wrote in 2022*: all keys and their order, the types, the indentation, and the form
//!   of matrices, of neurons, and of an empty optional value. The second synapse is called `syn2_weights` in the input
//!   and `syn2Weights` in the hidden neurons. The fields of samna's object were the same in 2024.
//! * *Taken from Rockpool* (`config_from_specification`): the flags and clocks that a network needs.
//! * *Inferred*: the form of an alias, `{ "nullopt": false, "data": 7 }`, in which the library cereal writes a value
//!   that is present; the file has none. An unused matrix of the second synapse is 1 by 1 and zero, as in samna's
//!   object of 2024.
//! * *Unknown*: whether samna accepts these files, and the numbers of its operation modes; 0, its default, is written.
//!
//! In the file, every hidden neuron has input and readout weights, so narrower matrices are padded with zeros
//! ([`Specification::with_full_expansion`]).

mod core2;
mod json;

use crate::specification::{Specification, SpecificationError};
use core2::XyloCore2;

/// Evidence for the format of these files, for messages.
pub const PROVENANCE: &str = "keys, order and types as in a file that the vendor's library samna wrote in 2022; not confirmed: \
                            the form of aliases, and that samna accepts it";

/// A configuration of Xylo Audio 2: a network, and settings of the chip that are not part of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    file: XyloCore2,
    specification: Specification,
}

impl Configuration {
    /// Creates the configuration of a network. Flags and clocks are set as in Rockpool's `config_from_specification`;
    /// all other settings are samna's defaults.
    ///
    /// # Errors
    /// Returns an error if the specification is inconsistent ([`Specification::check`]).
    pub fn new(specification: &Specification) -> Result<Self, SpecificationError> {
        specification.check()?;
        let specification = specification.with_full_expansion();
        Ok(Self { file: XyloCore2::new(&specification), specification })
    }

    /// Returns the network, with input and readout weights of every hidden neuron. It has no biases, or no second
    /// synapse, if the configuration disables them.
    pub fn specification(&self) -> &Specification {
        &self.specification
    }

    /// Returns the text of the file. The same configuration gives the same text.
    pub fn to_json(&self) -> String {
        json::write(&self.file)
    }

    /// Parses a file. Keys may come in any order; all of them are required, and no others are allowed.
    ///
    /// # Errors
    /// Returns an error if the bytes are not JSON; otherwise one for every value that is missing, unknown, of a wrong
    /// type or shape, out of range, or in contradiction to another one, each with its path.
    pub fn from_json(bytes: &[u8]) -> Result<Self, SpecificationError> {
        let file: XyloCore2 = json::read(bytes)?;
        let specification = file.specification()?;
        Ok(Self { file, specification })
    }
}
