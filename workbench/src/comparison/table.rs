//! The comparison as tables and words for people, and as JSON for machines.

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
    /// Tables, and what they say.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for rows in [self.engines_table(), self.layers_table(), self.pairs_table()] {
            if rows.len() > 1 {
                let _ = writeln!(text, "{}", format_table(&rows));
            }
        }
        for finding in self.findings() {
            let Finding { message: said, help, .. } = finding;
            let _ = writeln!(text, "* {said}");
            if let Some(help) = help {
                let _ = writeln!(text, "  remedy: {help}");
            }
        }
        text.trim_end().to_owned()
    }

    /// Accuracy and agreement of the engines; empty but for its head where there are no classes.
    pub(super) fn engines_table(&self) -> Vec<Vec<String>> {
        let mut rows = vec![row("", self.engine_names().map(String::from))];
        if let Some(classes) = &self.classes {
            let accuracies = classes.each_ref().map(|found| format_percent(found.accuracy));
            rows.push(row("accuracy on the test set", accuracies));
            let same =
                [QUANTIZED, CHIP].map(|engine| format_percent(agreement(&classes[FLOAT], &classes[engine])));
            let [quantized, chip] = same;
            rows.push(row("same class as float", [String::new(), quantized, chip]));
        }
        rows
    }

    /// What each layer does on each engine.
    pub(super) fn layers_table(&self) -> Vec<Vec<String>> {
        let names = self.engine_names().map(|name| format!("rate, {name}"));
        let mut rows = vec![row("layer", names)];
        rows[0].extend(["silent neurons", "saturated steps", "saturated neurons", "lag"].map(String::from));
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

    /// How far the engines are apart in each layer.
    pub(super) fn pairs_table(&self) -> Vec<Vec<String>> {
        let head = [
            "layer, engines",
            "spikes agree",
            "counts agree",
            "error of states",
            "differ in",
            "first step",
            "median step",
        ];
        let mut rows = vec![head.map(String::from).to_vec()];
        let names = self.engine_names();
        let n = self.recordings.len();
        for layer in &self.layers {
            for ((a, b), discrepancy) in PAIRS.iter().zip(&layer.discrepancies) {
                let share = |share: Option<f64>| {
                    share.filter(|_| layer.by_spikes()).map_or(String::new(), format_percent)
                };
                let step = |step: Option<usize>| step.map_or(String::new(), |step| (step + 1).to_string());
                let divergence = discrepancy.divergence();
                rows.push(vec![
                    format!("{}, {} to {}", layer.name, names[*a], names[*b]),
                    share(discrepancy.spikes()),
                    share(discrepancy.counts()),
                    discrepancy.states().map_or(String::new(), format_percent),
                    format!("{} of {n}", divergence.recordings),
                    step(divergence.earliest),
                    step(divergence.median),
                ]);
            }
        }
        rows
    }

    /// How to read the columns of [`pairs_table`](Self::pairs_table).
    pub(super) fn legend() -> String {
        format!(
            "Spikes agree: 1 - sum |a - b| / sum max(a, b) of the counts of every neuron and step, so that a spike one step \
             late counts twice. Counts agree: the same with the counts of whole recordings. Error of states: root mean \
             square of the difference of membranes after reset (for a readout, of the network's output), relative to that \
             of the first engine. Differ in: recordings in which a spike differs, with the earliest step and that by which \
             half of the recordings differ; for a readout that is not judged by spikes, in which its state is off by more \
             than {} of the greatest in the recording. Layers are compared at their own time: the chip is late by as \
             many steps as the lag says.",
            format_percent(STATE_TOLERANCE)
        )
    }

    /// Everything for machines.
    pub fn json(&self) -> Value {
        let subject = self.subject;
        let steps = subject.experiment.corpus.test.steps();
        let engines: serde_json::Map<String, Value> = (0..ENGINES)
            .map(|engine| {
                let found = self.classes.as_ref().map(|classes| &classes[engine]);
                (KEYS[engine].to_owned(), found.map_or_else(|| json!({}), engine_json))
            })
            .collect();
        let mut value = json!({
            "target": subject.chip.name,
            "samples": self.recordings,
            "steps": steps,
            "dt": subject.network.graph.dt,
            "state_tolerance": STATE_TOLERANCE,
            "engines": engines,
            "layers": self.layers.iter().map(|layer| self.layer_json(layer)).collect::<Vec<_>>(),
            "input_events": { "total": self.input_events, "clipped": self.clipped_events },
            "findings": self.findings(),
            "quantization": subject.build.report,
        });
        if let Some(classes) = &self.classes {
            value["labels"] = json!(classes[FLOAT].labels);
            for (a, b) in PAIRS {
                value["same_class"][pair_key(a, b)] = json!(agreement(&classes[a], &classes[b]));
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
                "diverging_samples": divergence.recordings,
                "first_divergence": divergence.earliest,
                "median_divergence": divergence.median,
            });
            (pair_key(a, b), value)
        });
        let (saturated, share) = layer.saturations(self.chip_steps());
        json!({
            "name": layer.name,
            "neurons": layer.neurons,
            "removed_neurons": layer.removed,
            "lag": layer.lag,
            "compared_by": if layer.by_spikes() { "spikes" } else { "states" },
            "rates": by_engine(&|engine| json!(layer.rate(engine, self.steps()))),
            "silent_neurons": by_engine(&|engine| json!(layer.silent(engine))),
            "saturations": { "steps": saturated, "fraction": share, "neurons": layer.saturated_neurons() },
            "steps_above_chip_limit": layer.capped,
            "steps_above_max_spikes": layer.uncapped,
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

fn engine_json(found: &Evaluation) -> Value {
    json!({ "accuracy": found.accuracy, "confusion": found.confusion, "predictions": found.predictions })
}
