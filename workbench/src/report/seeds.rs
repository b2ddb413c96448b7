//! Several trainings that differ by their seeds only: mean and spread.

use std::fmt::Write;

use maud::{Markup, html};
use serde_json::{Value, json};

use synnet_ir::display::table;

use super::percent;
use crate::experiment::{OnChip, Tested};
use crate::on_chip::agreement;
use crate::page::{self, Chart, Line, Scale, document, section, side_by_side};
use crate::training::{History, Trained};

/// What the training with one seed gave.
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Its folder below that of all seeds.
    pub folder: String,
    /// Every epoch.
    pub history: History,
    /// The epoch, from 0, whose weights were kept.
    pub kept: usize,
    /// The figures of validation and test, the same ones for every seed.
    pub figures: Vec<Figure>,
}

/// A figure that has a mean.
pub struct Figure {
    name: String,
    value: f64,
    /// Whether it is a share, from 0 to 1.
    is_share: bool,
}

impl Outcome {
    /// The figures of a training.
    pub fn figures(trained: &Trained, float: &Tested, chip: Option<&OnChip>) -> Vec<Figure> {
        let share = |name: String, value| Figure { name, value, is_share: true };
        let mut figures = Vec::new();
        let validation = trained.history.get("validation accuracy", trained.kept);
        figures.extend(validation.map(|accuracy| share("validation accuracy".into(), accuracy)));
        figures.extend(float.accuracy().map(|accuracy| share("test accuracy, float".into(), accuracy)));
        if let (Some(float), Some(on)) = (&float.classified, chip) {
            let evaluation = &on.result.evaluation;
            figures.push(share(format!("test accuracy, {}", on.chip.name), evaluation.accuracy));
            figures.push(share("same class as float".into(), agreement(float, evaluation)));
        }
        let name = "test loss, float".to_owned();
        figures.push(Figure { name, value: float.measured.loss, is_share: false });
        figures
    }
}

impl Figure {
    /// A value of this kind.
    fn text(&self, value: f64) -> String {
        if self.is_share { percent(value) } else { format!("{value:.4}") }
    }
}

/// The trainings with all seeds.
pub struct Seeds<'a> {
    /// Name of the network.
    pub network: &'a str,
    /// One for each seed.
    pub outcomes: &'a [Outcome],
}

/// Mean and spread of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spread {
    mean: f64,
    /// Standard deviation of the sample, with one less than their number below the line.
    deviation: f64,
    least: f64,
    greatest: f64,
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n.max(1.0);
        let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
        Self {
            mean,
            deviation: (squares / (n - 1.0).max(1.0)).sqrt(),
            least: values.iter().copied().fold(f64::INFINITY, f64::min),
            greatest: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    fn cells(self, figure: &Figure) -> [String; 4] {
        let deviation = format!("\u{b1} {}", figure.text(self.deviation));
        [figure.text(self.mean), deviation, figure.text(self.least), figure.text(self.greatest)]
    }
}

impl Seeds<'_> {
    /// The names and kinds of the figures.
    fn kinds(&self) -> &[Figure] {
        self.outcomes.first().map_or(&[], |first| &first.figures)
    }

    /// The figures with mean and spread.
    fn spreads(&self) -> impl Iterator<Item = (&Figure, Spread)> {
        self.kinds().iter().enumerate().map(|(i, figure)| {
            let values = self.outcomes.iter().filter_map(|outcome| outcome.figures.get(i));
            (figure, Spread::of(&values.map(|figure| figure.value).collect::<Vec<_>>()))
        })
    }

    /// Mean and spread of each figure, the first row being the head.
    fn rows(&self) -> Vec<Vec<String>> {
        let row = |(figure, spread): (&Figure, Spread)| {
            std::iter::once(figure.name.clone()).chain(spread.cells(figure)).collect()
        };
        let head = ["", "mean", "standard deviation", "least", "greatest"].map(str::to_owned).to_vec();
        std::iter::once(head).chain(self.spreads().map(row)).collect()
    }

    /// Mean and spread, as a table for people.
    pub fn table(&self) -> String {
        table(&self.rows())
    }

    /// Mean and spread for machines.
    pub fn json(&self) -> Value {
        let spreads = self.spreads().map(|(figure, spread)| {
            let value = json!({
                "mean": spread.mean,
                "standard_deviation": spread.deviation,
                "least": spread.least,
                "greatest": spread.greatest,
            });
            (figure.name.clone(), value)
        });
        Value::Object(spreads.collect())
    }

    /// The figures of every seed, as a table of comma-separated values.
    pub fn csv(&self) -> String {
        let names = self.kinds().iter().map(|figure| figure.name.as_str());
        let mut text = format!(
            "seed,epochs,kept epoch{}\n",
            names.map(|name| format!(",{}", name.replace(", ", " "))).collect::<String>()
        );
        for outcome in self.outcomes {
            let values: String = outcome.figures.iter().map(|figure| format!(",{}", figure.value)).collect();
            let _ =
                writeln!(text, "{},{},{}{values}", outcome.seed, outcome.history.epochs(), outcome.kept + 1);
        }
        text
    }

    /// All seeds as one page.
    pub fn html(&self) -> String {
        let n = self.outcomes.len();
        let tiles = self.spreads().map(|(figure, spread)| {
            let [mean, deviation, ..] = spread.cells(figure);
            (html! { (mean) " " small { (deviation) } }, figure.name.clone())
        });
        let tiles = page::tiles(&tiles.collect::<Vec<_>>());
        let pictures = [
            ("Loss", "training, mean over the samples", "loss", Scale::FromZero),
            ("Accuracy", "training", "accuracy", Scale::Share),
            ("Validation loss", "mean over the samples", "validation loss", Scale::FromZero),
            ("Validation accuracy", "", "validation accuracy", Scale::Share),
        ];
        let pictures = pictures.map(|(title, unit, column, scale)| {
            let lines = self.outcomes.iter().enumerate().map(|(i, outcome)| Line {
                name: format!("seed {}", outcome.seed),
                values: outcome.history.series(column),
                color: i,
                dashed: i >= page::HUES,
            });
            Chart { title, unit, across: "epoch", lines: lines.collect(), scale, kept: None }.html()
        });
        let lead = "The standard deviation is that of a sample, with one less than the number of seeds below the line.";
        let body = html! {
            h1 { (self.network) }
            p.under { "The same recipe with " (n) " seeds." }
            (tiles)
            (section("Mean and spread", lead, &page::table(&self.rows())))
            (section("Each seed", "The folder of each seed holds a report of its own.", &self.each()))
            (section("How they learned", "", &side_by_side(&pictures)))
        };
        document(&format!("{}: {n} seeds", self.network), &body).into_string()
    }

    fn each(&self) -> Markup {
        let names = self.kinds().iter().map(|figure| figure.name.clone());
        let head = ["seed", "folder", "epochs", "kept epoch"].map(str::to_owned).into_iter().chain(names);
        let rows = self.outcomes.iter().map(|outcome| {
            let mut row = vec![
                outcome.seed.to_string(),
                outcome.folder.clone(),
                outcome.history.epochs().to_string(),
                (outcome.kept + 1).to_string(),
            ];
            row.extend(outcome.figures.iter().map(|figure| figure.text(figure.value)));
            row
        });
        page::table(&std::iter::once(head.collect()).chain(rows).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_that_of_a_sample() {
        let spread = Spread::of(&[0.9, 0.8, 1.0]);
        assert!((spread.mean - 0.9).abs() < 1e-12 && (spread.deviation - 0.1).abs() < 1e-12, "{spread:?}");
        assert_eq!((spread.least, spread.greatest), (0.8, 1.0));
        assert_eq!(Spread::of(&[0.5]).deviation, 0.0);
    }
}
