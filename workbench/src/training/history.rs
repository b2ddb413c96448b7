//! The metrics of every epoch, stored in `metrics.csv`.
//!
//! The file is the only record: curves and warnings are computed from it, so that they do not depend on how often
//! training was interrupted.

use std::fmt;
use std::path::Path;

use synnet_ir::Graph;
use synnet_ir::display::pluralize;
use synnet_runtime::EpochMetrics;
use synnet_runtime::train::{LayerMetrics, Warning, warnings};

use crate::error::Error;
use crate::files;

/// Name of the file in the output folder of a run.
pub const FILE: &str = "metrics.csv";

/// A table with named columns and a row for each epoch. A missing value is an empty cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    columns: Vec<String>,
    rows: Vec<Vec<Option<f64>>>,
}

/// The name of a column and its value in each epoch.
pub(super) type Series<'a> = (&'a str, Vec<Option<f64>>);

impl History {
    /// Reads the first `done` epochs from the file of a folder. Any further content, possibly a part of a line, belongs
    /// to an epoch that the checkpoint does not contain; it is removed.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, is invalid, or has fewer epochs.
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
                "the file holds {}, but the checkpoint beside it has {done}; restore the file, or start a new run \
                 without `--resume`",
                pluralize(history.rows.len(), "epoch")
            );
            return Err(Error::file(&path, message));
        }
        if text != history.csv() {
            files::write(&path, history.csv().as_bytes())?;
        }
        Ok(history)
    }

    /// Appends an epoch to the history and to the file of a folder.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
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

    /// Returns the warnings of all epochs in the order of their first occurrence, each with its epochs.
    pub fn warnings(&self, graph: &Graph) -> Vec<WarningHistory> {
        let mut all: Vec<WarningHistory> = Vec::new();
        for epoch in 0..self.epochs() {
            for warning in warnings(graph, &self.layers(epoch)) {
                let known = all.iter_mut().find(|known| is_same(&known.warning, &warning));
                match known {
                    Some(known) => (known.last, known.epochs) = (epoch, known.epochs + 1),
                    None => all.push(WarningHistory {
                        warning,
                        first: epoch,
                        last: epoch,
                        epochs: 1,
                        total: self.epochs(),
                    }),
                }
            }
        }
        all
    }

    /// Returns the metrics of all layers in an epoch.
    fn layers(&self, epoch: usize) -> Vec<LayerMetrics> {
        let names = self.columns.iter().filter_map(|column| column.strip_prefix("rate "));
        let layers = names.map(|layer| {
            let metric = |name: &str| self.get(&format!("{name} {layer}"), epoch).unwrap_or(0.0);
            LayerMetrics {
                layer: layer.to_owned(),
                rate: metric("rate"),
                silent_neurons: metric("silent neurons"),
                saturated_neurons: metric("saturated neurons"),
                silent_samples: metric("silent samples"),
                gradient_norm: metric("layer gradient norm"),
            }
        });
        layers.collect()
    }

    /// Returns the number of epochs.
    pub fn epochs(&self) -> usize {
        self.rows.len()
    }

    /// Returns the value of a column in an epoch, from 0.
    pub fn get(&self, column: &str, epoch: usize) -> Option<f64> {
        let c = self.columns.iter().position(|name| name == column)?;
        self.rows.get(epoch)?.get(c).copied().flatten()
    }

    /// Returns a column, with one value per epoch; all are `None` if there is no such column.
    pub fn series(&self, column: &str) -> Vec<Option<f64>> {
        (0..self.epochs()).map(|epoch| self.get(column, epoch)).collect()
    }

    /// Returns the columns whose names start with `prefix`, named by the rest.
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
                return Err(format!(
                    "line {} has {found} cells, but the header has {expected} columns",
                    i + 2
                ));
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

/// A metric of a layer.
type LayerMetric = fn(&LayerMetrics) -> f64;

/// Returns the columns of an epoch. Names need no quotes: those of layers and tensors have no commas.
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
    let layer_metrics: [(&str, LayerMetric); 5] = [
        ("rate", |layer| layer.rate),
        ("silent neurons", |layer| layer.silent_neurons),
        ("saturated neurons", |layer| layer.saturated_neurons),
        ("silent samples", |layer| layer.silent_samples),
        ("layer gradient norm", |layer| layer.gradient_norm),
    ];
    for (name, metric) in layer_metrics {
        row.extend(
            metrics.layers.iter().map(|layer| (format!("{name} {}", layer.layer), Some(metric(layer)))),
        );
    }
    let validated = validation.into_iter().flat_map(|v| &v.rates);
    row.extend(validated.map(|(layer, rate)| (format!("validation rate {layer}"), Some(*rate))));
    row.extend(metrics.gradient_norms.iter().map(|(t, norm)| (format!("gradient norm {t}"), Some(*norm))));
    row
}

/// A warning and the epochs in which it occurred.
#[derive(Clone, Debug, PartialEq)]
pub struct WarningHistory {
    /// The warning at its first occurrence.
    pub warning: Warning,
    /// The first epoch in which it occurred, from 0.
    first: usize,
    /// The last epoch in which it occurred, from 0.
    last: usize,
    /// Number of epochs in which it occurred.
    epochs: usize,
    /// Number of epochs in the history.
    total: usize,
}

/// Returns whether two warnings are of the same kind and about the same layer.
pub(super) fn is_same(a: &Warning, b: &Warning) -> bool {
    a.layer == b.layer && a.kind == b.kind
}

impl fmt::Display for WarningHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { warning, first, last, epochs, total } = self;
        let (first, last) = (first + 1, last + 1);
        match (last - first + 1, last == *total) {
            _ if epochs == total => write!(f, "{warning} (in every epoch)"),
            (1, false) => write!(f, "{warning} (in epoch {first} only)"),
            (_, true) if last - first + 1 == *epochs => write!(f, "{warning} (from epoch {first} on)"),
            (_, false) if last - first + 1 == *epochs => write!(f, "{warning} (in epochs {first} to {last})"),
            _ => write!(f, "{warning} (in {epochs} of epochs {first} to {last})"),
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
        for (first, last, epochs, suffix) in [
            (0, 9, 10, "(in every epoch)"),
            (0, 0, 1, "(in epoch 1 only)"),
            (0, 2, 3, "(in epochs 1 to 3)"),
            (4, 9, 6, "(from epoch 5 on)"),
            (9, 9, 1, "(from epoch 10 on)"),
            (1, 7, 3, "(in 3 of epochs 2 to 8)"),
            (1, 9, 3, "(in 3 of epochs 2 to 10)"),
        ] {
            let history = WarningHistory { warning: warning.clone(), first, last, epochs, total: 10 };
            assert!(history.to_string().ends_with(suffix), "{history}, not {suffix}");
        }
    }
}
