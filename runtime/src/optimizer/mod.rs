//! Optimizers: the kinds of [`Optimizer`](crate::Optimizer). Their updates equal PyTorch's.

mod adam;
pub(crate) mod choice;
mod sgd;
pub(crate) mod state;
#[cfg(test)]
mod tests;

pub use adam::{Adam, AdamW};
pub use sgd::Sgd;
