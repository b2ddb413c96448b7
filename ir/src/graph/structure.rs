//! [`Graph`]: input, layers, connections and output.

use serde::{Deserialize, Serialize};

use super::connection::{Connection, Endpoint};
use super::layer::{Layer, LayerId};
use super::neuron::Quantity;
use super::parameter::LayerParameter;
use crate::source::Span;

/// A spiking network. The [module](super) defines what it computes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// Name of the network, as declared.
    pub name: String,
    /// Lines of the `///` comment before the declaration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub docs: Vec<String>,
    /// Duration of a time step, in seconds.
    pub dt: f64,
    /// The only input.
    pub input: Input,
    /// Layers, in the order of update.
    pub layers: Vec<Layer>,
    /// Connections, in the order of the source.
    pub connections: Vec<Connection>,
    /// The only output.
    pub output: Output,
    /// Place of the declaration.
    #[serde(skip)]
    pub span: Span,
}

/// The input of a network: event counts, or any real values, per channel per step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Declared name.
    pub name: String,
    /// Number of channels, 1 or more.
    pub channels: usize,
    /// Lines of the `///` comment before the declaration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub docs: Vec<String>,
    /// Place of the declaration.
    #[serde(skip)]
    pub span: Span,
}

/// The output of a network: a quantity of one layer, per neuron per step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// The layer whose quantity is the output.
    pub layer: LayerId,
    /// A quantity that the neurons of the layer have.
    pub quantity: Quantity,
    /// Place of the declaration.
    #[serde(skip)]
    pub span: Span,
}

impl Graph {
    /// Returns the layer behind a handle.
    pub fn layer(&self, id: LayerId) -> &Layer {
        &self.layers[id.index()]
    }

    /// Returns the layers with their handles, in the order of update.
    pub fn layers_with_ids(&self) -> impl Iterator<Item = (LayerId, &Layer)> {
        self.layers.iter().enumerate().map(|(i, layer)| (LayerId(i as u32), layer))
    }

    /// Returns the name of the input or of a layer.
    pub fn endpoint_name(&self, endpoint: Endpoint) -> &str {
        match endpoint {
            Endpoint::Input => &self.input.name,
            Endpoint::Layer(id) => &self.layer(id).name,
        }
    }

    /// Returns the indices of the connections into each layer, in the order of summation.
    pub fn incoming(&self) -> Vec<Vec<usize>> {
        let mut incoming = vec![Vec::new(); self.layers.len()];
        for (i, connection) in self.connections.iter().enumerate() {
            if let Some(into) = incoming.get_mut(connection.target.index()) {
                into.push(i);
            }
        }
        incoming
    }

    /// Returns the connections into a layer, with their indices, in the order of summation. It looks at every connection:
    /// a pass over all layers takes [`incoming`](Self::incoming).
    pub fn connections_into(&self, target: LayerId) -> impl Iterator<Item = (usize, &Connection)> {
        self.connections.iter().enumerate().filter(move |(_, c)| c.target == target)
    }

    /// Returns the number of channels or neurons of an endpoint.
    pub fn width(&self, endpoint: Endpoint) -> usize {
        match endpoint {
            Endpoint::Input => self.input.channels,
            Endpoint::Layer(id) => self.layer(id).size,
        }
    }

    /// Returns the names of a connection's sources, in order.
    pub fn source_names<'a>(&'a self, connection: &'a Connection) -> impl Iterator<Item = &'a str> {
        connection.sources.iter().map(|&source| self.endpoint_name(source))
    }

    /// Returns the name that a connection gets from its ends: `audio->h0`, `h0+h1->out`.
    pub fn connection_name(&self, sources: &[Endpoint], target: LayerId) -> String {
        let mut name = String::new();
        for (i, &source) in sources.iter().enumerate() {
            if i > 0 {
                name.push('+');
            }
            name.push_str(self.endpoint_name(source));
        }
        name.push_str("->");
        name.push_str(&self.layer(target).name);
        name
    }

    /// Returns the number of rows of a connection's weight matrix.
    pub fn source_width(&self, connection: &Connection) -> usize {
        connection.sources.first().map_or(0, |&source| self.width(source))
    }

    /// Returns whether spikes from `source` reach `target` one step later: `target` is the same layer or an earlier
    /// one in the order of update.
    pub fn is_recurrent(&self, source: Endpoint, target: LayerId) -> bool {
        match source {
            Endpoint::Input => false,
            Endpoint::Layer(id) => id >= target,
        }
    }

    /// Returns whether the spikes of a layer are used. Those of a readout whose membrane potential or current is the
    /// output are not, so its silence is not an error.
    pub fn uses_spikes_of(&self, layer: &str) -> bool {
        self.output.quantity == Quantity::Spikes || self.layer(self.output.layer).name != layer
    }

    /// Returns the number of values that training changes: weights, biases, and learned parameters of layers.
    pub fn learned_values(&self) -> usize {
        let of_connection = |connection: &Connection| {
            let Some(linear) = connection.as_linear() else { return 0 };
            let columns = self.layer(connection.target).input_columns();
            let weights = if linear.learn { self.source_width(connection) * columns } else { 0 };
            weights + if linear.bias.as_ref().is_some_and(|bias| bias.learn) { columns } else { 0 }
        };
        let of_layer = |layer: &Layer| {
            let learned = LayerParameter::ALL.iter().filter_map(|which| which.of(layer)).filter(|p| p.learn);
            learned.map(|parameter| parameter.values.len()).sum::<usize>()
        };
        self.connections.iter().map(of_connection).sum::<usize>()
            + self.layers.iter().map(of_layer).sum::<usize>()
    }

    /// Returns the number of values that the network outputs per time step.
    pub fn outputs(&self) -> usize {
        self.layer(self.output.layer).size
    }
}
