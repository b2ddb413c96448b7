//! Evaluation with the interpreter: accuracy, confusion matrix, loss and firing rates.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use synnet_ir::{Diagnostic, Diagnostics, Network};

use crate::codes;
use crate::dataset::Dataset;
use crate::interpreter::Interpreter;
use crate::loss::choice::{Loss, Scratch};
use crate::loss::label::Label;
use crate::loss::readout::{Readout, argmax, check_readout};

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
    /// The readout of each output, `[samples, outputs]` in row-major order.
    pub scores: Vec<f32>,
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

/// Classifies every sample with the interpreter, without dropout and augmentation. Noise has seed 0. The result
/// does not depend on the number of threads. Each thread holds the output of one sample at a time.
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
    let classes = graph.outputs();
    let (scores, rates) = run(network, dataset, || (), |(), _, output| readout.statistic(output, classes));
    let mut evaluation = Evaluation::from_scores(scores.concat(), classes, &labels)?;
    evaluation.rates = rates;
    Ok(evaluation)
}

/// Measures loss and accuracy with the interpreter, without dropout and augmentation. Noise has seed 0. The
/// result does not depend on the number of threads. Each thread holds the output of one sample at a time.
///
/// # Errors
/// Returns all errors at once: data with another number of channels than the network's input; labels that do
/// not fit the loss.
pub fn validate(network: &Network, dataset: &Dataset, loss: &Loss) -> Result<Validation, Diagnostics> {
    check_labels(network, dataset, 0..dataset.samples().len(), loss)?;
    let outputs = network.graph.outputs();
    let measure = |scratch: &mut Scratch, i: usize, output: &[f32]| {
        let label = &dataset.samples()[i].label;
        let outcome = loss.evaluate(output, outputs, label, &mut [], scratch);
        (outcome.loss, outcome.correct)
    };
    let (outcomes, rates) = run(network, dataset, Scratch::default, measure);
    // Summed in the order of the samples, whichever thread ran them.
    let sum: f64 = outcomes.iter().map(|(loss, _)| loss).sum();
    let correct = outcomes.iter().filter(|(_, correct)| *correct).count();
    let samples = dataset.samples().len().max(1) as f64;
    let accuracy = loss.classifies().then(|| correct as f64 / samples);
    Ok(Validation { loss: sum / samples, accuracy, rates })
}

/// Runs all samples through the interpreter, in parallel. Returns the result of `measure` for the output
/// `[time, outputs]` of each sample, and the rates of the spiking layers. No output outlives its sample.
fn run<S: Send, T: Send>(
    network: &Network,
    dataset: &Dataset,
    scratch: impl Fn() -> S + Sync,
    measure: impl Fn(&mut S, usize, &[f32]) -> T + Sync,
) -> (Vec<T>, Vec<(String, f64)>) {
    let graph = &network.graph;
    let interpreter = Interpreter::new(network);
    let (samples, steps) = (dataset.samples().len(), dataset.steps());
    let spiking: Vec<usize> =
        (0..graph.layers.len()).filter(|&i| graph.layers[i].as_lif().is_some()).collect();
    let run_sample = |(scratch, output): &mut (S, Vec<f32>), i: usize| {
        let raster = &dataset.samples()[i].raster;
        let write_input = |t: usize, row: &mut [f32]| match t < raster.steps() {
            true => raster.write_step(t, row),
            false => row.fill(0.0),
        };
        output.clear();
        let mut spikes = vec![0.0; spiking.len()];
        // Noise is drawn by the sample's index in the dataset.
        interpreter.visit_steps(steps, 0, i as u64, write_input, |states| {
            output.extend_from_slice(states.output());
            spikes.iter_mut().zip(&spiking).for_each(|(sum, &layer)| *sum += total(states.spikes(layer)));
        });
        (measure(scratch, i, output), spikes)
    };
    let runs = (0..samples).into_par_iter().map_init(|| (scratch(), Vec::new()), run_sample);
    let (results, spikes): (Vec<T>, Vec<Vec<f64>>) = runs.unzip();
    let rate = |(i, &layer): (usize, &usize)| {
        let layer = &graph.layers[layer];
        let sum: f64 = spikes.iter().map(|spikes| spikes[i]).sum();
        (layer.name.clone(), sum / (samples * steps * layer.size).max(1) as f64)
    };
    (results, spiking.iter().enumerate().map(rate).collect())
}

/// Returns the sum of spike counts. They are whole numbers, so that the order of the additions does not matter.
fn total(spikes: &[f32]) -> f64 {
    // Several partial sums, so that the additions do not wait for each other.
    let (chunks, rest) = spikes.as_chunks::<8>();
    let mut sums = [0.0_f64; 8];
    for chunk in chunks {
        sums.iter_mut().zip(chunk).for_each(|(sum, &n)| *sum += f64::from(n));
    }
    sums.iter().sum::<f64>() + rest.iter().map(|&n| f64::from(n)).sum::<f64>()
}

impl Evaluation {
    /// Classifies samples by the scores of any engine, `[samples, classes]`. The result has no `rates`.
    ///
    /// # Errors
    /// Returns an error if there is not one score per label and class, or if a label is not below `classes`.
    pub fn from_scores(scores: Vec<f32>, classes: usize, labels: &[usize]) -> Result<Self, Diagnostics> {
        let error = |message| Err(Diagnostic::error_without_span(&codes::DATA_SHAPE, message).into());
        if labels.len().checked_mul(classes) != Some(scores.len()) {
            return error(format!(
                "expected a score for each of {} samples and {classes} classes, found {}",
                labels.len(),
                scores.len()
            ));
        }
        if let Some((i, label)) = labels.iter().enumerate().find(|(_, label)| **label >= classes) {
            return error(format!("sample {i} has label {label}, but the network has {classes} outputs"));
        }
        let mut confusion = vec![vec![0; classes]; classes];
        let mut predictions = Vec::with_capacity(labels.len());
        for (&label, scores) in labels.iter().zip(scores.chunks(classes.max(1))) {
            let prediction = argmax(scores);
            confusion[label][prediction] += 1;
            predictions.push(prediction);
        }
        let correct: u64 = (0..classes).map(|class| confusion[class][class]).sum();
        let accuracy = correct as f64 / labels.len().max(1) as f64;
        Ok(Self { labels: labels.to_vec(), predictions, confusion, accuracy, rates: Vec::new(), scores })
    }

    /// Returns the scores of sample `i`, one per class; empty if there is no such sample.
    pub fn scores_of(&self, i: usize) -> &[f32] {
        let classes = self.confusion.len();
        self.scores.get(i * classes..(i + 1) * classes).unwrap_or(&[])
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_become_a_confusion_matrix() {
        let scores = vec![1., 0., 2., 2., 0., 0.1];
        let found = Evaluation::from_scores(scores.clone(), 2, &[0, 1, 1]).unwrap();
        assert_eq!(found.predictions, [0, 0, 1]);
        assert_eq!(found.confusion, [[1, 0], [1, 1]]);
        assert!((found.accuracy - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!((found.scores_of(2), found.scores_of(3)), (&[0., 0.1][..], &[][..]));
        let error = Evaluation::from_scores(scores.clone(), 2, &[0, 1]).unwrap_err();
        assert_eq!(error[0].message, "expected a score for each of 2 samples and 2 classes, found 6");
        let error = Evaluation::from_scores(scores, 2, &[0, 1, 2]).unwrap_err();
        assert_eq!(error[0].message, "sample 2 has label 2, but the network has 2 outputs");
    }
}
