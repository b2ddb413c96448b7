//! Samples that are segments of streams: what detection hears, cut to the steps of a sample.
//!
//! Streams of words and noise are composed as those of detection, from the words of each set, and run through the front
//! end from start to end, so that a segment begins in the midst of sound. See [`cut`] for the choice of segments.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;
use synnet_audio::Wav;
use synnet_audio::audio3::{CHANNELS, FrontEndOptions, SAMPLE_RATE};
use synnet_data::waveform::{Augmentation, Changes};
use synnet_ir::Raster;
use synnet_ir::display::pluralize;
use synnet_random::Stream;
use synnet_runtime::{Dataset, Label, Sample};

use super::augmented::EpochSource;
use super::folder::Content;
use super::overlap::{self, Origin};
use super::recordings::Recordings;
use super::split::Split;
use super::{Found, ReadSamples, Source, SplitSample, noise};
use crate::codes;
use crate::error::Error;
use crate::observer::{Observer, Silent, Stage};
use crate::problem::Problem;
use crate::recipe::{ComposedStreams, FrontEnd, Recipe, plain};
use crate::streams::{self, Draws, Material, Recording, Set, SpokenWord};

/// The streams of a recipe from which segments are cut, with the words of the training set.
pub(super) struct Segments {
    options: ComposedStreams,
    /// Total duration of the streams of a set, in seconds.
    seconds: f64,
    train: Vec<Recording>,
    /// Recordings of noise for training.
    noise: Vec<PathBuf>,
    classes: Vec<String>,
    keyword_of_class: Vec<Option<usize>>,
    /// The class of segments without a keyword.
    other: usize,
    augmentation: Augmentation,
    front_end: FrontEndOptions,
    /// Steps of a segment, and the minimum number of steps after a keyword.
    steps: usize,
    margin: usize,
}

/// Finds the words of each set, and returns segments of its streams, with the source of further training sets. `found`
/// are files of sound, and the recipe has streams for training.
///
/// # Errors
/// Returns an error that lists recordings that cannot be used, or if no segment fits, or none with a keyword in training.
pub(super) fn read(
    found: &[(Found, Source<'_>)],
    recipe: &Recipe,
    observer: &dyn Observer,
) -> Result<ReadSamples, Error> {
    let (mut recordings, mut words) = (Recordings::default(), Vec::new());
    for (found, source) in found {
        let Found::Files(files) = found else { continue };
        words.extend(source.read(files, observer, &|bytes, _| word(bytes))?);
        files.iter().for_each(|file| recordings.add(file));
    }
    overlap::warn(&words, &recipe.data, observer);
    let [of_validation, of_test, of_training] = noise::noise_files(recipe)?;
    let Some(segments) = Segments::new(recipe, recordings.train.clone(), of_training) else {
        return Ok((Vec::new(), None));
    };
    let options = &segments.options;
    let sets = [
        (Set::Train, Split::Train, segments.seconds, &recordings.train, &segments.noise),
        (Set::Validation, Split::Validation, options.validation, &recordings.validation, &of_validation),
        (Set::Test, Split::Test, options.test, &recordings.test, &of_test),
    ];
    let mut samples = Vec::new();
    for (set, split, seconds, recordings, noise) in sets {
        let seconds = seconds.min(segments.seconds);
        let cut = segments.of_set(set, seconds, recordings, noise, observer)?;
        if set == Set::Train {
            segments.check_keywords(recipe, &cut)?;
        }
        if cut.iter().all(|stream| stream.samples.is_empty()) {
            let message = format!("no segment of {} steps fits in the streams", segments.steps);
            let problem = Problem::new(&codes::CONFLICT, "data.steps", message);
            let help = "lower it, or raise `detection.streams.length`";
            return Err(recipe.error(vec![problem.involving("detection.streams.length").with_help(help)]));
        }
        samples.extend(cut.into_iter().enumerate().flat_map(|(i, stream)| {
            let name = format!("a segment of {set:?} stream {}", i + 1).to_lowercase();
            let seconds = segments.steps as f64 * segments.front_end.dt();
            stream.samples.into_iter().map(move |sample| SplitSample {
                split,
                sample,
                seconds,
                origin: Origin { name: name.clone(), content: 0, speaker: None },
            })
        }));
    }
    Ok((samples, Some(Arc::new(segments))))
}

/// Checks that a word can be decoded. It has no raster of its own.
fn word(bytes: &[u8]) -> Result<Content, String> {
    let wav = Wav::decode(bytes).map_err(|e| e.to_string())?;
    let raster = Raster::from_counts(CHANNELS, 0, Vec::new()).map_err(|e| e.to_string())?;
    Ok((raster, None, wav.duration()))
}

/// The segments of a stream.
struct CutStream {
    samples: Vec<Sample>,
    /// Index of the keyword of each word, and whether a segment has it.
    keywords: Vec<(usize, bool)>,
}

impl Segments {
    /// Returns `None` if the recipe has no streams for training, or no class for segments without a keyword.
    fn new(recipe: &Recipe, train: Vec<Recording>, noise: Vec<PathBuf>) -> Option<Self> {
        let (detection, seconds) = recipe.training_streams()?;
        let classes: Vec<String> = recipe.data.classes.iter().map(plain).collect();
        let keyword_of_class = detection.keyword_of_class(&classes);
        let FrontEnd::XyloAudio3(front_end) = &recipe.front_end;
        Some(Self {
            options: detection.streams.clone(),
            seconds,
            train,
            noise,
            other: keyword_of_class.iter().position(Option::is_none)?,
            classes,
            keyword_of_class,
            augmentation: recipe.data.augmentation.clone(),
            front_end: front_end.clone(),
            steps: recipe.data.steps,
            margin: detection.window,
        })
    }

    /// Composes the streams of a set, and cuts them.
    fn of_set(
        &self,
        set: Set,
        seconds: f64,
        recordings: &[Recording],
        noise: &[PathBuf],
        observer: &dyn Observer,
    ) -> Result<Vec<CutStream>, Error> {
        let material =
            Material::new(&self.options, set, recordings, &self.classes, &self.keyword_of_class, noise)?;
        let durations = streams::durations(seconds, self.options.length);
        observer.items_added(Stage::Reading, durations.len());
        let cut = |(i, &seconds): (usize, &f64)| {
            let cut = self.of_stream(&material, set, i, seconds);
            observer.item_done(Stage::Reading);
            cut
        };
        durations.par_iter().enumerate().map(cut).collect()
    }

    fn of_stream(
        &self,
        material: &Material<'_>,
        set: Set,
        i: usize,
        seconds: f64,
    ) -> Result<CutStream, Error> {
        let changes = match set {
            Set::Epoch { seed, epoch } => self.augmentation.changes(seed, epoch, i as u64),
            Set::Train | Set::Validation | Set::Test => Augmentation::default().changes(0, 0, 0),
        };
        let Changes { gain, speed, pitch, .. } = changes;
        let rate = f64::from(material.rate.get());
        // As for single sounds: the sample rate changes both, and the time step restores the duration after `pitch`.
        let played = NonZeroU32::new((rate * speed * pitch).round() as u32).unwrap_or(NonZeroU32::MIN);
        let decimation = (f64::from(self.front_end.decimation) / pitch).round().max(1.0) as u32;
        let front_end = self.front_end.clone().with_decimation(decimation);
        let mut composer = material.compose(i, seconds)?;
        let (mut words, mut counts) = (Vec::new(), Vec::new());
        let next = |samples: &mut Vec<f64>| {
            composer.next_chunk(material.rate.get() as usize, samples, &mut words)?;
            samples.iter_mut().for_each(|x| *x = (*x * gain).clamp(-1.0, 1.0));
            Ok(())
        };
        streams::encode(played, &front_end, next, |frame| counts.extend(frame))?;
        let steps_per_second = rate / f64::from(played.get()) * SAMPLE_RATE / f64::from(decimation);
        let keywords: Vec<Keyword> =
            words.iter().filter_map(|word| Keyword::new(word, steps_per_second)).collect();
        let mut draws = set.draws(self.options.seed, Draws::Segments, i);
        let segments = cut(counts.len() / CHANNELS, self.steps, self.margin, &keywords, &mut draws);
        let is_cut = |keyword: &Keyword| {
            segments.iter().any(|segment| {
                segment.keyword.is_some()
                    && segment.start <= keyword.start
                    && keyword.end <= segment.start + self.steps
            })
        };
        let keywords = keywords.iter().map(|keyword| (keyword.index, is_cut(keyword))).collect();
        let samples = segments.iter().map(|segment| self.sample(segment, &counts));
        Ok(CutStream { samples: samples.collect::<Result<_, _>>()?, keywords })
    }

    fn sample(&self, segment: &Segment, counts: &[u8]) -> Result<Sample, Error> {
        let counts = counts.chunks(CHANNELS).skip(segment.start).take(self.steps).flatten().copied();
        let raster = Raster::from_counts(CHANNELS, self.steps, counts.collect()).map_err(Error::input)?;
        let class = segment
            .keyword
            .and_then(|keyword| self.keyword_of_class.iter().position(|of_class| *of_class == Some(keyword)));
        Ok(Sample { raster, label: Label::Class(class.unwrap_or(self.other)) })
    }

    /// Checks that the training streams have segments with each keyword.
    fn check_keywords(&self, recipe: &Recipe, cut: &[CutStream]) -> Result<(), Error> {
        let mut problems = Vec::new();
        for (class, keyword) in self.classes.iter().zip(&self.keyword_of_class) {
            let Some(keyword) = keyword else { continue };
            let words =
                || cut.iter().flat_map(|stream| &stream.keywords).filter(|(index, _)| index == keyword);
            let count = words().count();
            if words().any(|(_, is_cut)| *is_cut) {
                continue;
            }
            problems.push(if count == 0 {
                let message = format!("the training streams do not have the keyword `{class}`");
                let problem = Problem::new(&codes::NO_SAMPLE, "detection.streams.train", message);
                problem.with_help("raise it, or `detection.streams.keyword_share`")
            } else {
                let message = format!(
                    "none of the {} `{class}` in the training streams fits in a segment of {} steps with the {} steps of \
                     `detection.window` behind it",
                    pluralize(count, "keyword"),
                    self.steps,
                    self.margin
                );
                let problem = Problem::new(&codes::CONFLICT, "data.steps", message);
                problem.involving("detection.window").with_help("raise it, or lower `detection.window`")
            });
        }
        if problems.is_empty() { Ok(()) } else { Err(recipe.error(problems)) }
    }
}

impl EpochSource for Segments {
    fn dataset(&self, seed: u64, epoch: usize) -> Result<Dataset, Error> {
        let set = Set::Epoch { seed, epoch: epoch as u64 };
        let cut = self.of_set(set, self.seconds, &self.train, &self.noise, &Silent)?;
        let samples = cut.into_iter().flat_map(|stream| stream.samples).collect();
        Dataset::from_rasters(CHANNELS, self.steps, samples).map_err(|errors| Error::without_place(&errors))
    }

    fn every(&self) -> usize {
        self.augmentation.every as usize
    }

    /// The counts of a stream on each thread; the vector that holds them may have twice the capacity.
    fn bytes(&self) -> u64 {
        let steps = (1.0 + self.augmentation.speed) * self.options.length / self.front_end.dt();
        2 * rayon::current_num_threads() as u64 * CHANNELS as u64 * steps.ceil() as u64
    }

    /// The segments of the training set have the noise in them.
    fn hash(&self) -> u128 {
        0
    }
}

/// A keyword in a stream.
#[derive(Clone, Copy, Debug)]
struct Keyword {
    index: usize,
    /// Its first step, and the step after its last one.
    start: usize,
    end: usize,
}

impl Keyword {
    /// Returns `None` for other words.
    fn new(word: &SpokenWord, steps_per_second: f64) -> Option<Self> {
        Some(Self {
            index: word.keyword?,
            start: (word.interval.start * steps_per_second).floor() as usize,
            end: (word.interval.end * steps_per_second).ceil() as usize,
        })
    }
}

/// A segment of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Segment {
    /// Its first step.
    start: usize,
    /// The keyword that lies in it whole; `None` if no keyword overlaps it.
    keyword: Option<usize>,
}

/// Chooses the segments of a stream of `total` steps. `keywords` are in the order of time.
///
/// * Each keyword gives a segment that contains it, followed by at least `margin` steps. All positions are equally
///   likely. There is none if it does not fit, or if another keyword overlaps the segment.
/// * The steps between two keywords are cut in as many segments as fit, one after the other. Where the first one starts
///   is random.
fn cut(total: usize, steps: usize, margin: usize, keywords: &[Keyword], draws: &mut Stream) -> Vec<Segment> {
    let mut segments = Vec::new();
    let without_keyword = |from: usize, to: usize, draws: &mut Stream, segments: &mut Vec<Segment>| {
        let length = to.saturating_sub(from);
        let first = from + draws.below((length % steps) as u64 + 1) as usize;
        segments.extend((0..length / steps).map(|i| Segment { start: first + i * steps, keyword: None }));
    };
    let mut from = 0;
    for keyword in keywords {
        without_keyword(from, keyword.start, draws, &mut segments);
        from = keyword.end;
        let earliest = (keyword.end + margin).saturating_sub(steps);
        let latest = keyword.start.min(total.saturating_sub(steps));
        let fits = steps <= total && keyword.end + margin <= total;
        let Some(places) = (latest + 1).checked_sub(earliest).filter(|_| fits) else { continue };
        let start = earliest + draws.below(places as u64) as usize;
        let overlaps = |other: &Keyword| {
            other.index != keyword.index && other.start < start + steps && start < other.end
        };
        if places > 0 && !keywords.iter().any(overlaps) {
            segments.push(Segment { start, keyword: Some(keyword.index) });
        }
    }
    without_keyword(from, total, draws, &mut segments);
    segments
}

#[cfg(test)]
mod tests {
    use synnet_random::Purpose;

    use super::*;

    fn keyword(index: usize, start: usize, end: usize) -> Keyword {
        Keyword { index, start, end }
    }

    #[test]
    fn segments_have_a_whole_keyword_or_none() {
        let keywords =
            [keyword(0, 100, 140), keyword(0, 400, 470), keyword(1, 640, 690), keyword(0, 980, 995)];
        let (steps, margin) = (100, 20);
        let mut starts = std::collections::BTreeSet::new();
        for stream in 0..50 {
            let mut draws = Stream::new(0, Purpose::Detection, 9, stream);
            let segments = cut(1000, steps, margin, &keywords, &mut draws);
            for segment in &segments {
                let end = segment.start + steps;
                assert!(end <= 1000);
                for word in &keywords {
                    let overlaps = segment.start < word.end && word.start < end;
                    let is_whole = segment.start <= word.start && word.end + margin <= end;
                    match segment.keyword {
                        Some(keyword) => assert!(!overlaps || keyword == word.index && is_whole),
                        None => assert!(!overlaps),
                    }
                }
            }
            let of = |keyword| segments.iter().filter(|segment| segment.keyword == keyword).count();
            // The last keyword ends 5 steps before the stream. Gaps have 100, 260, 170, 290 and 5 steps.
            assert_eq!([of(Some(0)), of(Some(1)), of(None)], [2, 1, 1 + 2 + 1 + 2]);
            starts.extend(segments.iter().find(|segment| segment.keyword.is_some()).map(|first| first.start));
        }
        assert!(starts.len() > 20 && starts.iter().all(|start| (60..=100).contains(start)), "{starts:?}");
    }

    #[test]
    fn keywords_that_do_not_fit_are_left_out() {
        let cut = |total, keywords: &[Keyword]| {
            let segments = cut(total, 100, 20, keywords, &mut Stream::new(0, Purpose::Detection, 9, 0));
            segments.iter().filter(|segment| segment.keyword.is_some()).count()
        };
        assert_eq!(cut(1000, &[keyword(0, 300, 380)]), 1);
        assert_eq!(cut(1000, &[keyword(0, 300, 381)]), 0);
        assert_eq!(cut(90, &[keyword(0, 30, 60)]), 0);
        // Another keyword is always in the segment.
        assert_eq!(cut(1000, &[keyword(0, 300, 379), keyword(1, 385, 500)]), 0);
    }
}
