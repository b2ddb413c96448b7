//! Printing of graphs, for people and for other programs.

mod dot;
mod labels;
mod serialization;
mod table;

pub use dot::to_dot;
pub use serialization::{from_json, from_yaml, to_json, to_yaml};
pub use table::{to_table, to_trained_table};
