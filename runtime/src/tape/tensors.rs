//! The learned tensors of a graph: their values in a network, and their gradients.

use synnet_ir::{Graph, Network, Slot, TensorSpec};

/// The trainable tensors of a graph, in the order of [`Graph::tensors`].
#[derive(Clone, Debug)]
pub struct LearnedTensors {
    specs: Vec<TensorSpec>,
}

/// One gradient per learned tensor, in the order of [`LearnedTensors`].
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients {
    /// Row-major, each in the shape of its [`TensorSpec`].
    pub tensors: Vec<Vec<f32>>,
}

impl LearnedTensors {
    /// Collects the trainable tensors of a graph.
    pub(super) fn new(graph: &Graph) -> Self {
        Self { specs: graph.tensors().into_iter().filter(|spec| spec.learn).collect() }
    }

    /// Returns the name, slot and shape of each tensor.
    pub fn specs(&self) -> &[TensorSpec] {
        &self.specs
    }

    /// Returns the place of each tensor in the network.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.specs.iter().map(|spec| spec.slot)
    }

    /// Returns the index of the tensor in `slot`, or `None` if it is not trainable.
    pub fn index(&self, slot: Slot) -> Option<usize> {
        self.specs.iter().position(|spec| spec.slot == slot)
    }

    /// Returns gradients of zero, one per learned tensor.
    pub fn zeros(&self) -> Gradients {
        Gradients { tensors: self.specs.iter().map(|s| vec![0.0; s.shape.iter().product()]).collect() }
    }

    /// Reads the value of each tensor from a network of the same graph, rounded to f32.
    pub fn read(&self, network: &Network) -> Vec<Vec<f32>> {
        let read = |spec: &TensorSpec| match spec.slot {
            Slot::Weight(i) => network.linear(i).matrix.data.clone(),
            Slot::LinearBias(i) => network.linear(i).bias.clone().unwrap_or_default(),
            Slot::Layer(id, which) => which
                .of(network.graph.layer(id))
                .map(|parameter| parameter.values.iter().map(|&v| v as f32).collect())
                .unwrap_or_default(),
        };
        self.specs.iter().map(read).collect()
    }

    /// Writes values, in the form of [`read`](Self::read), into a network of the same graph.
    ///
    /// # Panics
    /// If a weight or bias of a connection has another number of values.
    pub fn write(&self, network: &mut Network, values: &[Vec<f32>]) {
        for (spec, values) in self.specs.iter().zip(values) {
            match spec.slot {
                Slot::Weight(i) => {
                    if let Some(weights) = &mut network.weights[i] {
                        weights.matrix.data.copy_from_slice(values);
                    }
                }
                Slot::LinearBias(i) => {
                    if let Some(bias) = network.weights[i].as_mut().and_then(|w| w.bias.as_mut()) {
                        bias.copy_from_slice(values);
                    }
                }
                Slot::Layer(id, which) => {
                    if let Some(parameter) = which.of_mut(&mut network.graph.layers[id.index()]) {
                        parameter.values.clear();
                        parameter.values.extend(values.iter().map(|&v| f64::from(v)));
                    }
                }
            }
        }
    }
}
