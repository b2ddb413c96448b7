//! `metrics.csv`: one line per epoch, kept complete on disk.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use synnet_runtime::EpochMetrics;

use crate::failure::Failure;
use crate::files;

/// Name of the file in the output folder.
pub const FILE: &str = "metrics.csv";

/// The file under construction.
pub struct Log {
    path: PathBuf,
    text: String,
}

impl Log {
    /// Starts a file, or goes on with the lines of the first `done` epochs of one.
    pub fn open(folder: &Path, done: usize) -> Result<Self, Failure> {
        let path = folder.join(FILE);
        let mut text = String::new();
        if done > 0 && path.exists() {
            for line in files::read_text(&path)?.lines().take(done + 1) {
                let _ = writeln!(text, "{line}");
            }
        }
        Ok(Self { path, text })
    }

    /// Adds an epoch and writes the file.
    pub fn add(&mut self, epoch: &EpochMetrics) -> Result<(), Failure> {
        if self.text.is_empty() {
            let rates = epoch.layers.iter().map(|layer| format!(",rate {}", layer.layer));
            let norms = epoch.gradient_norms.iter().map(|(tensor, _)| format!(",gradient norm {tensor}"));
            let _ = writeln!(self.text, "epoch,loss,accuracy,lr{}", rates.chain(norms).collect::<String>());
        }
        let accuracy = epoch.accuracy.map(|a| a.to_string()).unwrap_or_default();
        let rates = epoch.layers.iter().map(|layer| layer.rate);
        let numbers = rates.chain(epoch.gradient_norms.iter().map(|(_, x)| *x)).map(|x| format!(",{x}"));
        let _ = writeln!(
            self.text,
            "{},{},{accuracy},{}{}",
            epoch.epoch + 1,
            epoch.loss,
            epoch.lr,
            numbers.collect::<String>()
        );
        files::write(&self.path, self.text.as_bytes())
    }
}
