//! Loss and gradients of one batch as training computes them, for inspection and tests.

use synnet_ir::{Diagnostic, Diagnostics, Network, Params, Tensor};

use crate::codes;
use crate::loss::choice::Loss;
use crate::loss::label::Label;
use crate::sequence::Sequence;
use crate::tape::{Pass, Recompute, Tape};

/// The results of a forward and a backward pass over a batch, without dropout and augmentation.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchGradients {
    /// Mean loss over the samples.
    pub loss: f64,
    /// The network's output as training computes it, `[batch, time, outputs]`.
    pub output: Sequence,
    /// The spikes of each layer, `[batch, time, neurons]`; for leaky integrators, the currents.
    pub layers: Vec<Sequence>,
    /// The gradient of the mean loss with respect to every learned tensor, under the tensor's name and in its
    /// shape.
    pub gradients: Params,
}

/// Runs a forward and a backward pass over a batch, `[batch, time, channels]`, with one label per sequence.
///
/// # Errors
/// Returns an error if `input` has another number of channels than the network, if the number of labels is
/// not that of the sequences, or if a label does not fit the loss.
pub fn batch_gradients(
    network: &Network,
    loss: &Loss,
    input: &Sequence,
    labels: &[Label],
) -> Result<BatchGradients, Diagnostics> {
    let tape = Tape::new(&network.graph);
    let outputs = network.graph.outputs();
    check(network, loss, input, labels)?;
    let weights = tape.pack(network);
    let mut workspace = tape.workspace(input.time, Recompute::None);
    let mut sums = tape.sums();
    let sequence = |width| Sequence { batch: input.batch, time: input.time, width, data: Vec::new() };
    let mut output = sequence(outputs);
    let mut layers: Vec<Sequence> = network.graph.layers.iter().map(|layer| sequence(layer.size)).collect();
    let mut sum = 0.0;
    for (b, label) in labels.iter().enumerate() {
        tape.forward(&weights, input.sample(b), Pass::Evaluation, &mut workspace);
        output.data.extend_from_slice(workspace.output());
        for (i, layer) in layers.iter_mut().enumerate() {
            layer.data.extend(workspace.spikes(&tape, i));
        }
        let (value, gradient) = workspace.output_and_gradient();
        sum += loss.sample_loss(value, outputs, label, gradient);
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

fn check(network: &Network, loss: &Loss, input: &Sequence, labels: &[Label]) -> Result<(), Diagnostics> {
    let graph = &network.graph;
    let error = |message: String| Err(Diagnostic::error_without_span(&codes::DATA_SHAPE, message).into());
    if input.width != graph.input.channels {
        let (found, expected) = (input.width, graph.input.channels);
        return error(format!(
            "the input has {found} channels, but network `{}` takes {expected}",
            graph.name
        ));
    }
    if labels.len() != input.batch {
        return error(format!(
            "expected a label for each of {} sequences, found {}",
            input.batch,
            labels.len()
        ));
    }
    let expected_labels = loss.expected_labels(input.time, graph.outputs());
    let misfit = labels.iter().position(|label| !loss.accepts(label, input.time, graph.outputs()));
    misfit.map_or(Ok(()), |b| {
        error(format!("the label of sequence {b} does not fit the loss, which expects {expected_labels}"))
    })
}
