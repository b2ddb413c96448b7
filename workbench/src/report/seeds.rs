//! Statistics over runs that differ only in their seeds.

use std::fmt::Write;

use maud::{Markup, html};
use serde_json::{Value, json};

use synnet_ir::display::{format_table, pluralize};

use super::format_percent;
use crate::chip_evaluation::agreement;
use crate::experiment::{ChipResult, FloatEvaluation};
use crate::html::{self, Chart, Line, Scale, document, section, side_by_side};
use crate::training::{History, TrainedNetwork};

/// The result of the run with one seed.
pub struct SeedResult {
    /// The seed of initialization, data order, dropout and augmentation.
    pub seed: u64,
    /// Name of the run's folder within the output folder.
    pub folder: String,
    /// The metrics of every epoch.
    pub history: History,
    /// The selected epoch, from 0.
    pub selected_epoch: usize,
    /// Metrics of validation and test. Every seed has the same ones.
    pub metrics: Vec<Metric>,
}

/// A metric to average over seeds.
pub struct Metric {
    pub(super) name: String,
    pub(super) value: f64,
    /// Whether the value is a fraction, shown in percent.
    is_fraction: bool,
}

impl SeedResult {
    /// Returns the metrics of a run.
    pub fn metrics(trained: &TrainedNetwork, float: &FloatEvaluation, chips: &[ChipResult]) -> Vec<Metric> {
        let fraction = |name: String, value| Metric { name, value, is_fraction: true };
        let mut metrics = Vec::new();
        let validation = trained.history.get("validation accuracy", trained.selected_epoch);
        metrics.extend(validation.map(|accuracy| fraction("validation accuracy".into(), accuracy)));
        metrics.extend(float.accuracy().map(|accuracy| fraction("test accuracy, float".into(), accuracy)));
        for on in chips {
            let Some(float) = &float.classified else { continue };
            let (evaluation, name) = (&on.result.evaluation, &on.chip.name);
            metrics.push(fraction(format!("test accuracy, {name}"), evaluation.accuracy));
            let same = "same class as float";
            let same = if chips.len() > 1 { format!("{same}, {name}") } else { same.to_owned() };
            metrics.push(fraction(same, agreement(float, evaluation)));
        }
        let name = "test loss, float".to_owned();
        metrics.push(Metric { name, value: float.measured.loss, is_fraction: false });
        metrics
    }
}

impl Metric {
    /// Formats a value of this metric.
    fn format(&self, value: f64) -> String {
        if self.is_fraction { format_percent(value) } else { format!("{value:.4}") }
    }
}

/// The results of all seeds.
pub struct Seeds<'a> {
    /// Name of the network.
    pub network: &'a str,
    /// The result of each seed.
    pub outcomes: &'a [SeedResult],
}

/// Statistics of a metric over seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SampleStatistics {
    pub(super) mean: f64,
    /// Sample standard deviation (n - 1); 0 for a single value.
    pub(super) standard_deviation: f64,
    min: f64,
    max: f64,
}

impl SampleStatistics {
    pub(super) fn new(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n.max(1.0);
        let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
        Self {
            mean,
            standard_deviation: (squares / (n - 1.0).max(1.0)).sqrt(),
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    /// Formats mean and standard deviation of `n` values; of a single one, the value.
    pub(super) fn cell(self, metric: &Metric, n: usize) -> String {
        let [mean, deviation, ..] = self.cells(metric);
        if n > 1 { format!("{mean} {deviation}") } else { mean }
    }

    fn cells(self, metric: &Metric) -> [String; 4] {
        let standard_deviation = format!("\u{b1} {}", metric.format(self.standard_deviation));
        [metric.format(self.mean), standard_deviation, metric.format(self.min), metric.format(self.max)]
    }
}

impl Seeds<'_> {
    /// Returns the metrics of the first seed, whose names are those of every seed.
    fn metrics(&self) -> &[Metric] {
        self.outcomes.first().map_or(&[], |first| &first.metrics)
    }

    /// Returns the statistics of each metric.
    fn statistics(&self) -> impl Iterator<Item = (&Metric, SampleStatistics)> {
        self.metrics().iter().enumerate().map(|(i, metric)| {
            let values = self.outcomes.iter().filter_map(|outcome| outcome.metrics.get(i));
            (metric, SampleStatistics::new(&values.map(|metric| metric.value).collect::<Vec<_>>()))
        })
    }

    /// Returns the statistics as rows of a table, the first of which is the header.
    fn rows(&self) -> Vec<Vec<String>> {
        let row = |(metric, statistics): (&Metric, SampleStatistics)| {
            std::iter::once(metric.name.clone()).chain(statistics.cells(metric)).collect()
        };
        let head = ["", "mean", "standard deviation", "minimum", "maximum"].map(str::to_owned).to_vec();
        std::iter::once(head).chain(self.statistics().map(row)).collect()
    }

    /// Formats the statistics as a table.
    pub fn table(&self) -> String {
        format_table(&self.rows())
    }

    /// Returns the statistics as JSON.
    pub fn json(&self) -> Value {
        let statistics = self.statistics().map(|(metric, statistics)| {
            let value = json!({
                "mean": statistics.mean,
                "standard_deviation": statistics.standard_deviation,
                "min": statistics.min,
                "max": statistics.max,
            });
            (metric.name.clone(), value)
        });
        Value::Object(statistics.collect())
    }

    /// Returns the metrics of every seed as CSV.
    pub fn csv(&self) -> String {
        let names = self.metrics().iter().map(|metric| metric.name.as_str());
        let mut text = format!(
            "seed,epochs,kept epoch{}\n",
            names.map(|name| format!(",{}", name.replace(", ", " "))).collect::<String>()
        );
        for outcome in self.outcomes {
            let values: String = outcome.metrics.iter().map(|metric| format!(",{}", metric.value)).collect();
            let _ = writeln!(
                text,
                "{},{},{}{values}",
                outcome.seed,
                outcome.history.epochs(),
                if outcome.history.epochs() == 0 { 0 } else { outcome.selected_epoch + 1 }
            );
        }
        text
    }

    /// Returns a self-contained HTML page about all seeds.
    pub fn html(&self) -> String {
        let n = self.outcomes.len();
        let tiles = self.statistics().map(|(metric, statistics)| {
            let [mean, standard_deviation, ..] = statistics.cells(metric);
            (html! { (mean) " " small { (standard_deviation) } }, metric.name.clone())
        });
        let tiles = html::tiles(&tiles.collect::<Vec<_>>());
        let charts = [
            ("Training loss", "mean over samples", "loss", Scale::FromZero),
            ("Training accuracy", "", "accuracy", Scale::Fraction),
            ("Validation loss", "mean over samples", "validation loss", Scale::FromZero),
            ("Validation accuracy", "", "validation accuracy", Scale::Fraction),
        ];
        let charts = charts.map(|(title, unit, column, scale)| {
            let lines = self.outcomes.iter().enumerate().map(|(i, outcome)| Line {
                name: format!("seed {}", outcome.seed),
                values: outcome.history.series(column),
                color: i,
                dashed: i >= html::MAX_COLORS,
            });
            Chart { title, unit, x_axis: "epoch", lines: lines.collect(), scale, selected_epoch: None }.html()
        });
        let lead = "The standard deviation is the sample standard deviation (n - 1).";
        let body = html! {
            h1 { (self.network) }
            p.under { "One recipe, " (pluralize(n, "seed")) "." }
            (tiles)
            (section("Statistics", lead, &html::table(&self.rows())))
            (section("Results by seed", "The folder of each seed has its own report.", &self.by_seed()))
            (section("Training curves", "", &side_by_side(&charts)))
        };
        document(&format!("{}: {}", self.network, pluralize(n, "seed")), &body).into_string()
    }

    fn by_seed(&self) -> Markup {
        let names = self.metrics().iter().map(|metric| metric.name.clone());
        let head = ["seed", "folder", "epochs", "selected epoch"].map(str::to_owned).into_iter().chain(names);
        let rows = self.outcomes.iter().map(|outcome| {
            let mut row = vec![
                outcome.seed.to_string(),
                outcome.folder.clone(),
                outcome.history.epochs().to_string(),
                (outcome.selected_epoch + 1).to_string(),
            ];
            row.extend(outcome.metrics.iter().map(|metric| metric.format(metric.value)));
            row
        });
        html::table(&std::iter::once(head.collect()).chain(rows).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_deviation_is_that_of_a_sample() {
        let statistics = SampleStatistics::new(&[0.9, 0.8, 1.0]);
        assert!(
            (statistics.mean - 0.9).abs() < 1e-12 && (statistics.standard_deviation - 0.1).abs() < 1e-12,
            "{statistics:?}"
        );
        assert_eq!((statistics.min, statistics.max), (0.8, 1.0));
        assert_eq!(SampleStatistics::new(&[0.5]).standard_deviation, 0.0);
    }
}
