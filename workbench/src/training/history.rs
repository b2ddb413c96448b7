//! The course of a training: a row of numbers for each epoch, kept as `metrics.csv`.
//!
//! The file is the only record. Curves, warnings, early stopping and the choice of the best epoch are computed
//! from it, so that they do not depend on how often training was interrupted.

use std::fmt;
use std::path::Path;

use synnet_ir::Graph;
use synnet_runtime::EpochMetrics;
use synnet_runtime::train::{LayerMetrics, Warning, warnings};

use crate::error::Error;
use crate::files;

/// Name of the file in the folder of a run.
pub const FILE: &str = "metrics.csv";

/// Columns by name, and a row for each epoch. A number that does not exist is an empty cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    columns: Vec<String>,
    rows: Vec<Vec<Option<f64>>>,
}

/// A column: its name, and its value in each epoch.
pub(super) type Series<'a> = (&'a str, Vec<Option<f64>>);

impl History {
    /// The first `done` epochs of a folder's file. What comes after them, perhaps but a part of a line, is of an epoch
    /// that was not completed, and is removed.
    pub fn open(folder: &Path, done: usize) -> Result<Self, Error> {
        if done == 0 {
            return Ok(Self::default());
        }
        let path = folder.join(FILE);
        let text = files::read_text(&path)?;
        let complete = text.lines().count().min(done + 1);
        let history = Self::parse(text.lines().take(complete)).map_err(|why| Error::file(&path, why))?;
        if history.rows.len() < done {
            let message = format!(
                "the file holds {} epochs, the checkpoint beside it has done {done}; put the file back, or start a \
                 new run instead of resuming this one",
                history.rows.len()
            );
            return Err(Error::file(&path, message));
        }
        if text != history.csv() {
            files::write(&path, history.csv().as_bytes())?;
        }
        Ok(history)
    }

    /// Adds an epoch, here and in a folder's file.
    pub fn add(&mut self, metrics: &EpochMetrics, folder: &Path) -> Result<(), Error> {
        self.push(metrics);
        let path = folder.join(FILE);
        match self.rows.as_slice() {
            [_] => files::write(&path, self.csv().as_bytes()),
            rows => files::append(&path, rows.last().map_or(String::new(), |row| line(row)).as_bytes()),
        }
    }

    fn push(&mut self, metrics: &EpochMetrics) {
        let (columns, cells): (Vec<_>, Vec<_>) = row(metrics).into_iter().unzip();
        if self.rows.is_empty() {
            self.columns = columns;
        }
        self.rows.push(cells);
    }

    /// What looked wrong in the course of the training, in the order in which it came up.
    pub fn warnings(&self, graph: &Graph) -> Vec<WarningHistory> {
        let mut noticed: Vec<WarningHistory> = Vec::new();
        for epoch in 0..self.epochs() {
            for warning in warnings(graph, &self.layers(epoch)) {
                let known = noticed.iter_mut().find(|n| is_like(&n.warning, &warning));
                match known {
                    Some(known) => (known.last, known.epochs) = (epoch, known.epochs + 1),
                    None => noticed.push(WarningHistory {
                        warning,
                        first: epoch,
                        last: epoch,
                        epochs: 1,
                        of: self.epochs(),
                    }),
                }
            }
        }
        noticed
    }

    /// The figures of all layers in an epoch.
    fn layers(&self, epoch: usize) -> Vec<LayerMetrics> {
        let names = self.columns.iter().filter_map(|column| column.strip_prefix("rate "));
        let layers = names.map(|layer| {
            let figure = |what: &str| self.get(&format!("{what} {layer}"), epoch).unwrap_or(0.0);
            LayerMetrics {
                layer: layer.to_owned(),
                rate: figure("rate"),
                silent_neurons: figure("silent neurons"),
                saturated_neurons: figure("saturated neurons"),
                silent_samples: figure("silent samples"),
                gradient_norm: figure("layer gradient norm"),
            }
        });
        layers.collect()
    }

    /// Number of epochs.
    pub fn epochs(&self) -> usize {
        self.rows.len()
    }

    /// The value of a column in an epoch, counted from 0.
    pub fn get(&self, column: &str, epoch: usize) -> Option<f64> {
        let c = self.columns.iter().position(|name| name == column)?;
        self.rows.get(epoch)?.get(c).copied().flatten()
    }

    /// A column in all epochs; nothing but empty cells where there is no such column.
    pub fn series(&self, column: &str) -> Vec<Option<f64>> {
        (0..self.epochs()).map(|epoch| self.get(column, epoch)).collect()
    }

    /// The columns whose names begin with `prefix`, by what follows it.
    pub fn columns_with_prefix(&self, prefix: &str) -> Vec<Series<'_>> {
        let members = self.columns.iter().enumerate().filter_map(|(c, name)| {
            let name = name.strip_prefix(prefix)?;
            Some((name, self.rows.iter().map(|row| row.get(c).copied().flatten()).collect()))
        });
        members.collect()
    }

    fn csv(&self) -> String {
        self.rows.iter().fold(self.columns.join(",") + "\n", |text, row| text + &line(row))
    }

    fn parse<'a>(mut lines: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let columns: Vec<String> = lines.next().unwrap_or_default().split(',').map(str::to_owned).collect();
        let mut rows = Vec::new();
        for (i, line) in lines.enumerate() {
            let row: Result<Vec<Option<f64>>, String> = line.split(',').map(number).collect();
            let row = row.map_err(|why| format!("line {}: {why}", i + 2))?;
            if row.len() != columns.len() {
                let (found, expected) = (row.len(), columns.len());
                return Err(format!("line {}: {found} cells, but {expected} columns", i + 2));
            }
            rows.push(row);
        }
        Ok(Self { columns, rows })
    }
}

fn line(row: &[Option<f64>]) -> String {
    let cells = row.iter().map(|cell| cell.map(|number| number.to_string()).unwrap_or_default());
    cells.collect::<Vec<_>>().join(",") + "\n"
}

fn number(cell: &str) -> Result<Option<f64>, String> {
    if cell.is_empty() {
        return Ok(None);
    }
    cell.parse().map(Some).map_err(|_| format!("`{cell}` is not a number"))
}

/// A figure of a layer.
type Figure = fn(&LayerMetrics) -> f64;

/// The columns of an epoch, by name. Names of layers and tensors hold no commas.
fn row(metrics: &EpochMetrics) -> Vec<(String, Option<f64>)> {
    let validation = metrics.validation.as_ref();
    let mut row: Vec<(String, Option<f64>)> = [
        ("epoch", Some((metrics.epoch + 1) as f64)),
        ("loss", Some(metrics.loss)),
        ("accuracy", metrics.accuracy),
        ("lr", Some(metrics.lr)),
        ("validation loss", validation.map(|v| v.loss)),
        ("validation accuracy", validation.and_then(|v| v.accuracy)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    let figures: [(&str, Figure); 5] = [
        ("rate", |layer| layer.rate),
        ("silent neurons", |layer| layer.silent_neurons),
        ("saturated neurons", |layer| layer.saturated_neurons),
        ("silent samples", |layer| layer.silent_samples),
        ("layer gradient norm", |layer| layer.gradient_norm),
    ];
    for (what, of) in figures {
        row.extend(metrics.layers.iter().map(|layer| (format!("{what} {}", layer.layer), Some(of(layer)))));
    }
    let validated = validation.into_iter().flat_map(|v| &v.rates);
    row.extend(validated.map(|(layer, rate)| (format!("validation rate {layer}"), Some(*rate))));
    row.extend(metrics.gradient_norms.iter().map(|(t, norm)| (format!("gradient norm {t}"), Some(*norm))));
    row
}

/// A warning, and when it was true.
#[derive(Clone, Debug, PartialEq)]
pub struct WarningHistory {
    /// The warning as it was first.
    pub warning: Warning,
    /// The first and the last epoch in which it was true, from 0.
    first: usize,
    last: usize,
    /// Epochs in which it was true, of all.
    epochs: usize,
    of: usize,
}

/// Whether two warnings say the same of the same layer.
pub(super) fn is_like(a: &Warning, b: &Warning) -> bool {
    a.layer == b.layer && a.kind == b.kind
}

impl fmt::Display for WarningHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { warning, first, last, epochs, of } = self;
        let (first, last) = (first + 1, last + 1);
        match (last - first + 1, last == *of) {
            _ if epochs == of => write!(f, "{warning} (in every epoch)"),
            (1, false) => write!(f, "{warning} (in epoch {first} only)"),
            (_, true) if last - first + 1 == *epochs => write!(f, "{warning} (from epoch {first} on)"),
            (_, false) if last - first + 1 == *epochs => write!(f, "{warning} (in epochs {first} to {last})"),
            _ => write!(f, "{warning} (in {epochs} epochs from {first} to {last})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use synnet_runtime::train::WarningKind;

    use super::*;

    fn metrics(epoch: usize, loss: f64) -> EpochMetrics {
        let layer = LayerMetrics {
            layer: "body.h0".into(),
            rate: 1.0 / 3.0,
            silent_neurons: 0.25,
            saturated_neurons: 0.0,
            silent_samples: 0.0,
            gradient_norm: 1e-7,
        };
        EpochMetrics {
            epoch,
            complete: true,
            loss,
            accuracy: None,
            layers: vec![layer],
            gradient_norms: vec![("in->body.h0.weight".into(), 0.1 + 0.2)],
            lr: 1e-3,
            validation: None,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn metrics_round_trip() {
        let mut history = History::default();
        for (epoch, loss) in [0.1, f64::NAN, 1e300].into_iter().enumerate() {
            history.push(&metrics(epoch, loss));
        }
        let read = History::parse(history.csv().lines()).unwrap();
        assert_eq!(read.csv(), history.csv());
        assert_eq!(read.layers(2), metrics(2, 0.0).layers);
        assert_eq!(read.get("gradient norm in->body.h0.weight", 0), Some(0.1 + 0.2));
        assert_eq!(read.series("accuracy"), [None; 3]);
        let families: Vec<&str> =
            read.columns_with_prefix("gradient norm ").iter().map(|(name, _)| *name).collect();
        assert_eq!(families, ["in->body.h0.weight"]);
    }

    #[test]
    fn warnings_state_their_epochs() {
        let warning =
            Warning { layer: "h".into(), kind: WarningKind::SilentLayer, fraction: 1.0, inputs: Vec::new() };
        for (first, last, epochs, says) in [
            (0, 9, 10, "(in every epoch)"),
            (0, 0, 1, "(in epoch 1 only)"),
            (0, 2, 3, "(in epochs 1 to 3)"),
            (4, 9, 6, "(from epoch 5 on)"),
            (9, 9, 1, "(from epoch 10 on)"),
            (1, 7, 3, "(in 3 epochs from 2 to 8)"),
            (1, 9, 3, "(in 3 epochs from 2 to 10)"),
        ] {
            let noticed = WarningHistory { warning: warning.clone(), first, last, epochs, of: 10 };
            assert!(noticed.to_string().ends_with(says), "{noticed}, not {says}");
        }
    }
}
