//! The comparison as text, with tables and findings, and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};
use synnet_ir::display::{format_percent, format_table};
use synnet_runtime::Evaluation;

use super::discrepancy::STATE_TOLERANCE;
use super::engines::{CHIP, ENGINES, FLOAT, QUANTIZED};
use super::findings::{Finding, fine_percent};
use super::{Comparison, LayerComparison, PAIRS};
use crate::chip_evaluation::agreement;

/// Names of the engines in JSON.
const KEYS: [&str; ENGINES] = ["float", "quantized_weights", "chip"];

impl Comparison<'_> {
    /// Formats the comparison as tables, followed by the findings.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for rows in [self.engines_table(), self.layers_table(), self.pairs_table()] {
            if rows.len() > 1 {
                let _ = writeln!(text, "{}", format_table(&rows));
            }
        }
        for finding in self.findings() {
            let Finding { message, help, .. } = finding;
            let _ = writeln!(text, "* {message}");
            if let Some(help) = help {
                let _ = writeln!(text, "  help: {help}");
            }
        }
        text.trim_end().to_owned()
    }

    /// Returns accuracy and agreement of the engines; only the header if there are no classes.
    pub(super) fn engines_table(&self) -> Vec<Vec<String>> {
        let mut rows = vec![row("", self.engine_names().map(String::from))];
        if let Some(evaluations) = &self.evaluations {
            let accuracies = evaluations.each_ref().map(|evaluation| format_percent(evaluation.accuracy));
            rows.push(row("accuracy on the test set", accuracies));
            let same = [QUANTIZED, CHIP]
                .map(|engine| format_percent(agreement(&evaluations[FLOAT], &evaluations[engine])));
            let [quantized, chip] = same;
            rows.push(row("same class as float", [String::new(), quantized, chip]));
        }
        rows
    }

    /// Returns firing rates, silent neurons and saturations of each layer.
    pub(super) fn layers_table(&self) -> Vec<Vec<String>> {
        let names = self.engine_names().map(|name| format!("rate, {name}"));
        let mut rows = vec![row("layer", names)];
        rows[0].extend(
            ["silent neurons", "steps at state limit", "neurons at state limit", "lag"].map(String::from),
        );
        for layer in &self.layers {
            let rates: [String; ENGINES] =
                std::array::from_fn(|engine| format!("{:.3}", layer.rate(engine, self.steps())));
            let mut cells = row(&layer.name, if layer.by_spikes() { rates } else { Default::default() });
            let silent = [FLOAT, QUANTIZED, CHIP].map(|engine| layer.silent(engine).to_string()).join(" / ");
            cells.push(if layer.by_spikes() { silent } else { String::new() });
            cells.push(fine_percent(layer.saturations(self.chip_steps()).1));
            cells.push(format!("{} of {}", layer.saturated_neurons(), layer.neurons));
            cells.push(layer.lag.to_string());
            rows.push(cells);
        }
        rows
    }

    /// Returns the discrepancies of each pair of engines in each layer.
    pub(super) fn pairs_table(&self) -> Vec<Vec<String>> {
        let head = [
            "layer, engines",
            "spike agreement",
            "count agreement",
            "state error",
            "diverging samples",
            "first divergence",
            "median divergence",
        ];
        let mut rows = vec![head.map(String::from).to_vec()];
        let names = self.engine_names();
        let n = self.samples.len();
        for layer in &self.layers {
            for ((a, b), discrepancy) in PAIRS.iter().zip(&layer.discrepancies) {
                let agreement = |agreement: Option<f64>| {
                    agreement.filter(|_| layer.by_spikes()).map_or(String::new(), format_percent)
                };
                let step = |step: Option<usize>| step.map_or(String::new(), |step| (step + 1).to_string());
                let divergence = discrepancy.divergence();
                rows.push(vec![
                    format!("{}, {} to {}", layer.name, names[*a], names[*b]),
                    agreement(discrepancy.spikes()),
                    agreement(discrepancy.counts()),
                    discrepancy.states().map_or(String::new(), format_percent),
                    format!("{} of {n}", divergence.samples),
                    step(divergence.earliest),
                    step(divergence.median),
                ]);
            }
        }
        rows
    }

    /// Explains the columns of [`pairs_table`](Self::pairs_table).
    pub(super) fn legend() -> String {
        format!(
            "Spike agreement is 1 - sum |a - b| / sum max(a, b) over the spike counts of every neuron and step; a \
             spike one step late counts twice. Count agreement is the same over the counts per neuron and sample. \
             State error is the root mean square (RMS) of the difference of the membrane potentials after reset, or of \
             the network's output for the readout, relative to the RMS of the first engine. A sample diverges at the \
             first step in which a spike count differs; for a readout that is not read by its spikes, at the first \
             step in which its state differs by more than {} of the maximum in the sample. The median divergence is \
             the step by which half of the samples have diverged. The chip's steps are shifted by the lag of each \
             layer.",
            format_percent(STATE_TOLERANCE)
        )
    }

    /// Returns the comparison as JSON.
    pub fn json(&self) -> Value {
        let input = self.input;
        let steps = input.experiment.corpus.test.steps();
        let engines: serde_json::Map<String, Value> = (0..ENGINES)
            .map(|engine| {
                let evaluation = self.evaluations.as_ref().map(|evaluations| &evaluations[engine]);
                (KEYS[engine].to_owned(), evaluation.map_or_else(|| json!({}), engine_json))
            })
            .collect();
        let mut value = json!({
            "target": input.chip.name,
            "samples": self.samples,
            "steps": steps,
            "dt": input.network.graph.dt,
            "state_tolerance": STATE_TOLERANCE,
            "engines": engines,
            "layers": self.layers.iter().map(|layer| self.layer_json(layer)).collect::<Vec<_>>(),
            "input_events": { "total": self.input_events, "clipped": self.clipped_events },
            "findings": self.findings(),
            "quantization": input.build.report,
        });
        if let Some(evaluations) = &self.evaluations {
            value["labels"] = json!(evaluations[FLOAT].labels);
            for (a, b) in PAIRS {
                value["same_class"][pair_key(a, b)] = json!(agreement(&evaluations[a], &evaluations[b]));
            }
        }
        value
    }

    fn layer_json(&self, layer: &LayerComparison) -> Value {
        let by_engine = |value: &dyn Fn(usize) -> Value| -> Value {
            Value::Object((0..ENGINES).map(|engine| (KEYS[engine].to_owned(), value(engine))).collect())
        };
        let pairs = PAIRS.iter().zip(&layer.discrepancies).map(|(&(a, b), discrepancy)| {
            let divergence = discrepancy.divergence();
            let value = json!({
                "spike_agreement": discrepancy.spikes(),
                "count_agreement": discrepancy.counts(),
                "state_error": discrepancy.states(),
                "diverging_samples": divergence.samples,
                "first_divergence": divergence.earliest,
                "median_divergence": divergence.median,
            });
            (pair_key(a, b), value)
        });
        let (saturated, fraction) = layer.saturations(self.chip_steps());
        json!({
            "name": layer.name,
            "neurons": layer.neurons,
            "removed_neurons": layer.removed,
            "lag": layer.lag,
            "compared_by": if layer.by_spikes() { "spikes" } else { "states" },
            "rates": by_engine(&|engine| json!(layer.rate(engine, self.steps()))),
            "silent_neurons": by_engine(&|engine| json!(layer.silent(engine))),
            "saturations": { "steps": saturated, "fraction": fraction, "neurons": layer.saturated_neurons() },
            "steps_above_chip_limit": layer.above_chip_limit,
            "steps_above_max_spikes": layer.above_max_spikes,
            "pairs": Value::Object(pairs.collect()),
        })
    }
}

fn row<const N: usize>(name: &str, cells: [String; N]) -> Vec<String> {
    std::iter::once(name.to_owned()).chain(cells).collect()
}

fn pair_key(a: usize, b: usize) -> String {
    format!("{}_to_{}", KEYS[a], KEYS[b])
}

fn engine_json(evaluation: &Evaluation) -> Value {
    let Evaluation { accuracy, confusion, predictions, .. } = evaluation;
    json!({ "accuracy": accuracy, "confusion": confusion, "predictions": predictions })
}
