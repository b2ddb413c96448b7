//! Reading a file.

use std::fmt;

use hdf5_pure::{Dataset, Datatype, File, FormatError, Group, StringPadding, VlenStringReadOptions};
use synnet_arrays::hdf5::{Number, NumberKind, without_padding};

use super::links;
use crate::model::{Array, Field, Nir, Node, Values};

/// Maximum size of a file in bytes: the weights of the largest network, in 64 bits.
const MAX_FILE: usize = 1 << 31;
/// Maximum number of nodes, those within nested graphs included.
const MAX_NODES: usize = 100_000;
/// Maximum number of fields of a node, and of entries of its metadata.
const MAX_FIELDS: usize = 64;
/// Maximum number of edges of a graph.
const MAX_EDGES: usize = 1_000_000;
/// Maximum depth of graphs within graphs. A group can contain itself, which has no end.
const MAX_DEPTH: usize = 16;
/// Maximum number of axes of an array.
const MAX_AXES: usize = 8;
/// Maximum size of a text in bytes: a graph as JSON.
const MAX_TEXT: usize = 1 << 26;
/// Maximum ratio of all arrays and texts to the bytes of the file, besides [`SMALL`]. Zeros compress to a thousandth (RFC 1951),
/// trained weights do not.
const MAX_COMPRESSION: u64 = 64;
/// Bytes that every file can hold, such as a matrix of zeros.
const SMALL: u64 = 32 << 20;

/// The reason why bytes are not a NIR file, with the place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incompatible {
    /// The group or array, as a path; empty for the file as a whole.
    pub path: String,
    /// What is wrong, to complete a sentence that starts with the path.
    pub reason: String,
}

impl Incompatible {
    fn new(path: &str, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), reason: reason.into() }
    }

    fn failed(path: &str, error: &hdf5_pure::Error) -> Self {
        let remedy = match error {
            // Version 2.0 of the HDF5 library writes it if it is asked for its newest format.
            hdf5_pure::Error::Format(FormatError::InvalidLayoutVersion(5)) => {
                "; write the file with `libver=\"earliest\"` of h5py, its default"
            }
            _ => "",
        };
        Self::new(path, format!("cannot be read: {error}{remedy}"))
    }
}

impl fmt::Display for Incompatible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            write!(f, "the file {}", self.reason)
        } else {
            write!(f, "`{}` {}", self.path, self.reason)
        }
    }
}

impl std::error::Error for Incompatible {}

/// Reads a NIR file.
///
/// Needs memory for the arrays of the file, and a share for its structure: at most some copies of 32 MiB and 64 times the size of the file.
///
/// # Errors
/// Returns the first place of the file that is damaged, too large, or not as NIR has it.
pub fn read(bytes: Vec<u8>) -> Result<Nir, Incompatible> {
    if links::signature(&bytes).is_none() {
        let is_gzip = bytes.starts_with(&[0x1f, 0x8b]);
        let help = if is_gzip { "; it is compressed: unpack it with `gunzip`" } else { "" };
        return Err(Incompatible::new("", format!("does not start with the signature of HDF5{help}")));
    }
    if bytes.len() > MAX_FILE {
        return Err(Incompatible::new("", format!("is larger than {} GiB", MAX_FILE >> 30)));
    }
    let budget = SMALL + MAX_COMPRESSION * bytes.len() as u64;
    let mut away = links::leading_away(&bytes).into_iter();
    if let Some((path, problem)) = away.next() {
        let others = match away.len() {
            0 => String::new(),
            more => format!(" (and {more} more such entries)"),
        };
        return Err(Incompatible { path, reason: format!("{problem}{others}") });
    }
    let file = File::from_bytes(bytes).map_err(|e| Incompatible::new("", format!("cannot be read: {e}")))?;
    let root = file.root();
    let mut reader = Reader { nodes: 0, budget };
    let version = match root.dataset("version") {
        Ok(dataset) => match reader.field(&dataset, "/version")? {
            Field::Text(text) => text,
            Field::Array(_) => return Err(Incompatible::new("/version", "is not text")),
        },
        Err(_) => String::new(),
    };
    let node = root
        .group("node")
        .map_err(|_| Incompatible::new("", "has no group `/node`: it is HDF5, but not NIR"))?;
    Ok(Nir { version, root: reader.node(&node, "/node", 0)? })
}

/// What reading may still take.
struct Reader {
    nodes: usize,
    /// Bytes of arrays and texts.
    budget: u64,
}

impl Reader {
    fn node(&mut self, group: &Group, path: &str, depth: usize) -> Result<Node, Incompatible> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Incompatible::new("", format!("has more than {MAX_NODES} nodes")));
        }
        if depth > MAX_DEPTH {
            return Err(Incompatible::new(path, format!("is a graph within more than {MAX_DEPTH} graphs")));
        }
        let failed = |e| Incompatible::failed(path, &e);
        let mut node = Node::default();
        let datasets = group.iter_datasets().map_err(failed)?;
        if datasets.len() > MAX_FIELDS {
            return Err(Incompatible::new(path, format!("has more than {MAX_FIELDS} fields")));
        }
        for (name, dataset) in datasets {
            let at = format!("{path}/{name}");
            match name.as_str() {
                "edges" => node.edges = self.edges(&dataset, &at)?,
                "type" => match self.field(&dataset, &at)? {
                    Field::Text(kind) => node.kind = kind,
                    Field::Array(_) => return Err(Incompatible::new(&at, "is not text")),
                },
                _ => {
                    let field = self.field(&dataset, &at)?;
                    node.fields.insert(name, field);
                }
            }
        }
        for (name, inner) in group.iter_groups().map_err(failed)? {
            let at = format!("{path}/{name}");
            match name.as_str() {
                "nodes" => {
                    let mut arrays = inner.iter_datasets().map_err(|e| Incompatible::failed(&at, &e))?;
                    if let Some((name, _)) = arrays.next() {
                        return Err(Incompatible::new(
                            &format!("{at}/{name}"),
                            "is an array; expected a node",
                        ));
                    }
                    for (name, inner) in inner.iter_groups().map_err(|e| Incompatible::failed(&at, &e))? {
                        let read = self.node(&inner, &format!("{at}/{name}"), depth + 1)?;
                        node.nodes.push((name, read));
                    }
                    if node.kind.is_empty() {
                        node.kind = Node::GRAPH.to_owned();
                    }
                }
                "metadata" => self.metadata(&inner, &at, &mut node)?,
                _ => return Err(Incompatible::new(&at, "is a group; expected `nodes` or `metadata`")),
            }
        }
        Ok(node)
    }

    /// Reads the texts and numbers of a node's metadata, without what is nested in it.
    fn metadata(&mut self, group: &Group, path: &str, node: &mut Node) -> Result<(), Incompatible> {
        let datasets = group.iter_datasets().map_err(|e| Incompatible::failed(path, &e))?;
        for (name, dataset) in datasets.take(MAX_FIELDS) {
            // Metadata of any type is allowed, and none of it changes what the node computes.
            if let Ok(field) = self.field(&dataset, &format!("{path}/{name}")) {
                node.metadata.insert(name, field);
            }
        }
        Ok(())
    }

    fn field(&mut self, dataset: &Dataset, path: &str) -> Result<Field, Incompatible> {
        let failed = |e| Incompatible::failed(path, &e);
        let datatype = dataset.datatype().map_err(failed)?;
        if matches!(datatype, Datatype::String { .. } | Datatype::VariableLength { is_string: true, .. }) {
            let mut texts = self.texts(dataset, &datatype, path, 1)?;
            return match (texts.pop(), texts.pop()) {
                (Some(text), None) => Ok(Field::Text(text)),
                _ => Err(Incompatible::new(path, "is not one text")),
            };
        }
        let number = self::number(&datatype)
            .ok_or_else(|| Incompatible::new(path, "holds neither numbers nor text"))?;
        let shape = self.shape(dataset, number.size as u64, path)?;
        let bytes = dataset.read_raw().map_err(failed)?;
        let count: usize = shape.iter().product();
        if bytes.is_empty() && count > 0 {
            return Err(Incompatible::new(path, "holds no values"));
        }
        if bytes.len() != count * number.size {
            return Err(Incompatible::new(
                path,
                format!("has {} bytes, but its shape {shape:?} needs {}", bytes.len(), count * number.size),
            ));
        }
        Ok(Field::Array(Array { shape, values: decode(number, &bytes) }))
    }

    /// Checks the extents of an array against the remaining budget, and returns them.
    fn shape(&mut self, dataset: &Dataset, element: u64, path: &str) -> Result<Vec<usize>, Incompatible> {
        let failed = |e| Incompatible::failed(path, &e);
        let shape = dataset.shape().map_err(failed)?;
        let chunk = dataset.chunk_shape().map_err(failed)?.unwrap_or_default();
        if shape.len() > MAX_AXES {
            return Err(Incompatible::new(path, format!("has {} axes", shape.len())));
        }
        let bytes =
            |extents: &[u64]| extents.iter().fold(element, |product, &extent| product.saturating_mul(extent));
        // A chunk is decompressed as a whole, however little of it belongs to the array.
        for (what, extents) in [("the shape", &shape), ("chunks of the shape", &chunk)] {
            if bytes(extents) > self.budget {
                let reason = format!("declares {what} {extents:?}, which is more than the file can hold");
                return Err(Incompatible::new(path, reason));
            }
        }
        self.budget -= bytes(&shape);
        Ok(shape.iter().map(|&extent| extent as usize).collect())
    }

    /// Reads an array of `expected` texts, or of any number if that is 0.
    fn texts(
        &mut self,
        dataset: &Dataset,
        datatype: &Datatype,
        path: &str,
        expected: usize,
    ) -> Result<Vec<String>, Incompatible> {
        let failed = |e| Incompatible::failed(path, &e);
        let most = if expected > 0 { expected } else { 2 * MAX_EDGES };
        let element = match datatype {
            Datatype::String { size, .. } => u64::from(*size).max(1),
            // Length, address and index in the file's heap.
            _ => 16,
        };
        let shape = self.shape(dataset, element, path)?;
        let count = shape.iter().product::<usize>();
        if count > most {
            return Err(Incompatible::new(path, format!("has {count} texts; at most {most} are expected")));
        }
        match datatype {
            Datatype::String { size, padding, .. } => {
                let bytes = dataset.read_raw().map_err(failed)?;
                bytes
                    .chunks_exact((*size as usize).max(1))
                    .map(|bytes| fixed_text(bytes, padding, path))
                    .collect()
            }
            _ => {
                // Many elements can share one text.
                let left = usize::try_from(self.budget).unwrap_or(usize::MAX);
                let options = VlenStringReadOptions::new()
                    .with_max_elements(most)
                    .with_max_payload_bytes(MAX_TEXT.min(left));
                let texts = dataset.read_vlen_strings(options).map_err(failed)?;
                self.budget -= texts.iter().map(|text| text.len() as u64).sum::<u64>().min(self.budget);
                Ok(texts)
            }
        }
    }

    fn edges(&mut self, dataset: &Dataset, path: &str) -> Result<Vec<(String, String)>, Incompatible> {
        let shape = dataset.shape().map_err(|e| Incompatible::failed(path, &e))?;
        // A graph without edges has an empty array of numbers, of any shape.
        if shape.contains(&0) {
            return Ok(Vec::new());
        }
        if shape.len() != 2 || shape[1] != 2 {
            return Err(Incompatible::new(path, format!("has the shape {shape:?}; expected [edges, 2]")));
        }
        let datatype = dataset.datatype().map_err(|e| Incompatible::failed(path, &e))?;
        if !matches!(datatype, Datatype::String { .. } | Datatype::VariableLength { is_string: true, .. }) {
            return Err(Incompatible::new(path, "does not hold names of nodes"));
        }
        let mut names = self.texts(dataset, &datatype, path, 0)?.into_iter();
        let mut edges = Vec::new();
        while let (Some(from), Some(to)) = (names.next(), names.next()) {
            edges.push((from, to));
        }
        Ok(edges)
    }
}

/// Decodes a text of fixed length without its padding.
fn fixed_text(bytes: &[u8], padding: &StringPadding, path: &str) -> Result<String, Incompatible> {
    let text = std::str::from_utf8(without_padding(bytes, padding))
        .map_err(|_| Incompatible::new(path, "is not UTF-8 text"))?;
    Ok(text.to_owned())
}

/// Returns the numbers of an array; `None` if it holds none.
fn number(datatype: &Datatype) -> Option<Number> {
    match datatype {
        // h5py writes Booleans so.
        Datatype::Enumeration { base_type, .. } => number(base_type),
        _ => Number::of(datatype),
    }
}

fn decode(number: Number, bytes: &[u8]) -> Values {
    let words = bytes.chunks_exact(number.size).map(|bytes| number.bits(bytes));
    match (number.kind, number.size) {
        (NumberKind::Float, 2) => {
            Values::F32(words.map(|bits| half::f16::from_bits(bits as u16).to_f32()).collect())
        }
        (NumberKind::Float, 4) => Values::F32(words.map(|bits| f32::from_bits(bits as u32)).collect()),
        (NumberKind::Float, _) => Values::F64(words.map(f64::from_bits).collect()),
        (NumberKind::Unsigned, _) => match words.clone().map(i64::try_from).collect() {
            Ok(values) => Values::I64(values),
            Err(_) => Values::F64(words.map(|bits| bits as f64).collect()),
        },
        (NumberKind::Signed, _) => Values::I64(words.map(|bits| number.signed(bits)).collect()),
    }
}
