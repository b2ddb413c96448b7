//! Callbacks of an experiment: warnings, progress and results.

use std::ops::Range;

use synnet_ir::{Diagnostic, Graph, Sources};
use synnet_runtime::EpochMetrics;
use synnet_runtime::Progress;

/// A stage that works on many short items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Files are read and converted to rasters.
    Reading,
    /// Samples run on the engines of a comparison.
    Comparing,
    /// Recordings are converted to files of events.
    Encoding,
    /// Streams of sound run on the engines of a detection.
    Detecting,
}

/// Receives the events of an experiment. The default implementations do nothing.
///
/// Methods may be called from several threads at the same time.
pub trait Observer: Sync {
    /// A probable mistake was found.
    fn warning(&self, _message: &str) {}

    /// There is something worth knowing.
    fn note(&self, _message: &str) {}

    /// Warnings about a network were found. Their spans refer to `sources`.
    fn diagnostics(&self, _warnings: &[Diagnostic], _sources: &Sources) {}

    /// The number of items of a stage grew by `items`; a stage may find its items in several steps.
    fn items_added(&self, _stage: Stage, _items: usize) {}

    /// An item of a stage is complete.
    fn item_done(&self, _stage: Stage) {}

    /// A stage is complete.
    fn stage_done(&self, _stage: Stage) {}

    /// In a run with several seeds, the run of this seed starts.
    fn seed_started(&self, _seed: u64) {}

    /// A fold starts, in which the samples with one value of a field are tested; those with the value `left_out` are left
    /// out entirely.
    fn fold_started(&self, _field: &str, _tested: &str, _left_out: Option<&str>) {}

    /// Training starts; `epochs` are those to run, from 0.
    fn training_started(&self, _graph: &Graph, _epochs: Range<usize>) {}

    /// A batch is complete; `last` holds the metrics of the last complete epoch.
    fn batch_done(&self, _progress: &Progress<'_>, _last: Option<&EpochMetrics>) {}

    /// An epoch is complete; `is_last` says whether it is the last one.
    fn epoch_done(&self, _metrics: &EpochMetrics, _is_last: bool) {}

    /// Training is complete or was stopped.
    fn training_done(&self) {}

    /// A trained network was evaluated and built. `results` summarizes the results.
    fn run_done(&self, _results: &str) {}

    /// Returns whether the experiment should stop. Training then writes a checkpoint and returns
    /// [`Error::Interrupted`](crate::Error::Interrupted).
    fn is_interrupted(&self) -> bool {
        false
    }
}

/// An observer that ignores everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}
