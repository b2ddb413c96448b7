//! The recordings of one file.

use std::collections::BTreeMap;

use synnet_ir::Raster;

/// The recordings of one file, and what it says of each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The events of each recording.
    pub rasters: Vec<Raster>,
    /// What the network should give for each recording, `[steps, outputs]` in row-major order, with the number
    /// of outputs; where the file has target traces.
    pub targets: Option<(usize, Vec<Vec<f32>>)>,
    /// For each field, such as `label` or `speaker`, its value for every recording, as text.
    pub fields: BTreeMap<String, Vec<String>>,
}
