//! What the numbers say, in words: where a loss comes from, which layer is to blame, and what to do about it.

use std::cmp::Ordering;

use serde::Serialize;
use synnet_ir::display::{format_percent, format_time_rounded};
use synnet_xylo::codes::TAU_MISMATCH;

use super::engines::{CHIP, ENGINES, FLOAT};
use super::{Comparison, END_TO_END, LayerComparison, PAIRS, STATE_ROUNDING, WEIGHT_QUANTIZATION};
use crate::html::format_number;

/// Loss of accuracy that is worth a remedy, even if chance may explain it.
const NOTABLE_LOSS: f64 = 0.01;
/// Drop of agreement between two layers that is worth a word.
const NOTABLE_DROP: f64 = 0.05;
/// Relative change of a rate that is worth a word.
const NOTABLE_RATE: f64 = 0.1;
/// Relative error of a layer's weights or thresholds that is worth a word.
const NOTABLE_ERROR: f64 = 0.05;
/// Share of a layer's neurons that is worth a word where they fall silent.
const NOTABLE_SILENCED: f64 = 0.05;
/// Share of a layer's neurons that is worth a word where they never spike at all.
const NOTABLE_SILENT: f64 = 0.1;
/// How many times one cause must outweigh another to be called the main one.
const OUTWEIGHS: f64 = 2.0;

/// How ranges of states come to be measured.
const MEASURE: &str =
    "quantize with measured ranges of the states (`quantize: { weight_shifts: true }` in the recipe)";

/// Something that the numbers say.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub kind: Kind,
    /// The layer, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    /// In words.
    pub message: String,
    /// What can be done about it, if anything should.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Classes that differ, and why.
    Classes,
    /// The error of the output, and where it comes from.
    Output,
    /// The layer that differs first, and where agreement falls most.
    Divergence,
    /// Layers whose states meet the rails.
    Saturation,
    /// A layer, or a part of it, that is silent.
    Silence,
    /// A layer that spikes more or less than in float.
    Rate,
    /// Weights that are far from those of the float network.
    Weights,
    /// Time constants that the chip does not have.
    TimeConstants,
    /// Limits on spikes in a step.
    SpikeCap,
    /// Input events that the chip drops.
    ClippedInput,
}

impl Finding {
    fn new(kind: Kind, message: String) -> Self {
        Self { kind, layer: None, message, help: None }
    }

    fn of(layer: &LayerComparison, kind: Kind, message: String) -> Self {
        Self { layer: Some(layer.name.clone()), ..Self::new(kind, message) }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// Recordings that get another class than before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Changes {
    /// All of them.
    changed: usize,
    /// Those that were right before.
    lost: usize,
    /// Those that are right now.
    gained: usize,
}

impl Changes {
    fn between(before: &[usize], after: &[usize], labels: &[usize]) -> Self {
        let mut changes = Self::default();
        for ((before, after), label) in before.iter().zip(after).zip(labels) {
            changes.changed += usize::from(before != after);
            changes.lost += usize::from(before == label && after != label);
            changes.gained += usize::from(before != label && after == label);
        }
        changes
    }

    /// Whether losses and gains are so unequal that chance makes them so less than once in twenty times: McNemar's
    /// test, exact up to where its sum leaves the range of numbers, then in its normal approximation.
    fn is_significant(self) -> bool {
        const MAX_EXACT: usize = 1000;
        let (n, less) = (self.lost + self.gained, self.lost.min(self.gained));
        if n > MAX_EXACT {
            return self.lost.abs_diff(self.gained) as f64 > 1.0 + 1.96 * (n as f64).sqrt();
        }
        // The number of ways to lose or gain `k` of `n`, each as likely as 2^-n.
        let ways = (0..=less).scan(0.5f64.powi(n as i32), |ways, k| {
            let these = *ways;
            *ways *= (n - k) as f64 / (k + 1) as f64;
            Some(these)
        });
        2.0 * ways.sum::<f64>() < 0.05
    }
}

impl Comparison<'_> {
    /// Everything that the numbers say.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self.classes().into_iter().chain(self.output()).collect();
        findings.extend(self.divergence());
        findings.extend(self.saturation());
        for layer in &self.layers {
            findings.extend(self.activity(layer).filter(|_| layer.by_spikes()));
            findings.extend(self.caps(layer));
            findings.extend(self.weights(layer));
        }
        findings.extend(self.corrupted_weights());
        findings.extend(self.time_constants());
        findings.extend(self.clipped_input());
        findings
    }

    /// How many recordings change their class from one engine to the other, for each pair.
    fn changes(&self) -> Option<[Changes; 3]> {
        let classes = self.classes.as_ref()?;
        Some(PAIRS.map(|(a, b)| {
            Changes::between(&classes[a].predictions, &classes[b].predictions, &classes[a].labels)
        }))
    }

    fn classes(&self) -> Option<Finding> {
        let changes = self.changes()?;
        let (all, n) = (changes[END_TO_END], self.recordings.len());
        let [float, quantized, chip] =
            self.classes.as_ref()?.each_ref().map(|found| format_percent(found.accuracy));
        if changes.iter().all(|changes| changes.changed == 0) {
            let message = format!(
                "each of the {n} recordings has the same class on all three engines ({float} are right)"
            );
            return Some(Finding::new(Kind::Classes, message));
        }
        let significance = if all.is_significant() { "more than" } else { "no more than" };
        let (weights, states) = (changes[WEIGHT_QUANTIZATION].changed, changes[STATE_ROUNDING].changed);
        let message = format!(
            "accuracy is {float} in float, {quantized} with the chip's weights in float numbers, and {chip} on the chip, \
             which gives {} of {n} recordings another class than float: {} became wrong and {} right, {significance} chance \
             explains; the chip's weights, thresholds and leaks change the class of {weights}, its states of whole numbers \
             that of {states}",
            all.changed, all.lost, all.gained
        );
        let finding = Finding::new(Kind::Classes, message);
        let loss = (all.lost as f64 - all.gained as f64) / n.max(1) as f64;
        let matters = loss > 0.0 && (all.is_significant() || loss >= NOTABLE_LOSS);
        Some(match cause(weights as f64, states as f64).filter(|_| matters) {
            Some(Cause::Weights) => finding.help(self.finer_weights()),
            Some(Cause::States) => finding.help(self.finer_states()),
            None => finding,
        })
    }

    /// The error of the readout, and whether weights or states make it.
    fn output(&self) -> Option<Finding> {
        let layer = self.layers.iter().find(|layer| layer.readout)?;
        let by_spikes = layer.by_spikes();
        let error = |pair: usize| {
            let discrepancy = &layer.discrepancies[pair];
            if by_spikes { discrepancy.spikes().map(|share| 1.0 - share) } else { discrepancy.states() }
        };
        let all = error(END_TO_END)?;
        // Where the quantized weights give nothing at all, the chip can be no further off.
        let (weights, states) = (error(WEIGHT_QUANTIZATION)?, error(STATE_ROUNDING).unwrap_or(0.0));
        let off = if by_spikes {
            format!("{} of the output's spikes do not agree", format_percent(all))
        } else {
            format!("the output is off by {} (root mean square)", format_percent(all))
        };
        let cause = cause(weights, states);
        let mainly = match cause {
            Some(Cause::Weights) => ": mainly the chip's weights, thresholds and leaks",
            Some(Cause::States) => ": mainly the chip's states of whole numbers and their limits",
            None if all == 0.0 => "",
            None => ": weights and states have like parts in it",
        };
        let message = format!(
            "{off} between float and chip, {} by weights alone, {} by states alone{mainly}",
            format_percent(weights),
            format_percent(states)
        );
        Some(Finding::new(Kind::Output, message))
    }

    /// The layer that differs first, and the one in front of which agreement falls most.
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
            let message = "no layer ever spikes differently on the chip than in float".to_owned();
            return Some(Finding::new(Kind::Divergence, message));
        };
        let n = self.recordings.len();
        let mut message = format!("`{}` is the first to differ: ", first.name);
        message += &match divergence.median {
            Some(median) => {
                format!("in half of the recordings by step {} ({})", median + 1, self.time(median + 1))
            }
            None => format!(
                "in {} of {n} recordings, at the earliest in step {}",
                divergence.recordings,
                earliest + 1
            ),
        };
        let agreement = |layer: &LayerComparison| layer.discrepancies[END_TO_END].spikes();
        let drops = spiking.windows(2).filter_map(|pair| {
            let (before, behind) = (agreement(pair[0])?, agreement(pair[1])?);
            Some((before - behind, pair[1], before, behind))
        });
        let worst = drops.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(drop, ..)| *drop >= NOTABLE_DROP);
        let Some((_, layer, before, behind)) = worst else {
            return Some(Finding::of(first, Kind::Divergence, message));
        };
        let discrepancy = |pair: usize| layer.discrepancies[pair].spikes().map_or(0.0, |share| 1.0 - share);
        let why = match cause(discrepancy(WEIGHT_QUANTIZATION), discrepancy(STATE_ROUNDING)) {
            Some(Cause::Weights) => ", mainly by weights",
            Some(Cause::States) => ", mainly by states",
            None => ", by weights and states alike",
        };
        message += &format!(
            "; agreement falls most in `{}`, from {} to {}{why}",
            layer.name,
            format_percent(before),
            format_percent(behind)
        );
        Some(Finding::of(first, Kind::Divergence, message))
    }

    /// Layers whose states meet the rails, the one that does so most first.
    fn saturation(&self) -> Option<Finding> {
        let mut layers: Vec<&LayerComparison> =
            self.layers.iter().filter(|layer| layer.saturated_neurons() > 0).collect();
        layers.sort_by(|a, b| b.saturations(1).1.total_cmp(&a.saturations(1).1));
        let each = layers.iter().map(|layer| {
            let share = fine_percent(layer.saturations(self.chip_steps()).1);
            let (some, all) = (layer.saturated_neurons(), layer.neurons);
            format!("`{}` in {share} of its neurons' steps ({some} of {all} neurons)", layer.name)
        });
        let message =
            format!("states meet the rails of the chip's 16 bits: {}", each.collect::<Vec<_>>().join(", "));
        let worst = layers.first()?;
        Some(Finding::of(worst, Kind::Saturation, message).help(self.more_headroom()))
    }

    fn finer_weights(&self) -> String {
        let method = self.subject.options.method;
        match method.rockpool() {
            Some(_) => format!("take another quantizer: `{}` is for comparison only", method.name()),
            None => "train on with the chip's numbers in the forward pass, or try another quantizer".into(),
        }
    }

    fn more_headroom(&self) -> String {
        let options = &self.subject.options;
        let train = "or train with smaller weights";
        match options.ranges {
            _ if options.method.rockpool().is_some() => {
                format!(
                    "set `quantize: {{ method: channel, weight_shifts: true }}` for measured ranges, {train}"
                )
            }
            Some(_) => format!("quantize with a `headroom` above {}, {train}", options.headroom),
            None => format!("{MEASURE}, {train}"),
        }
    }

    fn finer_states(&self) -> String {
        let (options, report) = (&self.subject.options, &self.subject.build.report);
        let unshifted = report.weight_shift_in + report.weight_shift_rec + report.weight_shift_out == 0;
        let saturated = self.layers.iter().any(|layer| layer.saturated_neurons() > 0);
        match options.ranges {
            _ if saturated => self.more_headroom(),
            None => format!("{MEASURE}: that allows weight shifts, and so finer states"),
            Some(_) if unshifted && !options.weight_shifts => {
                "allow `weight_shifts`, which make states finer".into()
            }
            Some(_) => self.finer_weights(),
        }
    }

    /// Silence, or another rate than in float.
    fn activity(&self, layer: &LayerComparison) -> Option<Finding> {
        let [float, quantized, chip]: [f64; ENGINES] =
            std::array::from_fn(|engine| layer.rate(engine, self.steps()));
        let name = &layer.name;
        if float == 0.0 && chip == 0.0 {
            let message = format!("`{name}` never spikes, neither in float nor on the chip");
            let help = "train it to spike: larger initial weights, or a regulariser that keeps rates above 0";
            return Some(Finding::of(layer, Kind::Silence, message).help(help));
        }
        if chip == 0.0 {
            let already = if quantized == 0.0 { ", already with its weights in float numbers" } else { "" };
            let message = format!(
                "`{name}` is silent on the chip{already}; in float its neurons spike {float:.3} times a step"
            );
            return Some(Finding::of(layer, Kind::Silence, message).help(self.finer_weights()));
        }
        let silenced = layer.silenced();
        if silenced as f64 >= NOTABLE_SILENCED * layer.neurons as f64 && silenced > 0 {
            let message = format!(
                "{silenced} of {} neurons of `{name}` spike in float and never on the chip",
                layer.neurons
            );
            return Some(Finding::of(layer, Kind::Silence, message).help(self.finer_weights()));
        }
        let silent = layer.silent(FLOAT);
        let idle = silent as f64 >= NOTABLE_SILENT * layer.neurons as f64;
        if idle && layer.silent(CHIP) >= silent {
            let message = format!(
                "{silent} of {} neurons of `{name}` never spike, on the chip as in float",
                layer.neurons
            );
            let help = "the layer can be smaller, or be trained with a regulariser that keeps rates above 0";
            return Some(Finding::of(layer, Kind::Silence, message).help(help));
        }
        let change = chip / float - 1.0;
        (change.abs() > NOTABLE_RATE).then(|| {
            let direction = if change > 0.0 { "more" } else { "less" };
            let message = format!(
                "`{name}` spikes {} {direction} on the chip: {chip:.3} times a step per neuron, {float:.3} in float",
                format_percent(change.abs())
            );
            Finding::of(layer, Kind::Rate, message)
        })
    }

    fn caps(&self, layer: &LayerComparison) -> Option<Finding> {
        let events = &self.subject.chip.events;
        let cap = if layer.readout { events.readout } else { events.hidden };
        let name = &layer.name;
        if layer.capped > 0 && layer.by_spikes() {
            let message = format!(
                "neurons of `{name}` spike more than {cap} times a step in float, {} times; the chip's cannot",
                layer.capped
            );
            let help = format!("declare `max_spikes: {cap}` and train again");
            return Some(Finding::of(layer, Kind::SpikeCap, message).help(help));
        }
        (layer.uncapped > 0 && layer.by_spikes()).then(|| {
            let message = format!(
                "neurons of `{name}` spike more often in a step on the chip than `max_spikes` allows, {} times",
                layer.uncapped
            );
            let help = format!("declare `max_spikes: {cap}`, which is what the chip does, and train again");
            Finding::of(layer, Kind::SpikeCap, message).help(help)
        })
    }

    fn weights(&self, layer: &LayerComparison) -> Option<Finding> {
        let report = self.subject.build.report.layers.iter().find(|report| report.name == layer.name)?;
        let message = format!(
            "weights into `{}` are off by {} (root mean square; {} became 0, {} were clipped), its thresholds by up to {}",
            layer.name,
            format_percent(report.weight_error),
            report.vanished,
            report.saturated,
            format_percent(report.threshold_error)
        );
        let notable = report.weight_error.max(report.threshold_error) >= NOTABLE_ERROR;
        notable.then(|| Finding::of(layer, Kind::Weights, message).help(self.finer_weights()))
    }

    /// Numbers that only methods made for comparison spoil.
    fn corrupted_weights(&self) -> Option<Finding> {
        let report = &self.subject.build.report;
        let message = format!(
            "`{}` let {} weights wrap around in 8 bits and lost {} biases",
            report.method.name(),
            report.wrapped,
            report.lost_biases
        );
        let finding = Finding::new(Kind::Weights, message).help("take another quantizer");
        (report.wrapped + report.lost_biases > 0).then_some(finding)
    }

    fn time_constants(&self) -> Option<Finding> {
        let warnings = self.subject.build.warnings.iter();
        let moved: Vec<&str> =
            warnings.filter(|w| w.code == &TAU_MISMATCH).map(|w| w.message.as_str()).collect();
        let message =
            format!("the chip has other time constants ({}): {}", TAU_MISMATCH.id, moved.join("; "));
        let help = format!(
            "declare those of whole bit shifts and train again; see `snnc explain {}`",
            TAU_MISMATCH.id
        );
        (!moved.is_empty()).then(|| Finding::new(Kind::TimeConstants, message).help(help))
    }

    fn clipped_input(&self) -> Option<Finding> {
        let cap = self.subject.chip.events.input;
        let message = format!(
            "the chip drops {} of {} input events: a channel takes at most {cap} in a step",
            self.clipped_events, self.input_events
        );
        let help = "a shorter `dt`, or a front end that gives fewer events";
        (self.clipped_events > 0).then(|| Finding::new(Kind::ClippedInput, message).help(help))
    }

    /// The duration of so many steps.
    pub(super) fn time(&self, steps: usize) -> String {
        format_time_rounded(steps as f64 * self.subject.network.graph.dt)
    }

    /// Recordings whose class is another one on the chip than in float; those first that were right in float.
    pub(super) fn changed(&self) -> Vec<usize> {
        let Some(classes) = &self.classes else { return Vec::new() };
        let (float, chip) = (&classes[FLOAT], &classes[CHIP]);
        let mut changed: Vec<usize> =
            (0..self.recordings.len()).filter(|&i| float.predictions[i] != chip.predictions[i]).collect();
        changed.sort_by_key(|&i| float.predictions[i] != float.labels[i]);
        changed
    }
}

/// Where a difference mainly comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Weights,
    States,
}

/// The cause that outweighs the other one, if one does.
fn cause(weights: f64, states: f64) -> Option<Cause> {
    let outweighs = |a: f64, b: f64| a > 0.0 && a.partial_cmp(&(OUTWEIGHS * b)) != Some(Ordering::Less);
    match (outweighs(weights, states), outweighs(states, weights)) {
        (true, false) => Some(Cause::Weights),
        (false, true) => Some(Cause::States),
        _ => None,
    }
}

/// A share in percent with three digits, however small it is.
pub(super) fn fine_percent(share: f64) -> String {
    format!("{} %", format_number(100.0 * share))
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
        let few = Changes::between(&all_right, &after, &labels);
        assert_eq!(few, Changes { changed: 3, lost: 3, gained: 0 });
        // Of 5 changes all are losses once in 16 times by chance, of 6 once in 32.
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
        // From one wrong class to another: neither lost nor gained.
        let moved = Changes::between(&[1, 1], &[2, 0], &[0, 0]);
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
