//! Shared test code: the [`corpus`] of networks, the [`engines`] that run a network, and two plain implementations of a
//! network's definition, [`equations`] in f32 and [`mod@reference`] in f64 with gradients.

pub mod corpus;
pub mod engines;
pub mod equations;
mod random;
pub mod reference;

pub use random::Random;

/// The Rust examples of documentation pages, compiled and run.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../docs/audio.md")]
    struct Audio;
    #[doc = include_str!("../../docs/data.md")]
    struct Data;
    #[doc = include_str!("../../docs/training.md")]
    struct Training;
}
