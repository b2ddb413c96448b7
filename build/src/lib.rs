//! Compiles spiking networks while a crate is built.
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
//! and the crate includes what came of it, where the type `Kws` is wanted:
//! ```text
//! synnet::include_network!("kws");
//!
//! let mut net = Kws::new();
//! let output = net.step(&[0.0; Kws::INPUTS]);
//! ```
//! The page of the crate `synnet` describes the type. `OUT_DIR/kws.rs` is source to read, and
//! `OUT_DIR/kws.weights` holds the weights, which become part of the program by `include_bytes!`.
//!
//! # Weights at run time
//! Without weights, [`compile`]`("nets/kws.snn")` is the whole build script, and the type takes the
//! bytes of `kws.weights` when the program runs: `Kws::with_weights(&bytes)`.
//!
//! # When it is compiled again
//! When the network, a file that it imports, or its weights change, and not otherwise: cargo is told of
//! every file that was read. What has not changed is not written again.
//!
//! # Mistakes
//! The error shows every mistake of the network with its line, all at once, and cargo prints it as it is:
//! return it from `main`. Warnings of the network are shown as warnings of the build.
//!
//! # Outside a build script
//! [`Config::out_dir`] names the folder to write to; nothing is printed then.

mod cargo;
mod config;
mod error;
mod files;

pub use config::{Config, Numbers, compile};
pub use error::Error;
