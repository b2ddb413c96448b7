//! Layers: populations of neurons.

use serde::{Deserialize, Serialize};

use super::neuron::{Lif, Neuron};
use crate::source::Span;

/// Handle of a layer: its index in [`Graph::layers`](super::Graph::layers).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LayerId(pub u32);

impl LayerId {
    /// The index in [`Graph::layers`](super::Graph::layers).
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A population of neurons of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Hierarchical name: `h0`, or `body.h0` inside the instance `body`.
    pub name: String,
    /// Number of neurons.
    pub size: usize,
    /// What each of them does.
    pub neuron: Neuron,
    /// The lines of its `///` comment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub docs: Vec<String>,
    /// The declaration.
    #[serde(skip)]
    pub span: Span,
}

impl Layer {
    /// Number of synapses of each neuron.
    pub fn synapses(&self) -> usize {
        match &self.neuron {
            Neuron::Lif(lif) => lif.synapses,
            Neuron::ExpSyn(_) => 1,
        }
    }

    /// Number of input columns: neurons times synapses.
    pub fn input_columns(&self) -> usize {
        self.size * self.synapses()
    }

    /// The leaky integrate-and-fire neuron, if it is one.
    pub fn as_lif(&self) -> Option<&Lif> {
        match &self.neuron {
            Neuron::Lif(lif) => Some(lif),
            Neuron::ExpSyn(_) => None,
        }
    }
}
