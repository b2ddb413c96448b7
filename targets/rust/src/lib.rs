//! Spiking networks to Rust: one module per network, for servers and microcontrollers alike.
//!
//! [`generate`] takes a network with its weights and returns a [`Module`]: Rust source that needs only `core`, does not
//! allocate, and contains no `unsafe`. [`RustOptions::numbers`] chooses the arithmetic:
//!
//! * [`Numbers::Float`]: f32, equal to the interpreter bit for bit. With [`generate_without_weights`], the program
//!   brings the weights at run time.
//! * [`Numbers::Integer`]: 8-bit weights and 16-bit states, equal to the simulator of SynSense's chips bit for bit. The
//!   weights are quantized during generation; [`generate_integer`] takes a network that is already quantized.
//!
//! Three entry points use this crate: the `synnet!` macro, `synnet_build` for build scripts, and `snnc build`. The
//! crate does no I/O.
//!
//! # Modules
//! ```text
//! Network ──► generate ──► synnet_step::Program ──► parts ──► module ──► format ──► source
//! ```
//!
//! * `generate`: the entry points; `target`: the same as a [`Target`](synnet_ir::Target).
//! * `parts`: from a [`Program`](synnet_step::Program), which says what a step computes, to the parts of its module:
//!   `step` prints operations, `layer`, `statement` and `constant` print layers, `tables` prints weights.
//! * `detector`: the decision of a keyword spotter, beside the network.
//! * `kernels`: the functions that generated code calls.
//! * `module`: the network's type.
//! * `variants`: items that differ between machines with and without vector instructions.
//! * `names`: names of the language to Rust identifiers.
//! * `literal`, `loops`: tokens of numbers and of loops; `format`: tokens to formatted source.

mod constant;
mod detector;
mod format;
mod generate;
mod kernels;
mod layer;
mod literal;
mod loops;
mod module;
mod names;
mod options;
mod parts;
mod statement;
mod step;
mod tables;
mod target;
mod variants;

pub use generate::{
    check, generate, generate_integer, generate_with, generate_with_spans, generate_without_weights,
};
pub use module::Module;
pub use names::NameSpans;
pub use options::{Embedding, RustOptions};
pub use synnet_step::{Detector, Footprint, Machine, Numbers, integer, quantized, weights};
pub use target::RustTarget;
