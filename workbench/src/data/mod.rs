//! Recordings of a recipe, as sets to train on, to validate and to test with.
//!
//! Where recordings come from (`folder`, `table`) and what becomes of them (`split`) are apart; sounds go
//! through the front end (`sound`), whose output is kept (`cache`), or is made anew for each epoch (`epochs`).

mod cache;
mod epochs;
mod folder;
mod pattern;
mod sound;
mod split;
mod table;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use synnet_audio::audio3;
use synnet_data::Binning;
use synnet_runtime::{Dataset, Example};
use xxhash_rust::xxh3::Xxh3;

use crate::error::Error;
use crate::observer::Observer;
use crate::recipe::{DataOptions, Format, FrontEnd, Validation, plain};
use cache::Cache;
use epochs::Changing;
pub use epochs::Epochs;
use split::{Part, Splitter};

/// How many faults an error names before it only counts them.
const SHOWN_FAULTS: usize = 8;

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
    changing: Option<Arc<Changing>>,
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
                hash.update(format!("{:?}", sample.target).as_bytes());
            }
        }
        hash.digest128()
    }
}

/// Recordings without events teach nothing; most often their times were read in another unit.
fn warn_of_silence(train: &[Example], options: &DataOptions, observer: &dyn Observer) {
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
struct Recording {
    part: Part,
    example: Example,
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
    let mut changing = None;
    let channels = if options.format == Format::Wav { audio3::CHANNELS } else { input.channels };
    let paths = [(&options.path, "data.path", false)];
    let test_path = options.test_path.iter().map(|path| (path, "data.test_path", true));
    for (path, key, all_test) in paths.into_iter().chain(test_path) {
        let source = Source { options, input, path, all_test, splitter: &splitter };
        if !path.exists() {
            let message =
                format!("there is no such folder or file of recordings; name it with `--set {key}=PATH`");
            return Err(Error::Refused(format!("`{}`: {message}", path.display())));
        }
        match options.format {
            Format::Wav => {
                let files = source.files()?;
                let cache = Cache::open(&options.cache, front_end);
                recordings.extend(
                    source.read(&files, observer, &|bytes, _| sound::raster(bytes, front_end, &cache))?,
                );
                cache.complain(observer);
                if options.augmentation.is_active() && !all_test {
                    changing = Some(Arc::new(Changing::new(&source, &files, front_end)));
                }
            }
            Format::Npz | Format::Shd if !path.is_dir() => recordings.extend(source.table()?),
            Format::Shd => return Err(Error::file(path, "is a folder; the format `shd` takes a file")),
            Format::Npz | Format::Events => {
                let files = source.files()?;
                recordings.extend(source.read(&files, observer, &|bytes, name| source.sample(bytes, name))?);
            }
        }
    }
    let (mut train, mut validation, mut test, mut seconds) = (Vec::new(), Vec::new(), Vec::new(), 0.0);
    for recording in recordings {
        seconds += recording.seconds;
        match recording.part {
            Part::Train => train.push(recording.example),
            Part::Validation => validation.push(recording.example),
            Part::Test => test.push(recording.example),
        }
    }
    let of_training = if validation.is_empty() { "data.test" } else { "data.validation" };
    for (set, what, key) in [(&test, "test", "data.test"), (&train, "training", of_training)] {
        if set.is_empty() {
            let message = format!("no recording is left for the {what} set; see `{key}` of the recipe");
            return Err(Error::file(&options.path, message));
        }
    }
    if options.validation != Validation::None && validation.is_empty() {
        let message = "no recording is left for the validation set; see `data.validation` of the recipe";
        return Err(Error::file(&options.path, message));
    }
    warn_of_silence(&train, options, observer);
    let dataset = |samples| {
        Dataset::from_rasters(channels, options.steps, samples)
            .map_err(|faults| Error::without_place(&faults))
    };
    Ok(Corpus {
        train: Arc::new(dataset(train)?),
        validation: (!validation.is_empty()).then(|| dataset(validation)).transpose()?,
        test: dataset(test)?,
        seconds,
        classes,
        changing,
    })
}

impl Corpus {
    /// The training sets of these epochs, one after the other, for a training with this seed.
    pub fn epochs(&self, seed: u64, epochs: Range<usize>) -> Epochs {
        Epochs::new(Arc::clone(&self.train), self.changing.clone(), seed, epochs)
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
    /// How events become time steps.
    fn binning(&self) -> Binning {
        Binning {
            channels: self.input.channels,
            pool: self.options.channel_pool,
            dt: self.input.dt,
            steps: self.options.steps,
            unit: self.options.time_unit.seconds(),
        }
    }
}

/// Several faults as one text.
fn summary(faults: &[String], what: &str) -> String {
    let shown: Vec<String> = faults.iter().take(SHOWN_FAULTS).map(|fault| format!("  {fault}")).collect();
    let rest = faults.len().saturating_sub(SHOWN_FAULTS);
    let more = if rest > 0 { format!("\n  and {rest} more") } else { String::new() };
    format!("{} {what}:\n{}{more}", faults.len(), shown.join("\n"))
}
