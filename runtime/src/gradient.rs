//! Loss and gradients of one batch: what a step of training sees, for inspection.

use synnet_ir::{Diagnostic, Diagnostics, Network, Params, Tensor};

use crate::codes;
use crate::loss::choice::Loss;
use crate::loss::label::Label;
use crate::sequence::Sequence;
use crate::tape::{Pass, Recompute, Tape};

/// What a batch gives in training, without dropout and augmentation.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchGradients {
    /// The loss, mean over the samples.
    pub loss: f64,
    /// The network's output as training computes it, `[batch, time, outputs]`.
    pub output: Sequence,
    /// The spikes of each layer (currents, for leaky integrators), `[batch, time, neurons]`.
    pub layers: Vec<Sequence>,
    /// The gradient of the loss by every tensor that learns, under its name.
    pub gradients: Params,
}

/// Walks a batch `[batch, time, channels]` forwards and backwards, with one target per sequence.
///
/// # Errors
/// An input or targets of another number, shape or kind.
pub fn batch_gradients(
    network: &Network,
    loss: &Loss,
    input: &Sequence,
    targets: &[Label],
) -> Result<BatchGradients, Diagnostics> {
    let tape = Tape::new(&network.graph);
    let outputs = network.graph.outputs();
    check(network, loss, input, targets)?;
    let weights = tape.pack(network);
    let mut workspace = tape.workspace(input.time, Recompute::None);
    let mut sums = tape.sums();
    let sequence = |width| Sequence { batch: input.batch, time: input.time, width, data: Vec::new() };
    let mut output = sequence(outputs);
    let mut layers: Vec<Sequence> = network.graph.layers.iter().map(|layer| sequence(layer.size)).collect();
    let mut sum = 0.0;
    for (b, target) in targets.iter().enumerate() {
        tape.forward(&weights, input.sample(b), Pass::Evaluation, &mut workspace);
        output.data.extend_from_slice(workspace.output());
        for (i, layer) in layers.iter_mut().enumerate() {
            layer.data.extend(workspace.spikes(&tape, i));
        }
        let (value, gradient) = workspace.output_and_gradient();
        sum += loss.sample_loss(value, outputs, target, gradient);
        gradient.iter_mut().for_each(|g| *g /= input.batch as f32);
        tape.backward(&weights, &mut workspace, &mut sums);
    }
    let gradients = tape.gradients(network, &sums);
    let specs = tape.learned().specs().iter();
    let tensors =
        specs.zip(gradients.tensors).map(|(s, g)| (s.name.clone(), Tensor::new(s.shape.clone(), g)));
    Ok(BatchGradients {
        loss: sum / input.batch.max(1) as f64,
        output,
        layers,
        gradients: Params { tensors: tensors.collect() },
    })
}

fn check(network: &Network, loss: &Loss, input: &Sequence, targets: &[Label]) -> Result<(), Diagnostics> {
    let graph = &network.graph;
    let error = |message: String| Err(Diagnostic::error_without_span(&codes::DATA_SHAPE, message).into());
    if input.width != graph.input.channels {
        let (found, expected) = (input.width, graph.input.channels);
        return error(format!("the input has {found} channels; network `{}` takes {expected}", graph.name));
    }
    if targets.len() != input.batch {
        return error(format!("there are {} targets for {} sequences", targets.len(), input.batch));
    }
    let misfit = targets.iter().position(|target| !loss.accepts(target, input.time, graph.outputs()));
    misfit
        .map_or(Ok(()), |b| error(format!("the target of sequence {b} does not fit the loss and the output")))
}
