//! Spiking networks to Rust: one module per network, for servers and microcontrollers alike.
//!
//! [`generate`] takes a network with its weights and gives a [`Module`]: Rust source that needs
//! nothing but `core`, allocates nothing and contains no `unsafe`. [`RustOptions::numbers`] says in which
//! numbers it computes:
//!
//! * [`Numbers::Float`]: in f32, what the graph means, bit for bit. [`generate_without_weights`] leaves the
//!   weights of this form to the running program.
//! * [`Numbers::Integer`]: in 8-bit weights and 16-bit states, what SynSense's chips do, bit for bit. The
//!   weights are quantized on the way; a network with its integers can also be given
//!   ([`generate_integer`]).
//!
//! The crate is the back half of three fronts: the `synnet!` macro, `synnet_build` for build scripts,
//! and `snnc build`. It reads and writes no files.
//!
//! # How it is laid out
//! * [`weights`]: the bytes that a generated module in f32 reads its weights from.
//! * [`integer`]: the arithmetic in integers: description, layers and kernels. It knows no chip.
//! * [`quantized`]: that description from a float network or a chip's specification; the one place that
//!   depends on `synnet-xylo`.
//! * `float`: the arithmetic in f32: layers, connections and kernels.
//! * `module`: the network type around either.
//! * `generate`: which arithmetic, and what it cannot express; `target`: the same as a [`Target`](synnet_ir::Target).
//! * `names`: names of the language to identifiers of Rust.
//! * `memory`: what a network occupies.
//! * `docs`: what the generated documentation says in either arithmetic.
//! * `literal`, `loops`: tokens of numbers and of loops; `format`: tokens to formatted source.

mod docs;
mod float;
mod format;
mod generate;
pub mod integer;
mod literal;
mod loops;
mod memory;
mod module;
mod names;
mod options;
pub mod quantized;
mod target;
pub mod weights;

pub use generate::{check, generate, generate_integer, generate_with, generate_without_weights};
pub use memory::Memory;
pub use module::Module;
pub use options::{Embedding, Numbers, RustOptions};
pub use target::RustTarget;
