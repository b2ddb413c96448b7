//! `Input` and `Output`: the ends of a graph, with the shape of what passes.

use super::Fields;
use crate::model::{Array, Node};

/// The shape of what passes through a node without change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Port {
    /// Extents; empty if the file does not say.
    pub(crate) shape: Vec<usize>,
}

pub(super) fn read(fields: &mut Fields<'_>) -> Option<Port> {
    // Old files can lack it; the width then follows from the neighbors.
    let Some(shape) = fields.optional("shape") else { return Some(Port { shape: Vec::new() }) };
    let mut extents = Vec::new();
    for extent in shape.iter() {
        if extent < 1.0 || extent.fract() != 0.0 || extent > 1e6 {
            fields.wrong("shape", &format!("holds {extent}"), "write extents from 1 to 1000000");
            return None;
        }
        extents.push(extent as usize);
    }
    Some(Port { shape: extents })
}

impl Port {
    /// Returns the number of values that pass; `None` if the file does not say.
    pub(crate) fn width_in(&self) -> Option<usize> {
        if self.shape.is_empty() {
            None
        } else {
            self.shape.iter().try_fold(1, |product: usize, &extent| product.checked_mul(extent))
        }
    }
}

/// Writes an end of a graph: `Input` or `Output`.
pub(crate) fn port(kind: &str, width: usize) -> Node {
    Node::new(kind).with("shape", Array::i64([1], vec![width as i64]))
}
