//! Recordings of a recipe, as sets to train on, to validate and to test with.
//!
//! Where recordings come from (`folder`, `table`) and what becomes of them (`split`) are apart; sounds go
//! through the front end (`sound`), whose output is kept (`cache`), or is made anew for each epoch (`epochs`).

mod augmented;
mod cache;
mod folder;
mod pattern;
mod split;
mod table;
mod wav;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use synnet_audio::audio3;
use synnet_data::Binning;
use synnet_runtime::{Dataset, Sample};
use xxhash_rust::xxh3::Xxh3;

use crate::error::Error;
use crate::observer::Observer;
use crate::recipe::{DataOptions, Format, FrontEnd, ValidationSplit, plain};
use augmented::AugmentedSamples;
pub use augmented::EpochDatasets;
use cache::Cache;
use split::{Split, Splitter};

/// How many faults an error names before it only counts them.
const MAX_LISTED_ERRORS: usize = 8;

/// All recordings of a recipe, as rasters.
pub struct Corpus {
    /// Class names, in the order of the readout neurons; none where recordings have target traces.
    pub classes: Vec<String>,
    /// Recordings to learn from, unchanged.
    pub train: Arc<Dataset>,
    /// Recordings held back to choose the best epoch by.
    pub validation: Option<Dataset>,
    /// Recordings held back.
    pub test: Dataset,
    /// Seconds that all of them last.
    pub seconds: f64,
    augmented: Option<Arc<AugmentedSamples>>,
}

impl Corpus {
    /// A hash of what training and test see: every sample in its part and place, with its target, and the classes.
    pub fn fingerprint(&self) -> u128 {
        let mut hash = Xxh3::new();
        hash.update(format!("{:?}", self.classes).as_bytes());
        for set in [Some(&*self.train), self.validation.as_ref(), Some(&self.test)].into_iter().flatten() {
            hash.update(format!("{} {} {}", set.samples().len(), set.steps(), set.channels()).as_bytes());
            let (mut raster, mut bytes) = (vec![0.0; set.steps() * set.channels()], Vec::new());
            for (i, sample) in set.samples().iter().enumerate() {
                set.write_sample(i, &mut raster);
                bytes.clear();
                bytes.extend(raster.iter().flat_map(|x| x.to_le_bytes()));
                hash.update(&bytes);
                hash.update(format!("{:?}", sample.label).as_bytes());
            }
        }
        hash.digest128()
    }
}

/// Recordings without events teach nothing; most often their times were read in another unit.
fn warn_about_silence(train: &[Sample], options: &DataOptions, observer: &dyn Observer) {
    let silent = train.iter().filter(|example| !example.raster.has_events(options.steps)).count();
    if 2 * silent > train.len() {
        let remedy = match options.format {
            Format::Events => "is `data.time_unit` right?",
            _ => "is `data.steps` too small?",
        };
        observer.warning(&format!(
            "{silent} of {} training recordings have no event in their first {} time steps: {remedy}",
            train.len(),
            options.steps
        ));
    }
}

/// What the network takes.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// Input channels.
    pub channels: usize,
    /// Duration of a time step, in seconds.
    pub dt: f64,
    /// Outputs.
    pub outputs: usize,
}

/// A recording with what is to become of it.
struct SplitSample {
    split: Split,
    example: Sample,
    seconds: f64,
}

/// Reads every recording that a recipe names and turns it into events.
///
/// # Errors
/// Every recording that cannot be used; rules of the recipe that select none.
pub fn load(
    options: &DataOptions,
    front_end: &FrontEnd,
    input: Input,
    observer: &dyn Observer,
) -> Result<Corpus, Error> {
    let classes: Vec<String> = options.classes.iter().map(plain).collect();
    let splitter = Splitter::new(options, &classes);
    let mut recordings = Vec::new();
    let mut augmented = None;
    let paths = [(&options.path, "data.path", false)];
    let test_path = options.test_path.iter().map(|path| (path, "data.test_path", true));
    for (path, key, all_test) in paths.into_iter().chain(test_path) {
        if !path.exists() {
            let message = format!("there is no such folder or file of recordings; correct `{key}`");
            return Err(Error::Refused(format!("`{}`: {message}", path.display())));
        }
        let source = Source { options, input, path, all_test, splitter: &splitter };
        let (read, sounds) = source.load(front_end, observer)?;
        recordings.extend(read);
        augmented = augmented.or(sounds);
    }
    let parts = Parts::new(recordings);
    parts.check(options)?;
    warn_about_silence(&parts.train, options, observer);
    let channels = if options.format == Format::Wav { audio3::CHANNELS } else { input.channels };
    let dataset = |samples| {
        Dataset::from_rasters(channels, options.steps, samples)
            .map_err(|errors| Error::without_place(&errors))
    };
    Ok(Corpus {
        train: Arc::new(dataset(parts.train)?),
        validation: (!parts.validation.is_empty()).then(|| dataset(parts.validation)).transpose()?,
        test: dataset(parts.test)?,
        seconds: parts.seconds,
        classes,
        augmented,
    })
}

/// The recordings of each part of the data, and how long all of them are together.
#[derive(Default)]
struct Parts {
    train: Vec<Sample>,
    validation: Vec<Sample>,
    test: Vec<Sample>,
    seconds: f64,
}

impl Parts {
    fn new(recordings: Vec<SplitSample>) -> Self {
        let mut parts = Self::default();
        for recording in recordings {
            parts.seconds += recording.seconds;
            match recording.split {
                Split::Train => parts.train.push(recording.example),
                Split::Validation => parts.validation.push(recording.example),
                Split::Test => parts.test.push(recording.example),
            }
        }
        parts
    }

    /// Every part that the recipe asks for has a recording.
    fn check(&self, options: &DataOptions) -> Result<(), Error> {
        let is_validated = options.validation != ValidationSplit::None;
        let of_training = if self.validation.is_empty() { "data.test" } else { "data.validation" };
        let parts = [
            (self.test.is_empty(), "test", "data.test"),
            (self.train.is_empty(), "training", of_training),
            (is_validated && self.validation.is_empty(), "validation", "data.validation"),
        ];
        match parts.into_iter().find(|(is_missing, ..)| *is_missing) {
            Some((_, what, key)) => {
                let message = format!("no recording is left for the {what} set; see `{key}` of the recipe");
                Err(Error::file(&options.path, message))
            }
            None => Ok(()),
        }
    }
}

impl Corpus {
    /// The training sets of these epochs, one after the other, for a training with this seed.
    pub fn epochs(&self, seed: u64, epochs: Range<usize>) -> EpochDatasets {
        EpochDatasets::new(Arc::clone(&self.train), self.augmented.clone(), seed, epochs)
    }
}

/// A folder or file of a recipe's recordings.
struct Source<'a> {
    options: &'a DataOptions,
    input: Input,
    path: &'a Path,
    /// Whether all recordings are held back from training, whatever their fields.
    all_test: bool,
    splitter: &'a Splitter<'a>,
}

impl Source<'_> {
    /// Reads every recording, and the sounds that change from epoch to epoch if the recipe changes any.
    fn load(
        &self,
        front_end: &FrontEnd,
        observer: &dyn Observer,
    ) -> Result<(Vec<SplitSample>, Option<Arc<AugmentedSamples>>), Error> {
        let options = self.options;
        match options.format {
            Format::Wav => {
                let files = self.files()?;
                let cache = Cache::open(&options.cache, front_end);
                let recordings =
                    self.read(&files, observer, &|bytes, _| wav::raster(bytes, front_end, &cache))?;
                cache.warn_of_write_errors(observer);
                let is_changed = options.augmentation.is_active() && !self.all_test;
                let augmented = is_changed.then(|| Arc::new(AugmentedSamples::new(self, &files, front_end)));
                Ok((recordings, augmented))
            }
            Format::Npz | Format::Shd if !self.path.is_dir() => Ok((self.table()?, None)),
            Format::Shd => Err(Error::file(self.path, "is a folder; the format `shd` takes a file")),
            Format::Npz | Format::Events => {
                let files = self.files()?;
                Ok((self.read(&files, observer, &|bytes, name| self.sample(bytes, name))?, None))
            }
        }
    }

    /// How events become time steps.
    fn binning(&self) -> Binning {
        Binning {
            channels: self.input.channels,
            pool: self.options.channel_pool,
            dt: self.input.dt,
            steps: self.options.steps,
            unit: self.options.time_unit.size(),
        }
    }
}

/// Several faults as one text.
fn summary(errors: &[String], what: &str) -> String {
    let shown: Vec<String> =
        errors.iter().take(MAX_LISTED_ERRORS).map(|fault| format!("  {fault}")).collect();
    let rest = errors.len().saturating_sub(MAX_LISTED_ERRORS);
    let more = if rest > 0 { format!("\n  and {rest} more") } else { String::new() };
    format!("{} {what}:\n{}{more}", errors.len(), shown.join("\n"))
}
