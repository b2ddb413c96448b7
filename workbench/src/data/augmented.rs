//! Training sets that change from epoch to epoch, such as those with audio augmentation. The set of the next epoch is
//! prepared while the current one is trained on.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use rayon::ThreadPool;
use rayon::prelude::*;
use synnet_audio::{Wav, audio3};
use synnet_data::waveform::Augmentation;
use synnet_runtime::{Dataset, Label, Sample};

use super::noise::NoisePool;
use super::{error_list, wav};
use crate::error::{self, Error};
use crate::recipe::{FrontEnd, Recipe};

/// A source of training sets that change from epoch to epoch.
pub(super) trait EpochSource: Send + Sync {
    /// Returns the training set of an epoch, which depends on the files, the seed and the epoch alone.
    fn dataset(&self, seed: u64, epoch: usize) -> Result<Dataset, Error>;

    /// Returns the number of successive epochs with the same set, 1 or more.
    fn every(&self) -> usize;

    /// Returns the memory that the preparation of a set takes besides it, in bytes.
    fn bytes(&self) -> u64;

    /// Returns a hash of what the training set without augmentation does not have in it.
    fn hash(&self) -> u128;
}

/// Training recordings to augment, in the order of the training set.
pub(super) struct AugmentedSamples {
    /// Paths with labels.
    files: Vec<(PathBuf, usize)>,
    augmentation: Augmentation,
    noise: NoisePool,
    front_end: FrontEnd,
    steps: usize,
    /// Bytes of the largest recordings while they are augmented, one on each thread.
    buffers: u64,
}

/// The training sets of successive epochs.
///
/// Without a source, they are all the same. With one, taking a set starts the preparation of the next one that
/// differs, on separate threads: the trainer's threads would otherwise take up this work and delay their batch.
pub struct EpochDatasets {
    unchanged: Arc<Dataset>,
    source: Option<Arc<dyn EpochSource>>,
    /// As many threads as the trainer has; `None` if they cannot be created.
    pool: Option<Arc<ThreadPool>>,
    seed: u64,
    /// The last epoch plus 1.
    end: usize,
    /// The set that was taken last, and the first epoch it is for.
    current: Option<(usize, Arc<Dataset>)>,
    /// The set in preparation, and the first epoch it is for.
    next: Option<(usize, JoinHandle<Result<Dataset, Error>>)>,
}

impl AugmentedSamples {
    /// Takes the training recordings with their classes, and reads the noise recordings.
    ///
    /// # Errors
    /// Returns an error if a noise recording cannot be used, or if there is none in the folder.
    pub(super) fn new(recipe: &Recipe, files: Vec<(PathBuf, usize)>) -> Result<Self, Error> {
        let options = &recipe.data;
        let noise = options.augmentation.noise.as_ref().and_then(|noise| noise.recordings.as_ref());
        let noise = noise.map(|folder| NoisePool::read(folder, &options.path, recipe)).transpose()?;
        Ok(Self {
            buffers: buffers(&files, &options.augmentation),
            noise: noise.unwrap_or_default(),
            files,
            augmentation: options.augmentation.clone(),
            front_end: recipe.front_end.clone(),
            steps: options.steps,
        })
    }
}

impl EpochSource for AugmentedSamples {
    fn every(&self) -> usize {
        self.augmentation.every as usize
    }

    /// The noise recordings, and the recordings that all threads augment at the same time.
    fn bytes(&self) -> u64 {
        let samples = self.noise.recordings.iter().map(|recording| recording.samples().len() as u64);
        8 * samples.sum::<u64>() + self.buffers
    }

    /// The hash of the noise recordings.
    fn hash(&self) -> u128 {
        self.noise.hash
    }

    fn dataset(&self, seed: u64, epoch: usize) -> Result<Dataset, Error> {
        let samples: Vec<Result<Sample, String>> = self
            .files
            .par_iter()
            .enumerate()
            .map(|(i, (path, label))| {
                let read = std::fs::read(path).map_err(|e| error::io_reason(&e));
                let stream = [seed, epoch as u64, i as u64];
                let augment = |bytes: Vec<u8>| {
                    let noise = &self.noise.recordings;
                    wav::augmented_raster(&bytes, &self.front_end, &self.augmentation, noise, stream)
                };
                let raster = read.and_then(augment);
                let raster = raster.map_err(|why| format!("`{}`: {why}", path.display()))?;
                Ok(Sample { raster, label: Label::Class(*label) })
            })
            .collect();
        let errors: Vec<String> = samples.iter().filter_map(|e| e.as_ref().err().cloned()).collect();
        if !errors.is_empty() {
            return Err(Error::Input(error_list(
                &errors,
                "recording can",
                "recordings can",
                "no longer be used",
            )));
        }
        let samples = samples.into_iter().flatten().collect();
        Dataset::from_rasters(audio3::CHANNELS, self.steps, samples)
            .map_err(|errors| Error::without_place(&errors))
    }
}

/// Returns the first epoch with the same set as `epoch`.
fn first_epoch_like(epoch: usize, every: usize) -> usize {
    epoch - epoch % every.max(1)
}

/// Returns the bytes of the largest recordings while they are augmented, one on each thread: the file, its samples in
/// f64, the augmented samples, and with noise as many of noise. The allocator keeps a hole of that size, which was measured.
fn buffers(files: &[(PathBuf, usize)], augmentation: &Augmentation) -> u64 {
    let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let mut sizes: Vec<(u64, &PathBuf)> = files.iter().map(|(path, _)| (size(path), path)).collect();
    sizes.sort_unstable();
    let copies = if augmentation.noise.is_some() { 4 } else { 3 };
    // A recording that cannot be read is an error when the epoch is prepared.
    let samples = |path: &PathBuf| {
        let wav = std::fs::read(path).ok().and_then(|bytes| Wav::decode(&bytes).ok());
        wav.map_or(0, |wav| wav.samples().len() as u64)
    };
    let largest = sizes.iter().rev().take(rayon::current_num_threads());
    largest.map(|(size, path)| size + 8 * copies * samples(path)).sum()
}

impl EpochDatasets {
    /// Starts the preparation of the first epoch in `range`.
    pub(super) fn new(
        unchanged: Arc<Dataset>,
        source: Option<Arc<dyn EpochSource>>,
        seed: u64,
        range: Range<usize>,
    ) -> Self {
        let threads = rayon::current_num_threads();
        let pool = || rayon::ThreadPoolBuilder::new().num_threads(threads).build().ok().map(Arc::new);
        let pool = source.as_ref().and_then(|_| pool());
        let mut epochs = Self { unchanged, source, pool, seed, end: range.end, current: None, next: None };
        epochs.prepare(range.start);
        epochs
    }

    /// Returns the training set of an epoch, from 0. Waits for its preparation if epochs are taken in order; otherwise
    /// prepares it now.
    ///
    /// # Errors
    /// Returns an error if a recording can no longer be read.
    pub fn next(&mut self, epoch: usize) -> Result<Arc<Dataset>, Error> {
        let Some(source) = self.source.clone() else { return Ok(Arc::clone(&self.unchanged)) };
        let first = first_epoch_like(epoch, source.every());
        if let Some((_, dataset)) = self.current.as_ref().filter(|(epoch, _)| *epoch == first) {
            return Ok(Arc::clone(dataset));
        }
        // The memory estimate counts two sets: this one and the next.
        self.current = None;
        let prepared = match self.next.take() {
            Some((number, thread)) if number == first => thread.join().ok(),
            _ => None,
        };
        let dataset = Arc::new(prepared.unwrap_or_else(|| source.dataset(self.seed, first))?);
        let following = first + source.every();
        self.current = Some((first, Arc::clone(&dataset)));
        self.prepare(following);
        Ok(dataset)
    }

    /// Starts the preparation of the set for an epoch. If no thread can be created, `next` prepares it instead.
    fn prepare(&mut self, epoch: usize) {
        let Some(source) = self.source.clone().filter(|_| epoch < self.end) else { return };
        let (seed, epoch) = (self.seed, first_epoch_like(epoch, source.every()));
        let Some(pool) = self.pool.clone() else { return };
        let thread = std::thread::Builder::new().spawn(move || pool.install(|| source.dataset(seed, epoch)));
        self.next = thread.ok().map(|thread| (epoch, thread));
    }
}
