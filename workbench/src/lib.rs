//! The experiment as a library: recipes, data splits, training runs, evaluation on a chip, calibration, comparison,
//! cost and reports.

#![allow(unreachable_pub, missing_docs, reason = "`pub` says that other modules use an item")]

pub mod artifacts;
pub mod calibration;
pub mod chips;
pub mod comparison;
pub mod cost;
pub mod data;
pub mod error;
pub mod events;
pub mod experiment;
pub mod files;
pub mod memory;
pub mod on_chip;
mod page;
pub mod progress;
pub mod recipe;
pub mod report;
pub mod source;
pub mod target;
pub mod terminal;
pub mod training;
