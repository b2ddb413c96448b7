//! The primitives of NIR, one file each: the fields on disk, their check, what they mean here, and how they are written.

mod affine;
mod cuba_li;
mod cuba_lif;
mod delay;
mod fields;
mod flatten;
mod i;
mod if_;
mod input;
mod li;
mod lif;
mod neuron;
mod scale;
mod unsupported;

use crate::model::Node;
use crate::report::Report;

pub(crate) use affine::Affine;
pub(crate) use cuba_li::CubaLi;
pub(crate) use cuba_lif::CubaLif;
pub(crate) use delay::Delay;
pub(crate) use fields::Fields;
pub(crate) use i::I;
pub(crate) use if_::If;
pub(crate) use input::{Port, port};
pub(crate) use li::Li;
pub(crate) use lif::Lif;
pub(crate) use neuron::{Draft, Readout, UNREACHABLE};
pub(crate) use scale::Scale;

/// A node with checked fields.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Primitive {
    /// The input of the file.
    Input(Port),
    /// The output of the file.
    Output(Port),
    /// A node that passes its input on: an end of a nested graph, `Flatten` or `Identity`.
    Pass(Port),
    /// `Affine` or `Linear`.
    Affine(Affine),
    Scale(Scale),
    Delay(Delay),
    If(If),
    I(I),
    Lif(Lif),
    Li(Li),
    CubaLif(CubaLif),
    CubaLi(CubaLi),
}

impl Primitive {
    /// Reads the fields of a node. `None` after an error, and for a kind without equivalent, which is reported.
    pub(crate) fn read(name: &str, node: &Node, is_nested: bool, report: &mut Report) -> Option<Self> {
        if unsupported::is_unsupported(&node.kind) {
            unsupported::report(name, node, report);
            return None;
        }
        let mut fields = Fields::new(name, node, report);
        let primitive = match node.kind.as_str() {
            "Input" if !is_nested => Self::Input(input::read(&mut fields)?),
            "Output" if !is_nested => Self::Output(input::read(&mut fields)?),
            "Input" | "Output" => Self::Pass(input::read(&mut fields)?),
            "Identity" => Self::Pass(input::read(&mut fields)?),
            "Flatten" => Self::Pass(flatten::read(&mut fields)?),
            "Affine" | "Linear" => Self::Affine(affine::read(&mut fields)?),
            "Scale" => Self::Scale(scale::read(&mut fields)?),
            "Delay" => Self::Delay(delay::read(&mut fields)?),
            "IF" => Self::If(if_::read(&mut fields)?),
            "I" => Self::I(i::read(&mut fields)?),
            "LIF" => Self::Lif(lif::read(&mut fields)?),
            "LI" => Self::Li(li::read(&mut fields)?),
            "CubaLIF" => Self::CubaLif(cuba_lif::read(&mut fields)?),
            "CubaLI" => Self::CubaLi(cuba_li::read(&mut fields)?),
            _ => {
                unsupported::report_unknown(name, node, report);
                return None;
            }
        };
        fields.report_unused();
        Some(primitive)
    }

    /// Returns whether the node has a state, so that a cycle can pass through it.
    pub(crate) fn is_neuron(&self) -> bool {
        match self {
            Self::If(_) | Self::I(_) | Self::Lif(_) | Self::Li(_) | Self::CubaLif(_) | Self::CubaLi(_) => {
                true
            }
            Self::Input(_)
            | Self::Output(_)
            | Self::Pass(_)
            | Self::Affine(_)
            | Self::Scale(_)
            | Self::Delay(_) => false,
        }
    }

    /// Returns the number of values that the node takes, if it says so. A single value can stand for any number.
    pub(crate) fn inputs(&self) -> Option<usize> {
        match self {
            Self::Affine(affine) => Some(affine.inputs),
            Self::Pass(port) => port.width_in(),
            Self::Input(port) | Self::Output(port) => port.width_in(),
            Self::Scale(scale) => several(scale.factors.len()),
            Self::Delay(delay) => several(delay.seconds.len()),
            Self::If(node) => several(node.len()),
            Self::I(node) => several(node.len()),
            Self::Lif(node) => several(node.len()),
            Self::Li(node) => several(node.len()),
            Self::CubaLif(node) => several(node.len()),
            Self::CubaLi(node) => several(node.len()),
        }
    }

    /// Returns the number of values that the node sends, if it says so.
    pub(crate) fn outputs(&self) -> Option<usize> {
        match self {
            Self::Affine(affine) => Some(affine.outputs),
            Self::Input(_)
            | Self::Output(_)
            | Self::Pass(_)
            | Self::Scale(_)
            | Self::Delay(_)
            | Self::If(_) => self.inputs(),
            Self::I(_) | Self::Lif(_) | Self::Li(_) | Self::CubaLif(_) | Self::CubaLi(_) => self.inputs(),
        }
    }
}

/// Returns whether nodes of a kind have a state; a nested graph, as this compiler writes it, has a neuron.
pub(crate) fn is_neuron_kind(kind: &str) -> bool {
    matches!(kind, "IF" | "I" | "LIF" | "LI" | "CubaLIF" | "CubaLI" | Node::GRAPH)
}

fn several(len: usize) -> Option<usize> {
    (len > 1).then_some(len)
}
