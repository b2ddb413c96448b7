//! The `synnet!` macro: spiking networks inside Rust. Use it through the crate `synnet`, whose
//! documentation describes it.
//!
//! * `invocation`: what stands between the brackets.
//! * `layout`: tokens to the text that they were, and places in the text back to tokens.
//! * `expand`: text and weights to the items of the network.
//! * `report`: what was found about them, as errors and warnings of the Rust compiler.

mod emitter;
mod expand;
mod invocation;
mod layout;

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
/// Paths are relative to the folder of the crate's `Cargo.toml`; the crate is compiled again when one
/// of the files changes. Settings, as inner attributes or as further arguments:
/// * `weights = "file.safetensors"`: the weights become part of the program and the type has
///   `Kws::new()`. Without them the type takes packed weights at run time, `Kws::with_weights(&bytes)`.
/// * `name = "Kws"`: which network, where there are several.
/// * `numbers = "integer"`: the type computes in 8-bit weights and 16-bit states, as neuromorphic chips do,
///   instead of in f32 (`"float"`). The weights are quantized on the way.
/// * `params(classes = 12)`: values of the network's parameters, written as in the language.
///
/// The type also has its graph, `Kws::GRAPH`, with which the same network is trained in memory
/// (`synnet_ir::from_json`); it costs nothing where nobody looks at it.
///
/// Errors of the network are compile errors at its tokens, all at once. Its warnings are shown as uses of
/// something deprecated, named by the code of the warning; `#![allow(deprecated)]` in the module silences them.
#[proc_macro]
pub fn synnet(input: TokenStream) -> TokenStream {
    expand::expand(input.into()).into()
}
