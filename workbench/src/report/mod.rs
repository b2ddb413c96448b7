//! Results as tables and JSON, and the reports of training.

mod examples;
mod html;
mod markdown;
mod provenance;
mod quantization;
mod results;
mod seeds;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use synnet_ir::display::{format_percent, format_table};
use synnet_ir::{Graph, Network};
use synnet_runtime::{Dataset, Evaluation};

use crate::artifacts::WrittenFile;
use crate::chip_evaluation::agreement;
use crate::data::Corpus;
use crate::experiment::{ChipResult, Experiment, FloatEvaluation};
use crate::training::TrainedNetwork;

pub(crate) use provenance::{heading, provenance_facts, sources};
pub use quantization::quantization_lead;
pub use seeds::{SeedResult, Seeds};

/// The results of a network on the test set.
pub struct Results<'a> {
    /// The experiment.
    pub experiment: &'a Experiment,
    /// The network with its weights.
    pub network: &'a Network,
    /// The results in float.
    pub float: &'a FloatEvaluation,
    /// The results on a chip.
    pub chip: Option<&'a ChipResult>,
}

/// The report of training.
pub struct Report<'a> {
    /// The results on the test set.
    pub results: Results<'a>,
    /// The trained network with the history of its training.
    pub trained: &'a TrainedNetwork,
    /// The output files, in the order of writing.
    pub written: &'a [WrittenFile],
}

/// Summarizes the sizes of the sets in a line.
pub fn split_summary(corpus: &Corpus) -> String {
    let count = |dataset: &Dataset| dataset.samples().len();
    let (train, test) = (count(&corpus.train), count(&corpus.test));
    let sets = match &corpus.validation {
        Some(validation) => {
            format!("{train} training, {} validation and {test} test samples", count(validation))
        }
        None => format!("{train} training and {test} test samples"),
    };
    format!("{sets} ({:.0} s in total)", corpus.seconds)
}

/// Formats accuracy, agreement, loss and firing rates of both engines as a table.
pub fn summary(float: &FloatEvaluation, chip: Option<&ChipResult>) -> String {
    format_table(&metrics(float, chip))
}

/// Returns the metrics of both engines on the test set as rows of a table, the first of which is the header.
fn metrics(float: &FloatEvaluation, chip: Option<&ChipResult>) -> Vec<Vec<String>> {
    let on_chip = chip.map(|on| &on.result.evaluation);
    let mut rows = vec![vec![String::new(), "float".into()]];
    rows[0].extend(chip.map(|on| on.chip.name.clone()));
    if let Some(accuracy) = float.accuracy() {
        let mut row = vec!["accuracy on the test set".to_owned(), format_percent(accuracy)];
        row.extend(on_chip.map(|e| format_percent(e.accuracy)));
        rows.push(row);
    }
    if let (Some(float), Some(on_chip)) = (&float.classified, on_chip) {
        rows.push(vec![
            "same class as float".to_owned(),
            String::new(),
            format_percent(agreement(float, on_chip)),
        ]);
    }
    let mut row = vec!["loss on the test set".to_owned(), format!("{:.4}", float.measured.loss)];
    row.extend(on_chip.map(|_| String::new()));
    rows.push(row);
    for (layer, rate) in &float.measured.rates {
        let mut row = vec![format!("spikes per neuron per step, {layer}"), format!("{rate:.3}")];
        let on_chip = on_chip.and_then(|e| e.rates.iter().find(|(name, _)| name == layer));
        row.extend(on_chip.map(|(_, rate)| format!("{rate:.3}")));
        rows.push(row);
    }
    rows
}

/// Formats the confusion matrix: rows are true classes, columns are predictions. Zeros are dots.
pub fn confusion(evaluation: &Evaluation, classes: &[String]) -> String {
    let mut rows =
        vec![std::iter::once("true \\ predicted".to_owned()).chain(classes.iter().cloned()).collect()];
    for (class, counts) in classes.iter().zip(&evaluation.confusion) {
        let cells = counts.iter().map(|&n| if n == 0 { ".".to_owned() } else { n.to_string() });
        rows.push(std::iter::once(class.clone()).chain(cells).collect());
    }
    format_table(&rows)
}

/// Returns an evaluation as JSON.
fn to_json(evaluation: &Evaluation) -> Value {
    json!({
        "accuracy": evaluation.accuracy,
        "samples": evaluation.labels.len(),
        "confusion": evaluation.confusion,
        "rates": rates_json(&evaluation.rates),
        "labels": evaluation.labels,
        "predictions": evaluation.predictions,
    })
}

fn rates_json(rates: &[(String, f64)]) -> Value {
    Value::Object(rates.iter().map(|(layer, rate)| (layer.clone(), json!(rate))).collect())
}

/// Returns the results of both engines as JSON.
pub fn results_json(float: &FloatEvaluation, chip: Option<&ChipResult>) -> Value {
    let of_float = match &float.classified {
        Some(evaluation) => to_json(evaluation),
        None => json!({ "accuracy": float.measured.accuracy, "rates": rates_json(&float.measured.rates) }),
    };
    let mut value = json!({ "float": of_float });
    value["float"]["loss"] = json!(float.measured.loss);
    if let (Some(float), Some(on)) = (&float.classified, chip) {
        value[&on.chip.name] = to_json(&on.result.evaluation);
        value["agreement"] = json!(agreement(float, &on.result.evaluation));
    }
    value
}

/// Reads firing rates, in spikes per neuron per step, from the JSON of [`results_json`] or from an object that maps
/// names of layers or of the input to rates.
///
/// # Errors
/// Returns an error if the JSON has another form, or lists every unknown name and every negative rate.
pub fn rates_from_json(text: &str, graph: &Graph) -> Result<BTreeMap<String, f64>, String> {
    let value: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let map = value.pointer("/float/rates").unwrap_or(&value);
    let rates: BTreeMap<String, f64> = BTreeMap::deserialize(map).map_err(|e| {
        format!("neither the output of `snnc eval --json` nor a map from names to rates: {e}")
    })?;
    let known = |name: &str| name == graph.input.name || graph.layers.iter().any(|layer| layer.name == name);
    let errors = rates.iter().filter_map(|(name, rate)| match (known(name), *rate < 0.0) {
        (false, _) => Some(format!("network `{}` has no layer or input `{name}`", graph.name)),
        (true, true) => Some(format!("the rate of `{name}` is {rate}; it must be 0 or more")),
        (true, false) => None,
    });
    let errors: Vec<String> = errors.collect();
    if errors.is_empty() { Ok(rates) } else { Err(errors.join("; ")) }
}
