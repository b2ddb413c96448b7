//! Restoring the graph of a file that this compiler wrote, with the weights of its nodes.

use synnet_ir::{Network, from_json, validate};

use crate::dialect::Dialect;
use crate::export::{ExportDialect, encode, recover};
use crate::model::{Field, Nir, Node};

/// Relative difference up to which numbers are the same: tools convert them to 32 bits and back.
const TOLERANCE: f64 = 1e-5;

/// Returns the network of a graph in JSON, with the weights of a file; `None` if the file is not what the network is
/// exported as.
pub(super) fn restore(graph: &str, nir: &Nir, dialect: Dialect) -> Option<Network> {
    let dialect = match dialect {
        Dialect::Rockpool => ExportDialect::Rockpool,
        Dialect::Euler => ExportDialect::Euler,
        Dialect::SnnTorch | Dialect::Norse | Dialect::SpikingJelly | Dialect::Sinabs | Dialect::Spyx => {
            return None;
        }
    };
    let graph = from_json(graph).ok()?;
    if validate(&graph).has_errors() {
        return None;
    }
    let network = recover(&graph, nir, dialect)?;
    let (expected, _) = encode(&network, dialect).ok()?;
    same_node(&expected.root, &nir.root).then_some(network)
}

/// Returns whether a node of a file has what was written. Fields that other tools have added do not count.
fn same_node(written: &Node, read: &Node) -> bool {
    let find = |name: &str| read.nodes.iter().find(|(other, _)| other == name).map(|(_, node)| node);
    let mut edges: [Vec<_>; 2] = [written.edges.clone(), read.edges.clone()];
    edges.iter_mut().for_each(|edges| edges.sort());
    written.kind == read.kind
        && written
            .fields
            .iter()
            .all(|(name, field)| read.fields.get(name).is_some_and(|other| same_field(field, other)))
        && written.nodes.len() == read.nodes.len()
        && written.nodes.iter().all(|(name, node)| find(name).is_some_and(|other| same_node(node, other)))
        && edges[0] == edges[1]
}

fn same_field(written: &Field, read: &Field) -> bool {
    match (written, read) {
        (Field::Array(a), Field::Array(b)) => {
            let close = |(x, y): (f64, f64)| (x - y).abs() <= TOLERANCE * x.abs().max(y.abs()).max(1e-30);
            a.len() == b.len() && a.iter().zip(b.iter()).all(close)
        }
        (a, b) => a == b,
    }
}
