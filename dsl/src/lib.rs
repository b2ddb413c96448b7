//! The synnet language: from text to a checked graph of a spiking network.
//!
//! The crate is the front half of the compiler. It reads and writes nothing: texts come in, and a
//! [`Graph`] with a list of [`Diagnostic`]s comes out.

pub mod capability;
pub mod codes;
mod compile;
pub mod diagnostic;
mod elaborate;
pub mod graph;
pub mod network;
pub mod params;
pub mod source;
mod syntax;
pub mod timing;
mod validate;

pub use capability::Feature;
pub use compile::{Compilation, Loader, NoImports, Options, compile, networks};
pub use diagnostic::{Code, Diagnostic, Severity};
pub use graph::Graph;
pub use network::{Network, Slot, TensorSpec, Weights};
pub use params::{Params, Tensor};
pub use source::{SourceId, Sources, Span};
pub use validate::validate;
