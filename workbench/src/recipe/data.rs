//! The sections of a recipe about data and the audio front end.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{self, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use synnet_audio::audio3;
use synnet_data::waveform;
use synnet_dsl::vocabulary::Unit;

use super::{Filter, ValidationSplit, Written};

/// The section `data` of a recipe.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DataOptions {
    /// Storage format; `wav` by default.
    #[serde(default)]
    pub format: Format,
    /// Folder with one file per sample, or a file with all samples.
    pub path: PathBuf,
    /// Another folder or file, whose samples all belong to the training set. [`only`](Self::only),
    /// [`test`](Self::test) and [`validation`](Self::validation) do not apply to them.
    #[serde(default)]
    pub train_path: Option<PathBuf>,
    /// Another folder or file, whose samples all belong to the test set.
    #[serde(default)]
    pub test_path: Option<PathBuf>,
    /// Pattern of the file names in a folder, with a `{field}` for each part that varies, such as
    /// `{label}_{speaker}_{index}.wav`. The field `label` is the class.
    #[serde(default)]
    pub pattern: Option<String>,
    /// Patterns of names that are skipped, such as `_background_noise_` or `**/*_copy.wav`; `*` stands for any text
    /// without `/`, `**` for any text. A pattern without `/` matches the names of files and folders at any depth.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// Whether the following are errors instead of warnings: file names that do not match the pattern, names in a
    /// list file without a sample, and classes without a training sample. `false` by default.
    #[serde(default)]
    pub strict: bool,
    /// The class that gathers all labels which `classes` does not list. By default, it is the class `unknown`, if there
    /// is one.
    #[serde(default)]
    pub unknown: Option<Written>,
    /// The samples to use; all by default.
    #[serde(default)]
    pub only: Filter,
    /// The samples of the test set.
    #[serde(default)]
    pub test: Filter,
    /// The samples of the validation set, among those that are not in the test set; none by default.
    #[serde(default)]
    pub validation: ValidationSplit,
    /// Class names in the order of the readout neurons. In a recipe, a number `n` stands for 0 to `n - 1`.
    #[serde(default, deserialize_with = "classes")]
    pub classes: Vec<Written>,
    /// Time steps per sample, 1 or more. Shorter samples are padded with silence, longer ones are cut.
    pub steps: usize,
    /// Unit of event times, for event lists in text and `.npz` files; seconds by default.
    #[serde(default = "seconds", deserialize_with = "time_unit")]
    pub time_unit: Unit,
    /// Number of adjacent channels that are merged into one, for event lists; 1 by default.
    #[serde(default = "one")]
    pub channel_pool: usize,
    /// Random augmentation of the training audio, different in each epoch; none by default.
    #[serde(default)]
    pub augmentation: waveform::Augmentation,
    /// Cache for the front end's output; enabled by default.
    #[serde(default)]
    pub cache: Cache,
}

/// Storage format of a dataset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A folder of WAV files, which the audio front end converts.
    #[default]
    Wav,
    /// A `.npz` file with all rasters, or a folder with one `.npz` file per sample.
    Npz,
    /// A folder of event lists, in text or `.npz` files.
    Events,
    /// An HDF5 file in the layout of the Spiking Heidelberg Digits.
    Shd,
}

/// The cache of the audio front end's output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cache {
    /// In the cache folder of the user: `$XDG_CACHE_HOME/synnet`, or its equivalent.
    #[default]
    Standard,
    /// In this folder.
    Folder(PathBuf),
    /// Disabled.
    Off,
}

/// An audio front end with its options.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FrontEnd {
    /// The digital front end of Xylo Audio 3.
    XyloAudio3(audio3::FrontEndOptions),
}

impl Default for FrontEnd {
    fn default() -> Self {
        Self::XyloAudio3(audio3::FrontEndOptions::default())
    }
}

fn seconds() -> Unit {
    Unit::Second
}

/// Parses a unit of time, spelled as in the language.
fn time_unit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Unit, D::Error> {
    const NAMES: &[&str] = &["s", "ms", "us", "ns"];
    let name = String::deserialize(deserializer)?;
    let unit = Unit::of(&name).filter(|unit| unit.time() == 1);
    unit.ok_or_else(|| D::Error::unknown_variant(&name, NAMES))
}

impl DataOptions {
    /// Returns options with `steps` time steps per sample and defaults for all other keys. A recipe also needs a
    /// [`test`](Self::test) set, and for most formats [`classes`](Self::classes) and a [`pattern`](Self::pattern).
    pub fn new(format: Format, path: impl Into<PathBuf>, steps: usize) -> Self {
        Self {
            format,
            path: path.into(),
            train_path: None,
            test_path: None,
            pattern: None,
            ignore: Vec::new(),
            strict: false,
            unknown: None,
            only: Filter::new(),
            test: Filter::new(),
            validation: ValidationSplit::None,
            classes: Vec::new(),
            steps,
            time_unit: Unit::Second,
            channel_pool: 1,
            augmentation: waveform::Augmentation::default(),
            cache: Cache::Standard,
        }
    }

    /// Makes paths relative to the recipe's folder, except for keys that were given on the command line (`is_set`).
    pub(super) fn resolve(&mut self, folder: &Path, is_set: impl Fn(&str) -> bool) {
        let resolve = |key: &str, path: &mut PathBuf| {
            if !is_set(key) {
                *path = folder.join(&*path);
            }
        };
        resolve("data.path", &mut self.path);
        self.train_path.iter_mut().for_each(|path| resolve("data.train_path", path));
        self.test_path.iter_mut().for_each(|path| resolve("data.test_path", path));
        if let Cache::Folder(path) = &mut self.cache {
            resolve("data.cache", path);
        }
        let validation = match &mut self.validation {
            ValidationSplit::Filter(rule) => Some(rule),
            ValidationSplit::None | ValidationSplit::Fraction(_) => None,
        };
        let rules = [Some(&mut self.only), Some(&mut self.test), validation];
        let lists = rules.into_iter().flatten().filter_map(|rule| rule.list.as_mut());
        let noise = self.augmentation.noise.as_mut().and_then(|noise| noise.recordings.as_mut());
        for list in lists.chain(noise) {
            // Datasets ship their lists and their noise beside the samples.
            let (shipped, beside_recipe) = (self.path.join(&*list), folder.join(&*list));
            *list = if beside_recipe.exists() && !shipped.exists() { beside_recipe } else { shipped };
        }
    }
}

impl<'de> Deserialize<'de> for Cache {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CacheVisitor;

        impl Visitor<'_> for CacheVisitor {
            type Value = Cache;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the path of a folder, `true` or `false`")
            }

            fn visit_bool<E: de::Error>(self, enabled: bool) -> Result<Cache, E> {
                Ok(if enabled { Cache::Standard } else { Cache::Off })
            }

            fn visit_str<E: de::Error>(self, path: &str) -> Result<Cache, E> {
                Ok(Cache::Folder(path.into()))
            }
        }

        deserializer.deserialize_any(CacheVisitor)
    }
}

/// Maximum number of classes: evaluations count every pair of a true and a predicted class.
pub(super) const MAX_CLASSES: usize = 2048;

/// Parses a list of classes, or their number.
fn classes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Written>, D::Error> {
    struct Classes;

    impl<'de> Visitor<'de> for Classes {
        type Value = Vec<Written>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of classes, or their number, 1 to 2048")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut classes = Vec::new();
            while let Some(class) = seq.next_element()? {
                classes.push(class);
            }
            Ok(classes)
        }

        fn visit_u64<E: de::Error>(self, count: u64) -> Result<Self::Value, E> {
            if !(1..=MAX_CLASSES as u64).contains(&count) {
                return Err(E::invalid_value(de::Unexpected::Unsigned(count), &self));
            }
            Ok((0..count).map(Written::from).collect())
        }
    }

    deserializer.deserialize_any(Classes)
}

fn one() -> usize {
    1
}
