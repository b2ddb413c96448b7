//! The intermediate representation (IR) of the synnet compiler: spiking networks, independent of the front
//! end that produced them and of the engine that runs them.
//!
//! A [`Graph`] is the structure; it opens with an essay on what every network means ([`graph`]). [`Params`] are
//! tensors by name, as a weights file holds them. [`Network::bind`] joins the two. [`validate`] checks the rules that
//! every graph keeps. Whatever is wrong is a [`Diagnostic`] that points at a [`Span`] of a source file; [`render`]
//! shows it as rustc would. [`to_table`], [`to_dot`], [`to_yaml`] and [`to_json`] write graphs for people and for
//! other programs. A compilation target implements [`Target`]. A [`Raster`] is the input of a network: the events of
//! one sample.
//!
//! The crate depends on no other crate of the compiler, performs no I/O, and never exits.
//!
//! ```
//! use synnet_ir::{from_json, to_json, to_table, validate};
//!
//! let text = r#"{
//!     "name": "Readout", "dt": 0.001, "input": { "name": "x", "channels": 2 },
//!     "layers": [{ "name": "out", "size": 2,
//!         "neuron": { "exp_syn": { "syn": { "unit": "time_constant", "values": [0.02] } } } }],
//!     "connections": [{ "name": "x->out", "sources": ["input"], "target": 0, "operator": "identity" }],
//!     "output": { "layer": 0, "quantity": "isyn" }
//! }"#;
//! let graph = from_json(text)?;
//! assert!(validate(&graph).is_empty());
//! assert!(to_table(&graph).contains("expsyn"));
//! assert_eq!(from_json(&to_json(&graph))?, graph);
//! # Ok::<(), synnet_ir::Diagnostics>(())
//! ```

mod checksum;
pub mod codes;
mod constants;
mod diagnostic;
mod diagnostics;
pub mod display;
mod excerpt;
mod features;
mod file_kind;
pub mod graph;
mod hash;
pub mod limits;
pub mod names;
mod network;
mod params;
pub mod picture;
mod print;
mod raster;
mod render;
mod source;
mod suggest;
mod target;
pub mod timing;
mod validate;
mod weights_file;

pub use constants::declared_constant;
pub use diagnostic::{Code, Diagnostic, Fix, Severity};
pub use diagnostics::Diagnostics;
pub use features::Feature;
pub use file_kind::FileKind;
pub use graph::structure::Graph;
pub use hash::fnv1a;
pub use network::{Network, Slot, TensorSpec, Weights};
pub use params::{Params, ReadError, Statistics, Tensor};
pub use picture::to_svg;
pub use print::{
    from_json, from_yaml, to_dot, to_json, to_layer_table, to_summary, to_table, to_trained_summary,
    to_trained_table, to_yaml,
};
pub use raster::{InvalidCount, Raster, RasterError};
pub use render::render;
pub use source::{Source, SourceId, Sources, Span};
pub use suggest::{did_you_mean, nearest};
pub use target::{Artifact, Artifacts, Fact, Target};
pub use validate::{validate, validate_partial};
pub use weights_file::{Difference, WeightsFile, WeightsMetadata, differences};
