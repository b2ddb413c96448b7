//! Spiking networks to C99: one header and one source file per network, for microcontrollers and other C programs.
//!
//! [`generate`] takes a network with its weights and returns [`Files`]. The code needs `stdint.h` and `stddef.h`, does
//! not allocate, calls no library function, and has no recursion. [`COptions::numbers`] chooses the arithmetic:
//!
//! * [`Numbers::Float`]: f32, equal to the interpreter bit for bit, if the compiler neither contracts nor reorders
//!   operations (`-ffp-contract=off`, no `-ffast-math`).
//! * [`Numbers::Integer`]: 8-bit weights and 16-bit states, equal to the simulator of SynSense's chips bit for bit.
//!
//! # Modules
//! ```text
//! Network ──► generate ──► synnet_step::Program ──► header, source ──► Files
//! ```
//!
//! * `generate`: the entry points; `target`: the same as a [`Target`](synnet_ir::Target).
//! * `header`: types and functions that a program uses; `source`: tables, weights and functions.
//! * `step` prints operations, `layer` and `statement` print layers; `kernels`: functions that they call.
//! * `detector`: the decision of a keyword spotter, beside the network.
//! * `names`: names of the language to C identifiers; `text`: lines, comments, numbers.

mod detector;
mod generate;
mod header;
mod kernels;
mod layer;
mod names;
mod options;
mod source;
mod statement;
mod step;
mod target;
mod text;

pub use generate::{Files, check, generate, generate_integer, generate_without_weights};
pub use options::COptions;
pub use synnet_step::{Detector, Footprint, Numbers};
pub use target::CTarget;
