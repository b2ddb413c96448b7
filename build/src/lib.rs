//! Compiles spiking networks from a build script.
//!
//! # From a file to a type
//! Put the network and its weights beside your sources, and add to `Cargo.toml`:
//! ```toml
//! [dependencies]
//! synnet = "0.1"        # for `include_network!`; the generated code itself needs only `core`
//!
//! [build-dependencies]
//! synnet-build = "0.1"
//! ```
//! The build script, `build.rs`, compiles the network:
//! ```no_run
//! fn main() -> Result<(), synnet_build::Error> {
//!     synnet_build::Config::new().weights("nets/kws.safetensors").compile("nets/kws.snn")
//! }
//! ```
//! The crate includes the result where it needs the type `Kws`:
//! ```text
//! synnet::include_network!("kws");
//!
//! let mut net = Kws::new();
//! let output = net.step(&[0.0; Kws::INPUTS]);
//! ```
//! The documentation of the crate `synnet` describes the type. `OUT_DIR/kws.rs` is readable source, and
//! `OUT_DIR/kws.weights` contains the weights, which `include_bytes!` embeds.
//!
//! # Weights at run time
//! Without weights, [`compile`]`("nets/kws.snn")` is the whole build script, and the type takes the bytes of
//! `kws.weights` at run time: `Kws::with_weights(&bytes)`.
//!
//! # Rebuilds
//! The network is compiled again only if it, a file that it imports, or its weights change: cargo watches every file
//! that was read. Files that would not change are not written.
//!
//! # Errors and warnings
//! The error shows every error of the network with its source line, all at once, and cargo prints it as it is: return
//! it from `main`. Warnings of the network are warnings of the build.
//!
//! # Use outside of a build script
//! [`Config::out_dir`] sets the output folder; nothing is printed.

mod cargo;
mod config;
mod error;
mod files;

pub use config::{Config, Numbers, compile};
pub use error::Error;
