//! Test samples to look at: for each class one that was classified right and one that was not.

use synnet_dsl::Network;
use synnet_dsl::graph::{Neuron, Quantity};
use synnet_runtime::{Dataset, Evaluation, Interpreter, LayerTrace, Recording, Sequence};

use crate::page::{Events, Panel, Traces};

/// Classes beyond which only those with the most mistakes are shown.
const MOST_CLASSES: usize = 12;
/// Numbers of a raster beyond which it is not drawn: recording it would take too much memory.
const MOST_NUMBERS: usize = 1 << 26;

/// The samples of one class.
pub struct ClassExamples {
    /// The class.
    pub class: usize,
    /// Samples of the class.
    pub samples: u64,
    /// Those of them that were classified right.
    pub right: u64,
    /// Index of a sample that was classified right, and of one that was not.
    pub examples: Vec<usize>,
}

/// Chooses examples of each class, those with the greatest share of mistakes first.
pub fn choose(evaluation: &Evaluation) -> Vec<ClassExamples> {
    let mut classes: Vec<ClassExamples> = (0..evaluation.confusion.len())
        .map(|class| {
            let of_class = || evaluation.labels.iter().enumerate().filter(|(_, label)| **label == class);
            let first = |right: bool| {
                of_class().find(|(i, _)| (evaluation.predictions[*i] == class) == right).map(|(i, _)| i)
            };
            ClassExamples {
                class,
                samples: of_class().count() as u64,
                right: evaluation.confusion[class][class],
                examples: [first(true), first(false)].into_iter().flatten().collect(),
            }
        })
        .filter(|found| found.samples > 0)
        .collect();
    let mistakes = |found: &ClassExamples| 1.0 - found.right as f64 / found.samples as f64;
    classes.sort_by(|a, b| mistakes(b).total_cmp(&mistakes(a)));
    classes.truncate(MOST_CLASSES);
    classes
}

/// What went on in the network during sample `i`: input, hidden layers, readout. `None` for samples that are too
/// long to be recorded.
pub fn panels(
    interpreter: &Interpreter,
    network: &Network,
    dataset: &Dataset,
    evaluation: &Evaluation,
    i: usize,
) -> Option<Vec<Panel>> {
    let graph = &network.graph;
    let neurons: usize = graph.layers.iter().map(|layer| 2 * layer.size + layer.input_columns()).sum();
    if dataset.steps().checked_mul(neurons)? > MOST_NUMBERS {
        return None;
    }
    let input = input(dataset, i);
    let run = interpreter.run_from(&input, Recording::On, 0, i as u64).ok()?;
    let name = graph.input.name.clone();
    let mut panels = vec![Panel::Events(Events { name, width: input.width, counts: input.data })];
    for (id, layer) in graph.layers_with_ids() {
        let is_output = id == graph.output.layer;
        let LayerTrace { spikes, vmem, isyn, .. } = run.layers.get(id.index())?.clone();
        if let Some(spikes) = spikes.filter(|_| !is_output || graph.output.quantity == Quantity::Spikes) {
            let name = layer.name.clone();
            panels.push(Panel::Events(Events { name, width: layer.size, counts: spikes.data }));
        }
        if is_output {
            let (what, values) = match (&layer.neuron, vmem) {
                (Neuron::Lif(_), Some(vmem)) if graph.output.quantity != Quantity::Isyn => {
                    ("membrane", vmem.data)
                }
                _ if graph.output.quantity == Quantity::Isyn => ("current", run.output.data.clone()),
                _ => ("current", isyn.data),
            };
            panels.push(Panel::Traces(Traces {
                name: layer.name.clone(),
                what,
                width: layer.size,
                values,
                right: evaluation.labels[i],
                taken: evaluation.predictions[i],
            }));
        }
    }
    Some(panels)
}

/// Sample `i` as the engines see it: cut, or filled with silence.
fn input(dataset: &Dataset, i: usize) -> Sequence {
    let (time, width) = (dataset.steps(), dataset.channels());
    let mut data = vec![0.0; time * width];
    dataset.write_sample(i, &mut data);
    Sequence { batch: 1, time, width, data }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_shows_a_right_and_a_wrong_sample_where_there_are_such() {
        let outputs = Sequence::new(4, 1, 2, vec![1., 0., 0., 1., 0., 1., 1., 0.]).unwrap();
        let found =
            Evaluation::from_outputs(outputs, &[0, 0, 1, 0], synnet_runtime::Readout::MeanVmem).unwrap();
        let chosen = choose(&found);
        let shown: Vec<_> =
            chosen.iter().map(|c| (c.class, c.right, c.samples, c.examples.clone())).collect();
        assert_eq!(shown, [(0, 2, 3, vec![0, 1]), (1, 1, 1, vec![2])]);
    }
}
