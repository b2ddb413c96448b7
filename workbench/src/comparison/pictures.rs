//! The comparison as pictures: agreement and errors over time, rates.

use maud::Markup;

use super::statistics::Gap;
use super::{BY_STATES, BY_WEIGHTS, Comparison, IN_ALL, LayerComparison, PAIRS};
use crate::page::{Bars, Chart, HUES, Line, Scale, Scatter};

/// For each layer how far the engines are apart in each step, and for all of them in how many recordings.
pub(super) fn over_time(comparison: &Comparison<'_>) -> Vec<Markup> {
    let mut pictures: Vec<Markup> = comparison.layers.iter().map(|layer| gaps(comparison, layer)).collect();
    let parted = comparison.layers.iter().enumerate().map(|(i, layer)| Line {
        dashed: i >= HUES,
        ..line(i, &layer.name, layer.gaps[IN_ALL].parted_by_step())
    });
    let unit = "share of the recordings, float to chip";
    pictures.push(chart("Recordings that differ by then", unit, parted.collect(), Scale::Share));
    pictures
}

/// How far the engines are apart in a layer.
fn gaps(comparison: &Comparison<'_>, layer: &LayerComparison) -> Markup {
    let names = comparison.engine_names();
    let apart = |gap: &Gap| {
        if layer.by_spikes() {
            gap.spikes_by_step().into_iter().map(|share| Some(1.0 - share?)).collect()
        } else {
            gap.states_by_step()
        }
    };
    // What both do together lies behind its parts, which often cover it.
    let lines = [IN_ALL, BY_WEIGHTS, BY_STATES].iter().enumerate().map(|(i, &pair)| {
        let (a, b) = PAIRS[pair];
        let name = format!("{} to {}", names[a], names[b]);
        Line { dashed: pair == BY_STATES, ..line(i, &name, apart(&layer.gaps[pair])) }
    });
    let unit = if layer.by_spikes() {
        "spikes that do not agree"
    } else {
        "error of the state, relative to its root mean square over all steps"
    };
    chart(&layer.name, unit, lines.collect(), Scale::Percent)
}

fn line(color: usize, name: &str, values: Vec<Option<f64>>) -> Line {
    Line { name: name.to_owned(), values, color, dashed: false }
}

fn chart(title: &str, unit: &str, lines: Vec<Line>, scale: Scale) -> Markup {
    Chart { title, unit, across: "step", lines, scale, kept: None }.html()
}

/// Rates of the layers, and of every neuron in float and on the chip.
pub(super) fn rates(comparison: &Comparison<'_>) -> Vec<Markup> {
    let steps = comparison.steps();
    let spiking: Vec<&LayerComparison> = comparison.layers.iter().filter(|layer| layer.by_spikes()).collect();
    let groups = spiking.iter().map(|layer| {
        let rates = (0..comparison.engine_names().len()).map(|engine| layer.rate(engine, steps));
        (layer.name.clone(), rates.collect())
    });
    let names = comparison.engine_names();
    let bars = Bars {
        title: "Rates of the layers",
        unit: "spikes per neuron and step",
        names: &names,
        groups: groups.collect(),
    };
    let points = spiking.iter().map(|layer| {
        let [float, _, chip] = &layer.spikes;
        let rate = |spikes: &f64| spikes / steps.max(1) as f64;
        (layer.name.clone(), float.iter().zip(chip).map(|(a, b)| [rate(a), rate(b)]).collect())
    });
    let up = format!("on {}", comparison.subject.chip.name);
    let scatter = Scatter {
        title: "Rates of the neurons",
        unit: "spikes per step, axes as square roots",
        axes: ["in float", &up],
        groups: points.collect(),
    };
    vec![bars.html(), scatter.html()]
}
