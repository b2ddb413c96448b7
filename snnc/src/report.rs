//! Results as tables, as JSON, and as the report that a training leaves.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};
use synnet_runtime::{EpochMetrics, Evaluation};

use crate::artifacts::Written;
use crate::chip::agreement;
use crate::experiment::{Experiment, OnChip};
use crate::progress::clock;
use crate::terminal::table;

/// Everything that a training gave.
pub struct Report<'a> {
    /// Recipe, network and recordings.
    pub experiment: &'a Experiment,
    /// One entry per epoch of this run; earlier ones are in `metrics.csv`.
    pub epochs: &'a [EpochMetrics],
    /// Epochs in all, those before a `--resume` included.
    pub epochs_done: usize,
    /// Time of training, evaluation not counted.
    pub duration: Duration,
    /// The float network on the test set.
    pub float: &'a Evaluation,
    /// The chip on the test set.
    pub chip: Option<&'a OnChip>,
    /// Files, in the order of writing.
    pub written: &'a [Written],
}

/// A share in percent.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// Accuracy, agreement and rates, side by side.
pub fn summary(float: &Evaluation, chip: Option<&OnChip>) -> String {
    let mut head = vec![String::new(), "float".into()];
    let mut accuracy = vec!["accuracy on the test set".into(), percent(float.accuracy)];
    let mut agree = vec!["same class as float".to_owned(), String::new()];
    if let Some(on) = chip {
        head.push(on.chip.name.clone());
        accuracy.push(percent(on.result.evaluation.accuracy));
        agree.push(percent(agreement(float, &on.result.evaluation)));
    }
    let mut rows = vec![head, accuracy];
    if chip.is_some() {
        rows.push(agree);
    }
    for (layer, rate) in &float.rates {
        let mut row = vec![format!("spikes per neuron and step, {layer}"), format!("{rate:.3}")];
        let on_chip = chip.and_then(|on| on.result.evaluation.rates.iter().find(|(name, _)| name == layer));
        row.extend(on_chip.map(|(_, rate)| format!("{rate:.3}")));
        rows.push(row);
    }
    table(&rows)
}

/// Rows are true classes, columns predictions.
pub fn confusion(evaluation: &Evaluation, classes: &[String]) -> String {
    let mut rows =
        vec![std::iter::once("true \\ predicted".to_owned()).chain(classes.iter().cloned()).collect()];
    for (class, counts) in classes.iter().zip(&evaluation.confusion) {
        let cells = counts.iter().map(|&n| if n == 0 { ".".to_owned() } else { n.to_string() });
        rows.push(std::iter::once(class.clone()).chain(cells).collect());
    }
    table(&rows)
}

/// An evaluation for machines.
pub fn to_json(evaluation: &Evaluation) -> Value {
    let rates: serde_json::Map<String, Value> =
        evaluation.rates.iter().map(|(layer, rate)| (layer.clone(), json!(rate))).collect();
    json!({
        "accuracy": evaluation.accuracy,
        "samples": evaluation.labels.len(),
        "confusion": evaluation.confusion,
        "rates": rates,
        "labels": evaluation.labels,
        "predictions": evaluation.predictions,
    })
}

/// The results of both engines for machines.
pub fn results_json(float: &Evaluation, chip: Option<&OnChip>) -> Value {
    let mut value = json!({ "float": to_json(float) });
    if let Some(on) = chip {
        value[&on.chip.name] = to_json(&on.result.evaluation);
        value["agreement"] = json!(agreement(float, &on.result.evaluation));
    }
    value
}

impl Report<'_> {
    /// The report as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let experiment = self.experiment;
        let _ = writeln!(text, "# {}\n", experiment.loaded.graph.name);
        for line in &experiment.loaded.graph.docs {
            let _ = writeln!(text, "{line}");
        }
        let _ = writeln!(
            text,
            "\nTrained on {} recordings, tested on {} others ({:.0} s of sound in all). {} epochs, {} of them in this run, in {}.\n",
            experiment.corpus.train.samples().len(),
            experiment.corpus.test.samples().len(),
            experiment.corpus.seconds,
            self.epochs_done,
            self.epochs.len(),
            clock(self.duration)
        );
        let _ = writeln!(text, "## Results\n\n{}", fenced(&summary(self.float, self.chip)));
        let classes = &experiment.corpus.classes;
        let _ = writeln!(text, "## Confusion in float\n\n{}", fenced(&confusion(self.float, classes)));
        if let Some(on) = self.chip {
            let confusion = confusion(&on.result.evaluation, classes);
            let _ = writeln!(text, "## Confusion on {}\n\n{}", on.chip.title, fenced(&confusion));
            let _ = writeln!(text, "## Quantisation\n\n{}", quantisation(on));
        }
        let _ = writeln!(text, "## Training\n\n{}", fenced(&self.curve()));
        let _ = writeln!(text, "## Network\n\n{}", fenced(&synnet_dsl::to_table(&experiment.loaded.graph)));
        let _ = writeln!(text, "## Files\n");
        for file in self.written {
            let name = file.path.file_name().unwrap_or(file.path.as_os_str()).to_string_lossy();
            let _ = writeln!(text, "* `{name}`: {}", file.what);
        }
        text
    }

    /// Loss, accuracy and rates of the epochs, about twenty lines.
    fn curve(&self) -> String {
        let every = self.epochs.len().div_ceil(20).max(1);
        let rates = self.epochs.first().map(|e| e.layers.iter().map(|l| format!("rate {}", l.layer)));
        let head = ["epoch", "loss", "accuracy", "learning rate"].map(String::from).into_iter();
        let mut rows = vec![head.chain(rates.into_iter().flatten()).collect()];
        for (i, epoch) in self.epochs.iter().enumerate() {
            if !(i + 1).is_multiple_of(every) && i + 1 != self.epochs.len() {
                continue;
            }
            let mut row = vec![
                (epoch.epoch + 1).to_string(),
                format!("{:.4}", epoch.loss),
                epoch.accuracy.map(percent).unwrap_or_default(),
                format!("{:.2e}", epoch.lr),
            ];
            row.extend(epoch.layers.iter().map(|layer| format!("{:.3}", layer.rate)));
            rows.push(row);
        }
        table(&rows)
    }
}

/// How the network was quantised.
fn quantisation(on: &OnChip) -> String {
    let report = &on.build.report;
    let (shift_in, shift_rec, shift_out) =
        (report.weight_shift_in, report.weight_shift_rec, report.weight_shift_out);
    let mut text = format!("Weight shifts: input {shift_in}, hidden {shift_rec}, readout {shift_out}. ");
    text +=
        &format!("The chip's output is {} steps behind the float network's.\n\n", on.build.float.latency());
    let head = ["layer", "error of the weights", "weights that became 0"].map(String::from).to_vec();
    let layers = report.layers.iter().map(|layer| {
        vec![layer.name.clone(), format!("{:.2} %", 100.0 * layer.weight_error), layer.vanished.to_string()]
    });
    text + &fenced(&table(&std::iter::once(head).chain(layers).collect::<Vec<_>>()))
}

fn fenced(text: &str) -> String {
    format!("```text\n{}\n```\n", text.trim_end())
}
