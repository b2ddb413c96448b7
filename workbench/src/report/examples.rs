//! Example samples of the test set: for each class one that is classified correctly and one that is not; without
//! classes, the first few samples with their targets.

use maud::{Markup, html};
use synnet_ir::graph::{Layer, LayerId, Neuron, Quantity};
use synnet_ir::{Graph, Network};
use synnet_runtime::{Dataset, Evaluation, Interpreter, Label};

use super::Results;
use crate::html::{self, EventPanel, LineStyle, Panel, Trace, Traces, details, raster, side_by_side};

/// Maximum number of classes to show, those with the most mistakes first.
const MAX_CLASSES: usize = 12;
/// Number of samples to show if there are no classes.
const UNCLASSIFIED: usize = 4;
/// Maximum number of output lines to draw.
const MAX_LINES: usize = 48;
/// Maximum number of recorded values of a sample. Larger samples are not drawn: their traces take too much memory.
const MAX_VALUES: usize = 1 << 24;

/// Returns the bytes for the traces of a sample of `steps` time steps while it is drawn; 0 if it is not drawn.
pub(crate) fn memory(graph: &Graph, steps: usize) -> u64 {
    let values = recorded_values(graph, steps).filter(|values| *values <= MAX_VALUES);
    (values.unwrap_or(0) * size_of::<f32>()) as u64
}

/// Returns how many values of a sample are recorded: its input, the spikes of all layers, and two copies of the
/// outputs; `None` if that number overflows.
fn recorded_values(graph: &Graph, steps: usize) -> Option<usize> {
    let neurons: usize = graph.layers.iter().map(|layer| layer.size).sum();
    steps.checked_mul(graph.input.channels + neurons + 2 * graph.outputs())
}

/// Returns the section of the report; empty if no sample can be drawn.
pub(super) fn section(results: &Results<'_>) -> Markup {
    let gallery = Gallery::new(results);
    let (lead, shown) = match &results.float.classified {
        Some(classified) => (
            "One sample of each class that the float network classifies correctly and one that it does not, if there \
             are any. Classes with the most mistakes come first. Events are shown by channel or neuron; darker marks \
             are more events per step. In the readout, the true class is the thick blue line; an incorrect prediction \
             is the dashed orange line.",
            gallery.by_class(classified, &results.experiment.corpus.classes),
        ),
        None => (
            "The first samples. Events are shown by channel or neuron; darker marks are more events per step. In the \
             readout, dashed lines are the targets of the outputs of the same color.",
            gallery.unclassified(),
        ),
    };
    html! {
        @if !shown.is_empty() {
            (html::section("Test samples", lead, &html! { @for part in &shown { (part) } }))
        }
    }
}

/// The samples of one class.
struct ClassExamples {
    class: usize,
    /// Number of samples.
    samples: usize,
    /// Number of samples that are classified correctly.
    correct: u64,
    /// Indices of a sample that is classified correctly and of one that is not, as far as there are any.
    examples: Vec<usize>,
}

/// Chooses examples of each class; classes with the largest fraction of mistakes come first.
fn choose(evaluation: &Evaluation) -> Vec<ClassExamples> {
    let mut classes: Vec<ClassExamples> = (0..evaluation.confusion.len())
        .map(|class| {
            let of_class = || evaluation.labels.iter().enumerate().filter(|(_, label)| **label == class);
            let first = |is_correct: bool| {
                of_class().find(|(i, _)| (evaluation.predictions[*i] == class) == is_correct).map(|(i, _)| i)
            };
            ClassExamples {
                class,
                samples: of_class().count(),
                correct: evaluation.confusion[class][class],
                examples: [first(true), first(false)].into_iter().flatten().collect(),
            }
        })
        .filter(|found| found.samples > 0)
        .collect();
    let mistakes = |found: &ClassExamples| 1.0 - found.correct as f64 / found.samples as f64;
    classes.sort_by(|a, b| mistakes(b).total_cmp(&mistakes(a)));
    classes.truncate(MAX_CLASSES);
    classes
}

/// Runs the float network on samples of the test set and draws them.
struct Gallery<'a> {
    network: &'a Network,
    dataset: &'a Dataset,
    interpreter: Interpreter,
}

impl<'a> Gallery<'a> {
    fn new(results: &Results<'a>) -> Self {
        let (network, dataset) = (results.network, &results.experiment.corpus.test);
        Self { network, dataset, interpreter: Interpreter::new(network) }
    }

    /// Draws the examples of each class, the first class expanded.
    fn by_class(&self, classified: &Evaluation, classes: &[String]) -> Vec<Markup> {
        let name = |class: usize| classes.get(class).map_or("", String::as_str);
        let mut parts = Vec::new();
        for found in choose(classified) {
            let (class, correct, samples) = (found.class, found.correct, found.samples);
            let figures: Vec<Markup> = found
                .examples
                .iter()
                .filter_map(|&i| {
                    let predicted = classified.predictions[i];
                    let caption = if predicted == class {
                        format!("Class {}, correct", name(class))
                    } else {
                        format!("Class {}, predicted as {}", name(class), name(predicted))
                    };
                    self.draw(i, &caption, |outputs| class_traces(outputs, class, predicted))
                })
                .collect();
            if !figures.is_empty() {
                let summary =
                    html! { "Class " (name(class)) " " span { (correct) " of " (samples) " correct" } };
                parts.push(details(&summary, parts.is_empty(), &side_by_side(&figures)));
            }
        }
        parts
    }

    /// Draws the first samples with their targets.
    fn unclassified(&self) -> Vec<Markup> {
        let samples = self.dataset.samples().iter().take(UNCLASSIFIED).enumerate();
        let figures = samples.filter_map(|(i, sample)| {
            self.draw(i, "Sample", |outputs| {
                let targets = match &sample.label {
                    Label::Sequence(values) => columns(values, outputs.len()),
                    _ => Vec::new(),
                };
                let line = |style: fn(usize) -> LineStyle| {
                    move |(i, values): (usize, Vec<f32>)| Trace { values, style: style(i) }
                };
                let targets = targets.into_iter().enumerate().map(line(LineStyle::Expected));
                let outputs = outputs.into_iter().enumerate().map(line(LineStyle::Color));
                outputs.take(MAX_LINES).chain(targets.take(MAX_LINES)).collect()
            })
        });
        let figures: Vec<Markup> = figures.collect();
        if figures.is_empty() { Vec::new() } else { vec![side_by_side(&figures)] }
    }

    /// Draws input, layers and readout for sample `i`. `lines` converts the outputs to lines. Returns `None` for
    /// samples that are too large to be traced.
    fn draw(
        &self,
        i: usize,
        caption: &str,
        lines: impl FnOnce(Vec<Vec<f32>>) -> Vec<Trace>,
    ) -> Option<Markup> {
        let (graph, steps) = (&self.network.graph, self.dataset.steps());
        if recorded_values(graph, steps)? > MAX_VALUES {
            return None;
        }
        let width = self.dataset.channels();
        let input = self.input(i);
        // The spikes of the output layer are shown only if they are the output.
        let by_spikes = graph.output.quantity == Quantity::Spikes;
        let is_shown =
            |id: LayerId, layer: &Layer| layer.as_lif().is_some() && (id != graph.output.layer || by_spikes);
        let mut shown: Vec<(LayerId, &Layer, Vec<f32>)> = graph
            .layers_with_ids()
            .filter(|&(id, layer)| is_shown(id, layer))
            .map(|(id, layer)| (id, layer, Vec::with_capacity(steps * layer.size)))
            .collect();
        let output = graph.layer(graph.output.layer);
        let mut outputs = vec![Vec::with_capacity(steps); output.size];
        let write_input = |t: usize, row: &mut [f32]| row.copy_from_slice(&input[t * width..(t + 1) * width]);
        self.interpreter.visit_steps(steps, 0, i as u64, write_input, |states| {
            shown.iter_mut().for_each(|(id, _, spikes)| spikes.extend_from_slice(states.spikes(id.index())));
            // Outputs by spikes are drawn by their membranes.
            let row = if by_spikes { states.vmem(graph.output.layer.index()) } else { states.output() };
            outputs.iter_mut().zip(row).for_each(|(trace, &x)| trace.push(x));
        });
        let events = |name: &str, width, counts| {
            Panel::Events(EventPanel { name: name.to_owned(), width, counts, marks: vec![] })
        };
        let mut panels = vec![events(&graph.input.name, width, input)];
        panels.extend(shown.into_iter().map(|(_, layer, spikes)| events(&layer.name, layer.size, spikes)));
        let is_current =
            graph.output.quantity == Quantity::Isyn || matches!(output.neuron, Neuron::ExpSyn(_));
        let quantity = if is_current { "current" } else { "membrane" };
        panels.push(Panel::Traces(Traces { name: output.name.clone(), quantity, lines: lines(outputs) }));
        Some(raster(caption, &format!("sample {i} of the test set"), steps, graph.dt, &panels))
    }

    /// Returns sample `i` at the length of the dataset: cut, or padded with silence.
    fn input(&self, i: usize) -> Vec<f32> {
        let mut data = vec![0.0; self.dataset.steps() * self.dataset.channels()];
        self.dataset.write_sample(i, &mut data);
        data
    }
}

/// Returns the columns of a row-major matrix.
fn columns(values: &[f32], width: usize) -> Vec<Vec<f32>> {
    (0..width).map(|i| values.iter().skip(i).step_by(width.max(1)).copied().collect()).collect()
}

/// Returns the lines of a classifier's outputs, with the true and the predicted class in front of the others.
fn class_traces(outputs: Vec<Vec<f32>>, label: usize, predicted: usize) -> Vec<Trace> {
    let mut lines: Vec<(usize, Trace)> = outputs
        .into_iter()
        .enumerate()
        .map(|(i, values)| match i {
            _ if i == label => (2, Trace { values, style: LineStyle::Correct }),
            _ if i == predicted => (1, Trace { values, style: LineStyle::Predicted }),
            _ => (0, Trace { values, style: LineStyle::Background }),
        })
        .collect();
    // If there are too many lines, drop those at the back.
    lines.sort_by_key(|(depth, _)| *depth);
    let hidden = lines.len().saturating_sub(MAX_LINES);
    lines.into_iter().skip(hidden).map(|(_, line)| line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_shows_a_correct_and_a_misclassified_sample() {
        let scores = vec![1., 0., 0., 1., 0., 1., 1., 0.];
        let found = Evaluation::from_scores(scores, 2, &[0, 0, 1, 0]).unwrap();
        let chosen = choose(&found);
        let shown: Vec<_> =
            chosen.iter().map(|c| (c.class, c.correct, c.samples, c.examples.clone())).collect();
        assert_eq!(shown, [(0, 2, 3, vec![0, 1]), (1, 1, 1, vec![2])]);
    }
}
