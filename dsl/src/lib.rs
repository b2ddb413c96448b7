//! The synnet language: from text to a checked graph of a spiking network.
//!
//! The crate is the front half of the compiler. It reads and writes nothing: texts come in, and a
//! [`Graph`] with a list of [`Diagnostic`]s comes out.

pub mod capability;
pub mod codes;
mod compile;
pub mod diagnostic;
mod elaborate;
mod format;
pub mod graph;
pub mod network;
pub mod params;
mod render;
pub mod show;
pub mod source;
mod syntax;
pub mod timing;
mod validate;

pub use capability::Feature;
pub use compile::{Compilation, Loader, NoImports, Options, compile, networks};
pub use diagnostic::{Code, Diagnostic, Severity};
pub use format::format;
pub use graph::Graph;
pub use network::{Network, Slot, TensorSpec, Weights};
pub use params::{Params, Tensor};
pub use render::render;
pub use show::{from_json, from_yaml, to_dot, to_json, to_table, to_yaml};
pub use source::{SourceId, Sources, Span};
pub use validate::validate;
