//! Test samples to look at: for each class one that was classified right and one that was not; where there are no
//! classes, the first few with what they should give.

use maud::{Markup, html};
use synnet_ir::Network;
use synnet_ir::graph::{Neuron, Quantity};
use synnet_runtime::{Dataset, Evaluation, Interpreter, Label, LayerTrace, Sequence, Tracing};

use super::Results;
use crate::html::{self, EventPanel, LineStyle, Panel, Trace, Traces, details, raster, side_by_side};

/// Classes beyond which only those with the most mistakes are shown.
const MAX_CLASSES: usize = 12;
/// Samples that are shown where there are no classes.
const UNCLASSIFIED: usize = 4;
/// Outputs that are drawn beside those which matter.
const MAX_LINES: usize = 48;
/// Numbers of a raster beyond which it is not drawn: recording it would take too much memory.
const MAX_NUMBERS: usize = 1 << 26;

/// The section of a page, or nothing where no sample can be shown.
pub(super) fn section(results: &Results<'_>) -> Markup {
    let gallery = Gallery::new(results);
    let (lead, shown) = match &results.float.classified {
        Some(classified) => (
            "Of each class one that the float network classified right and one that it did not, where there are such; \
             classes with the most mistakes first. Events by channel or neuron, darker where there are more in a step. \
             In the readout, the true class is the thick blue line, the class that was taken for it the dashed orange \
             one.",
            gallery.by_class(classified, &results.experiment.corpus.classes),
        ),
        None => (
            "The first few. Events by channel or neuron, darker where there are more in a step. In the readout, dashed \
             lines are what the lines of the same color should be.",
            gallery.unclassified(),
        ),
    };
    html! {
        @if !shown.is_empty() {
            (html::section("Recordings of the test set", lead, &html! { @for part in &shown { (part) } }))
        }
    }
}

/// The samples of one class.
struct ClassExamples {
    class: usize,
    samples: usize,
    right: u64,
    /// Index of a sample that was classified right, and of one that was not.
    examples: Vec<usize>,
}

/// Chooses examples of each class, those with the greatest share of mistakes first.
fn choose(evaluation: &Evaluation) -> Vec<ClassExamples> {
    let mut classes: Vec<ClassExamples> = (0..evaluation.confusion.len())
        .map(|class| {
            let of_class = || evaluation.labels.iter().enumerate().filter(|(_, label)| **label == class);
            let first = |right: bool| {
                of_class().find(|(i, _)| (evaluation.predictions[*i] == class) == right).map(|(i, _)| i)
            };
            ClassExamples {
                class,
                samples: of_class().count(),
                right: evaluation.confusion[class][class],
                examples: [first(true), first(false)].into_iter().flatten().collect(),
            }
        })
        .filter(|found| found.samples > 0)
        .collect();
    let mistakes = |found: &ClassExamples| 1.0 - found.right as f64 / found.samples as f64;
    classes.sort_by(|a, b| mistakes(b).total_cmp(&mistakes(a)));
    classes.truncate(MAX_CLASSES);
    classes
}

/// Draws samples of the test set.
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

    /// A part for each class, the first of them unfolded.
    fn by_class(&self, classified: &Evaluation, classes: &[String]) -> Vec<Markup> {
        let name = |class: usize| classes.get(class).map_or("", String::as_str);
        let mut parts = Vec::new();
        for found in choose(classified) {
            let (class, right, samples) = (found.class, found.right, found.samples);
            let pictures: Vec<Markup> = found
                .examples
                .iter()
                .filter_map(|&i| {
                    let predicted = classified.predictions[i];
                    let caption = if predicted == class {
                        format!("Class {}, classified right", name(class))
                    } else {
                        format!("Class {}, taken for {}", name(class), name(predicted))
                    };
                    self.picture(i, &caption, |outputs| class_traces(outputs, class, predicted))
                })
                .collect();
            if !pictures.is_empty() {
                let summary = html! { "Class " (name(class)) " " span { (right) " of " (samples) " right" } };
                parts.push(details(&summary, parts.is_empty(), &side_by_side(&pictures)));
            }
        }
        parts
    }

    /// The first samples in one part.
    fn unclassified(&self) -> Vec<Markup> {
        let samples = self.dataset.samples().iter().take(UNCLASSIFIED).enumerate();
        let pictures = samples.filter_map(|(i, sample)| {
            self.picture(i, "Recording", |outputs| {
                let wanted = match &sample.label {
                    Label::Sequence(values) => columns(values, outputs.len()),
                    _ => Vec::new(),
                };
                let line = |style: fn(usize) -> LineStyle| {
                    move |(i, values): (usize, Vec<f32>)| Trace { values, style: style(i) }
                };
                let wanted = wanted.into_iter().enumerate().map(line(LineStyle::Expected));
                let outputs = outputs.into_iter().enumerate().map(line(LineStyle::Color));
                outputs.take(MAX_LINES).chain(wanted.take(MAX_LINES)).collect()
            })
        });
        let pictures: Vec<Markup> = pictures.collect();
        if pictures.is_empty() { Vec::new() } else { vec![side_by_side(&pictures)] }
    }

    /// What went on in the network during sample `i`: input, layers, readout, whose outputs `lines` makes into lines.
    /// `None` for samples that are too long to be recorded.
    fn picture(
        &self,
        i: usize,
        caption: &str,
        lines: impl FnOnce(Vec<Vec<f32>>) -> Vec<Trace>,
    ) -> Option<Markup> {
        let (graph, steps) = (&self.network.graph, self.dataset.steps());
        let neurons: usize = graph.layers.iter().map(|layer| 2 * layer.size + layer.input_columns()).sum();
        if steps.checked_mul(neurons)? > MAX_NUMBERS {
            return None;
        }
        let input = self.input(i);
        let run = self.interpreter.run_from(&input, Tracing::On, 0, i as u64).ok()?;
        let (name, width) = (graph.input.name.clone(), input.width);
        let mut panels =
            vec![Panel::EventPanel(EventPanel { name, width, counts: input.data, marks: vec![] })];
        let mut readout = None;
        for ((id, layer), trace) in graph.layers_with_ids().zip(run.layers) {
            let is_output = id == graph.output.layer;
            let LayerTrace { spikes, vmem, isyn, .. } = trace;
            if let Some(spikes) = spikes.filter(|_| !is_output || graph.output.quantity == Quantity::Spikes) {
                let name = layer.name.clone();
                panels.push(Panel::EventPanel(EventPanel {
                    name,
                    width: layer.size,
                    counts: spikes.data,
                    marks: vec![],
                }));
            }
            if is_output {
                let current =
                    graph.output.quantity == Quantity::Isyn || matches!(layer.neuron, Neuron::ExpSyn(_));
                let (what, states) = match vmem.filter(|_| !current) {
                    Some(vmem) => ("membrane", vmem),
                    None if graph.output.quantity == Quantity::Isyn => ("current", run.output.clone()),
                    None => ("current", isyn),
                };
                readout = Some((layer.name.clone(), what, columns(&states.data, states.width)));
            }
        }
        let (name, what, outputs) = readout?;
        panels.push(Panel::Traces(Traces { name, what, lines: lines(outputs) }));
        Some(raster(caption, &format!("number {} of the test set", i + 1), steps, graph.dt, &panels))
    }

    /// Sample `i` as the engines see it: cut, or filled with silence.
    fn input(&self, i: usize) -> Sequence {
        let (time, width) = (self.dataset.steps(), self.dataset.channels());
        let mut data = vec![0.0; time * width];
        self.dataset.write_sample(i, &mut data);
        Sequence { batch: 1, time, width, data }
    }
}

/// The columns of a row-major matrix.
fn columns(values: &[f32], width: usize) -> Vec<Vec<f32>> {
    (0..width).map(|i| values.iter().skip(i).step_by(width.max(1)).copied().collect()).collect()
}

/// The readout of a classifier: the true class, and the one that was taken for it, in front of the others.
fn class_traces(outputs: Vec<Vec<f32>>, right: usize, predicted: usize) -> Vec<Trace> {
    let mut lines: Vec<(usize, Trace)> = outputs
        .into_iter()
        .enumerate()
        .map(|(i, values)| match i {
            _ if i == right => (2, Trace { values, style: LineStyle::Correct }),
            _ if i == predicted => (1, Trace { values, style: LineStyle::Predicted }),
            _ => (0, Trace { values, style: LineStyle::Background }),
        })
        .collect();
    lines.sort_by_key(|(depth, _)| *depth);
    let hidden = lines.len().saturating_sub(MAX_LINES);
    lines.into_iter().skip(hidden).map(|(_, line)| line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_shows_a_correct_and_a_misclassified_sample() {
        let outputs = Sequence::new(4, 1, 2, vec![1., 0., 0., 1., 0., 1., 1., 0.]).unwrap();
        let found =
            Evaluation::from_outputs(outputs, &[0, 0, 1, 0], synnet_runtime::Readout::MeanVmem).unwrap();
        let chosen = choose(&found);
        let shown: Vec<_> =
            chosen.iter().map(|c| (c.class, c.right, c.samples, c.examples.clone())).collect();
        assert_eq!(shown, [(0, 2, 3, vec![0, 1]), (1, 1, 1, vec![2])]);
    }
}
