//! Several trainings that differ by their seeds only: mean and spread.

use std::fmt::Write;

use maud::{Markup, html};
use serde_json::{Value, json};

use synnet_ir::display::format_table;

use super::format_percent;
use crate::chip_evaluation::agreement;
use crate::experiment::{ChipResult, FloatEvaluation};
use crate::html::{self, Chart, Line, Scale, document, section, side_by_side};
use crate::training::{History, TrainedNetwork};

/// What the training with one seed gave.
pub struct SeedResult {
    /// The seed.
    pub seed: u64,
    /// Its folder below that of all seeds.
    pub folder: String,
    /// Every epoch.
    pub history: History,
    /// The epoch, from 0, whose weights were kept.
    pub selected_epoch: usize,
    /// The figures of validation and test, the same ones for every seed.
    pub metrics: Vec<Metric>,
}

/// A figure that has a mean.
pub struct Metric {
    name: String,
    value: f64,
    /// Whether it is a share, from 0 to 1.
    is_fraction: bool,
}

impl SeedResult {
    /// The figures of a training.
    pub fn metrics(
        trained: &TrainedNetwork,
        float: &FloatEvaluation,
        chip: Option<&ChipResult>,
    ) -> Vec<Metric> {
        let share = |name: String, value| Metric { name, value, is_fraction: true };
        let mut metrics = Vec::new();
        let validation = trained.history.get("validation accuracy", trained.selected_epoch);
        metrics.extend(validation.map(|accuracy| share("validation accuracy".into(), accuracy)));
        metrics.extend(float.accuracy().map(|accuracy| share("test accuracy, float".into(), accuracy)));
        if let (Some(float), Some(on)) = (&float.classified, chip) {
            let evaluation = &on.result.evaluation;
            metrics.push(share(format!("test accuracy, {}", on.chip.name), evaluation.accuracy));
            metrics.push(share("same class as float".into(), agreement(float, evaluation)));
        }
        let name = "test loss, float".to_owned();
        metrics.push(Metric { name, value: float.measured.loss, is_fraction: false });
        metrics
    }
}

impl Metric {
    /// A value of this kind.
    fn text(&self, value: f64) -> String {
        if self.is_fraction { format_percent(value) } else { format!("{value:.4}") }
    }
}

/// The trainings with all seeds.
pub struct Seeds<'a> {
    /// Name of the network.
    pub network: &'a str,
    /// One for each seed.
    pub outcomes: &'a [SeedResult],
}

/// Mean and spread of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
struct SampleStatistics {
    mean: f64,
    /// Standard deviation of the sample, with one less than their number below the line.
    standard_deviation: f64,
    min: f64,
    max: f64,
}

impl SampleStatistics {
    fn of(values: &[f64]) -> Self {
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

    fn cells(self, metric: &Metric) -> [String; 4] {
        let standard_deviation = format!("\u{b1} {}", metric.text(self.standard_deviation));
        [metric.text(self.mean), standard_deviation, metric.text(self.min), metric.text(self.max)]
    }
}

impl Seeds<'_> {
    /// The names and kinds of the figures.
    fn kinds(&self) -> &[Metric] {
        self.outcomes.first().map_or(&[], |first| &first.metrics)
    }

    /// The figures with mean and spread.
    fn spreads(&self) -> impl Iterator<Item = (&Metric, SampleStatistics)> {
        self.kinds().iter().enumerate().map(|(i, metric)| {
            let values = self.outcomes.iter().filter_map(|outcome| outcome.metrics.get(i));
            (metric, SampleStatistics::of(&values.map(|metric| metric.value).collect::<Vec<_>>()))
        })
    }

    /// Mean and spread of each figure, the first row being the head.
    fn rows(&self) -> Vec<Vec<String>> {
        let row = |(metric, spread): (&Metric, SampleStatistics)| {
            std::iter::once(metric.name.clone()).chain(spread.cells(metric)).collect()
        };
        let head = ["", "mean", "standard deviation", "minimum", "maximum"].map(str::to_owned).to_vec();
        std::iter::once(head).chain(self.spreads().map(row)).collect()
    }

    /// Mean and spread, as a table for people.
    pub fn table(&self) -> String {
        format_table(&self.rows())
    }

    /// Mean and spread for machines.
    pub fn json(&self) -> Value {
        let spreads = self.spreads().map(|(metric, spread)| {
            let value = json!({
                "mean": spread.mean,
                "standard_deviation": spread.standard_deviation,
                "min": spread.min,
                "max": spread.max,
            });
            (metric.name.clone(), value)
        });
        Value::Object(spreads.collect())
    }

    /// The figures of every seed, as a table of comma-separated values.
    pub fn csv(&self) -> String {
        let names = self.kinds().iter().map(|metric| metric.name.as_str());
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
                outcome.selected_epoch + 1
            );
        }
        text
    }

    /// All seeds as one page.
    pub fn html(&self) -> String {
        let n = self.outcomes.len();
        let tiles = self.spreads().map(|(metric, spread)| {
            let [mean, standard_deviation, ..] = spread.cells(metric);
            (html! { (mean) " " small { (standard_deviation) } }, metric.name.clone())
        });
        let tiles = html::tiles(&tiles.collect::<Vec<_>>());
        let pictures = [
            ("Loss", "training, mean over the samples", "loss", Scale::FromZero),
            ("Accuracy", "training", "accuracy", Scale::Fraction),
            ("Validation loss", "mean over the samples", "validation loss", Scale::FromZero),
            ("Validation accuracy", "", "validation accuracy", Scale::Fraction),
        ];
        let pictures = pictures.map(|(title, unit, column, scale)| {
            let lines = self.outcomes.iter().enumerate().map(|(i, outcome)| Line {
                name: format!("seed {}", outcome.seed),
                values: outcome.history.series(column),
                color: i,
                dashed: i >= html::MAX_COLORS,
            });
            Chart { title, unit, x_axis: "epoch", lines: lines.collect(), scale, selected_epoch: None }.html()
        });
        let lead = "The standard deviation is that of a sample, with one less than the number of seeds below the line.";
        let body = html! {
            h1 { (self.network) }
            p.under { "The same recipe with " (n) " seeds." }
            (tiles)
            (section("Mean and spread", lead, &html::table(&self.rows())))
            (section("Each seed", "The folder of each seed holds a report of its own.", &self.each()))
            (section("How they learned", "", &side_by_side(&pictures)))
        };
        document(&format!("{}: {n} seeds", self.network), &body).into_string()
    }

    fn each(&self) -> Markup {
        let names = self.kinds().iter().map(|metric| metric.name.clone());
        let head = ["seed", "folder", "epochs", "kept epoch"].map(str::to_owned).into_iter().chain(names);
        let rows = self.outcomes.iter().map(|outcome| {
            let mut row = vec![
                outcome.seed.to_string(),
                outcome.folder.clone(),
                outcome.history.epochs().to_string(),
                (outcome.selected_epoch + 1).to_string(),
            ];
            row.extend(outcome.metrics.iter().map(|metric| metric.text(metric.value)));
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
        let spread = SampleStatistics::of(&[0.9, 0.8, 1.0]);
        assert!(
            (spread.mean - 0.9).abs() < 1e-12 && (spread.standard_deviation - 0.1).abs() < 1e-12,
            "{spread:?}"
        );
        assert_eq!((spread.min, spread.max), (0.8, 1.0));
        assert_eq!(SampleStatistics::of(&[0.5]).standard_deviation, 0.0);
    }
}
