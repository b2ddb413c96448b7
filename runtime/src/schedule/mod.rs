//! Learning rate schedules: the kinds of [`Schedule`](crate::Schedule).

pub(crate) mod choice;
mod kinds;

pub use kinds::{Constant, Cosine, OneCycle, StepDecay};
