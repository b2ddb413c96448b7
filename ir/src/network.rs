//! A graph with its weights: the input of every engine and target.

use std::collections::HashSet;

use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::diagnostics::Diagnostics;
use crate::graph::{Connection, Graph, Layer, LayerId, LayerParameter};
use crate::params::{Params, Tensor};
use crate::source::Span;
use crate::suggest::nearest;

/// A graph with its weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// The graph. Parameters that the weights file holds replace those of the source.
    pub graph: Graph,
    /// The weights of each of [`Graph::connections`], in their order; `None` for a connection without a matrix.
    pub weights: Vec<Option<Weights>>,
}

/// The weights of a linear connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Weight matrix of shape `[sources, target columns]`.
    pub matrix: Tensor,
    /// Biases, one per target column; `None` if the connection has none.
    pub bias: Option<Vec<f32>>,
}

/// A tensor that a weights file of a graph must or can hold.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorSpec {
    /// Key in the file: `h0->h1.weight`, `h0.tau_mem`.
    pub name: String,
    /// The part of the graph that it belongs to.
    pub slot: Slot,
    /// Shape, row by row. A parameter that is declared with one value for all neurons has the shape `[1]`.
    pub shape: Vec<usize>,
    /// Whether the tensor is learned.
    pub learn: bool,
    /// Whether the file must hold it. Other parameters override the source if they are present.
    pub required: bool,
    /// The connection or layer that it belongs to.
    pub span: Span,
}

/// The part of a graph that a tensor belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    /// Weight matrix of the connection with this index.
    Weight(usize),
    /// Biases of the linear connection with this index.
    LinearBias(usize),
    /// Parameter of the neurons of a layer.
    Layer(LayerId, LayerParameter),
}

impl Graph {
    /// Returns every tensor that a weights file of this graph must or can hold: weights and biases of the
    /// connections, then the parameters of the layers.
    pub fn tensors(&self) -> Vec<TensorSpec> {
        self.tensor_specs().collect()
    }

    /// Iterates over what [`tensors`](Self::tensors) returns: a graph of many connections has as many tensors.
    pub fn tensor_specs(&self) -> impl Iterator<Item = TensorSpec> + '_ {
        let of_connections = self.connections.iter().enumerate();
        let of_connections =
            of_connections.flat_map(|(i, connection)| self.connection_tensors(i, connection));
        of_connections.chain(self.layers_with_ids().flat_map(|(id, layer)| layer_tensors(id, layer)))
    }

    /// Returns the matrix and the bias of a connection.
    fn connection_tensors(&self, i: usize, connection: &Connection) -> impl Iterator<Item = TensorSpec> {
        let linear = connection.as_linear();
        let columns = self.layer(connection.target).input_columns();
        let weight = linear.map(|linear| TensorSpec {
            name: connection.weight_name(),
            slot: Slot::Weight(i),
            shape: vec![self.source_width(connection), columns],
            learn: linear.learn,
            required: true,
            span: connection.span,
        });
        let bias = linear.and_then(|linear| linear.bias.as_ref()).map(|bias| TensorSpec {
            name: connection.bias_name(),
            slot: Slot::LinearBias(i),
            shape: vec![columns],
            learn: bias.learn,
            required: true,
            span: connection.span,
        });
        weight.into_iter().chain(bias)
    }
}

/// Iterates over the parameters of a layer.
fn layer_tensors(id: LayerId, layer: &Layer) -> impl Iterator<Item = TensorSpec> + '_ {
    LayerParameter::ALL.into_iter().filter_map(move |which| {
        let parameter = which.of(layer)?;
        Some(TensorSpec {
            name: format!("{}.{}", layer.name, which.name(layer)),
            slot: Slot::Layer(id, which),
            shape: vec![parameter.values.len()],
            learn: parameter.learn,
            required: parameter.learn,
            span: layer.span,
        })
    })
}

impl Network {
    /// Joins a graph with its weights.
    ///
    /// Parameters of layers that `params` holds replace those of the source, whether they are learned or not. They
    /// can have one value or one per element, whatever the source has.
    ///
    /// # Errors
    /// Fails with one diagnostic for every tensor that is missing, unknown, of the wrong shape, not finite, or out of
    /// range.
    pub fn bind(graph: &Graph, params: &Params) -> Result<Self, Diagnostics> {
        let mut network = Self { graph: graph.clone(), weights: vec![None; graph.connections.len()] };
        let mut diagnostics = Diagnostics::new();
        let specs = graph.tensors();
        for spec in &specs {
            match params.tensors.get(&spec.name) {
                Some(tensor) => match check_tensor(graph, spec, tensor) {
                    Some(diagnostic) => diagnostics.push(diagnostic),
                    None => network.set(spec.slot, tensor),
                },
                None if spec.required => diagnostics.push(
                    Diagnostic::error(
                        &codes::MISSING_TENSOR,
                        spec.span,
                        format!("the weights have no tensor `{}` of shape {:?}", spec.name, spec.shape),
                    )
                    .with_help("train this network, or choose weights that belong to it"),
                ),
                None => {}
            }
        }
        let known: HashSet<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
        for name in params.tensors.keys().filter(|name| !known.contains(name.as_str())) {
            let nearest = nearest(name, specs.iter().map(|s| s.name.as_str()));
            let diagnostic = Diagnostic::error_without_span(
                &codes::UNKNOWN_TENSOR,
                format!("network `{}` has no tensor `{name}`, but the weights do", graph.name),
            );
            diagnostics.push(diagnostic.with_suggestion(nearest, || {
                "remove it from the file; `snnc show --format full` lists the tensors of a network".to_owned()
            }));
        }
        if diagnostics.is_empty() { Ok(network) } else { Err(diagnostics) }
    }

    /// Returns the tensors of a weights file: all weights, and the parameters that training changes.
    pub fn params(&self) -> Params {
        let required = self.graph.tensors().into_iter().filter(|spec| spec.required);
        let tensors = required.map(|spec| {
            let data = self.tensor(spec.slot).data;
            (spec.name, Tensor::new(spec.shape, data))
        });
        Params { tensors: tensors.collect() }
    }

    /// Returns the values of a part of the network.
    ///
    /// # Panics
    /// Panics if the network has no such part.
    pub fn tensor(&self, slot: Slot) -> Tensor {
        match slot {
            Slot::Weight(i) => self.linear(i).matrix.clone(),
            Slot::LinearBias(i) => {
                let bias = self.linear(i).bias.clone().expect("a declared bias has values");
                Tensor::new([bias.len()], bias)
            }
            Slot::Layer(id, which) => {
                let parameter = which.of(self.graph.layer(id)).expect("a listed parameter exists");
                let values: Vec<f32> = parameter.values.iter().map(|&v| v as f32).collect();
                Tensor::new([values.len()], values)
            }
        }
    }

    /// Returns the weights of the connection with index `i`.
    ///
    /// # Panics
    /// Panics if the connection has no weight matrix.
    pub fn linear(&self, i: usize) -> &Weights {
        self.weights[i].as_ref().expect("a linear connection has weights")
    }

    fn set(&mut self, slot: Slot, tensor: &Tensor) {
        match slot {
            Slot::Weight(i) => self.weights[i] = Some(Weights { matrix: tensor.clone(), bias: None }),
            Slot::LinearBias(i) => {
                if let Some(weights) = &mut self.weights[i] {
                    weights.bias = Some(tensor.data.clone());
                }
            }
            Slot::Layer(id, which) => {
                let layer = &mut self.graph.layers[id.index()];
                if let Some(parameter) = which.of_mut(layer) {
                    parameter.values = tensor.data.iter().map(|&v| f64::from(v)).collect();
                }
            }
        }
    }
}

fn check_tensor(graph: &Graph, spec: &TensorSpec, tensor: &Tensor) -> Option<Diagnostic> {
    if !shape_fits(graph, spec, &tensor.shape) {
        let message = format!(
            "tensor `{}` has shape {:?}, but network `{}` needs {:?}",
            spec.name, tensor.shape, graph.name, spec.shape
        );
        let transposed = spec.shape.len() == 2 && tensor.shape.iter().rev().eq(spec.shape.iter());
        return Some(Diagnostic::error(&codes::TENSOR_SHAPE, spec.span, message).with_help(if transposed {
            "transpose it: a weight matrix has one row per source"
        } else {
            "use the weights of this network"
        }));
    }
    if let Some(i) = tensor.data.iter().position(|x| !x.is_finite()) {
        let message = format!("tensor `{}` holds {} at element {i}", spec.name, tensor.data[i]);
        return Some(
            Diagnostic::error(&codes::TENSOR_NOT_FINITE, spec.span, message)
                .with_help("use an earlier checkpoint, or train with a lower learning rate"),
        );
    }
    if let Slot::Layer(id, which) = spec.slot {
        let layer = graph.layer(id);
        let range = which.range(layer);
        if let Some(x) = tensor.data.iter().find(|&&x| !range.allows(f64::from(x))) {
            let message =
                format!("tensor `{}` holds {x}, but `{}` cannot be {x}", spec.name, which.name(layer));
            return Some(
                Diagnostic::error(&codes::TENSOR_RANGE, spec.span, message)
                    .with_help(range.remedy(f64::from(*x))),
            );
        }
    }
    None
}

fn shape_fits(graph: &Graph, spec: &TensorSpec, shape: &[usize]) -> bool {
    let Slot::Layer(id, which) = spec.slot else { return shape == spec.shape };
    let layer = graph.layer(id);
    let elements = which.elements(layer);
    let count: usize = shape.iter().product();
    let per_synapse = which == LayerParameter::SynLeak && shape == [layer.size, layer.synapses()];
    (shape.len() <= 1 && (count == 1 || count == elements)) || per_synapse
}
