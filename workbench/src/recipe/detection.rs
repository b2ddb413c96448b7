//! The section of a recipe about the detection of keywords in continuous sound.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use synnet_ir::{did_you_mean, nearest};
use synnet_step::detector::{self, MAX_WINDOW};

use super::{Format, Recipe, ValidationSplit, Written, plain};
use crate::codes;
use crate::problem::Problem;
use crate::yaml::KeyPath;

/// The section `detection` of a recipe.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DetectionOptions {
    /// Classes that are keywords.
    pub keywords: Vec<Written>,
    /// What is compared with the threshold of a keyword; `value` by default.
    #[serde(default)]
    pub score: Score,
    /// Number of time steps over which outputs are averaged, 1 to 1000; 20 by default.
    #[serde(default = "window")]
    pub window: usize,
    /// Number of time steps after a detection in which the same keyword is not detected; 100 by default.
    #[serde(default = "refractory")]
    pub refractory: u32,
    /// Time after the end of a word in which its detection is a hit, in seconds, 0 to 60; 0.5 by default.
    #[serde(default = "tolerance")]
    pub tolerance: f64,
    /// False alarms of a keyword per hour that the threshold may give on the validation streams; 1 by default.
    #[serde(default = "one")]
    pub false_alarms: f64,
    /// Streams that are composed of words and noise.
    #[serde(default)]
    pub streams: ComposedStreams,
    /// Recordings with labeled words, in place of composed streams.
    #[serde(default)]
    pub tables: Option<StreamTables>,
}

/// What is compared with the threshold of a keyword.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Score {
    /// The output of the keyword.
    #[default]
    Value,
    /// The distance of its output to the largest other one.
    Margin,
}

impl From<Score> for detector::Score {
    fn from(score: Score) -> Self {
        match score {
            Score::Value => Self::Value,
            Score::Margin => Self::Margin,
        }
    }
}

/// Streams that are composed of the words of a set, at random times, in background noise.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ComposedStreams {
    /// Seed of all draws; 0 by default. Streams of the test have other draws than those of validation.
    pub seed: u64,
    /// Total duration of the streams that each training set is cut from, in seconds; none by default. Training then uses
    /// segments of streams in place of single words.
    pub train: Option<f64>,
    /// Total duration of the validation streams, in seconds; 1800 by default.
    pub validation: f64,
    /// Total duration of the test streams, in seconds; 3600 by default.
    pub test: f64,
    /// Duration of each stream, in seconds, 10 to 3600; 120 by default. Each has its own noise.
    pub length: f64,
    /// Minimum and maximum time between two words, in seconds; uniform in between.
    pub pause: [f64; 2],
    /// Fraction of the words that are keywords; 0.2 by default.
    pub keyword_share: f64,
    /// Minimum and maximum ratio of the power of words to the power of noise, in decibels; uniform in between.
    pub snr: [f64; 2],
    /// Kinds of noise, of which each stream has one; white and pink by default.
    pub noise: Vec<NoiseKind>,
    /// Folder of noise recordings, which are one more kind of noise; none by default. Each set has recordings of its
    /// own: they are dealt out in the order of their names.
    pub recordings: Option<PathBuf>,
}

/// A kind of background noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoiseKind {
    /// Equal power at all frequencies.
    White,
    /// Equal power in all octaves.
    Pink,
    /// Several voices at once, which speak words that are no keywords.
    Babble,
}

impl Default for ComposedStreams {
    fn default() -> Self {
        Self {
            seed: 0,
            train: None,
            validation: 1800.0,
            test: 3600.0,
            length: 120.0,
            pause: [0.5, 3.0],
            keyword_share: 0.2,
            snr: [10.0, 20.0],
            noise: vec![NoiseKind::White, NoiseKind::Pink],
            recordings: None,
        }
    }
}

/// Tables of labeled recordings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StreamTables {
    /// Table of the streams on which thresholds are chosen.
    pub validation: PathBuf,
    /// Table of the streams on which they are tested.
    pub test: PathBuf,
}

fn window() -> usize {
    20
}

fn refractory() -> u32 {
    100
}

fn tolerance() -> f64 {
    0.5
}

fn one() -> f64 {
    1.0
}

impl DetectionOptions {
    /// Returns options with these keywords and defaults for all other keys.
    pub fn new(keywords: Vec<Written>) -> Self {
        Self {
            keywords,
            score: Score::Value,
            window: window(),
            refractory: refractory(),
            tolerance: tolerance(),
            false_alarms: one(),
            streams: ComposedStreams::default(),
            tables: None,
        }
    }

    /// Returns the index of the keyword of each class; `None` for other classes.
    pub(crate) fn keyword_of_class(&self, classes: &[String]) -> Vec<Option<usize>> {
        let keyword = |class: &String| self.keywords.iter().position(|keyword| plain(keyword) == *class);
        classes.iter().map(keyword).collect()
    }

    /// Makes paths relative to the recipe's folder, except for keys that were given on the command line (`is_set`).
    pub(super) fn resolve(&mut self, folder: &Path, is_set: impl Fn(&str) -> bool) {
        let tables = self.tables.as_mut().map(|tables| {
            [
                ("detection.tables.validation", &mut tables.validation),
                ("detection.tables.test", &mut tables.test),
            ]
        });
        let recordings = self.streams.recordings.as_mut().map(|path| ("detection.streams.recordings", path));
        for (key, path) in tables.into_iter().flatten().chain(recordings) {
            if !is_set(key) {
                *path = folder.join(&*path);
            }
        }
    }

    /// Returns the files and folders that the section names.
    pub(super) fn inputs(&self) -> impl Iterator<Item = &PathBuf> {
        let tables = self.tables.iter().flat_map(|tables| [&tables.validation, &tables.test]);
        tables.chain(&self.streams.recordings)
    }
}

/// The key of the streams to train on.
const TRAIN: &str = "detection.streams.train";

/// The key of the section.
const SECTION: &str = "detection";

impl Recipe {
    /// Returns the section `detection`, and the duration of the streams that a training set is cut from, if training uses
    /// segments of streams.
    pub(crate) fn training_streams(&self) -> Option<(&DetectionOptions, f64)> {
        let detection = self.detection.as_ref().filter(|detection| detection.tables.is_none())?;
        Some((detection, detection.streams.train?))
    }

    /// Returns every problem of the section `detection`.
    pub(super) fn detection_problems(&self) -> Vec<Problem> {
        let Some(options) = &self.detection else { return Vec::new() };
        let mut problems = self.keyword_problems(options);
        let streams = &options.streams;
        let range = |key: &str, value: String, expected: &str| {
            let path = format!("{SECTION}.{key}");
            let message = format!("`{path}` is {value}; it must be {expected}");
            Problem::new(&codes::RANGE, &path, message)
        };
        let numbers = [
            ("window", options.window as f64, 1.0, MAX_WINDOW as f64),
            ("tolerance", options.tolerance, 0.0, 60.0),
            ("streams.train", streams.train.unwrap_or(10.0), 10.0, 1e6),
            ("streams.validation", streams.validation, 10.0, 1e6),
            ("streams.test", streams.test, 10.0, 1e6),
            ("streams.length", streams.length, 10.0, 3600.0),
            ("streams.keyword_share", streams.keyword_share, 0.0, 1.0),
        ];
        let outside = numbers.into_iter().filter(|(_, x, min, max)| !(*min..=*max).contains(x));
        problems.extend(
            outside.map(|(key, x, min, max)| range(key, x.to_string(), &format!("from {min} to {max}"))),
        );
        if !(options.false_alarms > 0.0 && options.false_alarms.is_finite()) {
            problems.push(range("false_alarms", options.false_alarms.to_string(), "positive"));
        }
        let pairs = [
            ("streams.pause", streams.pause, 0.0, 60.0, "seconds"),
            ("streams.snr", streams.snr, -60.0, 120.0, "decibels"),
        ];
        for (key, [low, high], min, max, unit) in pairs {
            if !(min <= low && low <= high && high <= max) {
                let expected = format!("`[minimum, maximum]` in {unit}, each from {min} to {max}");
                problems.push(range(key, format!("[{low}, {high}]"), &expected));
            }
        }
        problems.extend(self.stream_problems(options));
        problems
    }

    /// Checks that keywords are classes.
    fn keyword_problems(&self, options: &DetectionOptions) -> Vec<Problem> {
        let mut problems = Vec::new();
        if options.keywords.is_empty() {
            let problem = Problem::new(&codes::RANGE, "detection.keywords", "`detection.keywords` is empty");
            problems.push(problem.with_help("name the classes that are keywords"));
        }
        let classes: Vec<String> = self.data.classes.iter().map(plain).collect();
        for (i, keyword) in options.keywords.iter().map(plain).enumerate() {
            let path = KeyPath::dotted("detection.keywords").join(i);
            if options.keywords[..i].iter().any(|other| plain(other) == keyword) {
                let message = format!("duplicate keyword `{keyword}`");
                let problem = Problem::at(&codes::DUPLICATE_VALUE, path, message);
                problems.push(problem.with_help("remove one of them"));
            } else if !classes.contains(&keyword) {
                let help = match nearest(&keyword, classes.iter().map(String::as_str)) {
                    Some(name) => did_you_mean(name),
                    None => "add it to `data.classes`".to_owned(),
                };
                let message = format!("keyword `{keyword}` is not one of `data.classes`");
                let problem = Problem::at(&codes::CONFLICT, path, message).involving("data.classes");
                problems.push(problem.with_help(help));
            }
        }
        if options.score == Score::Margin && classes.len() == 1 {
            let message = "`detection.score` is `margin`, but there is a single class";
            let problem = Problem::new(&codes::CONFLICT, "detection.score", message);
            problems.push(problem.involving("data.classes").with_help("use `value`"));
        }
        problems
    }

    /// Checks that the streams can be composed or read.
    fn stream_problems(&self, options: &DetectionOptions) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.data.format != Format::Wav {
            let message = "`detection` takes sound, but `data.format` is not `wav`";
            let problem = Problem::new(&codes::CONFLICT, SECTION, message).involving("data.format");
            problems.push(problem.with_help("omit it"));
        }
        if options.tables.is_some() {
            if self.gives("detection.streams") {
                let message = "`detection.streams` and `detection.tables` exclude each other";
                let problem = Problem::new(&codes::CONFLICT, "detection.streams", message);
                problems.push(problem.involving("detection.tables").with_help("remove one of them"));
            }
            return problems;
        }
        if self.data.validation == ValidationSplit::None {
            let message =
                "`detection` chooses thresholds on a validation set, but `data.validation` is missing";
            let problem = Problem::new(&codes::CONFLICT, SECTION, message).involving("data.validation");
            problems.push(
                problem
                    .with_help("select a validation set with `data.validation`, or name `detection.tables`"),
            );
        }
        let streams = &options.streams;
        if streams.noise.is_empty() && streams.recordings.is_none() {
            let message = "`detection.streams.noise` is empty";
            let problem = Problem::new(&codes::RANGE, "detection.streams.noise", message);
            problems.push(problem.with_help("name a kind of noise, or a folder of `recordings`"));
        }
        let others = self.data.classes.len() > options.keywords.len();
        if streams.noise.contains(&NoiseKind::Babble) && !others {
            let message = "`detection.streams.noise` has `babble`, but all classes are keywords";
            let problem = Problem::new(&codes::CONFLICT, "detection.streams.noise", message);
            let help = "babble speaks words that are no keywords: add a class for them, or omit `babble`";
            problems.push(problem.involving("detection.keywords").with_help(help));
        }
        problems.extend(self.training_stream_problems(options));
        problems
    }

    /// Checks that segments of streams can be labeled and augmented.
    fn training_stream_problems(&self, options: &DetectionOptions) -> Vec<Problem> {
        let mut problems = Vec::new();
        if options.streams.train.is_none() {
            return problems;
        }
        let classes: Vec<String> = self.data.classes.iter().map(plain).collect();
        let others = options.keyword_of_class(&classes).iter().filter(|keyword| keyword.is_none()).count();
        if others != 1 {
            let message = format!(
                "`{TRAIN}` needs one class for segments without a keyword, but {}",
                match others {
                    0 => "all classes are keywords".to_owned(),
                    _ => format!("{others} classes are no keywords"),
                }
            );
            let problem = Problem::new(&codes::CONFLICT, TRAIN, message).involving("data.classes");
            let help =
                "name keywords and one other class in `data.classes`; `data.unknown` gathers labels in it";
            problems.push(problem.involving("detection.keywords").with_help(help));
        }
        let augmentation = &self.data.augmentation;
        let changes =
            [("noise", augmentation.noise.is_some()), ("time_shift", augmentation.time_shift != 0.0)];
        for (key, _) in changes.into_iter().filter(|(_, is_given)| *is_given) {
            let path = format!("data.augmentation.{key}");
            let message = format!("`{path}` changes single words, but `{TRAIN}` trains on streams");
            let problem = Problem::new(&codes::CONFLICT, &path, message).involving(TRAIN);
            let help = match key {
                "noise" => "remove it: streams have the noise of `detection.streams`",
                _ => "remove it: words have random places in a segment",
            };
            problems.push(problem.with_help(help));
        }
        problems
    }
}
