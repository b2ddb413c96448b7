//! The part of a recipe about data: where recordings are, what is told of them, and the way from sound to spikes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_yaml::Value;
use synnet_audio::audio3;
use synnet_data::waveform;
use synnet_dsl::vocabulary::Unit;

use super::{ValidationSplit, plain};
use crate::error::Error;

/// For some fields, the values that select a recording; all of them must fit.
pub type Filter = BTreeMap<String, Vec<Value>>;

/// Where recordings are, and what is told of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DataOptions {
    /// How recordings are stored.
    #[serde(default)]
    pub format: Format,
    /// Folder, or for formats of many recordings in one file, that file.
    pub path: PathBuf,
    /// A second folder or file: all its recordings are held back from training.
    #[serde(default)]
    pub test_path: Option<PathBuf>,
    /// Names of the recordings in the folder, with a `{field}` for each part that varies, such as
    /// `{label}_{speaker}_{index}.wav`. The field `label` is the class.
    #[serde(default)]
    pub pattern: Option<String>,
    /// The recordings that are used at all.
    #[serde(default)]
    pub only: Filter,
    /// The recordings held back from training.
    #[serde(default)]
    pub test: Filter,
    /// Of the others, those held back to choose the best epoch by.
    #[serde(default)]
    pub validation: ValidationSplit,
    /// Class names, in the order of the readout neurons; a number `n` stands for 0 to `n - 1`.
    #[serde(default, deserialize_with = "classes")]
    pub classes: Vec<Value>,
    /// Time steps of each recording: shorter ones are filled with silence, longer ones cut.
    pub steps: usize,
    /// Unit of the times of events.
    #[serde(default = "seconds", deserialize_with = "time_unit")]
    pub time_unit: Unit,
    /// Neighboring channels of event lists that become one.
    #[serde(default = "one")]
    pub channel_pool: usize,
    /// Random changes of the training sounds, anew in each epoch.
    #[serde(default)]
    pub augmentation: waveform::Augmentation,
    /// Where the output of the front end is kept.
    #[serde(default)]
    pub cache: Cache,
}

/// How recordings are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A folder of WAV files, which go through the front end.
    #[default]
    Wav,
    /// A `.npz` file of rasters, or a folder with one for each recording.
    Npz,
    /// A folder of event lists, text or `.npz`.
    Events,
    /// An HDF5 file in the layout of the Spiking Heidelberg Digits.
    Shd,
}

/// Where the output of the front end is kept from one run to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cache {
    /// In the user's folder for such things.
    #[default]
    Standard,
    /// In a folder of the user's choice.
    Folder(PathBuf),
    /// Nowhere.
    Off,
}

/// A front end with its options.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FrontEnd {
    /// The digital front end of Xylo Audio 3.
    XyloAudio3(audio3::Options),
}

impl Default for FrontEnd {
    fn default() -> Self {
        Self::XyloAudio3(audio3::Options::default())
    }
}

fn seconds() -> Unit {
    Unit::Second
}

/// Reads a unit of time as the language spells it.
fn time_unit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Unit, D::Error> {
    let name = String::deserialize(deserializer)?;
    let is_time = |unit: &Unit| unit.time() == 1;
    Unit::of(&name).filter(is_time).ok_or_else(|| {
        let names = Unit::ALL.iter().filter(|unit| is_time(unit)).map(|unit| format!("`{}`", unit.name()));
        let names = names.collect::<Vec<_>>().join(", ");
        D::Error::custom(format!("unknown unit of time `{name}`, expected one of {names}"))
    })
}

impl DataOptions {
    /// Returns options for recordings of `steps` time steps each; every other key has its default. A recipe needs a
    /// [`test`](Self::test) set, and for most formats [`classes`](Self::classes) and a [`pattern`](Self::pattern).
    pub fn new(format: Format, path: impl Into<PathBuf>, steps: usize) -> Self {
        Self {
            format,
            path: path.into(),
            test_path: None,
            pattern: None,
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

    /// Paths are relative to the recipe, unless `is_set` says that a key came from the command line.
    pub(super) fn resolve(&mut self, folder: &Path, is_set: impl Fn(&str) -> bool) {
        let resolve = |key: &str, path: &mut PathBuf| {
            if !is_set(key) {
                *path = folder.join(&*path);
            }
        };
        resolve("data.path", &mut self.path);
        self.test_path.iter_mut().for_each(|path| resolve("data.test_path", path));
        if let Cache::Folder(path) = &mut self.cache {
            resolve("data.cache", path);
        }
    }

    /// What serde cannot know; `path` is the recipe's, for messages.
    pub(super) fn check(&self, path: &Path) -> Result<(), Error> {
        let wrong = |message: String| Err(Error::file(path, message));
        let classes: Vec<String> = self.classes.iter().map(plain).collect();
        if let Some(class) = classes.iter().enumerate().find(|(i, c)| classes[..*i].contains(c)) {
            return wrong(format!("`data.classes`: the class `{}` is given twice", class.1));
        }
        if self.steps == 0 {
            return wrong("`data.steps`: at least one time step is needed".into());
        }
        if self.channel_pool == 0 {
            return wrong(
                "`data.channel_pool`: 1 leaves channels as they are; 0 is no number of channels".into(),
            );
        }
        if self.test.is_empty() && self.test_path.is_none() {
            let remedy = "say which recordings are held back, or where others are with `data.test_path`";
            return wrong(format!("`data.test` is missing: {remedy}"));
        }
        if matches!(self.validation, ValidationSplit::Fraction(share) if !(share > 0.0 && share < 1.0)) {
            return wrong("`data.validation`: a share lies between 0 and 1".into());
        }
        if self.classes.is_empty() && self.format != Format::Npz {
            return wrong("`data.classes` is missing: name the classes in the order of the outputs".into());
        }
        self.check_format().or_else(wrong)?;
        self.augmentation.check().or_else(|why| wrong(format!("`data.augmentation`: {why}")))
    }

    /// Keys that the format needs, or does not know.
    fn check_format(&self) -> Result<(), String> {
        let (format, takes) = match self.format {
            Format::Wav => ("wav", "sound"),
            Format::Npz => ("npz", "rasters"),
            Format::Events => ("events", "lists of events"),
            Format::Shd => ("shd", "one file"),
        };
        match (self.format, &self.pattern) {
            (Format::Wav | Format::Events, None) => {
                return Err(
                    "`data.pattern` is missing: say how files are named, such as `{label}_{take}.wav`".into(),
                );
            }
            (Format::Shd, Some(_)) => {
                return Err(format!("`data.pattern` is for folders; the format `{format}` takes {takes}"));
            }
            _ => {}
        }
        let binned = matches!(self.format, Format::Events | Format::Shd);
        let only_for = |key: &str, what: &str| {
            Err(format!("`data.{key}` is for {what}; the format `{format}` takes {takes}"))
        };
        if self.time_unit != Unit::Second && self.format != Format::Events {
            return only_for("time_unit", "lists of events");
        }
        if self.channel_pool != 1 && !binned {
            return only_for("channel_pool", "events with a channel each");
        }
        if self.augmentation != waveform::Augmentation::default() && self.format != Format::Wav {
            let what = "sound (rasters are changed by `training.augmentation`)";
            return only_for("augmentation", what);
        }
        Ok(())
    }
}

impl FrontEnd {
    /// What serde cannot know; `path` is the recipe's, for messages.
    pub(super) fn check(&self, path: &Path) -> Result<(), Error> {
        let Self::XyloAudio3(options) = self;
        options.validate().map_err(|e| Error::file(path, format_args!("`front_end`: {e}")))
    }
}

impl<'de> Deserialize<'de> for Cache {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Bool(true) => Ok(Self::Standard),
            Value::Bool(false) => Ok(Self::Off),
            Value::String(path) => Ok(Self::Folder(path.into())),
            _ => Err(serde::de::Error::custom("expected a folder, `true` or `false`")),
        }
    }
}

/// A list of classes, or their number.
fn classes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Value>, D::Error> {
    /// Beyond this, a number is a mistake.
    const MAX_CLASSES: u64 = 1 << 16;
    match Value::deserialize(deserializer)? {
        Value::Sequence(classes) => Ok(classes),
        Value::Number(n) if n.as_u64().is_some_and(|n| (1..=MAX_CLASSES).contains(&n)) => {
            Ok((0..n.as_u64().unwrap_or_default()).map(Value::from).collect())
        }
        _ => Err(serde::de::Error::custom("expected a list of classes, or their number")),
    }
}

fn one() -> usize {
    1
}
