//! A graph joined with its numbers: what every engine and back end takes.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::graph::{Graph, LayerId, LayerParameter};
use crate::params::{Params, Tensor};
use crate::source::Span;
use crate::suggest::nearest;

/// A graph and the numbers that make it run.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// The graph, its parameters replaced by those of the weights file where it has them.
    pub graph: Graph,
    /// The weights of each connection of [`Graph::connections`]; `None` where it has no matrix.
    pub weights: Vec<Option<Weights>>,
}

/// The numbers of a linear connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// `[sources, target columns]`.
    pub matrix: Tensor,
    /// One value per target column.
    pub bias: Option<Vec<f32>>,
}

/// A tensor that a weights file of a graph must or may hold.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorSpec {
    /// Its name in the file.
    pub name: String,
    /// Its place in the graph.
    pub slot: Slot,
    /// Its shape. A parameter declared with one value for all has the shape `[1]`.
    pub shape: Vec<usize>,
    /// Whether training changes it.
    pub learn: bool,
    /// Whether the file must hold it; other parameters override the source text where present.
    pub required: bool,
    /// The declaration that it belongs to.
    pub span: Span,
}

/// The place of a tensor in a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    /// Matrix of a connection, by its index.
    Weight(usize),
    /// Bias of a linear connection, by its index.
    LinearBias(usize),
    /// Parameter of a layer.
    Layer(LayerId, LayerParameter),
}

impl Graph {
    /// Every tensor that a weights file of this graph must or may hold: weights and biases of the
    /// connections, then the parameters of the layers.
    pub fn tensors(&self) -> Vec<TensorSpec> {
        let mut specs = Vec::new();
        for (i, connection) in self.connections.iter().enumerate() {
            let Some(linear) = connection.as_linear() else { continue };
            let columns = self.layer(connection.target).input_columns();
            specs.push(TensorSpec {
                name: connection.weight_name(),
                slot: Slot::Weight(i),
                shape: vec![self.source_width(connection), columns],
                learn: linear.learn,
                required: true,
                span: connection.span,
            });
            if let Some(bias) = &linear.bias {
                specs.push(TensorSpec {
                    name: connection.bias_name(),
                    slot: Slot::LinearBias(i),
                    shape: vec![columns],
                    learn: bias.learn,
                    required: true,
                    span: connection.span,
                });
            }
        }
        for (id, layer) in self.layers_with_ids() {
            for which in LayerParameter::ALL {
                let Some(parameter) = which.of(layer) else { continue };
                specs.push(TensorSpec {
                    name: format!("{}.{}", layer.name, which.name(layer)),
                    slot: Slot::Layer(id, which),
                    shape: vec![parameter.values.len()],
                    learn: parameter.learn,
                    required: parameter.learn,
                    span: layer.span,
                });
            }
        }
        specs
    }
}

impl Network {
    /// Joins a graph with its weights.
    ///
    /// Parameters of layers that the weights hold replace those of the source text, whether they
    /// are learned or not; they may have one value or one per element, whatever the source text has.
    ///
    /// # Errors
    /// Every tensor that is missing, unknown, misshaped, not finite or out of range.
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
                    .with_help("train this network, or check that the weights belong to it"),
                ),
                None => {}
            }
        }
        for name in params.tensors.keys().filter(|name| !specs.iter().any(|s| s.name == **name)) {
            let nearest = nearest(name, specs.iter().map(|s| s.name.as_str()));
            let diagnostic = Diagnostic::error_without_span(
                &codes::UNKNOWN_TENSOR,
                format!("the weights hold a tensor `{name}`, which network `{}` does not have", graph.name),
            );
            diagnostics.push(match nearest {
                Some(nearest) => diagnostic.with_help(format!("did you mean `{nearest}`?")),
                None => diagnostic.with_help("`snnc show` lists the tensors of a network"),
            });
        }
        if diagnostics.is_empty() { Ok(network) } else { Err(diagnostics) }
    }

    /// The tensors that training changes, and all weights: what a weights file holds.
    pub fn params(&self) -> Params {
        let tensors = self.graph.tensors().into_iter().filter(|spec| spec.required).map(|spec| {
            let tensor = match spec.slot {
                Slot::Weight(i) => self.linear(i).matrix.clone(),
                Slot::LinearBias(i) => {
                    Tensor::new(spec.shape, self.linear(i).bias.clone().expect("a declared bias has values"))
                }
                Slot::Layer(id, which) => {
                    let parameter = which.of(self.graph.layer(id)).expect("a listed parameter exists");
                    Tensor::new(spec.shape, parameter.values.iter().map(|&v| v as f32).collect())
                }
            };
            (spec.name, tensor)
        });
        Params { tensors: tensors.collect() }
    }

    /// The weights of connection `i`, which must be linear.
    ///
    /// # Panics
    /// Where the connection has no matrix.
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
            "tensor `{}` has shape {:?}; network `{}` needs {:?}",
            spec.name, tensor.shape, graph.name, spec.shape
        );
        let transposed = spec.shape.len() == 2 && tensor.shape.iter().rev().eq(spec.shape.iter());
        return Some(Diagnostic::error(&codes::TENSOR_SHAPE, spec.span, message).with_help(if transposed {
            "transpose it: a weight has one row per source"
        } else {
            "use the weights of this network"
        }));
    }
    if let Some(i) = tensor.data.iter().position(|x| !x.is_finite()) {
        let message = format!("tensor `{}` holds {} at element {i}", spec.name, tensor.data[i]);
        return Some(Diagnostic::error(&codes::TENSOR_NOT_FINITE, spec.span, message).with_help(
            "weights are finite; take an earlier checkpoint, or train with a lower learning rate",
        ));
    }
    if let Slot::Layer(id, which) = spec.slot {
        let layer = graph.layer(id);
        let range = which.range(layer);
        if let Some(x) = tensor.data.iter().find(|&&x| !range.allows(f64::from(x))) {
            let message =
                format!("tensor `{}` holds {x}, which a {} cannot be", spec.name, which.name(layer));
            return Some(Diagnostic::error(&codes::TENSOR_RANGE, spec.span, message).with_help(range.rule));
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
