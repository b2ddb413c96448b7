//! The `synnet!` macro: spiking networks inside Rust. Use it through the crate `synnet`, whose documentation describes
//! it.
//!
//! ```text
//! tokens ──► invocation ──► source_layout ──► expand ──► items
//!                                               └──────► emitter ──► errors and warnings
//! ```
//!
//! * `invocation`: parses the tokens between the brackets.
//! * `source_layout`: converts tokens to source text, and ranges of the text back to tokens.
//! * `expand`: compiles source and weights to the items of the network.
//! * `emitter`: shows diagnostics as errors and warnings of the Rust compiler.

mod emitter;
mod expand;
mod invocation;
mod source_layout;

use proc_macro::TokenStream;

/// Compiles a network, written in place or in a file, to a type of its name.
///
/// ```text
/// synnet! {
///     #![weights = "weights/kws.safetensors"]
///
///     network Kws { ... }
/// }
///
/// synnet!("nets/kws.snn", weights = "weights/kws.safetensors");
/// ```
///
/// Paths are relative to the folder of the crate's `Cargo.toml`. The crate is compiled again when one of the files
/// changes. Settings are inner attributes or further arguments:
/// * `weights = "file.safetensors"`: embeds the weights; the type has `Kws::new()`. Without them, the type takes packed
///   weights at run time, `Kws::with_weights(&bytes)`.
/// * `detector = "detector.json"`: generates the decision of a keyword spotter beside the network, `KwsDetector`, from a
///   file that `snnc detect --out` writes.
/// * `name = "Kws"`: chooses the network if the source has several.
/// * `numbers = "integer"`: the type computes with 8-bit weights and 16-bit states, as neuromorphic chips do, instead
///   of f32 (`"float"`). The weights are quantized at compile time.
/// * `allow_mismatch = true`: accepts weights that were trained for a network with different constants. The error, which
///   lists the differences, becomes a warning.
/// * `params(classes = 12)`: sets parameters of the network; values are expressions of the language.
///
/// The constant `Kws::GRAPH` holds the network as JSON, from which the same network can be trained in memory
/// (`synnet_ir::from_json`). It costs nothing if it is not used.
///
/// Errors of the network are compile errors at its tokens, all at once. Warnings appear as uses of a deprecated item,
/// named by the code of the warning; `#![allow(deprecated)]` in the module silences them.
#[proc_macro]
pub fn synnet(input: TokenStream) -> TokenStream {
    expand::expand(input.into()).into()
}
