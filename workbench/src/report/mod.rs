//! Results as tables and JSON, and the reports of training.

mod examples;
mod folds;
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

pub(crate) use examples::memory as drawing_memory;
pub use folds::{FoldResult, FoldTable};
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
    /// The results on chips, in the order of evaluation; empty without a chip.
    pub chips: &'a [ChipResult],
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

/// Formats accuracy, agreement, loss and firing rates of all engines as a table.
pub fn summary(float: &FloatEvaluation, chips: &[ChipResult]) -> String {
    format_table(&metrics(float, chips))
}

/// Returns the metrics of all engines on the test set as rows of a table, the first of which is the header.
fn metrics(float: &FloatEvaluation, chips: &[ChipResult]) -> Vec<Vec<String>> {
    let row = |name: &str, of_float: String, of_chip: &dyn Fn(&ChipResult) -> String| -> Vec<String> {
        [name.to_owned(), of_float].into_iter().chain(chips.iter().map(of_chip)).collect()
    };
    let mut rows = vec![row("", "float".into(), &|on| on.chip.name.clone())];
    if let Some(accuracy) = float.accuracy() {
        rows.push(row("accuracy on the test set", format_percent(accuracy), &|on| {
            format_percent(on.result.evaluation.accuracy)
        }));
    }
    if let (Some(float), false) = (&float.classified, chips.is_empty()) {
        rows.push(row("same class as float", String::new(), &|on| {
            format_percent(agreement(float, &on.result.evaluation))
        }));
    }
    rows.push(row("loss on the test set", format!("{:.4}", float.measured.loss), &|_| String::new()));
    for (layer, rate) in &float.measured.rates {
        let name = format!("spikes per neuron per step, {layer}");
        rows.push(row(&name, format!("{rate:.3}"), &|on| {
            let rates = &on.result.evaluation.rates;
            rates
                .iter()
                .find(|(name, _)| name == layer)
                .map_or(String::new(), |(_, rate)| format!("{rate:.3}"))
        }));
    }
    rows
}

/// Formats the confusion matrix: rows are true classes, columns are predictions. Zeros are dots. Of more than 100 classes,
/// it lists the pairs that are confused most often.
pub fn confusion(evaluation: &Evaluation, classes: &[String]) -> String {
    const MAX_COLUMNS: usize = 100;
    if classes.len() > MAX_COLUMNS {
        return most_confused(evaluation, classes);
    }
    let mut rows =
        vec![std::iter::once("true \\ predicted".to_owned()).chain(classes.iter().cloned()).collect()];
    for (class, counts) in classes.iter().zip(&evaluation.confusion) {
        let cells = counts.iter().map(|&n| if n == 0 { ".".to_owned() } else { n.to_string() });
        rows.push(std::iter::once(class.clone()).chain(cells).collect());
    }
    format_table(&rows)
}

/// Lists the pairs of classes that are confused most often.
fn most_confused(evaluation: &Evaluation, classes: &[String]) -> String {
    const MAX_PAIRS: usize = 50;
    let cells = evaluation.confusion.iter().enumerate().flat_map(|(class, counts)| {
        counts.iter().enumerate().map(move |(predicted, &count)| (class, predicted, count))
    });
    let mut pairs: Vec<_> = cells.filter(|(class, predicted, n)| class != predicted && *n > 0).collect();
    pairs.sort_by_key(|(.., count)| std::cmp::Reverse(*count));
    let mut rows = vec![["true class", "predicted class", "samples"].map(str::to_owned).to_vec()];
    let name = |class: usize| classes.get(class).cloned().unwrap_or_default();
    rows.extend(
        pairs
            .iter()
            .take(MAX_PAIRS)
            .map(|&(class, predicted, n)| vec![name(class), name(predicted), n.to_string()]),
    );
    let more = pairs.len().saturating_sub(MAX_PAIRS);
    let rest = if more > 0 { format!("and {} more pairs\n", more) } else { String::new() };
    format!("{}{rest}", format_table(&rows))
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

/// Returns firing rates by name of the layer.
pub(crate) fn rates_json(rates: &[(String, f64)]) -> Value {
    Value::Object(rates.iter().map(|(layer, rate)| (layer.clone(), json!(rate))).collect())
}

/// Returns the results of all engines as JSON: `float`, one member per chip with the chip's name and its `agreement` with
/// float, and `agreement`, that of the first chip.
pub fn results_json(float: &FloatEvaluation, chips: &[ChipResult]) -> Value {
    let of_float = match &float.classified {
        Some(evaluation) => to_json(evaluation),
        None => json!({ "accuracy": float.measured.accuracy, "rates": rates_json(&float.measured.rates) }),
    };
    let mut value = json!({ "float": of_float });
    value["float"]["loss"] = json!(float.measured.loss);
    for (i, on) in chips.iter().enumerate() {
        let Some(float) = &float.classified else { continue };
        let agreement = json!(agreement(float, &on.result.evaluation));
        value[&on.chip.name] = to_json(&on.result.evaluation);
        value[&on.chip.name]["agreement"] = agreement.clone();
        if i == 0 {
            value["agreement"] = agreement;
        }
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
