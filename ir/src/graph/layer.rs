//! Layers: populations of neurons of one kind.

use serde::{Deserialize, Serialize};

use super::neuron::{Lif, Neuron};
use crate::source::Span;

/// Handle of a layer: its index in [`Graph::layers`](super::Graph::layers).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LayerId(pub u32);

impl LayerId {
    /// Returns the index in [`Graph::layers`](super::Graph::layers).
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A population of neurons of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Hierarchical name: `h0`, or `body.h0` within the instance `body`.
    pub name: String,
    /// Number of neurons, 1 or more.
    pub size: usize,
    /// The kind of its neurons, with their constants.
    pub neuron: Neuron,
    /// Lines of the `///` comment before the declaration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub docs: Vec<String>,
    /// Place of the declaration, or of the argument that decides its size.
    #[serde(skip)]
    pub span: Span,
    /// Place of the name in the declaration.
    #[serde(skip)]
    pub name_span: Span,
}

impl Layer {
    /// Returns the number of synapses of each neuron.
    pub fn synapses(&self) -> usize {
        match &self.neuron {
            Neuron::Lif(lif) => lif.synapses,
            Neuron::ExpSyn(_) => 1,
        }
    }

    /// Returns the number of input columns: neurons times synapses.
    pub fn input_columns(&self) -> usize {
        self.size.saturating_mul(self.synapses())
    }

    /// Returns the leaky integrate-and-fire neuron, if it is one.
    pub fn as_lif(&self) -> Option<&Lif> {
        match &self.neuron {
            Neuron::Lif(lif) => Some(lif),
            Neuron::ExpSyn(_) => None,
        }
    }
}
