//! `Affine` and `Linear`: `y = W x + b`. The rows of `W` are outputs, where a network here has columns.

use super::Fields;
use crate::model::{Array, Node};

/// A matrix with biases.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Affine {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// The matrix, `[outputs, inputs]` in row-major order.
    pub(crate) weight: Vec<f64>,
    /// Biases, one per output; `None` if all are 0.
    pub(crate) bias: Option<Vec<f64>>,
}

pub(super) fn read(fields: &mut Fields<'_>) -> Option<Affine> {
    let weight = fields.required("weight")?;
    let bias = if fields.node.kind == "Affine" { Some(fields.required("bias")?) } else { None };
    let [outputs, inputs] = weight.shape[..] else {
        fields.wrong(
            "weight",
            &format!("has the shape {:?}", weight.shape),
            "write a matrix [outputs, inputs]",
        );
        return None;
    };
    let bias: Option<Vec<f64>> = bias.map(|bias| bias.iter().collect());
    if let Some(len) = bias.as_ref().map(Vec::len).filter(|&len| len != outputs && len != 1) {
        let what = format!("has {len} values, but `weight` has {outputs} rows");
        fields.wrong("bias", &what, "write one value per row of `weight`");
        return None;
    }
    let bias = bias.filter(|bias| bias.iter().any(|&b| b != 0.0));
    let bias = bias.map(|bias| if bias.len() == outputs { bias } else { vec![bias[0]; outputs] });
    Some(Affine { inputs, outputs, weight: weight.iter().collect(), bias })
}

impl Affine {
    /// Writes the node, with `weight` in 32 bits if that is exact.
    pub(crate) fn to_node(&self) -> Node {
        let kind = if self.bias.is_some() { "Affine" } else { "Linear" };
        let node = Node::new(kind).with("weight", exact([self.outputs, self.inputs], &self.weight));
        match &self.bias {
            Some(bias) => node.with("bias", exact([self.outputs], bias)),
            None => node,
        }
    }
}

/// Returns an array in 32 bits if they hold all values, as the tools prefer, or else in 64.
fn exact(shape: impl Into<Vec<usize>>, values: &[f64]) -> Array {
    if values.iter().all(|&value| f64::from(value as f32) == value) {
        Array::f32(shape, values.iter().map(|&value| value as f32).collect())
    } else {
        Array::f64(shape, values.to_vec())
    }
}
