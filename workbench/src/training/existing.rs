//! Output folders that hold a run already.

use std::collections::BTreeMap;
use std::path::Path;

use synnet_ir::display::pluralize;
use synnet_runtime::TrainOptions;
use synnet_runtime::train::CheckpointInfo;

use super::{CHECKPOINT, WEIGHTS};
use crate::error::Error;
use crate::experiment::DATASET;
use crate::files;
use crate::observer::Observer;

/// The run that an output folder holds.
pub(crate) enum ExistingRun {
    /// There is none.
    None,
    /// Weights without a checkpoint of this version, so that its options are unknown.
    Unknown,
    /// A run with a checkpoint.
    Known(Box<CheckpointInfo>),
}

impl ExistingRun {
    /// Examines a folder.
    pub(crate) fn find(folder: &Path) -> Self {
        let checkpoint = files::read(&folder.join(CHECKPOINT)).ok();
        match checkpoint.map(|bytes| CheckpointInfo::read(&bytes)) {
            Some(Ok(info)) => Self::Known(Box::new(info)),
            Some(Err(_)) => Self::Unknown,
            None if folder.join(WEIGHTS).exists() => Self::Unknown,
            None => Self::None,
        }
    }

    /// Checks that a new run in the folder loses nothing: training with the same options and inputs gives the same
    /// weights. Inputs that are not in `provenance` yet, such as the data, are not compared.
    ///
    /// # Errors
    /// Returns an error that lists what differs.
    pub(crate) fn check(
        &self,
        folder: &Path,
        options: &TrainOptions,
        provenance: &BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let help = "choose another folder with `--out`, or replace the run with `--overwrite`";
        let refuse = |what: &str| Err(Error::Refused(format!("`{}` holds a run {what}", folder.display())));
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
        differences.extend(differing.map(|part| format!("another {part}")));
        if differences.is_empty() {
            return Ok(());
        }
        refuse(&format!("with other options: {help}\n  {}", differences.join("\n  ")))
    }

    /// Notes that an interrupted run with the same options is started again.
    pub(crate) fn note_restart(&self, folder: &Path, observer: &dyn Observer) {
        if let Self::Known(info) = self
            && info.epochs_done < info.epochs
        {
            observer.note(&format!(
                "`{}` holds an interrupted run with the same options, after {}: it is started again; `--resume` would \
                 continue it",
                folder.display(),
                pluralize(info.epochs_done, "epoch")
            ));
        }
    }
}
