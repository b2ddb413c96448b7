//! The runtime through its public interface.

mod build;
mod case;
mod golden;
mod interpreter;
mod losses;
mod options;
mod resuming;
mod straight_through;
mod tape;
mod tasks;
mod training;
mod watching;
