//! The synnet language: compiles a source to a checked graph of a spiking neural network.
//!
//! The crate reads and writes no files. It takes sources and returns a [`Graph`](synnet_ir::Graph) with
//! [`Diagnostics`](synnet_ir::Diagnostics).
//!
//! ```
//! use synnet_dsl::{NoImports, CompileOptions, compile};
//! use synnet_ir::{Sources, render};
//!
//! let text = "use std::SynNet;
//!     network Words = SynNet(n_channels: 16, n_classes: 10, size_hidden_layers: [24],
//!         time_constants_per_layer: [4]);";
//! let mut sources = Sources::new();
//! let root = sources.add("words.snn", text);
//! let compilation = compile(&mut sources, root, &CompileOptions::default(), &mut NoImports);
//! assert_eq!(render(&compilation.diagnostics, &sources, false), "");
//! let graph = compilation.graph.expect("there are no errors");
//! assert_eq!(graph.layers.len(), 2);
//! ```
//!
//! `syntax` parses a source to a tree, and `elaborate` trees to a graph: imports, parameters, loops, instances.
//! [`validate`](synnet_ir::validate()) then checks the rules of all graphs. Each stage continues after an error, so
//! that all errors are reported at once. [`format()`] prints a source in its canonical form. `docs/language.md`
//! describes the language. [`to_source`] goes the other way: from a graph to a source.

pub mod codes;
mod compile;
mod elaborate;
mod format;
mod format_changes;
mod limits;
mod names;
mod print;
mod syntax;
pub mod tools;
pub mod vocabulary;

pub use compile::{Compilation, CompileError, CompileOptions, OptionPlaces, compile, compile_str, networks};
pub use elaborate::{Loader, NoImports};
pub use format::format;
pub use format_changes::{FormatChanges, MixedLineEnds};
pub use print::{NotExpressible, to_source, with_identifiers};
