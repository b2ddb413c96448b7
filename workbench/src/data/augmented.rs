//! Training sets that change from epoch to epoch, prepared while the epoch before is trained.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use rayon::ThreadPool;
use rayon::prelude::*;
use synnet_audio::audio3;
use synnet_data::waveform::Augmentation;
use synnet_runtime::{Dataset, Label, Sample};

use super::folder::File;
use super::split::Split;
use super::{Source, summary, wav};
use crate::error::{self, Error};
use crate::recipe::FrontEnd;

/// Training recordings whose sound changes, in the order of the training set.
pub(super) struct AugmentedSamples {
    files: Vec<(PathBuf, usize)>,
    augmentation: Augmentation,
    front_end: FrontEnd,
    steps: usize,
}

/// The training set of one epoch after the other.
///
/// Without changes of the sound it is the same each time. With them, the set of the next epoch is made from the
/// moment that the one before it is taken, on threads of its own: those that train have work to wait for.
pub struct EpochDatasets {
    unchanged: Arc<Dataset>,
    augmented: Option<Arc<AugmentedSamples>>,
    /// As many threads as train; `None` where the system has none to give.
    pool: Option<Arc<ThreadPool>>,
    seed: u64,
    /// One after the last epoch.
    end: usize,
    /// The epoch that is being prepared.
    next: Option<(usize, JoinHandle<Result<Dataset, Error>>)>,
}

impl AugmentedSamples {
    /// The training recordings among the files.
    pub(super) fn new(source: &Source<'_>, files: &[File], front_end: &FrontEnd) -> Self {
        let train = files.iter().filter(|file| file.role.split == Split::Train);
        Self {
            files: train.filter_map(|file| Some((file.path.clone(), file.role.label?))).collect(),
            augmentation: source.options.augmentation,
            front_end: front_end.clone(),
            steps: source.options.steps,
        }
    }

    /// The training set as an epoch hears it; it depends on the files, the seed and the epoch alone.
    fn epoch(&self, seed: u64, epoch: usize) -> Result<Dataset, Error> {
        let examples: Vec<Result<Sample, String>> = self
            .files
            .par_iter()
            .enumerate()
            .map(|(i, (path, label))| {
                let read = std::fs::read(path).map_err(|e| error::io_reason(&e));
                let named = [seed, epoch as u64, i as u64];
                let raster =
                    read.and_then(|b| wav::augmented_raster(&b, &self.front_end, &self.augmentation, named));
                let raster = raster.map_err(|why| format!("`{}`: {why}", path.display()))?;
                Ok(Sample { raster, label: Label::Class(*label) })
            })
            .collect();
        let errors: Vec<String> = examples.iter().filter_map(|e| e.as_ref().err().cloned()).collect();
        if !errors.is_empty() {
            return Err(Error::Input(summary(&errors, "recordings cannot be used any more")));
        }
        let examples = examples.into_iter().flatten().collect();
        Dataset::from_rasters(audio3::CHANNELS, self.steps, examples)
            .map_err(|errors| Error::without_place(&errors))
    }
}

impl EpochDatasets {
    /// Begins to prepare the first of the epochs.
    pub(super) fn new(
        unchanged: Arc<Dataset>,
        augmented: Option<Arc<AugmentedSamples>>,
        seed: u64,
        range: Range<usize>,
    ) -> Self {
        let threads = rayon::current_num_threads();
        let pool = || rayon::ThreadPoolBuilder::new().num_threads(threads).build().ok().map(Arc::new);
        let pool = augmented.as_ref().and_then(|_| pool());
        let mut epochs = Self { unchanged, augmented, pool, seed, end: range.end, next: None };
        epochs.prepare(range.start);
        epochs
    }

    /// The training set of an epoch, from 0. Quick where it is the one after the last that was taken.
    pub fn next(&mut self, epoch: usize) -> Result<Arc<Dataset>, Error> {
        let Some(augmented) = &self.augmented else { return Ok(Arc::clone(&self.unchanged)) };
        let prepared = match self.next.take() {
            Some((number, thread)) if number == epoch => thread.join().ok(),
            _ => None,
        };
        let dataset = prepared.unwrap_or_else(|| augmented.epoch(self.seed, epoch))?;
        self.prepare(epoch + 1);
        Ok(Arc::new(dataset))
    }

    /// Begins with an epoch. Where the system has no threads to give, the set is made when it is asked for.
    fn prepare(&mut self, epoch: usize) {
        let Some(augmented) = self.augmented.clone().filter(|_| epoch < self.end) else { return };
        let seed = self.seed;
        let Some(pool) = self.pool.clone() else { return };
        let thread = std::thread::Builder::new().spawn(move || pool.install(|| augmented.epoch(seed, epoch)));
        self.next = thread.ok().map(|thread| (epoch, thread));
    }
}
