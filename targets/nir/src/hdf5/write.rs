//! Writing a file, as h5py and the `nir` package lay it out.

use hdf5_pure::{DatasetBuilder, FileBuilder, FinishedGroup, GroupBuilder};

use crate::model::{Array, Field, Nir, Node, Values};

/// Writes a NIR file. The same model gives the same bytes.
///
/// # Errors
/// Returns the reason why HDF5 cannot hold the model, such as a name with a `/`.
pub fn write(nir: &Nir) -> Result<Vec<u8>, String> {
    let mut file = FileBuilder::new();
    text(file.create_dataset("version"), &nir.version);
    let mut group = file.create_group("node");
    fill(&mut group, &nir.root);
    file.add_group(group.finish());
    file.finish().map_err(|e| e.to_string())
}

fn fill(group: &mut GroupBuilder, node: &Node) {
    text(group.create_dataset("type"), &node.kind);
    fields(group, &node.fields);
    if !node.metadata.is_empty() {
        let mut inner = group.create_group("metadata");
        fields(&mut inner, &node.metadata);
        group.add_group(inner.finish());
    }
    if node.is_graph() {
        let names: Vec<&str> =
            node.edges.iter().flat_map(|(from, to)| [from.as_str(), to.as_str()]).collect();
        group.create_dataset("edges").with_vlen_strings(&names).with_shape(&[node.edges.len() as u64, 2]);
        let nodes = inner_nodes(group, node);
        group.add_group(nodes);
    }
}

fn inner_nodes(group: &mut GroupBuilder, node: &Node) -> FinishedGroup {
    let mut nodes = group.create_group("nodes");
    for (name, inner) in &node.nodes {
        let mut built = nodes.create_group(name);
        fill(&mut built, inner);
        nodes.add_group(built.finish());
    }
    nodes.finish()
}

fn fields(group: &mut GroupBuilder, fields: &std::collections::BTreeMap<String, Field>) {
    for (name, field) in fields {
        let dataset = group.create_dataset(name);
        match field {
            Field::Text(value) => text(dataset, value),
            Field::Array(array) => numbers(dataset, array),
        }
    }
}

fn text(dataset: &mut DatasetBuilder, value: &str) {
    dataset.with_vlen_strings(&[value]).with_shape(&[]);
}

fn numbers(dataset: &mut DatasetBuilder, array: &Array) {
    let shape: Vec<u64> = array.shape.iter().map(|&extent| extent as u64).collect();
    match &array.values {
        Values::F32(values) => dataset.with_f32_data(values),
        Values::F64(values) => dataset.with_f64_data(values),
        Values::I64(values) => dataset.with_i64_data(values),
    };
    dataset.with_shape(&shape);
}
