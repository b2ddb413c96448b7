//! Charts of a comparison: disagreement over time, and firing rates.

use maud::Markup;

use super::discrepancy::Discrepancy;
use super::{Comparison, END_TO_END, LayerComparison, PAIRS, STATE_ROUNDING, WEIGHT_QUANTIZATION};
use crate::html::{Bars, Chart, Line, MAX_COLORS, Scale, Scatter};

/// Returns a chart of the disagreement in each step for every layer, and one of the fraction of samples that have
/// diverged.
pub(super) fn over_time(comparison: &Comparison<'_>) -> Vec<Markup> {
    let mut charts: Vec<Markup> =
        comparison.layers.iter().map(|layer| discrepancies(comparison, layer)).collect();
    let diverged = comparison.layers.iter().enumerate().map(|(i, layer)| Line {
        dashed: i >= MAX_COLORS,
        ..line(i, &layer.name, layer.discrepancies[END_TO_END].diverged_by_step())
    });
    let unit = "fraction of the samples, float to chip";
    charts.push(chart("Diverged samples", unit, diverged.collect(), Scale::Fraction));
    charts
}

/// Returns the chart of the disagreement between the engines in a layer.
fn discrepancies(comparison: &Comparison<'_>, layer: &LayerComparison) -> Markup {
    let names = comparison.engine_names();
    let disagreement = |discrepancy: &Discrepancy| {
        if layer.by_spikes() {
            discrepancy.spikes_by_step().into_iter().map(|agreement| Some(1.0 - agreement?)).collect()
        } else {
            discrepancy.states_by_step()
        }
    };
    // The total comes first: it is drawn behind its two parts, one of which often coincides with it.
    let lines = [END_TO_END, WEIGHT_QUANTIZATION, STATE_ROUNDING].iter().enumerate().map(|(i, &pair)| {
        let (a, b) = PAIRS[pair];
        let name = format!("{} to {}", names[a], names[b]);
        Line { dashed: pair == STATE_ROUNDING, ..line(i, &name, disagreement(&layer.discrepancies[pair])) }
    });
    let unit = if layer.by_spikes() {
        "spikes that disagree"
    } else {
        "RMS error of the state, relative to its RMS over all steps"
    };
    chart(&layer.name, unit, lines.collect(), Scale::Percent)
}

fn line(color: usize, name: &str, values: Vec<Option<f64>>) -> Line {
    Line { name: name.to_owned(), values, color, dashed: false }
}

fn chart(title: &str, unit: &str, lines: Vec<Line>, scale: Scale) -> Markup {
    Chart { title, unit, x_axis: "step", lines, scale, selected_epoch: None }.html()
}

/// Returns the charts of the firing rates: of the layers on every engine, and of the neurons in float and on the chip.
pub(super) fn rates(comparison: &Comparison<'_>) -> Vec<Markup> {
    let steps = comparison.steps();
    let spiking: Vec<&LayerComparison> = comparison.layers.iter().filter(|layer| layer.by_spikes()).collect();
    let groups = spiking.iter().map(|layer| {
        let rates = (0..comparison.engine_names().len()).map(|engine| layer.rate(engine, steps));
        (layer.name.clone(), rates.collect())
    });
    let names = comparison.engine_names();
    let bars = Bars {
        title: "Firing rates of the layers",
        unit: "spikes per neuron per step",
        names: &names,
        groups: groups.collect(),
    };
    let points = spiking.iter().map(|layer| {
        let [float, _, chip] = &layer.spikes;
        let rate = |spikes: &f64| spikes / steps.max(1) as f64;
        (layer.name.clone(), float.iter().zip(chip).map(|(a, b)| [rate(a), rate(b)]).collect())
    });
    let up = format!("on {}", comparison.input.chip.name);
    let scatter = Scatter {
        title: "Firing rates of the neurons",
        unit: "spikes per step, square-root axes",
        axes: ["in float", &up],
        groups: points.collect(),
    };
    vec![bars.html(), scatter.html()]
}
