//! [`Table`]: the samples of one file, with their labels and other fields.

use std::collections::BTreeMap;

use synnet_ir::Raster;

/// The samples of one file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The events of each sample.
    pub rasters: Vec<Raster>,
    /// The number of outputs, and the target sequence of each sample, `[steps, outputs]` in row-major order;
    /// `None` if the file has no target sequences.
    pub targets: Option<(usize, Vec<Vec<f32>>)>,
    /// The value of each field, such as `label` or `speaker`, for every sample.
    pub fields: BTreeMap<String, Vec<String>>,
    /// Arrays that are not fields, because they do not have one value for each sample: their names and what they have
    /// instead, such as "the shape [12, 1]".
    pub ignored: BTreeMap<String, String>,
}
