//! The kinds of [`Optimizer`](crate::Optimizer): how tensors follow their gradients, step for step as PyTorch's.

mod adam;
pub(crate) mod choice;
pub(crate) mod learning;
mod sgd;
#[cfg(test)]
mod tests;

pub use adam::{Adam, AdamW};
pub use sgd::Sgd;
