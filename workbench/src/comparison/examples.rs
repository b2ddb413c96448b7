//! Example samples of a comparison: every layer on the three engines, aligned in time.

use maud::{Markup, html};
use synnet_ir::display::format_percent;
use synnet_ir::graph::Quantity;

use super::discrepancy::LayerActivity;
use super::engines::{CHIP, ENGINES, Engines, FLOAT, QUANTIZED, SampleRun};
use super::{Comparison, LayerComparison, PAIRS};
use crate::error::Error;
use crate::html::{self, EventPanel, LineStyle, Mark, Panel, Trace, Traces, details, raster, side_by_side};

/// Maximum number of rings in a raster.
const MAX_MARKS: usize = 40;
/// Maximum number of output neurons to draw.
const MAX_OUTPUTS: usize = 3;
/// Maximum number of values per state in a sample. Larger samples are not drawn: their traces take too much memory.
const MAX_VALUES: usize = 1 << 26;

/// Returns the section of the report; empty if no sample can be drawn.
pub(super) fn section(comparison: &Comparison<'_>) -> Result<Markup, Error> {
    let input = comparison.input;
    let test = &input.experiment.corpus.test;
    let neurons: usize = comparison.layers.iter().map(|layer| layer.neurons).sum();
    if test.steps().saturating_mul(neurons) > MAX_VALUES {
        return Ok(html! {});
    }
    let mut engines = Engines::new(input.network, &input.quantized, &input.build, test)?;
    let mut parts = Vec::new();
    for (i, reason) in choose(comparison) {
        let sample_run = engines.run_sample(comparison.samples[i])?;
        let summary = html! { (reason) " " span { (comparison.predictions_summary(i)) } };
        parts.push(details(
            &summary,
            parts.is_empty(),
            &side_by_side(&comparison.draw_layers(i, &sample_run)),
        ));
    }
    let lead = "The chip's steps are shifted by the lag of each layer, so that the engines are aligned. A ring marks \
                the first step in which a neuron's spike count on the chip differs from float. In the readout, the \
                blue line is float, the green line has quantized weights, and the dashed orange line is the chip.";
    Ok(html! {
        @if !parts.is_empty() {
            (html::section("Test samples", lead, &html! { @for part in &parts { (part) } }))
        }
    })
}

/// Chooses the samples to show, as indices into the compared samples, each with a reason: one whose class differs, the
/// one with the lowest agreement, and the median.
fn choose(comparison: &Comparison<'_>) -> Vec<(usize, &'static str)> {
    let mut by_similarity: Vec<(f64, usize)> =
        comparison.similarity.iter().enumerate().filter_map(|(i, s)| Some(((*s)?, i))).collect();
    by_similarity.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let at = |place: usize| by_similarity.get(place).map(|(_, i)| *i);
    // Without a spiking layer there are no similarities: show the first sample.
    let median = at(by_similarity.len() / 2).or((!comparison.samples.is_empty()).then_some(0));
    let candidates = [
        (comparison.changed_samples().first().copied(), "Different class on the chip than in float"),
        (at(0), "Lowest agreement between float and chip"),
        (median, "Median agreement between float and chip"),
    ];
    let mut chosen: Vec<(usize, &'static str)> = Vec::new();
    for (i, reason) in candidates {
        if let Some(i) = i.filter(|i| chosen.iter().all(|(other, _)| other != i)) {
            chosen.push((i, reason));
        }
    }
    chosen
}

impl Comparison<'_> {
    /// Names a sample, its label, and the prediction of each engine.
    fn predictions_summary(&self, i: usize) -> String {
        let number = format!("sample {} of the test set", self.samples[i]);
        let Some(evaluations) = &self.evaluations else { return number };
        let names = &self.input.experiment.corpus.classes;
        let name = |class: usize| names.get(class).map_or("", String::as_str);
        let [float, quantized, chip] = evaluations.each_ref().map(|found| name(found.predictions[i]));
        let class = name(evaluations[FLOAT].labels[i]);
        format!(
            "{number}, class {class}: predicted {float} in float, {quantized} with quantized weights, {chip} on chip"
        )
    }

    /// Draws each layer.
    fn draw_layers(&self, i: usize, sample_run: &SampleRun) -> Vec<Markup> {
        let graph = &self.input.network.graph;
        let steps = self.input.experiment.corpus.test.steps();
        let figures = self.layers.iter().zip(&sample_run.layers).map(|(layer, activities)| {
            let panels = if layer.by_spikes() {
                spike_panels(activities)
            } else {
                self.output_panels(i, layer, activities)
            };
            let note = self.note(layer, activities);
            raster(&layer.name, &note, steps, graph.dt, &panels)
        });
        figures.collect()
    }

    /// Summarizes the agreement of float and chip in a layer and their first divergence.
    fn note(&self, layer: &LayerComparison, activities: &[LayerActivity; ENGINES]) -> String {
        let (a, b) = PAIRS[super::END_TO_END];
        let discrepancy = super::Discrepancy::between(&activities[a], &activities[b], layer.metric);
        let agreement = discrepancy.spikes().filter(|_| layer.by_spikes());
        let agreement =
            agreement.map_or(String::new(), |x| format!("{} of the spikes agree; ", format_percent(x)));
        match discrepancy.divergence().earliest {
            Some(step) => format!("{agreement}float and chip diverge at {}", self.time(step)),
            None => format!("{agreement}float and chip do not diverge"),
        }
    }

    /// Draws the outputs that matter: the true class, the predicted ones and the runner-up, or without classes the
    /// first outputs.
    fn output_panels(
        &self,
        i: usize,
        layer: &LayerComparison,
        activities: &[LayerActivity; ENGINES],
    ) -> Vec<Panel> {
        let mut shown: Vec<usize> = Vec::new();
        if let Some(evaluations) = &self.evaluations {
            let [float, quantized, chip] = evaluations.each_ref().map(|found| found.predictions[i]);
            shown.extend([evaluations[FLOAT].labels[i], float, chip, quantized]);
            shown.extend(runner_up(evaluations[FLOAT].scores_of(i), float));
        } else {
            shown.extend(0..MAX_OUTPUTS);
        }
        let mut unique = Vec::new();
        shown.retain(|output| {
            let shows = *output < layer.neurons && !unique.contains(output);
            unique.extend(shows.then_some(*output));
            shows
        });
        shown.truncate(MAX_OUTPUTS);
        let names = &self.input.experiment.corpus.classes;
        let quantity = match self.input.network.graph.output.quantity {
            Quantity::Isyn => "current",
            _ => "membrane",
        };
        let panel = |output: usize| {
            let name = match (&self.evaluations, names.get(output)) {
                (Some(_), Some(class)) => format!("class {class}"),
                _ => format!("output {output}"),
            };
            let styles =
                [(FLOAT, LineStyle::Correct), (QUANTIZED, LineStyle::Color(2)), (CHIP, LineStyle::Predicted)];
            let lines = styles.map(|(engine, style)| {
                let activity = &activities[engine];
                let values = activity.states.iter().skip(output).step_by(activity.neurons.max(1)).copied();
                Trace { values: values.collect(), style }
            });
            Panel::Traces(Traces { name, quantity, lines: lines.into() })
        };
        shown.into_iter().map(panel).collect()
    }
}

/// Returns the class with the highest score besides `first`.
fn runner_up(scores: &[f32], first: usize) -> Option<usize> {
    let others = scores.iter().enumerate().filter(|(i, _)| *i != first);
    others.max_by(|a, b| a.1.total_cmp(b.1)).map(|(i, _)| i)
}

/// Draws the spikes of a layer on each engine.
fn spike_panels(activities: &[LayerActivity; ENGINES]) -> Vec<Panel> {
    let names = [(FLOAT, "float"), (QUANTIZED, "quantized"), (CHIP, "chip")];
    let panels = names.map(|(engine, name)| {
        let LayerActivity { neurons, spikes, .. } = &activities[engine];
        let marks = if engine == CHIP {
            first_differences(&activities[FLOAT], &activities[CHIP])
        } else {
            Vec::new()
        };
        Panel::Events(EventPanel { name: name.into(), width: *neurons, counts: spikes.clone(), marks })
    });
    panels.into()
}

/// Marks the first step in which each neuron's spike count differs; at most [`MAX_MARKS`], the earliest ones.
fn first_differences(a: &LayerActivity, b: &LayerActivity) -> Vec<Mark> {
    let width = a.neurons.max(1);
    let mut seen = vec![false; a.neurons];
    let differences = a.spikes.iter().zip(&b.spikes).enumerate().filter(|(_, (a, b))| a != b);
    let marks = differences.filter_map(|(i, _)| {
        let (step, neuron) = (i / width, i % width);
        let is_first = !std::mem::replace(&mut seen[neuron], true);
        is_first.then_some(Mark { step, neuron })
    });
    marks.take(MAX_MARKS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_neuron_is_marked_at_its_first_divergence() {
        let activity =
            |spikes: [f32; 8]| LayerActivity { neurons: 2, spikes: spikes.into(), states: vec![0.0; 8] };
        let a = activity([0., 1., 1., 0., 0., 1., 1., 0.]);
        let b = activity([0., 1., 2., 0., 0., 0., 0., 0.]);
        let marks = first_differences(&a, &b);
        assert_eq!(marks, [Mark { step: 1, neuron: 0 }, Mark { step: 2, neuron: 1 }]);
        assert_eq!(first_differences(&a, &a), []);
    }

    #[test]
    fn runner_up_is_the_second_maximum() {
        assert_eq!(runner_up(&[0.1, 0.9, 0.5], 1), Some(2));
        assert_eq!(runner_up(&[0.1], 0), None);
    }
}
