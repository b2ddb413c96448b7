//! The data of a recipe, as training, validation and test sets.
//!
//! `folder` and `table` read samples: `scan` finds the files of a folder, `pattern` takes fields from their names.
//! `recordings` finds them without reading. `split` assigns samples to sets by fields and by the files of `list`. `overlap` and `chip_input` check them. `wav` runs
//! audio through the front end, whose output `cache` stores and `augmented` computes anew for each epoch. `segments`
//! cuts samples from streams.

mod augmented;
mod cache;
mod chip_input;
mod folder;
mod list;
mod noise;
mod overlap;
pub(crate) mod pattern;
mod recordings;
mod scan;
mod segments;
mod split;
mod table;
mod wav;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use synnet_audio::audio3;
use synnet_data::Binning;
use synnet_runtime::{Dataset, Sample};
use synnet_xylo::chip::Chip;
use xxhash_rust::xxh3::Xxh3;

use crate::codes;
use crate::error::Error;
use crate::observer::Observer;
use crate::problem::Problem;
use crate::recipe::{DataOptions, Filter, Format, FrontEnd, Recipe, ValidationSplit, plain};
use crate::yaml::KeyPath;
pub use augmented::EpochDatasets;
use augmented::{AugmentedSamples, EpochSource};
use cache::Cache;
use folder::File;
pub(crate) use noise::noise_files;
use overlap::Origin;
pub(crate) use recordings::recordings;
pub(crate) use scan::Scan;
use split::{Assignment, Seen, Split, Splitter};
pub(crate) use split::{required_fields, rules};
use table::TableSamples;

/// Maximum number of errors that a message lists; it counts the others.
const MAX_LISTED_ERRORS: usize = 8;

/// The data of a recipe.
pub struct Corpus {
    /// Class names in the order of the readout neurons; empty if samples have target sequences instead of classes.
    pub classes: Vec<String>,
    /// The training set, without augmentation. If it is cut from streams, those of the epochs are others.
    pub train: Arc<Dataset>,
    /// The validation set, by which the best epoch is selected.
    pub validation: Option<Dataset>,
    /// The test set.
    pub test: Dataset,
    /// Total duration of all samples in seconds, before they are cut or padded.
    pub seconds: f64,
    epochs: Option<Arc<dyn EpochSource>>,
}

impl Corpus {
    /// Returns the memory that all sets take, in bytes. If the training set changes from epoch to epoch, there are two
    /// more: that of the current epoch and that of the next one.
    pub fn bytes(&self) -> u64 {
        let train = self.train.bytes();
        let augmented = if self.epochs.is_some() { 2 * train } else { 0 };
        train + augmented + self.validation.as_ref().map_or(0, Dataset::bytes) + self.test.bytes()
    }

    /// Returns the memory that the preparation of the training set of an epoch takes besides it, in bytes.
    pub fn augmentation_bytes(&self) -> u64 {
        self.epochs.as_ref().map_or(0, |source| source.bytes())
    }

    /// Returns a hash of all sets: every sample with its label, in order, the class names, and noise recordings.
    pub fn fingerprint(&self) -> u128 {
        let mut hash = Xxh3::new();
        hash.update(format!("{:?}", self.classes).as_bytes());
        hash.update(&self.epochs.as_ref().map_or(0, |source| source.hash()).to_le_bytes());
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

/// Warns if most training samples have no events. The usual cause is a wrong unit of event times.
fn warn_about_silence(train: &[Sample], options: &DataOptions, observer: &dyn Observer) {
    let silent = train.iter().filter(|sample| !sample.raster.has_events(options.steps)).count();
    if 2 * silent > train.len() {
        let help = match options.format {
            Format::Events => "check `data.time_unit`",
            _ => "check `data.steps`",
        };
        observer.warning(&format!(
            "{silent} of {} training samples have no events in their first {} time steps: {help}",
            train.len(),
            options.steps
        ));
    }
}

/// The requirements of a network on its data.
#[derive(Clone, Debug)]
pub struct Input {
    /// Number of input channels.
    pub channels: usize,
    /// Time step in seconds.
    pub dt: f64,
    /// Number of outputs, for target sequences.
    pub outputs: usize,
    /// The chips that run the samples.
    pub chips: Vec<Arc<Chip>>,
}

/// A sample with its set.
struct SplitSample {
    split: Split,
    sample: Sample,
    /// Duration in seconds, before the sample is cut or padded.
    seconds: f64,
    origin: Origin,
}

/// The samples of all sets, and the source of further training sets, if they change from epoch to epoch.
type ReadSamples = (Vec<SplitSample>, Option<Arc<dyn EpochSource>>);

/// Reads the data of a recipe and converts it to rasters.
///
/// # Errors
/// Returns an error that lists the samples that cannot be used, labels that are no class, or values of the recipe that no sample has, or names an
/// empty set, or a class that the recipe lists and does not hold out by name, but that has no training samples.
pub fn load(recipe: &Recipe, input: Input, observer: &dyn Observer) -> Result<Corpus, Error> {
    let options = &recipe.data;
    let classes: Vec<String> = options.classes.iter().map(plain).collect();
    let missing: Vec<Problem> = paths(options)
        .filter(|(path, _)| !path.exists())
        .map(|(path, set)| missing_path(path, path_key(set), "folder or file"))
        .chain(split::missing_lists(options))
        .chain(noise::missing_folder(options))
        .collect();
    if !missing.is_empty() {
        return Err(recipe.error(missing));
    }
    if let Some(key) = split::list_keys(options).next().filter(|_| options.path.is_file()) {
        let message = format!(
            "`{key}` has a list of files, but `data.path` is a single file: `{}`",
            options.path.display()
        );
        let problem = Problem::new(&codes::CONFLICT, &format!("{key}.list"), message);
        return Err(recipe.error(vec![problem.with_help("select samples by fields")]));
    }
    let splitter = Splitter::new(options, &classes)?;
    let sources = paths(options).map(|(path, set)| {
        let input = &input;
        Source { recipe, options, input, path, set, splitter: &splitter }
    });
    // What names and fields tell is checked before the contents of files are read, which may take minutes.
    let mut seen = Seen::default();
    let mut found = Vec::new();
    for source in sources {
        found.push((source.find(&mut seen, observer)?, source));
    }
    let assignments = || found.iter().flat_map(|(found, _)| found.assignments());
    let mut problems = splitter.check(&seen, observer);
    problems.extend(check_classes(assignments(), &classes, recipe, observer));
    if problems.is_empty() {
        problems.extend(check_sets(assignments(), options));
    }
    if !problems.is_empty() {
        return Err(recipe.error(problems));
    }
    let (samples, epochs) = match recipe.training_streams() {
        Some(_) => segments::read(&found, recipe, observer)?,
        None => read_samples(found, recipe, observer)?,
    };
    for chip in &input.chips {
        chip_input::check(&samples, recipe, chip, observer)?;
    }
    let splits = Splits::new(samples);
    warn_about_silence(&splits.train, options, observer);
    let channels = if options.format == Format::Wav { audio3::CHANNELS } else { input.channels };
    let dataset = |samples| {
        Dataset::from_rasters(channels, options.steps, samples)
            .map_err(|errors| Error::without_place(&errors))
    };
    Ok(Corpus {
        train: Arc::new(dataset(splits.train)?),
        validation: (!splits.validation.is_empty()).then(|| dataset(splits.validation)).transpose()?,
        test: dataset(splits.test)?,
        seconds: splits.seconds,
        classes,
        epochs,
    })
}

/// Reads all samples. Returns them with the source of augmented training sets, if the recipe asks for them.
fn read_samples(
    found: Vec<(Found, Source<'_>)>,
    recipe: &Recipe,
    observer: &dyn Observer,
) -> Result<ReadSamples, Error> {
    let is_augmented = recipe.data.format == Format::Wav && recipe.data.augmentation.is_active();
    let (mut samples, mut training) = (Vec::new(), Vec::new());
    for (found, source) in found {
        if is_augmented {
            training.extend(found.training_recordings());
        }
        samples.extend(source.read_found(found, &recipe.front_end, observer)?);
    }
    overlap::warn(&samples, &recipe.data, observer);
    let augmented = is_augmented.then(|| AugmentedSamples::new(recipe, training)).transpose()?;
    Ok((samples, augmented.map(|samples| Arc::new(samples) as Arc<dyn EpochSource>)))
}

/// Returns the values of a field of the samples that the recipe selects, in the order of their text.
///
/// # Errors
/// Returns an error if the samples have no such field, or cannot be found.
pub fn field_values(
    recipe: &Recipe,
    field: &str,
    input: Input,
    observer: &dyn Observer,
) -> Result<Vec<String>, Error> {
    let mut recipe = recipe.clone();
    recipe.data.test = Filter::new().with_field(field, [""]);
    let options = &recipe.data;
    let classes: Vec<String> = options.classes.iter().map(plain).collect();
    let splitter = Splitter::new(options, &classes)?;
    let mut seen = Seen::default();
    let source = Source {
        recipe: &recipe,
        options,
        input: &input,
        path: &options.path,
        set: None,
        splitter: &splitter,
    };
    source.find(&mut seen, observer)?;
    Ok(seen.values(field))
}

/// Checks that each class has samples, and training samples: it cannot be learned otherwise. Two exceptions are warnings,
/// unless the recipe is strict: a class whose label `data.test` or `data.validation` names, because whoever holds out a
/// class by name wants to know what the network does with it; and a class that the recipe counts but does not list.
fn check_classes(
    assignments: impl Iterator<Item = Assignment>,
    classes: &[String],
    recipe: &Recipe,
    observer: &dyn Observer,
) -> Vec<Problem> {
    let options = &recipe.data;
    let mut counts = vec![(0, 0); classes.len()];
    for Assignment { split, label } in assignments {
        if let Some(class) = label {
            counts[class].0 += 1;
            counts[class].1 += usize::from(split == Split::Train);
        }
    }
    // An empty training set is an error of its own.
    let is_trained = counts.iter().any(|&(_, trained)| trained > 0);
    let mut problems = Vec::new();
    for (i, (name, (total, trained))) in classes.iter().zip(counts).enumerate() {
        let problem = |message: String| {
            Problem::at(&codes::NO_SAMPLE, KeyPath::dotted("data.classes").join(i), message)
        };
        if total == 0 {
            problems.push(problem(format!("`data.classes`: no sample has the label `{name}`")));
        } else if trained == 0 && is_trained {
            let held_out = if total == 1 { "1 sample is".to_owned() } else { format!("{total} samples are") };
            let message = format!(
                "class `{name}` has no training sample: its {held_out} in the test or validation set"
            );
            let is_meant = split::holds_out(options, name) || !recipe.lists_classes();
            if is_meant && !options.strict {
                observer.warning(&format!("{message}; the network cannot learn it"));
            } else {
                let help = format!(
                    "correct `data.test` or `data.validation`; to hold the class out, name it there: `label: [{name}]`"
                );
                problems.push(problem(message).with_help(help));
            }
        }
    }
    problems
}

/// The samples of each set, and their total duration.
#[derive(Default)]
struct Splits {
    train: Vec<Sample>,
    validation: Vec<Sample>,
    test: Vec<Sample>,
    seconds: f64,
}

impl Splits {
    fn new(samples: Vec<SplitSample>) -> Self {
        let mut splits = Self::default();
        for SplitSample { split, sample, seconds, .. } in samples {
            splits.seconds += seconds;
            match split {
                Split::Train => splits.train.push(sample),
                Split::Validation => splits.validation.push(sample),
                Split::Test => splits.test.push(sample),
            }
        }
        splits
    }
}

/// Checks that no set that the recipe asks for is empty.
fn check_sets(assignments: impl Iterator<Item = Assignment>, options: &DataOptions) -> Option<Problem> {
    let splits: Vec<Split> = assignments.map(|assignment| assignment.split).collect();
    let is_empty = |split| !splits.contains(&split);
    let is_validated = options.validation != ValidationSplit::None;
    // The rule that was applied last has taken the samples.
    let training_key = if is_empty(Split::Validation) { "data.test" } else { "data.validation" };
    let sets = [
        (is_empty(Split::Test), "test", "data.test"),
        (is_empty(Split::Train), "training", training_key),
        (is_validated && is_empty(Split::Validation), "validation", "data.validation"),
    ];
    let (_, set, key) = sets.into_iter().find(|(is_empty, ..)| *is_empty)?;
    let message = format!("the {set} set is empty: `{}`", options.path.display());
    let help = format!("correct `{key}`, which divides the samples");
    Some(Problem::new(&codes::NO_SAMPLE, key, message).with_help(help))
}

/// Returns the problem of a path that does not exist; `what` says what should be there.
fn missing_path(path: &Path, key: &str, what: &str) -> Problem {
    let message = format!("`{key}`: there is no such {what}: `{}`", path.display());
    let help = "correct the path, which is relative to the folder of the recipe; paths of `--set` are relative to the \
                working folder";
    Problem::new(&codes::FILE, key, message).with_help(help)
}

impl Corpus {
    /// Returns the training sets of successive epochs, whose augmentation depends on `seed`.
    pub fn epochs(&self, seed: u64, epochs: Range<usize>) -> EpochDatasets {
        EpochDatasets::new(Arc::clone(&self.train), self.epochs.clone(), seed, epochs)
    }
}

/// Returns the folders and files with samples, with the set of their samples if it is the same for all.
fn paths(options: &DataOptions) -> impl Iterator<Item = (&PathBuf, Option<Split>)> {
    let main = [(&options.path, None)].into_iter();
    let train = options.train_path.iter().map(|path| (path, Some(Split::Train)));
    let test = options.test_path.iter().map(|path| (path, Some(Split::Test)));
    main.chain(train).chain(test)
}

/// Returns the key that names the folder or file whose samples belong to a set.
fn path_key(set: Option<Split>) -> &'static str {
    match set {
        Some(Split::Train) => "data.train_path",
        Some(Split::Test) => "data.test_path",
        Some(Split::Validation) | None => "data.path",
    }
}

/// A folder or file with samples.
struct Source<'a> {
    recipe: &'a Recipe,
    options: &'a DataOptions,
    input: &'a Input,
    path: &'a Path,
    /// The set of all samples, whatever their fields; `None` if the rules of the recipe assign them.
    set: Option<Split>,
    splitter: &'a Splitter<'a>,
}

/// The samples of a source that the recipe uses, assigned to sets and classes.
enum Found {
    /// Files whose contents have not been read.
    Files(Vec<File>),
    /// Samples of a single file.
    Table(TableSamples),
}

impl Found {
    fn assignments(&self) -> impl Iterator<Item = Assignment> {
        let (files, table) = match self {
            Self::Files(files) => (files.as_slice(), [].as_slice()),
            Self::Table(samples) => ([].as_slice(), samples.assignments.as_slice()),
        };
        files.iter().map(|file| file.assignment).chain(table.iter().copied())
    }

    /// Returns the paths of the training samples that are files, with their classes.
    fn training_recordings(&self) -> Vec<(PathBuf, usize)> {
        let Self::Files(files) = self else { return Vec::new() };
        let train = files.iter().filter(|file| file.assignment.split == Split::Train);
        train.filter_map(|file| Some((file.path.clone(), file.assignment.label?))).collect()
    }
}

impl Source<'_> {
    /// Finds the samples that the recipe uses.
    fn find(&self, seen: &mut Seen, observer: &dyn Observer) -> Result<Found, Error> {
        match self.options.format {
            Format::Npz | Format::Shd if !self.path.is_dir() => {
                self.warn_about_folder_keys(observer);
                self.find_in_table(seen).map(Found::Table)
            }
            Format::Shd => {
                let key = self.key();
                let folder = self.path.display();
                let message =
                    format!("`{key}` is a folder, but the format `shd` is a single HDF5 file: `{folder}`");
                let problem = Problem::new(&codes::CONFLICT, key, message);
                Err(self.error(problem.with_help("name the file, or choose another `data.format`")))
            }
            Format::Wav | Format::Npz | Format::Events => self.files(seen, observer).map(Found::Files),
        }
    }

    /// Reads the samples.
    fn read_found(
        &self,
        found: Found,
        front_end: &FrontEnd,
        observer: &dyn Observer,
    ) -> Result<Vec<SplitSample>, Error> {
        let options = self.options;
        let files = match found {
            Found::Files(files) => files,
            Found::Table(samples) => return Ok(self.take_samples(samples)),
        };
        match options.format {
            Format::Wav => {
                let cache = Cache::open(&options.cache, front_end);
                let samples =
                    self.read(&files, observer, &|bytes, _| wav::raster(bytes, front_end, &cache))?;
                cache.warn_of_write_errors(observer);
                Ok(samples)
            }
            Format::Npz | Format::Events | Format::Shd => {
                self.read(&files, observer, &|bytes, path| self.decode(bytes, path))
            }
        }
    }

    /// Warns about keys that apply to folders only.
    fn warn_about_folder_keys(&self, observer: &dyn Observer) {
        let options = self.options;
        let keys = [("data.pattern", options.pattern.is_some()), ("data.ignore", !options.ignore.is_empty())];
        // Another path may be a folder.
        let all_files = paths(options).all(|(path, _)| path.is_file());
        let is_first = self.set.is_none() && options.format == Format::Npz;
        for (key, _) in keys.into_iter().filter(|(_, is_given)| *is_given && all_files && is_first) {
            let problem = Problem::without_effect(key, "the samples are in a single file", "omit it");
            observer.diagnostics(&self.recipe.diagnostics([problem]), &self.recipe.sources());
        }
    }

    /// Returns the binning of events into time steps.
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

/// Formats errors as a count and a list, such as `2 files cannot be used:`. `one` and `many` are the subject.
pub(crate) fn error_list(errors: &[String], one: &str, many: &str, predicate: &str) -> String {
    let shown: Vec<String> =
        errors.iter().take(MAX_LISTED_ERRORS).map(|error| format!("  {error}")).collect();
    let rest = errors.len().saturating_sub(MAX_LISTED_ERRORS);
    let more = if rest > 0 { format!("\n  and {rest} more") } else { String::new() };
    let subject = if errors.len() == 1 { one } else { many };
    format!("{} {subject} {predicate}:\n{}{more}", errors.len(), shown.join("\n"))
}
