//! Evaluation with the interpreter: accuracy, confusion matrix, loss and firing rates.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use synnet_ir::graph::Layer;
use synnet_ir::{Diagnostic, Diagnostics, Network};

use crate::codes;
use crate::dataset::Dataset;
use crate::interpreter::{Interpreter, Tracing};
use crate::loss::choice::{Loss, Scratch};
use crate::loss::label::Label;
use crate::loss::readout::{Readout, argmax, check_readout};
use crate::sequence::Sequence;

/// The classification of a set of samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// True class of each sample.
    pub labels: Vec<usize>,
    /// Predicted class of each sample: the output with the maximum readout, the first of them on a tie.
    pub predictions: Vec<usize>,
    /// Number of samples by true class (row) and predicted class (column).
    pub confusion: Vec<Vec<u64>>,
    /// Fraction of samples that were classified correctly, from 0 to 1; 0 without samples.
    pub accuracy: f64,
    /// Name and mean spikes per neuron per step of each spiking layer; empty if only outputs are known.
    pub rates: Vec<(String, f64)>,
    /// The network's outputs, `[samples, time, outputs]`.
    pub outputs: Sequence,
}

/// The result on a validation set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Mean loss over the samples, without dropout, augmentation and regularizers; 0 without samples.
    pub loss: f64,
    /// Fraction of samples that were classified correctly, from 0 to 1; `None` for losses without classes.
    pub accuracy: Option<f64>,
    /// Name and mean spikes per neuron per step of each spiking layer.
    pub rates: Vec<(String, f64)>,
}

/// Samples per unit of parallel work. Limits the memory for traces: a thread holds those of one chunk.
const CHUNK: usize = 16;

/// Classifies every sample with the interpreter, without dropout and augmentation. Noise has seed 0.
///
/// # Errors
/// Returns all errors at once: a readout that is not defined for the network's output; samples without a
/// class, or of a class that the network does not have; data with another number of channels than the
/// network's input.
pub fn evaluate(network: &Network, dataset: &Dataset, readout: Readout) -> Result<Evaluation, Diagnostics> {
    let graph = &network.graph;
    let mut diagnostics: Diagnostics = check_readout(readout, graph).into_iter().collect();
    diagnostics.extend(check_channels(network, dataset));
    let labels = class_labels(dataset).map_err(|errors| diagnostics.extend(errors)).unwrap_or_default();
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    let runs = run(network, dataset);
    let mut evaluation = Evaluation::from_outputs(runs.outputs, &labels, readout)?;
    evaluation.rates = runs.rates;
    Ok(evaluation)
}

/// Measures loss and accuracy with the interpreter, without dropout and augmentation. Noise has seed 0. The
/// result does not depend on the number of threads.
///
/// # Errors
/// Returns all errors at once: data with another number of channels than the network's input; labels that do
/// not fit the loss.
pub fn validate(network: &Network, dataset: &Dataset, loss: &Loss) -> Result<Validation, Diagnostics> {
    check_labels(network, dataset, 0..dataset.samples().len(), loss)?;
    let runs = run(network, dataset);
    let outputs = network.graph.outputs();
    let mut scratch = Scratch::default();
    let (mut sum, mut correct) = (0.0, 0);
    for (b, sample) in dataset.samples().iter().enumerate() {
        let outcome = loss.evaluate(runs.outputs.sample(b), outputs, &sample.label, &mut [], &mut scratch);
        sum += outcome.loss;
        correct += usize::from(outcome.correct);
    }
    let samples = dataset.samples().len().max(1) as f64;
    let accuracy = loss.classifies().then(|| correct as f64 / samples);
    Ok(Validation { loss: sum / samples, accuracy, rates: runs.rates })
}

/// The outputs of all samples, `[samples, time, outputs]`, and the rates of the spiking layers.
struct Runs {
    outputs: Sequence,
    rates: Vec<(String, f64)>,
}

/// Runs all samples through the interpreter, in parallel.
fn run(network: &Network, dataset: &Dataset) -> Runs {
    let graph = &network.graph;
    let interpreter = Interpreter::new(network);
    let (samples, steps) = (dataset.samples().len(), dataset.steps());
    let firsts: Vec<usize> = (0..samples).step_by(CHUNK).collect();
    let run_chunk = |first: usize| {
        let input = gather(dataset, first..(first + CHUNK).min(samples));
        // Noise is drawn by the sample's index in the dataset, so the size of chunks does not matter.
        let run = interpreter
            .run_from(&input, Tracing::On, 0, first as u64)
            .expect("the dataset is as wide as the network's input");
        let spikes_of = |spikes: &Sequence| spikes.data.iter().map(|&s| f64::from(s)).sum::<f64>();
        let spikes: Vec<f64> =
            run.layers.iter().map(|layer| layer.spikes.as_ref().map_or(0.0, spikes_of)).collect();
        (run.output.data, spikes)
    };
    let chunks: Vec<(Vec<f32>, Vec<f64>)> = firsts.into_par_iter().map(run_chunk).collect();
    // Sums of f64 in the order of the chunks, whichever thread ran them.
    let mut outputs = Sequence { batch: samples, time: steps, width: graph.outputs(), data: Vec::new() };
    let mut spikes = vec![0.0; graph.layers.len()];
    for (output, counts) in &chunks {
        outputs.data.extend_from_slice(output);
        spikes.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    let spiking = graph.layers.iter().zip(spikes).filter(|(layer, _)| layer.as_lif().is_some());
    let rate = |(layer, sum): (&Layer, f64)| {
        (layer.name.clone(), sum / (samples * steps * layer.size).max(1) as f64)
    };
    Runs { outputs, rates: spiking.map(rate).collect() }
}

impl Evaluation {
    /// Classifies the outputs of any engine, `[samples, time, outputs]`. The result has no `rates`.
    ///
    /// # Errors
    /// Returns an error if the number of labels is not that of the samples, or if a label is not the index of
    /// an output.
    pub fn from_outputs(outputs: Sequence, labels: &[usize], readout: Readout) -> Result<Self, Diagnostics> {
        let error = |message| Err(Diagnostic::error_without_span(&codes::DATA_SHAPE, message).into());
        if labels.len() != outputs.batch {
            return error(format!(
                "expected a label for each of {} samples, found {}",
                outputs.batch,
                labels.len()
            ));
        }
        let classes = outputs.width;
        if let Some((i, label)) = labels.iter().enumerate().find(|(_, label)| **label >= classes) {
            return error(format!("sample {i} has label {label}, but the network has {classes} outputs"));
        }
        let mut confusion = vec![vec![0; classes]; classes];
        let mut predictions = Vec::with_capacity(labels.len());
        for (b, &label) in labels.iter().enumerate() {
            let prediction = argmax(&readout.statistic(outputs.sample(b), classes));
            confusion[label][prediction] += 1;
            predictions.push(prediction);
        }
        let correct: u64 = (0..classes).map(|class| confusion[class][class]).sum();
        let accuracy = correct as f64 / labels.len().max(1) as f64;
        Ok(Self { labels: labels.to_vec(), predictions, confusion, accuracy, rates: Vec::new(), outputs })
    }
}

/// Returns an error if a dataset has another number of channels than a network's input.
fn check_channels(network: &Network, dataset: &Dataset) -> Option<Diagnostic> {
    let (found, expected) = (dataset.channels(), network.graph.input.channels);
    (found != expected).then(|| {
        let name = &network.graph.name;
        let message = format!("the data has {found} channels, but network `{name}` takes {expected}");
        Diagnostic::error_without_span(&codes::DATA_SHAPE, message)
    })
}

/// Checks a dataset against a network, and the labels of the given samples against a loss.
///
/// # Errors
/// Returns an error for each sample that does not exist or whose label does not fit.
pub(crate) fn check_labels(
    network: &Network,
    dataset: &Dataset,
    samples: impl IntoIterator<Item = usize>,
    loss: &Loss,
) -> Result<(), Diagnostics> {
    let mut diagnostics: Diagnostics = check_channels(network, dataset).into_iter().collect();
    let (steps, outputs) = (dataset.steps(), network.graph.outputs());
    diagnostics.extend(samples.into_iter().filter_map(|i| {
        let message = match dataset.samples().get(i) {
            None => format!("there is no sample {i}: the data has {} samples", dataset.samples().len()),
            Some(sample) if loss.accepts(&sample.label, steps, outputs) => return None,
            Some(_) => {
                let expected_labels = loss.expected_labels(steps, outputs);
                format!("the label of sample {i} does not fit the loss, which expects {expected_labels}")
            }
        };
        Some(Diagnostic::error_without_span(&codes::DATA_SHAPE, message))
    }));
    if diagnostics.is_empty() { Ok(()) } else { Err(diagnostics) }
}

/// Returns the class of every sample, or an error for each sample that has none.
fn class_labels(dataset: &Dataset) -> Result<Vec<usize>, Diagnostics> {
    let (mut labels, mut errors) = (Vec::new(), Diagnostics::new());
    for (i, sample) in dataset.samples().iter().enumerate() {
        match sample.label {
            Label::Class(label) => labels.push(label),
            Label::Outputs(_) | Label::Sequence(_) => {
                let message = format!("the label of sample {i} is not a class, which accuracy requires");
                errors.push(Diagnostic::error_without_span(&codes::DATA_SHAPE, message));
            }
        }
    }
    if errors.is_empty() { Ok(labels) } else { Err(errors) }
}

/// Returns the samples of a range as one dense batch.
fn gather(dataset: &Dataset, range: std::ops::Range<usize>) -> Sequence {
    let (time, width) = (dataset.steps(), dataset.channels());
    let mut data = vec![0.0; range.len() * time * width];
    for (i, raster) in range.clone().zip(data.chunks_exact_mut((time * width).max(1))) {
        dataset.write_sample(i, raster);
    }
    Sequence { batch: range.len(), time, width, data }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_become_a_confusion_matrix() {
        let outputs = Sequence::new(3, 2, 2, vec![1., 0., 0., 0., 0., 1., 2., 2., 0., 0., 0., 0.]).unwrap();
        let found = Evaluation::from_outputs(outputs.clone(), &[0, 1, 1], Readout::SpikeCount).unwrap();
        assert_eq!(found.predictions, [0, 1, 0]);
        assert_eq!(found.confusion, [[1, 0], [1, 1]]);
        assert!((found.accuracy - 2.0 / 3.0).abs() < 1e-12);
        let error = Evaluation::from_outputs(outputs, &[0, 1, 2], Readout::SpikeCount).unwrap_err();
        assert_eq!(error[0].message, "sample 2 has label 2, but the network has 2 outputs");
    }
}
