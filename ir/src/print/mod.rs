//! Printing of graphs, for people and for other programs.

mod dot;
mod labels;
mod layer;
mod serialization;
mod summary;
mod table;

pub use dot::to_dot;
pub use layer::to_layer_table;
pub use serialization::{from_json, from_yaml, to_json, to_yaml};
pub use summary::{to_summary, to_trained_summary};
pub use table::{to_table, to_trained_table};
