//! Output folders that already contain a run.

use std::collections::BTreeMap;
use std::path::Path;

use synnet_ir::display::pluralize;
use synnet_runtime::TrainOptions;
use synnet_runtime::train::CheckpointInfo;

use super::{CHECKPOINT, METRICS, WEIGHTS};
use crate::error::Error;
use crate::experiment::DATASET;
use crate::files;

/// Name of the file with the metrics of every seed.
pub(crate) const SEEDS: &str = "seeds.csv";

/// The run that an output folder contains.
pub(crate) enum ExistingRun {
    /// There is none.
    None,
    /// Weights without a checkpoint of this version, so that its options are unknown.
    Unknown,
    /// A run with a checkpoint.
    Known(Box<CheckpointInfo>),
}

/// Checks that a folder is not used both by a run of one seed and by runs of several, and that no seed of an earlier
/// summary is lost. `seeds` are those of the new run; `None` for a single one.
///
/// # Errors
/// Returns an error that says what the folder contains.
pub(crate) fn check_seeds(folder: &Path, seeds: Option<&[u64]>) -> Result<(), Error> {
    let help = "choose another folder with `--out`, or overwrite them with `--overwrite`";
    let refuse =
        |what: &str| Err(Error::Refused(format!("`{}` already contains {what}: {help}", folder.display())));
    let summary = folder.join(SEEDS).exists();
    let Some(seeds) = seeds else {
        return if summary { refuse("runs of several seeds with their summary") } else { Ok(()) };
    };
    if folder.join(WEIGHTS).exists() || folder.join(CHECKPOINT).exists() {
        return refuse("a run of a single seed with its report");
    }
    let has_run = |seed: &u64| folder.join(format!("seed-{seed}")).join(CHECKPOINT).exists();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut others: Vec<u64> = names
        .filter_map(|name| name.strip_prefix("seed-")?.parse().ok())
        .filter(|seed| !seeds.contains(seed) && has_run(seed))
        .collect();
    others.sort_unstable();
    match others.first() {
        Some(first) if summary => refuse(&format!("a summary that includes other seeds, such as {first}")),
        _ => Ok(()),
    }
}

impl ExistingRun {
    /// Examines a folder.
    pub(crate) fn find(folder: &Path) -> Self {
        let checkpoint = files::read(&folder.join(CHECKPOINT)).ok();
        match checkpoint.map(|bytes| CheckpointInfo::read(&bytes)) {
            // Without an epoch, there is nothing to lose.
            Some(Ok(info)) if info.epochs_done == 0 => Self::None,
            Some(Ok(info)) => Self::Known(Box::new(info)),
            Some(Err(_)) => Self::Unknown,
            None if folder.join(WEIGHTS).exists() => Self::Unknown,
            None => Self::None,
        }
    }

    /// Checks that a new run in the folder loses nothing: training with the same options and inputs gives the same
    /// weights, unless it was interrupted. Inputs that are not in `provenance` yet, such as the data, are not compared.
    ///
    /// # Errors
    /// Returns an error that lists what differs.
    pub(crate) fn check(
        &self,
        folder: &Path,
        options: &TrainOptions,
        provenance: &BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let help = "choose another folder with `--out`, or overwrite the run with `--overwrite`";
        let refuse =
            |what: &str| Err(Error::Refused(format!("`{}` already contains a run {what}", folder.display())));
        let info = match self {
            Self::None => return Ok(()),
            Self::Unknown => return refuse(&format!("whose options are unknown: {help}")),
            Self::Known(info) => info,
        };
        let mut differences = info.differences(options);
        let is_known = |part: &str| part != DATASET || provenance.contains_key(DATASET);
        let names = info
            .provenance
            .keys()
            .chain(provenance.keys().filter(|part| !info.provenance.contains_key(*part)));
        let differing =
            names.filter(|part| is_known(part) && info.provenance.get(*part) != provenance.get(*part));
        differences.extend(differing.map(|part| format!("different {part}")));
        if differences.is_empty() && !info.finished {
            return refuse(&format!(
                "that was interrupted after {} of {}: continue it with `--resume`, or start again with `--overwrite`",
                info.epochs_done,
                pluralize(info.epochs, "epoch")
            ));
        }
        if differences.is_empty() {
            return Ok(());
        }
        refuse(&format!("with different options: {help}\n  {}", differences.join("\n  ")))
    }

    /// Removes the files of a run from a folder, so that none of them can be taken for one of the next run.
    pub(crate) fn remove(folder: &Path) {
        for name in [WEIGHTS, METRICS, CHECKPOINT, "report.html", "report.md"] {
            // A file that cannot be removed cannot be replaced either, which is an error later on.
            let _ = std::fs::remove_file(folder.join(name));
        }
    }
}
