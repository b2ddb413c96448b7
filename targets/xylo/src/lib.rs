//! Spiking networks on SynSense Xylo chips: design rules, mapping, quantization, bit-exact simulation.
//!
//! [`build`] is the whole way of a network through this crate, one file per stage:
//!
//! 1. [`chip`]: what each chip can hold, as data.
//! 2. [`rules`]: what of the network does not fit, at the line that is to blame.
//! 3. [`layout`] and [`mod@map`]: which neuron goes where; the chip's arrays in float numbers. [`budget`]: how much of
//!    the chip that takes.
//! 4. [`mod@quantize`]: those arrays as integers.
//! 5. [`specification`]: the integers that a chip is given, and their file.
//! 6. [`simulate`]: what the chip then does, in every state of every step.
//! 7. [`configuration`]: the vendor's file, where its format is known; [`mod@loader`]: the script that hands the
//!    specification to the vendor's tools.
//! 8. [`cost`]: cycles, clock and power.
//!
//! The crate reads and writes no files; bytes and values come in and go out.
//!
//! # Features
//! Both are on by default. Without them the crate has what generating integer code takes, and few dependencies.
//!
//! * `files`: specifications as `.npz` archives, and with them the [`Target`](synnet_ir::Target).
//! * `simulate`: the simulator.

mod aliases;
pub mod budget;
mod build;
mod build_output;
pub mod chip;
pub mod codes;
pub mod configuration;
pub mod cost;
mod dead_neurons;
mod float_specification;
pub mod layout;
pub mod loader;
pub mod map;
pub mod quantize;
mod role;
pub mod rules;
#[cfg(feature = "simulate")]
pub mod simulate;
pub mod specification;
#[cfg(feature = "files")]
mod target;

pub use budget::Budget;
pub use build::{BuildOptions, build, build_with};
pub use build_output::Build;
pub use chip::{Chip, CoreVersion};
pub use configuration::Configuration;
pub use float_specification::{FloatSpecification, MappedLayer, RemovedNeurons};
pub use loader::{LoaderFiles, loader};
pub use map::{MapOptions, map, map_with};
pub use quantize::{QuantizeOptions, QuantizeReport, Ranges, quantize};
#[cfg(feature = "simulate")]
pub use simulate::{SimulationTrace, Simulator};
pub use specification::Specification;
#[cfg(feature = "files")]
pub use target::XyloTarget;
