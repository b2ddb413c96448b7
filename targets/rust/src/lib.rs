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
//! Network ──► generate ──┬──────────────────────────► float ────┐
//!                        └► quantized ► IntegerNetwork ► integer ┴► module ──► format ──► source
//! ```
//!
//! * [`weights`]: the bytes from which a generated module in f32 reads its weights.
//! * [`integer`]: code in integers: description, layers and kernels. It knows no chip.
//! * [`quantized`]: from a network or a specification to integers. Besides it, only `options` depends on `synnet-xylo`.
//! * `float`: code in f32: layers, connections and kernels.
//! * `module`: the network's type, in either arithmetic.
//! * `generate`: the entry points; `target`: the same as a [`Target`](synnet_ir::Target).
//! * `names`: names of the language to Rust identifiers.
//! * `footprint`: the memory estimate.
//! * `docs`: documentation comments that both forms of arithmetic share.
//! * `literal`, `loops`: tokens of numbers and of loops; `format`: tokens to formatted source.

mod docs;
mod float;
mod footprint;
mod format;
mod generate;
pub mod integer;
mod literal;
mod loops;
mod module;
mod names;
mod options;
pub mod quantized;
mod target;
pub mod weights;

pub use footprint::Footprint;
pub use generate::{
    check, generate, generate_integer, generate_with, generate_with_spans, generate_without_weights,
};
pub use module::Module;
pub use names::NameSpans;
pub use options::{Embedding, Numbers, RustOptions};
pub use target::RustTarget;
