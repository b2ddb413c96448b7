//! The synnet language: from text to a checked graph of a spiking network.
//!
//! The crate is the front half of the compiler. It reads and writes nothing: texts come in, and a
//! [`Graph`] with a list of [`Diagnostic`]s comes out.
//!
//! ```
//! use synnet_dsl::{NoImports, Options, Sources, compile, render};
//!
//! let text = "use std::SynNet;
//!     network Words = SynNet(n_channels: 16, n_classes: 10, size_hidden_layers: [24],
//!         time_constants_per_layer: [4]);";
//! let mut sources = Sources::new();
//! let root = sources.add("words.snn", text);
//! let compilation = compile(&mut sources, root, &Options::default(), &mut NoImports);
//! assert_eq!(render(&compilation.diagnostics, &sources, false), "");
//! let graph = compilation.graph.expect("there are no errors");
//! assert_eq!(graph.layers.len(), 2);
//! ```
//!
//! The way of a text: `syntax` makes a tree of it, `elaborate` a graph (imports, parameters, loops,
//! instances), [`validate`] checks the rules that every graph keeps, wherever it comes from. Every step
//! goes on behind an error. [`format()`] lays a text out anew, [`show`] writes graphs for people and for
//! other programs. The language is described in `docs/language.md`.

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
