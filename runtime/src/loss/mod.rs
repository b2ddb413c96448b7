//! Losses: the kinds of [`Loss`](crate::Loss).
//!
//! A loss is a pure function of one sample's output, `[time, outputs]`, and its [`Label`](crate::Label). It
//! returns a value and the gradient with respect to the output. Most losses look at a
//! [`Readout`](crate::Readout) of the output, one value per output. The loss of a batch is the mean over its
//! samples.

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
