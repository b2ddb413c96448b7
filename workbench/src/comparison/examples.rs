//! Recordings to look at: every layer on the three engines, one above the other at the same time.

use maud::{Markup, html};
use synnet_ir::display::format_percent;
use synnet_ir::graph::Quantity;

use super::discrepancy::LayerActivity;
use super::engines::{CHIP, ENGINES, Engines, FLOAT, QUANTIZED, SampleRun};
use super::{Comparison, LayerComparison, PAIRS};
use crate::error::Error;
use crate::html::{self, EventPanel, LineStyle, Mark, Panel, Trace, Traces, details, raster, side_by_side};

/// Rings that are drawn in a raster.
const MAX_MARKS: usize = 40;
/// Output neurons that are drawn.
const MAX_OUTPUTS: usize = 3;
/// Numbers of a recording beyond which it is not drawn.
const MAX_NUMBERS: usize = 1 << 26;

/// The section of the page, or nothing where no recording can be drawn.
pub(super) fn section(comparison: &Comparison<'_>) -> Result<Markup, Error> {
    let subject = comparison.subject;
    let test = &subject.experiment.corpus.test;
    let neurons: usize = comparison.layers.iter().map(|layer| layer.neurons).sum();
    if test.steps().saturating_mul(neurons) > MAX_NUMBERS {
        return Ok(html! {});
    }
    let mut engines = Engines::new(subject.network, &subject.quantized, &subject.build, test)?;
    let mut parts = Vec::new();
    for (i, why) in choose(comparison) {
        let sample_run = engines.run_sample(comparison.recordings[i])?;
        let summary = html! { (why) " " span { (comparison.verdict(i)) } };
        parts.push(details(&summary, parts.is_empty(), &side_by_side(&comparison.layers_of(i, &sample_run))));
    }
    let lead = "The chip's steps are moved by the lag of each layer, so that what belongs together stands one above the \
                other. Rings show, on the chip, where a neuron first has another number of spikes than in float. Of the \
                readout: blue float, green quantized weights, dashed orange the chip.";
    Ok(html! {
        @if !parts.is_empty() {
            (html::section("Recordings of the test set", lead, &html! { @for part in &parts { (part) } }))
        }
    })
}

/// Recordings to show, by their places among those compared, and why: one whose class differs, the one whose spikes
/// agree least, and one in the middle.
fn choose(comparison: &Comparison<'_>) -> Vec<(usize, &'static str)> {
    let mut by_similarity: Vec<(f64, usize)> =
        comparison.similarity.iter().enumerate().filter_map(|(i, share)| Some(((*share)?, i))).collect();
    by_similarity.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let at = |place: usize| by_similarity.get(place).map(|(_, i)| *i);
    let middle = at(by_similarity.len() / 2).or((!comparison.recordings.is_empty()).then_some(0));
    let candidates = [
        (comparison.changed().first().copied(), "Another class on the chip than in float"),
        (at(0), "The least agreement between float and chip"),
        (middle, "Agreement as in the middle of all recordings"),
    ];
    let mut chosen: Vec<(usize, &'static str)> = Vec::new();
    for (i, why) in candidates {
        if let Some(i) = i.filter(|i| chosen.iter().all(|(other, _)| other != i)) {
            chosen.push((i, why));
        }
    }
    chosen
}

impl Comparison<'_> {
    /// What each engine made of a recording.
    fn verdict(&self, i: usize) -> String {
        let number = format!("number {} of the test set", self.recordings[i] + 1);
        let Some(classes) = &self.classes else { return number };
        let names = &self.subject.experiment.corpus.classes;
        let name = |class: usize| names.get(class).map_or("", String::as_str);
        let [float, quantized, chip] = classes.each_ref().map(|found| name(found.predictions[i]));
        let class = name(classes[FLOAT].labels[i]);
        format!("{number}: class {class}; float says {float}, quantized weights {quantized}, the chip {chip}")
    }

    /// A picture of each layer.
    fn layers_of(&self, i: usize, sample_run: &SampleRun) -> Vec<Markup> {
        let graph = &self.subject.network.graph;
        let steps = self.subject.experiment.corpus.test.steps();
        let pictures = self.layers.iter().zip(&sample_run.layers).map(|(layer, activities)| {
            let panels =
                if layer.by_spikes() { spikes(activities) } else { self.outputs_of(i, layer, activities) };
            let note = self.note(layer, activities);
            raster(&layer.name, &note, steps, graph.dt, &panels)
        });
        pictures.collect()
    }

    /// When a layer first differs in a recording, and how far it agrees.
    fn note(&self, layer: &LayerComparison, activities: &[LayerActivity; ENGINES]) -> String {
        let (a, b) = PAIRS[super::END_TO_END];
        let discrepancy = super::Discrepancy::between(&activities[a], &activities[b], layer.metric);
        let agree = discrepancy.spikes().filter(|_| layer.by_spikes());
        let agree =
            agree.map_or(String::new(), |share| format!("{} of the spikes agree; ", format_percent(share)));
        match discrepancy.divergence().earliest {
            Some(step) => format!("{agree}float and chip differ from {} on", self.time(step)),
            None => format!("{agree}float and chip never differ"),
        }
    }

    /// The outputs that matter: the true class and what was taken for it, or the first ones.
    fn outputs_of(
        &self,
        i: usize,
        layer: &LayerComparison,
        activities: &[LayerActivity; ENGINES],
    ) -> Vec<Panel> {
        let mut shown: Vec<usize> = Vec::new();
        if let Some(classes) = &self.classes {
            let [float, quantized, chip] = classes.each_ref().map(|found| found.predictions[i]);
            shown.extend([classes[FLOAT].labels[i], float, chip, quantized]);
            shown.extend(runner_up(classes[FLOAT].outputs.sample(i), float));
        } else {
            shown.extend(0..MAX_OUTPUTS);
        }
        let mut unique = Vec::new();
        shown.retain(|output| {
            let is_new = *output < layer.neurons && !unique.contains(output);
            unique.extend(is_new.then_some(*output));
            is_new
        });
        shown.truncate(MAX_OUTPUTS);
        let names = &self.subject.experiment.corpus.classes;
        let what = match self.subject.network.graph.output.quantity {
            Quantity::Isyn => "current",
            _ => "membrane",
        };
        let panel = |output: usize| {
            let name = match (&self.classes, names.get(output)) {
                (Some(_), Some(class)) => format!("class {class}"),
                _ => format!("output {output}"),
            };
            let looks =
                [(FLOAT, LineStyle::Correct), (QUANTIZED, LineStyle::Color(2)), (CHIP, LineStyle::Predicted)];
            let lines = looks.map(|(engine, style)| {
                let activity = &activities[engine];
                let values = activity.states.iter().skip(output).step_by(activity.neurons.max(1)).copied();
                Trace { values: values.collect(), style }
            });
            Panel::Traces(Traces { name, what, lines: lines.into() })
        };
        shown.into_iter().map(panel).collect()
    }
}

/// The greatest output but one.
fn runner_up(statistic: &[f32], first: usize) -> Option<usize> {
    let others = statistic.iter().enumerate().filter(|(i, _)| *i != first);
    others.max_by(|a, b| a.1.total_cmp(b.1)).map(|(i, _)| i)
}

/// The spikes of a layer on each engine.
fn spikes(activities: &[LayerActivity; ENGINES]) -> Vec<Panel> {
    let names = [(FLOAT, "float"), (QUANTIZED, "quantized"), (CHIP, "chip")];
    let panels = names.map(|(engine, name)| {
        let LayerActivity { neurons, spikes, .. } = &activities[engine];
        let marks = if engine == CHIP {
            first_differences(&activities[FLOAT], &activities[CHIP])
        } else {
            Vec::new()
        };
        Panel::EventPanel(EventPanel { name: name.into(), width: *neurons, counts: spikes.clone(), marks })
    });
    panels.into()
}

/// Where each neuron first spikes differently; the earliest of them.
fn first_differences(a: &LayerActivity, b: &LayerActivity) -> Vec<Mark> {
    let width = a.neurons.max(1);
    let mut seen = vec![false; a.neurons];
    let places = a.spikes.iter().zip(&b.spikes).enumerate().filter(|(_, (a, b))| a != b);
    let marks = places.filter_map(|(place, _)| {
        let (step, neuron) = (place / width, place % width);
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
