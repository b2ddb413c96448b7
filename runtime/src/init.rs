//! Initialization: the weights of a graph before training.

use synnet_ir::graph::{Distribution, Init};
use synnet_ir::{Graph, Params, Slot, Tensor, TensorSpec, fnv1a};
use synnet_random::{Purpose, Stream};

/// Draws the weights and biases of a graph's connections from their declared distributions, and takes learned
/// parameters of layers from the graph. The result has every tensor that a weights file must contain.
///
/// Each tensor has a random stream of its own, which depends on the seed and the tensor's name only: adding
/// or removing a tensor does not change the others.
pub fn initial_params(graph: &Graph, seed: u64) -> Params {
    let required = graph.tensors().into_iter().filter(|spec| spec.required);
    let tensors = required.map(|spec| {
        let data = values(graph, &spec, seed);
        (spec.name, Tensor::new(spec.shape, data))
    });
    Params { tensors: tensors.collect() }
}

/// Returns the initial values of one tensor, row-major.
fn values(graph: &Graph, spec: &TensorSpec, seed: u64) -> Vec<f32> {
    let linear = |i: usize| graph.connections[i].as_linear();
    let init = match spec.slot {
        Slot::Weight(i) => linear(i).map(|linear| &linear.init),
        Slot::LinearBias(i) => linear(i).and_then(|linear| linear.bias.as_ref()).map(|bias| &bias.init),
        Slot::Layer(id, which) => {
            let parameter = which.of(graph.layer(id));
            return parameter.map(|p| p.values.iter().map(|&v| v as f32).collect()).unwrap_or_default();
        }
    };
    let init = init.expect("a tensor of a linear connection belongs to one");
    let columns = spec.shape.last().copied().unwrap_or(1).max(1);
    let mut stream = Stream::new(seed, Purpose::Init, fnv1a(spec.name.as_bytes()), 0);
    (0..spec.shape.iter().product()).map(|i| draw(init, i % columns, &mut stream) as f32).collect()
}

/// Draws a value for an input column of the target; each column may have a scale of its own.
fn draw(init: &Init, column: usize, stream: &mut Stream) -> f64 {
    let value = match init.distribution {
        Distribution::Constant(value) => value,
        Distribution::Uniform { low, high } => low + (high - low) * stream.unit(),
        Distribution::Normal { mean, std } => mean + std * stream.normal(),
    };
    let scale = if init.scale.len() == 1 { init.scale.first() } else { init.scale.get(column) };
    value * scale.copied().unwrap_or(1.0)
}
