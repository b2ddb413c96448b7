//! Several trainings that differ by their seeds only: mean and spread.

use std::fmt::Write;

use serde_json::{Value, json};
use synnet_runtime::Evaluation;

use super::percent;
use crate::chip::agreement;
use crate::experiment::OnChip;
use crate::page::{self, Chart, Line, Scale, document, escape, section, side_by_side};
use crate::terminal;
use crate::training::History;

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
    /// Names of figures and their values, the same names for every seed: shares, from 0 to 1.
    pub figures: Vec<(String, f64)>,
}

impl Outcome {
    /// The figures of an evaluation.
    pub fn figures(float: &Evaluation, chip: Option<&OnChip>, validation: Option<f64>) -> Vec<(String, f64)> {
        let mut figures = Vec::new();
        figures.extend(validation.map(|accuracy| ("validation accuracy".to_owned(), accuracy)));
        figures.push(("test accuracy, float".to_owned(), float.accuracy));
        if let Some(on) = chip {
            let evaluation = &on.result.evaluation;
            figures.push((format!("test accuracy, {}", on.chip.name), evaluation.accuracy));
            figures.push(("same class as float".to_owned(), agreement(float, evaluation)));
        }
        figures
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

    fn cells(self) -> [String; 4] {
        [
            percent(self.mean),
            format!("\u{b1} {}", percent(self.deviation)),
            percent(self.least),
            percent(self.greatest),
        ]
    }
}

impl Seeds<'_> {
    /// Names of the figures with mean and spread.
    fn spreads(&self) -> Vec<(&str, Spread)> {
        let names = self.outcomes.first().into_iter().flat_map(|first| &first.figures);
        let of_all = |i: usize| -> Vec<f64> {
            self.outcomes.iter().filter_map(|o| o.figures.get(i)).map(|(_, value)| *value).collect()
        };
        names.enumerate().map(|(i, (name, _))| (name.as_str(), Spread::of(&of_all(i)))).collect()
    }

    const HEAD: [&'static str; 5] = ["", "mean", "standard deviation", "least", "greatest"];

    fn rows(&self) -> Vec<Vec<String>> {
        let rows = self.spreads().into_iter();
        rows.map(|(name, spread)| std::iter::once(name.to_owned()).chain(spread.cells()).collect()).collect()
    }

    /// Mean and spread, as a table for people.
    pub fn table(&self) -> String {
        let head = Self::HEAD.map(str::to_owned).to_vec();
        terminal::table(&std::iter::once(head).chain(self.rows()).collect::<Vec<_>>())
    }

    /// Mean and spread for machines.
    pub fn json(&self) -> Value {
        let spreads = self.spreads().into_iter().map(|(name, spread)| {
            let value = json!({
                "mean": spread.mean,
                "standard_deviation": spread.deviation,
                "least": spread.least,
                "greatest": spread.greatest,
            });
            (name.to_owned(), value)
        });
        Value::Object(spreads.collect())
    }

    /// The figures of every seed, as a table of comma-separated values.
    pub fn csv(&self) -> String {
        let names = self.outcomes.first().into_iter().flat_map(|first| &first.figures);
        let mut text = format!(
            "seed,epochs,kept epoch{}\n",
            names.map(|(name, _)| format!(",{}", name.replace(", ", " "))).collect::<String>()
        );
        for outcome in self.outcomes {
            let values: String = outcome.figures.iter().map(|(_, value)| format!(",{value}")).collect();
            let _ =
                writeln!(text, "{},{},{}{values}", outcome.seed, outcome.history.epochs(), outcome.kept + 1);
        }
        text
    }

    /// All seeds as one page.
    pub fn html(&self) -> String {
        let n = self.outcomes.len();
        let mut body = format!(
            "<h1>{}</h1>\n<p class=\"under\">The same recipe with {n} seeds.</p>\n",
            escape(self.network)
        );
        let tiles = self.spreads().into_iter().map(|(name, spread)| {
            let [mean, deviation, ..] = spread.cells();
            format!("<li><b>{mean} <small>{deviation}</small></b><span>{}</span></li>\n", escape(name))
        });
        body += &format!("<ul class=\"tiles\">\n{}</ul>\n", tiles.collect::<String>());
        let lead = "The standard deviation is that of a sample, with one less than the number of seeds below the line.";
        body += &section("Mean and spread", lead, &page::table(&Self::HEAD, &self.rows()));
        body += &section("Each seed", "The folder of each seed holds a report of its own.", &self.each());
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
            Chart { title, unit, lines: lines.collect(), scale, kept: None }.html()
        });
        body += &section("How they learnt", "", &side_by_side(&pictures));
        document(&format!("{}: {n} seeds", self.network), &body)
    }

    fn each(&self) -> String {
        let names = self.outcomes.first().into_iter().flat_map(|first| &first.figures);
        let head: Vec<&str> = ["seed", "folder", "epochs", "kept epoch"]
            .into_iter()
            .chain(names.map(|(name, _)| name.as_str()))
            .collect();
        let rows = self.outcomes.iter().map(|outcome| {
            let mut row = vec![
                outcome.seed.to_string(),
                outcome.folder.clone(),
                outcome.history.epochs().to_string(),
                (outcome.kept + 1).to_string(),
            ];
            row.extend(outcome.figures.iter().map(|(_, value)| percent(*value)));
            row
        });
        page::table(&head, &rows.collect::<Vec<_>>())
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
