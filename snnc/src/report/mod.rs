//! Results as tables, as JSON, and as the reports that a training leaves.

mod examples;
mod html;
mod markdown;
mod seeds;

use serde_json::{Value, json};
use synnet_dsl::Graph;
use synnet_dsl::graph::Quantity;
use synnet_runtime::{Dataset, Evaluation};

use crate::artifacts::Written;
use crate::chip::agreement;
use crate::data::Corpus;
use crate::experiment::{Experiment, OnChip};
use crate::terminal::table;
use crate::training::Trained;

pub use seeds::{Outcome, Seeds};

/// Everything that a training gave.
pub struct Report<'a> {
    /// Recipe, network and recordings.
    pub experiment: &'a Experiment,
    /// What was trained, and how that went.
    pub trained: &'a Trained,
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

/// How many recordings serve for what.
pub fn recordings(corpus: &Corpus) -> String {
    let count = |dataset: &Dataset| dataset.samples().len();
    let validation =
        corpus.validation.as_ref().map_or(String::new(), |set| format!(", {} to validate", count(set)));
    format!(
        "{} recordings to train{validation}, {} to test ({:.0} s of sound in all)",
        count(&corpus.train),
        count(&corpus.test),
        corpus.seconds
    )
}

/// Whether the spikes of a layer say anything: a readout whose membrane is the output is silent on purpose.
pub fn spikes_matter(graph: &Graph, layer: &str) -> bool {
    graph.output.quantity == Quantity::Spikes || graph.layer(graph.output.layer).name != layer
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
