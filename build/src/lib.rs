//! Compiles networks while a crate is built.
//!
//! In `build.rs`:
//! ```no_run
//! fn main() -> Result<(), synnet_build::Error> {
//!     synnet_build::Config::new().weights("nets/kws.safetensors").compile("nets/kws.snn")
//! }
//! ```
//! and in the crate, where the type `Kws` is wanted: `synnet::include_network!("kws");`.
//!
//! The network is compiled again when it, a file that it imports, or its weights change, and not
//! otherwise. Errors are shown with the lines of the network, all at once.

mod config;
mod error;
mod files;

pub use config::{Config, compile};
pub use error::Error;
