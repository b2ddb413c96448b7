//! Results of cross-validation: one row per value of the field.

use std::fmt::Write;

use maud::html;
use serde_json::{Value, json};
use synnet_ir::display::{format_table, pluralize};

use super::seeds::{Metric, SampleStatistics, SeedResult};
use crate::files::csv_field;
use crate::html::{document, section, table};

/// The result of a fold.
pub struct FoldResult {
    /// The value that was tested.
    pub tested: String,
    /// The value that was left out entirely, if folds are nested.
    pub left_out: Option<String>,
    /// The fold's folder within the output folder.
    pub folder: String,
    /// The result of each seed.
    pub outcomes: Vec<SeedResult>,
    /// The results of the fold as JSON.
    pub json: Value,
}

/// The results of all folds.
pub struct FoldTable<'a> {
    /// Name of the network.
    pub network: &'a str,
    /// The field that divides the samples.
    pub field: &'a str,
    /// The result of each fold.
    pub folds: &'a [FoldResult],
}

/// The folds of one row: those with the same value, which was tested, or left out if folds are nested.
struct Row<'a> {
    value: &'a str,
    folds: Vec<&'a FoldResult>,
}

impl FoldTable<'_> {
    /// Whether a value was left out of each fold.
    fn is_nested(&self) -> bool {
        self.folds.iter().any(|fold| fold.left_out.is_some())
    }

    /// Returns the metrics, whose names are those of every fold and seed.
    fn metrics(&self) -> &[Metric] {
        self.folds.first().and_then(|fold| fold.outcomes.first()).map_or(&[], |outcome| &outcome.metrics)
    }

    fn rows(&self) -> Vec<Row<'_>> {
        let mut rows: Vec<Row<'_>> = Vec::new();
        for fold in self.folds {
            let value = fold.left_out.as_deref().unwrap_or(&fold.tested);
            match rows.iter_mut().find(|row| row.value == value) {
                Some(row) => row.folds.push(fold),
                None => rows.push(Row { value, folds: vec![fold] }),
            }
        }
        rows
    }

    /// Says what was divided: "4 folds by `speaker`".
    pub fn title(&self) -> String {
        let nested = if self.is_nested() { ", nested" } else { "" };
        format!("{} by `{}`{nested}", pluralize(self.folds.len(), "fold"), self.field)
    }

    /// Returns the table as cells, the first row of which is the header. The last row has mean and standard deviation of
    /// the rows above it.
    fn cells(&self) -> Vec<Vec<String>> {
        let role = if self.is_nested() { "left out" } else { "tested" };
        let head = std::iter::once(format!("{} {role}", self.field));
        let mut cells: Vec<Vec<String>> =
            vec![head.chain(self.metrics().iter().map(|metric| self.name(metric))).collect()];
        let rows = self.rows();
        let mut means = vec![Vec::new(); self.metrics().len()];
        for row in &rows {
            let statistics = (0..self.metrics().len()).map(|i| SampleStatistics::new(&row.values(i)));
            let mut line = vec![row.value.to_owned()];
            for ((i, statistics), metric) in statistics.enumerate().zip(self.metrics()) {
                means[i].push(statistics.mean);
                line.push(statistics.cell(metric, row.values(i).len()));
            }
            cells.push(line);
        }
        let all = means.iter().zip(self.metrics());
        let all = all.map(|(means, metric)| SampleStatistics::new(means).cell(metric, means.len()));
        cells.push(std::iter::once("mean".to_owned()).chain(all).collect());
        cells
    }

    /// Returns the name of a metric. What is tested in a nested fold serves to choose, not to report.
    fn name(&self, metric: &Metric) -> String {
        if self.is_nested() { metric.name.replace("test", "inner test") } else { metric.name.clone() }
    }

    /// Formats the results as a table.
    pub fn table(&self) -> String {
        format_table(&self.cells())
    }

    /// Returns the results as JSON.
    pub fn json(&self) -> Value {
        let statistics = self.metrics().iter().enumerate().map(|(i, metric)| {
            let means: Vec<f64> =
                self.rows().iter().map(|row| SampleStatistics::new(&row.values(i)).mean).collect();
            let all = SampleStatistics::new(&means);
            (self.name(metric), json!({ "mean": all.mean, "standard_deviation": all.standard_deviation }))
        });
        let folds = self.folds.iter().map(|fold| {
            json!({ "tested": fold.tested, "left_out": fold.left_out, "folder": fold.folder, "results": fold.json })
        });
        json!({
            "field": self.field,
            "folds": folds.collect::<Vec<_>>(),
            "summary": statistics.collect::<serde_json::Map<_, _>>(),
        })
    }

    /// Returns the metrics of every fold and seed as CSV.
    pub fn csv(&self) -> String {
        let names = self.metrics().iter().map(|metric| metric.name.replace(", ", " "));
        let mut text =
            format!("tested,left out,seed{}\n", names.map(|name| format!(",{name}")).collect::<String>());
        for fold in self.folds {
            for outcome in &fold.outcomes {
                let values: String =
                    outcome.metrics.iter().map(|metric| format!(",{}", metric.value)).collect();
                let left_out = fold.left_out.as_deref().map(csv_field).unwrap_or_default();
                let _ = writeln!(text, "{},{left_out},{}{values}", csv_field(&fold.tested), outcome.seed);
            }
        }
        text
    }

    /// Returns a self-contained HTML page about all folds.
    pub fn html(&self) -> String {
        let lead = if self.is_nested() {
            "In each row, one value was left out entirely; the other values were tested in turn. A choice by these \
             results has seen nothing of what was left out. "
        } else {
            "Each value was tested by a network that was trained on the samples of all other values. "
        };
        let lead = format!(
            "{lead}The last row has mean and sample standard deviation (n - 1) of the rows above it."
        );
        let body = html! {
            h1 { (self.network) }
            p.under { (self.title()) "." }
            (section("Results", &lead, &table(&self.cells())))
            (section("Folders", "The folder of each fold has its own report.", &table(&self.folders())))
        };
        document(&format!("{}: {}", self.network, self.title()), &body).into_string()
    }

    fn folders(&self) -> Vec<Vec<String>> {
        let row = |fold: &FoldResult| {
            vec![fold.tested.clone(), fold.left_out.clone().unwrap_or_default(), fold.folder.clone()]
        };
        let head = ["tested", "left out", "folder"].map(str::to_owned).to_vec();
        std::iter::once(head).chain(self.folds.iter().map(row)).collect()
    }
}

impl Row<'_> {
    /// Returns the values of metric `i` in all folds and seeds of the row.
    fn values(&self, i: usize) -> Vec<f64> {
        let outcomes = self.folds.iter().flat_map(|fold| &fold.outcomes);
        outcomes.filter_map(|outcome| outcome.metrics.get(i)).map(|metric| metric.value).collect()
    }
}
