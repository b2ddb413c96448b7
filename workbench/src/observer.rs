//! What the outside learns while an experiment is under way: warnings, progress, and results as they come.

use std::ops::Range;

use synnet_ir::{Diagnostic, Graph, Sources};
use synnet_runtime::EpochMetrics;
use synnet_runtime::Progress;

/// Work on many items of which none takes long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Recordings are read and turned into events.
    Reading,
    /// Recordings are run on several engines.
    Comparing,
}

/// Receives what happens during an experiment. Every method does nothing unless it is implemented.
///
/// Methods may be called from several threads at once.
pub trait Observer: Sync {
    /// Something is probably not as it was meant.
    fn warning(&self, _message: &str) {}

    /// Something worth knowing.
    fn note(&self, _message: &str) {}

    /// Warnings about a network, with the sources that they point into.
    fn diagnostics(&self, _warnings: &[Diagnostic], _sources: &Sources) {}

    /// A stage has `items` more items to work on.
    fn items(&self, _stage: Stage, _items: usize) {}

    /// A stage is done with one more item.
    fn item_done(&self, _stage: Stage) {}

    /// A stage is over.
    fn stage_done(&self, _stage: Stage) {}

    /// The training with this seed begins, in a run with several seeds.
    fn seed_started(&self, _seed: u64) {}

    /// A training begins with the first of these epochs.
    fn training_started(&self, _graph: &Graph, _epochs: Range<usize>) {}

    /// A batch was trained on; `last` is the last complete epoch.
    fn batch(&self, _progress: &Progress<'_>, _last: Option<&EpochMetrics>) {}

    /// An epoch is complete; `is_last`: no other follows.
    fn epoch(&self, _metrics: &EpochMetrics, _is_last: bool) {}

    /// A training is over, or was stopped.
    fn training_done(&self) {}

    /// The network of a training was evaluated, built, and reported on. `results` says what came out.
    fn finished(&self, _results: &str) {}

    /// Whether the experiment should stop. A training then writes a checkpoint and ends with
    /// [`Error::Interrupted`](crate::Error::Interrupted).
    fn is_interrupted(&self) -> bool {
        false
    }
}

/// Observes nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}
