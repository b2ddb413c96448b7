//! Spiking networks on SynSense Xylo chips: design rules, mapping, quantization, bit-exact simulation.
//!
//! [`build`] runs a network through the whole pipeline. Each stage has a module:
//!
//! 1. [`chip`]: the limits of each chip, as data.
//! 2. [`rules`]: design rules, reported at the line that breaks them.
//! 3. [`layout`] and [`mod@map`]: the ids of all neurons, and the chip's arrays in float numbers. [`budget`]: how much
//!    of the chip these arrays use.
//! 4. [`mod@quantize`]: the arrays as integers.
//! 5. [`specification`]: the integers that a chip is given, and their file format.
//! 6. [`simulate`]: every state of the chip in every step.
//! 7. [`configuration`]: the vendor's configuration file, if its format is known; [`mod@loader`]: the script that hands
//!    the specification to the vendor's tools.
//! 8. [`layer_table`]: the layer and the neuron of each ID, for reading traces from a chip.
//! 9. [`cost`]: cycles, clock and power.
//!
//! The crate does no I/O: it takes and returns bytes and values.
//!
//! # Features
//! Both are on by default. Without them, the crate contains only what generating integer code needs.
//!
//! * `files`: specifications as `.npz` archives, and the [`Target`](synnet_ir::Target), which writes them.
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
pub mod layer_table;
pub mod layer_use;
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

pub use build::{BuildOptions, build, build_with};
pub use build_output::Build;
pub use float_specification::{FloatSpecification, MappedLayer, RemovedNeurons};
#[cfg(feature = "files")]
pub use target::{XyloTarget, layers_file};
