//! Findings: where a loss of accuracy comes from, which layer causes it, and what to do about it.

use std::cmp::Ordering;

use serde::Serialize;
use synnet_ir::display::{format_percent, format_time_rounded};
use synnet_xylo::codes::TAU_MISMATCH;

use super::engines::{CHIP, ENGINES, FLOAT};
use super::{Comparison, END_TO_END, LayerComparison, PAIRS, STATE_ROUNDING, WEIGHT_QUANTIZATION};
use crate::html::format_number;

/// Minimum loss of accuracy for which advice is given although chance may explain it.
const NOTABLE_LOSS: f64 = 0.01;
/// Minimum drop of agreement from one layer to the next to report.
const NOTABLE_DROP: f64 = 0.05;
/// Minimum relative change of a firing rate to report.
const NOTABLE_RATE: f64 = 0.1;
/// Minimum relative error of a layer's weights or thresholds to report.
const NOTABLE_ERROR: f64 = 0.05;
/// Minimum fraction of a layer's neurons that are silent on the chip only to report.
const NOTABLE_SILENCED: f64 = 0.05;
/// Minimum fraction of a layer's neurons that never spike to report.
const NOTABLE_SILENT: f64 = 0.1;
/// Factor by which one cause must exceed the other to be called the main cause.
const OUTWEIGHS: f64 = 2.0;

/// How to use measured ranges.
const MEASURE: &str = "quantize with calibrated ranges (`quantize: { weight_shifts: true }` in the recipe)";

/// A conclusion from a comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The subject of the finding.
    pub kind: Kind,
    /// The layer that the finding is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    /// The finding, in lower case and without a period. Names stand between backticks.
    pub message: String,
    /// Advice, in the same form; `None` if nothing needs to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// The subject of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Accuracy and changed classes, and their cause.
    Classes,
    /// The error of the output, and its cause.
    Output,
    /// The layer that diverges first, and the layer at which agreement drops most.
    Divergence,
    /// Layers whose states saturate.
    Saturation,
    /// A layer that is silent, or has silent neurons.
    Silence,
    /// A layer whose firing rate differs from float.
    Rate,
    /// Weights or thresholds with a large quantization error.
    Weights,
    /// Time constants that the chip can only approximate.
    TimeConstants,
    /// Different limits on the spikes of a neuron per step.
    SpikeCap,
    /// Input events that the chip drops.
    ClippedInput,
}

impl Finding {
    fn new(kind: Kind, message: String) -> Self {
        Self { kind, layer: None, message, help: None }
    }

    fn about_layer(layer: &LayerComparison, kind: Kind, message: String) -> Self {
        Self { layer: Some(layer.name.clone()), ..Self::new(kind, message) }
    }

    fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// Numbers of samples whose predicted class changes from one engine to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Changes {
    /// All changes.
    changed: usize,
    /// Changes from correct to incorrect.
    lost: usize,
    /// Changes from incorrect to correct.
    gained: usize,
}

impl Changes {
    fn new(before: &[usize], after: &[usize], labels: &[usize]) -> Self {
        let mut changes = Self::default();
        for ((before, after), label) in before.iter().zip(after).zip(labels) {
            changes.changed += usize::from(before != after);
            changes.lost += usize::from(before == label && after != label);
            changes.gained += usize::from(before != label && after == label);
        }
        changes
    }

    /// Returns whether losses and gains differ significantly at the 5 % level, by McNemar's test. The exact test is
    /// used for up to `MAX_EXACT` changes, because 2^-n underflows beyond; then its normal approximation.
    fn is_significant(self) -> bool {
        const MAX_EXACT: usize = 1000;
        let (n, less) = (self.lost + self.gained, self.lost.min(self.gained));
        if n > MAX_EXACT {
            return self.lost.abs_diff(self.gained) as f64 > 1.0 + 1.96 * (n as f64).sqrt();
        }
        // The probabilities of k losses (or gains) among n changes: binomial(n, k) 2^-n.
        let probabilities = (0..=less).scan(0.5f64.powi(n as i32), |next, k| {
            let probability = *next;
            *next *= (n - k) as f64 / (k + 1) as f64;
            Some(probability)
        });
        2.0 * probabilities.sum::<f64>() < 0.05
    }
}

impl Comparison<'_> {
    /// Returns all findings, the most important ones first.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self.classes().into_iter().chain(self.output()).collect();
        findings.extend(self.divergence());
        findings.extend(self.saturation());
        for layer in &self.layers {
            findings.extend(self.activity(layer).filter(|_| layer.by_spikes()));
            findings.extend(self.spike_limits(layer));
            findings.extend(self.weights(layer));
        }
        findings.extend(self.corrupted_weights());
        findings.extend(self.time_constants());
        findings.extend(self.clipped_input());
        findings
    }

    /// Returns the changes of class for each of [`PAIRS`].
    fn changes(&self) -> Option<[Changes; 3]> {
        let evaluations = self.evaluations.as_ref()?;
        Some(PAIRS.map(|(a, b)| {
            Changes::new(&evaluations[a].predictions, &evaluations[b].predictions, &evaluations[a].labels)
        }))
    }

    /// Reports accuracy, changed classes, and whether weights or states cause them.
    fn classes(&self) -> Option<Finding> {
        let changes = self.changes()?;
        let (all, n) = (changes[END_TO_END], self.samples.len());
        let [float, quantized, chip] =
            self.evaluations.as_ref()?.each_ref().map(|found| format_percent(found.accuracy));
        if changes.iter().all(|changes| changes.changed == 0) {
            let message =
                format!("all {n} samples have the same class on all three engines ({float} are correct)");
            return Some(Finding::new(Kind::Classes, message));
        }
        let significance =
            if all.is_significant() { "statistically significant" } else { "not statistically significant" };
        let (weights, states) = (changes[WEIGHT_QUANTIZATION].changed, changes[STATE_ROUNDING].changed);
        let message = format!(
            "accuracy is {float} in float, {quantized} with quantized weights, and {chip} on the chip; {} of {n} \
             samples have another class on the chip than in float, {} of them incorrect now and {} correct now \
             ({significance}); quantized weights, thresholds and leaks change the class of {weights}, integer states \
             that of {states}",
            all.changed, all.lost, all.gained
        );
        let finding = Finding::new(Kind::Classes, message);
        let loss = (all.lost as f64 - all.gained as f64) / n.max(1) as f64;
        let matters = loss > 0.0 && (all.is_significant() || loss >= NOTABLE_LOSS);
        Some(match cause(weights as f64, states as f64).filter(|_| matters) {
            Some(Cause::Weights) => finding.with_help(self.finer_weights()),
            Some(Cause::States) => finding.with_help(self.finer_states()),
            None => finding,
        })
    }

    /// Reports the error of the readout, and whether weights or states cause it.
    fn output(&self) -> Option<Finding> {
        let layer = self.layers.iter().find(|layer| layer.readout)?;
        let by_spikes = layer.by_spikes();
        let error = |pair: usize| {
            let discrepancy = &layer.discrepancies[pair];
            if by_spikes {
                discrepancy.spikes().map(|agreement| 1.0 - agreement)
            } else {
                discrepancy.states()
            }
        };
        let all = error(END_TO_END)?;
        // No value means that the output is 0 with quantized weights; integer states cannot make it worse.
        let (weights, states) = (error(WEIGHT_QUANTIZATION)?, error(STATE_ROUNDING).unwrap_or(0.0));
        let error = if by_spikes {
            format!("{} of the output spikes disagree", format_percent(all))
        } else {
            format!("the output has an RMS error of {}", format_percent(all))
        };
        let cause = cause(weights, states);
        let mainly = match cause {
            Some(Cause::Weights) => "; quantized weights, thresholds and leaks are the main cause",
            Some(Cause::States) => "; integer states and their limits are the main cause",
            None if all == 0.0 => "",
            None => "; weights and states contribute about equally",
        };
        let message = format!(
            "{error} between float and chip: {} from weights alone, {} from states alone{mainly}",
            format_percent(weights),
            format_percent(states)
        );
        Some(Finding::new(Kind::Output, message))
    }

    /// Reports the layer that diverges first, and the layer at which agreement drops most.
    fn divergence(&self) -> Option<Finding> {
        let spiking: Vec<&LayerComparison> = self.layers.iter().filter(|layer| layer.by_spikes()).collect();
        let diverged = |layer: &LayerComparison| layer.discrepancies[END_TO_END].divergence();
        let when = |layer: &LayerComparison| {
            let divergence = diverged(layer);
            (divergence.median.unwrap_or(usize::MAX), divergence.earliest.unwrap_or(usize::MAX))
        };
        let first = *spiking.iter().min_by_key(|layer| when(layer))?;
        let divergence = diverged(first);
        let Some(earliest) = divergence.earliest else {
            let message = "no layer diverges: all spikes on the chip are those in float".to_owned();
            return Some(Finding::new(Kind::Divergence, message));
        };
        let n = self.samples.len();
        let mut message = format!("`{}` is the first layer to diverge: ", first.name);
        message += &match divergence.median {
            Some(median) => {
                format!("in half of the samples by step {} ({})", median + 1, self.time(median + 1))
            }
            None => {
                format!("in {} of {n} samples, at step {} at the earliest", divergence.samples, earliest + 1)
            }
        };
        let agreement = |layer: &LayerComparison| layer.discrepancies[END_TO_END].spikes();
        let drops = spiking.windows(2).filter_map(|pair| {
            let (before, after) = (agreement(pair[0])?, agreement(pair[1])?);
            Some((before - after, pair[1], before, after))
        });
        let worst = drops.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(drop, ..)| *drop >= NOTABLE_DROP);
        let Some((_, layer, before, after)) = worst else {
            return Some(Finding::about_layer(first, Kind::Divergence, message));
        };
        let discrepancy =
            |pair: usize| layer.discrepancies[pair].spikes().map_or(0.0, |agreement| 1.0 - agreement);
        let why = match cause(discrepancy(WEIGHT_QUANTIZATION), discrepancy(STATE_ROUNDING)) {
            Some(Cause::Weights) => ", mainly because of weights",
            Some(Cause::States) => ", mainly because of states",
            None => ", because of weights and states alike",
        };
        message += &format!(
            "; agreement drops most at `{}`, from {} to {}{why}",
            layer.name,
            format_percent(before),
            format_percent(after)
        );
        Some(Finding::about_layer(first, Kind::Divergence, message))
    }

    /// Reports the layers whose states saturate, the worst first.
    fn saturation(&self) -> Option<Finding> {
        let mut layers: Vec<&LayerComparison> =
            self.layers.iter().filter(|layer| layer.saturated_neurons() > 0).collect();
        layers.sort_by(|a, b| b.saturations(1).1.total_cmp(&a.saturations(1).1));
        let each = layers.iter().map(|layer| {
            let fraction = fine_percent(layer.saturations(self.chip_steps()).1);
            let (some, all) = (layer.saturated_neurons(), layer.neurons);
            format!("`{}` in {fraction} of its neuron steps ({some} of {all} neurons)", layer.name)
        });
        let message =
            format!("states saturate at the chip's 16-bit range: {}", each.collect::<Vec<_>>().join(", "));
        let worst = layers.first()?;
        Some(Finding::about_layer(worst, Kind::Saturation, message).with_help(self.more_headroom()))
    }

    /// Advice on errors of weights.
    fn finer_weights(&self) -> String {
        let method = self.input.options.method;
        match method.rockpool() {
            Some(_) => format!("choose another quantizer: `{}` is for comparison only", method.name()),
            None => "use quantization-aware training (`quantize: { aware: true }`), or try another quantizer"
                .into(),
        }
    }

    /// Advice on saturation.
    fn more_headroom(&self) -> String {
        let options = &self.input.options;
        let train = "or train with smaller weights";
        match options.ranges {
            _ if options.method.rockpool().is_some() => {
                format!(
                    "set `quantize: {{ method: channel, weight_shifts: true }}` for calibrated ranges, {train}"
                )
            }
            Some(_) => format!("quantize with a `headroom` above {}, {train}", options.headroom),
            None => format!("{MEASURE}, {train}"),
        }
    }

    /// Advice on errors of states.
    fn finer_states(&self) -> String {
        let (options, report) = (&self.input.options, &self.input.build.report);
        let unshifted = report.weight_shift_in + report.weight_shift_rec + report.weight_shift_out == 0;
        let saturated = self.layers.iter().any(|layer| layer.saturated_neurons() > 0);
        match options.ranges {
            _ if saturated => self.more_headroom(),
            None => format!("{MEASURE}: it enables weight shifts, which make states finer"),
            Some(_) if unshifted && !options.weight_shifts => {
                "set `weight_shifts: true`, which makes states finer".into()
            }
            Some(_) => self.finer_weights(),
        }
    }

    /// Reports silence, or else a firing rate that differs from float.
    fn activity(&self, layer: &LayerComparison) -> Option<Finding> {
        let [float, quantized, chip]: [f64; ENGINES] =
            std::array::from_fn(|engine| layer.rate(engine, self.steps()));
        let name = &layer.name;
        if float == 0.0 && chip == 0.0 {
            let message = format!("`{name}` never spikes, neither in float nor on the chip");
            let help = "use larger initial weights, or a rate regularizer that keeps rates above 0";
            return Some(Finding::about_layer(layer, Kind::Silence, message).with_help(help));
        }
        if chip == 0.0 {
            let already = if quantized == 0.0 { ", and already with quantized weights" } else { "" };
            let message = format!(
                "`{name}` is silent on the chip{already}; in float it spikes {float:.3} times per neuron per step"
            );
            return Some(Finding::about_layer(layer, Kind::Silence, message).with_help(self.finer_weights()));
        }
        let silenced = layer.silenced();
        if silenced as f64 >= NOTABLE_SILENCED * layer.neurons as f64 && silenced > 0 {
            let message = format!(
                "{silenced} of {} neurons of `{name}` spike in float, but never on the chip",
                layer.neurons
            );
            return Some(Finding::about_layer(layer, Kind::Silence, message).with_help(self.finer_weights()));
        }
        let silent = layer.silent(FLOAT);
        let idle = silent as f64 >= NOTABLE_SILENT * layer.neurons as f64;
        if idle && layer.silent(CHIP) >= silent {
            let message = format!(
                "{silent} of {} neurons of `{name}` never spike, neither in float nor on the chip",
                layer.neurons
            );
            let help = "make the layer smaller, or train it with a rate regularizer that keeps rates above 0";
            return Some(Finding::about_layer(layer, Kind::Silence, message).with_help(help));
        }
        let change = chip / float - 1.0;
        (change.abs() > NOTABLE_RATE).then(|| {
            let direction = if change > 0.0 { "more" } else { "less" };
            let message = format!(
                "`{name}` spikes {} {direction} on the chip: {chip:.3} times per neuron per step, {float:.3} in float",
                format_percent(change.abs())
            );
            Finding::about_layer(layer, Kind::Rate, message)
        })
    }

    /// Reports limits on the spikes per step that differ between network and chip.
    fn spike_limits(&self, layer: &LayerComparison) -> Option<Finding> {
        let events = &self.input.chip.events;
        let limit = if layer.readout { events.readout } else { events.hidden };
        let name = &layer.name;
        if layer.above_chip_limit > 0 && layer.by_spikes() {
            let message = format!(
                "`{name}` exceeds the chip's limit of {limit} spikes per neuron per step in {} neuron steps in float",
                layer.above_chip_limit
            );
            let help = format!("declare `max_spikes: {limit}` and train again");
            return Some(Finding::about_layer(layer, Kind::SpikeCap, message).with_help(help));
        }
        (layer.above_max_spikes > 0 && layer.by_spikes()).then(|| {
            let message = format!(
                "`{name}` exceeds its `max_spikes` in {} neuron steps on the chip, whose limit is {limit}",
                layer.above_max_spikes
            );
            let help = format!("declare `max_spikes: {limit}`, the chip's limit, and train again");
            Finding::about_layer(layer, Kind::SpikeCap, message).with_help(help)
        })
    }

    /// Reports notable quantization errors of weights and thresholds.
    fn weights(&self, layer: &LayerComparison) -> Option<Finding> {
        let report = self.input.build.report.layers.iter().find(|report| report.name == layer.name)?;
        let message = format!(
            "weights into `{}` have an RMS error of {} ({} became 0, {} were clipped); its thresholds are off by up to {}",
            layer.name,
            format_percent(report.weight_error),
            report.vanished,
            report.saturated,
            format_percent(report.threshold_error)
        );
        let notable = report.weight_error.max(report.threshold_error) >= NOTABLE_ERROR;
        notable.then(|| Finding::about_layer(layer, Kind::Weights, message).with_help(self.finer_weights()))
    }

    /// Reports parameters that overflow or are lost. Only quantizers that reproduce Rockpool's do that.
    fn corrupted_weights(&self) -> Option<Finding> {
        let report = &self.input.build.report;
        let message = format!(
            "quantizer `{}` overflowed {} weights in 8 bits and lost {} biases",
            report.method.name(),
            report.wrapped,
            report.lost_biases
        );
        let finding = Finding::new(Kind::Weights, message).with_help("choose another quantizer");
        (report.wrapped + report.lost_biases > 0).then_some(finding)
    }

    /// Reports time constants that the chip approximates.
    fn time_constants(&self) -> Option<Finding> {
        let warnings = self.input.build.warnings.iter();
        let approximated: Vec<&str> =
            warnings.filter(|w| w.code == &TAU_MISMATCH).map(|w| w.message.as_str()).collect();
        let message = format!(
            "the chip approximates time constants ({}): {}",
            TAU_MISMATCH.id,
            approximated.join("; ")
        );
        let help = format!(
            "declare time constants that are whole bit shifts and train again; see `snnc explain {}`",
            TAU_MISMATCH.id
        );
        (!approximated.is_empty()).then(|| Finding::new(Kind::TimeConstants, message).with_help(help))
    }

    /// Reports input events that the chip drops.
    fn clipped_input(&self) -> Option<Finding> {
        let limit = self.input.chip.events.input;
        let message = format!(
            "the chip drops {} of {} input events: it accepts at most {limit} per channel per step",
            self.clipped_events, self.input_events
        );
        let help = "use a shorter `dt`, or an audio front end with fewer events";
        (self.clipped_events > 0).then(|| Finding::new(Kind::ClippedInput, message).with_help(help))
    }

    /// Formats the duration of `steps` time steps.
    pub(super) fn time(&self, steps: usize) -> String {
        format_time_rounded(steps as f64 * self.input.network.graph.dt)
    }

    /// Returns the samples, as indices into the compared ones, whose class on the chip differs from float. Samples that
    /// are correct in float come first.
    pub(super) fn changed_samples(&self) -> Vec<usize> {
        let Some(evaluations) = &self.evaluations else { return Vec::new() };
        let (float, chip) = (&evaluations[FLOAT], &evaluations[CHIP]);
        let mut changed: Vec<usize> =
            (0..self.samples.len()).filter(|&i| float.predictions[i] != chip.predictions[i]).collect();
        changed.sort_by_key(|&i| float.predictions[i] != float.labels[i]);
        changed
    }
}

/// The main cause of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// Quantized weights, thresholds and leaks.
    Weights,
    /// Integer states and their limits.
    States,
}

/// Returns the cause that exceeds the other by [`OUTWEIGHS`], if one does.
fn cause(weights: f64, states: f64) -> Option<Cause> {
    let outweighs = |a: f64, b: f64| a > 0.0 && a.partial_cmp(&(OUTWEIGHS * b)) != Some(Ordering::Less);
    match (outweighs(weights, states), outweighs(states, weights)) {
        (true, false) => Some(Cause::Weights),
        (false, true) => Some(Cause::States),
        _ => None,
    }
}

/// Formats a fraction in percent with three significant digits.
pub(super) fn fine_percent(fraction: f64) -> String {
    format!("{} %", format_number(100.0 * fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_class_are_tested_for_significance() {
        let labels = vec![0; 20];
        let all_right = vec![0; 20];
        let mut after = all_right.clone();
        after[..3].fill(1);
        let few = Changes::new(&all_right, &after, &labels);
        assert_eq!(few, Changes { changed: 3, lost: 3, gained: 0 });
        // By chance, 5 changes are all losses or all gains with probability 1/16, 6 changes with 1/32.
        for (lost, gained, expected) in [
            (0, 0, false),
            (3, 0, false),
            (5, 0, false),
            (6, 0, true),
            (0, 6, true),
            (9, 4, false),
            (60, 30, true),
            (500, 500, false),
            (560, 440, true),
            (1100, 1000, true),
            (1050, 1000, false),
        ] {
            let changes = Changes { changed: lost + gained, lost, gained };
            assert_eq!(changes.is_significant(), expected, "{lost} lost, {gained} gained");
        }
        // From one incorrect class to another: neither lost nor gained.
        let moved = Changes::new(&[1, 1], &[2, 0], &[0, 0]);
        assert_eq!(moved, Changes { changed: 2, lost: 0, gained: 1 });
    }

    #[test]
    fn a_cause_must_outweigh_the_other() {
        for (weights, states, expected) in [
            (4.0, 1.0, Some(Cause::Weights)),
            (1.0, 2.0, Some(Cause::States)),
            (3.0, 2.0, None),
            (0.0, 0.0, None),
            (1.0, 0.0, Some(Cause::Weights)),
        ] {
            assert_eq!(cause(weights, states), expected, "{weights} {states}");
        }
    }
}
