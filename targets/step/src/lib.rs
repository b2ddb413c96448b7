//! Lowering: a spiking network becomes a [`Program`], a description of one time step that code generators print.
//!
//! A program lists what a step needs, in plain arrays: states, constants, delay lines and tables of weights. Then it
//! lists the [`Operation`]s of a step and, for each layer, the [`Phase`]s of its update. Printers for Rust and C walk
//! these lists and write each statement in their language. They decide nothing about the computation.
//!
//! ```text
//! Graph, Network ──► float::lower ───────────────────────────────┐
//! Network ──► quantized ──► IntegerNetwork ──► integer::lower ───┴──► Program ──► targets/rust, targets/c
//! ```
//!
//! Two choices depend on where a program runs and on how often its neurons spike. They change its speed, never its
//! result, and are made during lowering:
//!
//! | choice | depends on | where |
//! |---|---|---|
//! | add the rows of sources that spike, or all rows | kind and measured rate of the sources | [`float::lower`] |
//! | update a layer loop by loop, or neuron by neuron | [`Machine`] | [`integer::lower`] |
//!
//! # Modules
//! * [`float`]: programs in f32. Every operation has the order that [`synnet_ir::graph`] defines.
//! * [`integer`]: programs in integers, and the description of a network in them. It knows no chip.
//! * [`quantized`]: from a network or a specification to integers, with the help of `synnet-xylo`.
//! * `numbers`: the choice between both, and what each cannot express. `facts`: what a target reports.
//! * [`detector`]: the decision of a keyword spotter, which generators print beside the network.
//! * `program`, `operation`: the description. `constant`, `footprint`: tables of constants, memory estimates.
//! * [`weights`]: the bytes that contain the weights of a program.
//! * [`docs`]: comments of generated code.

mod constant;
pub mod detector;
pub mod docs;
mod facts;
pub mod float;
mod footprint;
pub mod integer;
mod machine;
mod numbers;
mod operation;
mod program;
pub mod quantized;
pub mod weights;

pub use constant::{Constant, ConstantName, Values};
pub use detector::Detector;
pub use facts::facts;
pub use footprint::Footprint;
pub use machine::Machine;
pub use numbers::Numbers;
pub use operation::{Access, Elements, Loop, Operand, Operation, Phase, Rows, Search, Statement};
pub use program::{
    Arithmetic, Connection, Layer, Output, Part, Program, Scalar, Source, State, StateName, Table,
};
