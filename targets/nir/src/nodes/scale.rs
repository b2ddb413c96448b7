//! `Scale`: each line times its own factor.

use super::Fields;
use crate::model::{Array, Node};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scale {
    /// One factor for all lines, or one for each.
    pub(crate) factors: Vec<f64>,
}

pub(super) fn read(fields: &mut Fields<'_>) -> Option<Scale> {
    Some(Scale { factors: fields.required("scale")?.iter().collect() })
}

impl Scale {
    pub(crate) fn to_node(&self) -> Node {
        Node::new("Scale").with("scale", Array::vector(self.factors.iter().copied()))
    }
}
