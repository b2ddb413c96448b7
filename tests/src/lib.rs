//! What the tests of several crates share: the [`corpus`] of networks, the [`engines`] that run a network, and two
//! plain implementations of what a network means, [`equations`] in f32 and [`mod@reference`] in f64 with gradients.

pub mod corpus;
pub mod engines;
pub mod equations;
mod random;
pub mod reference;

pub use random::Random;

/// The examples of the documentation's pages, compiled and run.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../docs/audio.md")]
    struct Audio;
    #[doc = include_str!("../../docs/data.md")]
    struct Data;
    #[doc = include_str!("../../docs/training.md")]
    struct Training;
}
