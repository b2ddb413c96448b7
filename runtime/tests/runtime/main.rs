//! The runtime through its public interface.

mod build;
mod case;
mod golden;
mod interpreter;
mod tape;
mod training;
