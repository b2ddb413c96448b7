//! Spiking networks on SynSense Xylo chips: design rules, mapping, quantisation, bit-exact simulation.
//!
//! The way of a network through this crate, one file per stage:
//!
//! 1. [`chip`]: what each chip can hold, as data.
//! 2. [`specification`]: the integers that a chip is given, and their file.
//! 3. [`simulate`]: what the chip then does, in every state of every step.
//!
//! The crate reads and writes no files; bytes and values come in and go out.

mod array;
pub mod chip;
pub mod simulate;
pub mod specification;

pub use chip::Chip;
pub use simulate::{Recording, Simulator};
pub use specification::Specification;
