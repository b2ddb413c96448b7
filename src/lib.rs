#![doc = include_str!("../docs/rust.md")]
#![no_std]

pub use synnet_macros::synnet;

/// Includes a network that a build script compiled: the type of its name and the module around it.
///
/// The argument is the name of the network's file without folder and extension, as a literal:
/// `synnet::include_network!("kws");` after `synnet_build::compile("nets/kws.snn")`.
#[macro_export]
macro_rules! include_network {
    ($name:literal) => {
        ::core::include!(::core::concat!(::core::env!("OUT_DIR"), "/", $name, ".rs"));
    };
}
