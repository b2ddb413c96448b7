//! The runtime through its public interface.

mod build;
mod case;
mod golden;
mod initialization;
mod interpreter;
mod losses;
mod metrics;
mod options;
mod random;
mod reference;
mod resuming;
mod straight_through;
mod tape;
mod toy_tasks;
mod training;
