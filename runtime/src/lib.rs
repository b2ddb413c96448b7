//! Training and interpretation of spiking networks in f32.

pub mod codes;
mod constants;
pub mod gradient;
pub mod interpreter;
mod kernels;
pub mod loss;
pub mod optimizer;
mod random;
pub mod sequence;
pub mod surrogate;
mod tape;

pub use interpreter::{Interpreter, LayerTrace, Recording, Run};
pub use sequence::{Sequence, ShapeError};
