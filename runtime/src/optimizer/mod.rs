//! The kinds of [`Optimizer`](crate::Optimizer): how tensors follow their gradients, step for step as PyTorch's.

mod adam;
pub(crate) mod choice;
mod sgd;
pub(crate) mod state;
#[cfg(test)]
mod tests;

pub use adam::{Adam, AdamW};
pub use sgd::Sgd;
