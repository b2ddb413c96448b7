//! The kinds of [`Loss`](crate::Loss): what training makes small.
//!
//! A loss is a pure function of one sample's output `[time, outputs]` and its [`Label`](crate::Label); it gives a
//! value and the gradient by the output. The loss of a batch is the mean over its samples.

mod binary;
pub(crate) mod choice;
mod cross_entropy;
mod custom;
pub(crate) mod label;
mod mse;
mod outcome;
mod peak;
pub(crate) mod readout;
#[cfg(test)]
mod tests;

pub use binary::BinaryCrossEntropy;
pub use cross_entropy::CrossEntropy;
pub use custom::CustomLoss;
pub use mse::MeanSquaredError;
pub use peak::Peak;
