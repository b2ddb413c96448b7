//! The runtime through its public interface.

mod build;
mod case;
mod golden;
mod interpreter;
mod losses;
mod options;
mod random;
mod reference;
mod resuming;
mod straight_through;
mod tape;
mod tasks;
mod training;
mod watching;
