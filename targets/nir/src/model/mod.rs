//! NIR as it is on disk: nodes with fields, and edges. Nothing here knows what a node computes.

mod array;

use std::collections::BTreeMap;

pub use array::{Array, Values};

/// A NIR file: its version and its root, which is a graph in all but the simplest files.
#[derive(Clone, Debug, PartialEq)]
pub struct Nir {
    /// Version of the writer's `nir` package, as in `/version`; empty if the file has none.
    pub version: String,
    /// The node of the group `/node`.
    pub root: Node,
}

/// A node: a primitive with its fields, or a graph of nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// The primitive's name in the format, such as `CubaLIF`; empty if the file has none.
    pub kind: String,
    /// Arrays and texts by name, such as `tau_mem`.
    pub fields: BTreeMap<String, Field>,
    /// Entries of the group `metadata`, which do not change what the node computes.
    pub metadata: BTreeMap<String, Field>,
    /// The nodes of a `NIRGraph`, in the order of the file.
    pub nodes: Vec<(String, Node)>,
    /// The edges of a `NIRGraph`, as pairs of names.
    pub edges: Vec<(String, String)>,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// Numbers; a scalar has an empty shape.
    Array(Array),
    /// Text.
    Text(String),
}

impl Node {
    /// The kind of a node that contains nodes.
    pub const GRAPH: &'static str = "NIRGraph";

    /// Creates a primitive without fields.
    pub fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), ..Self::default() }
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: &str, array: Array) -> Self {
        self.fields.insert(name.to_owned(), Field::Array(array));
        self
    }

    /// Returns whether the node contains nodes.
    pub fn is_graph(&self) -> bool {
        self.kind == Self::GRAPH
    }

    /// Returns a field of numbers.
    pub fn array(&self, name: &str) -> Option<&Array> {
        match self.fields.get(name) {
            Some(Field::Array(array)) => Some(array),
            Some(Field::Text(_)) | None => None,
        }
    }
}
