//! Detection of keywords in continuous sound: misses against false alarms per hour.
//!
//! ```text
//! streams, table ──► sound, chunk by chunk, with labeled words
//!                       │  streaming front end
//!                       ▼
//!                     frames ──► engine: network, step by step ──► smoother ──► scores of the keywords
//!                                                                                 │
//!           words ──► scoring ◄── detections ◄── triggers, thresholds from validation streams
//! ```
//!
//! A stream starts with all states at zero, and carries them to its end. Streams run in parallel. Of each, the scores
//! are kept: 8 bytes per step, keyword and engine, which are 3 MB per hour. Sound is composed or decoded chunk by chunk
//! and never held; recordings of tables are held as they are in their files.

mod activity;
mod engine;
mod html;
mod report;
pub mod scoring;
mod table;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use synnet_audio::WavDecoder;
use synnet_audio::audio3::SAMPLE_RATE;
use synnet_ir::Network;
use synnet_step::detector::Keyword;
use synnet_xylo::Build;
use synnet_xylo::chip::Chip;

use crate::calibration;
use crate::codes;
use crate::cost::ContinuousCost;
use crate::data::{self, Input};
use crate::error::Error;
use crate::files;
use crate::observer::{Observer, Stage};
use crate::plan::Plan;
use crate::problem::Problem;
use crate::recipe::{DetectionOptions, FrontEnd, plain};
use crate::streams::{self, Material, Recording, Set};
use activity::StreamActivity;
use engine::{Engine, Run, Smoothing};
use scoring::{OperatingPoint, Rules, Track};

pub use crate::streams::SpokenWord;
pub use synnet_rust::Detector;

/// Rates of false alarms per hour for which misses are listed, besides the one of the recipe.
pub const RATES: [f64; 6] = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0];

/// A network on the streams of a recipe.
pub struct DetectionInput<'a> {
    /// The recipe, which has a section `detection`.
    pub plan: &'a Plan,
    /// The trained network.
    pub network: &'a Network,
    /// A chip, with the network quantized for it, that runs beside the float network.
    pub chip: Option<(&'a Arc<Chip>, &'a Build)>,
}

/// The result of all engines.
pub struct Detection {
    /// Name of the network.
    pub network: String,
    /// The section of the recipe.
    pub options: DetectionOptions,
    /// Labels of the keywords.
    pub keywords: Vec<String>,
    /// Duration of a step, in seconds.
    pub dt: f64,
    /// Duration of the validation streams and of the test streams, in hours.
    pub hours: [f64; 2],
    /// The test streams.
    pub streams: Vec<TestStream>,
    /// The results of each engine: float, then the chip.
    pub engines: Vec<EngineResult>,
    /// Duration of all streams divided by the time that they took.
    pub speed: f64,
}

/// A test stream.
pub struct TestStream {
    /// The file, or the number of a composed stream, from 1.
    pub name: String,
    /// Its duration, in seconds.
    pub seconds: f64,
    /// Its words.
    pub words: Vec<SpokenWord>,
}

/// The results of an engine.
pub struct EngineResult {
    /// `float`, or the name of the chip.
    pub name: String,
    /// The detector with the chosen thresholds.
    pub detector: Detector,
    /// The results of each keyword.
    pub keywords: Vec<KeywordResult>,
    /// All detections in the test streams.
    pub detections: Vec<Detected>,
    /// Spikes per neuron and step in the test streams, by layer. An output that is no spikes is left out.
    pub rates: Vec<(String, f64)>,
    /// The cost with the mean activity of the test streams; `None` for the float network.
    pub cost: Option<ContinuousCost>,
}

/// The results of a keyword on the test streams.
pub struct KeywordResult {
    /// Its label.
    pub label: String,
    /// Number of its words.
    pub words: usize,
    /// Misses and false alarms with the chosen threshold.
    pub point: OperatingPoint,
    /// The same with thresholds for other rates, in the order of [`RATES`].
    pub at_rates: Vec<OperatingPoint>,
    /// Latencies of the hits, in seconds.
    pub latencies: Vec<f64>,
    /// Points of all thresholds on the test streams, in ascending order.
    pub curve: Vec<OperatingPoint>,
}

/// A detection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detected {
    /// Index of the stream.
    pub stream: usize,
    /// Index of the keyword.
    pub keyword: usize,
    /// When it is detected, in seconds from the start of the stream.
    pub at: f64,
    /// Index of the word in the stream that it hits; `None` for a false alarm.
    pub word: Option<usize>,
}

/// A stream that has run.
struct Scored {
    stream: TestStream,
    /// Results of each engine.
    engines: Vec<Heard>,
}

/// What an engine made of a stream.
struct Heard {
    /// Scores, `[steps, keywords]`.
    scores: Vec<f64>,
    activity: StreamActivity,
}

impl Detection {
    /// Runs all streams, chooses thresholds on those of validation, and scores those of the test.
    ///
    /// # Errors
    /// Returns an error if the recipe has no section `detection` or does not fit the network, or if recordings cannot be
    /// used.
    pub fn run(input: &DetectionInput<'_>, observer: &dyn Observer) -> Result<Self, Error> {
        let plan = input.plan;
        let options = plan.recipe.detection.as_ref().ok_or_else(|| {
            let problem = Problem::new(&codes::MISSING_KEY, "detection", "`detection` is missing");
            let help = "add the section, such as `detection: { keywords: [yes] }`";
            plan.recipe.error(vec![problem.with_help(help)])
        })?;
        let setup = Setup::new(input, options)?;
        let started = Instant::now();
        let [validation, test] = setup.scored(observer)?;
        let elapsed = started.elapsed();
        let hours = [&validation, &test]
            .map(|streams| streams.iter().map(|scored| scored.stream.seconds).sum::<f64>() / 3600.0);
        if options.false_alarms * hours[0] < 1.0 {
            observer.warning(&format!(
                "the validation streams have {:.2} hours, too few to measure {} false alarms per hour: thresholds are \
                 chosen so that there is none",
                hours[0], options.false_alarms
            ));
        }
        let engines =
            (0..setup.engines.len()).map(|e| setup.evaluate(e, &validation, &test, hours)).collect();
        Ok(Self {
            network: input.network.graph.name.clone(),
            options: options.clone(),
            keywords: setup.keywords.clone(),
            dt: setup.rules.dt,
            hours,
            streams: test.into_iter().map(|scored| scored.stream).collect(),
            engines,
            speed: speed(hours, elapsed),
        })
    }
}

impl Plan {
    /// Quantizes a network for a chip with the options of the recipe. The data is read only if ranges of states are to be
    /// measured.
    ///
    /// # Errors
    /// Returns every rule of the chip that the network breaks, or an error if the data cannot be used.
    pub fn build_for_detection(
        &self,
        network: &Network,
        chip: &Chip,
        observer: &dyn Observer,
    ) -> Result<Build, Error> {
        let quantize = &self.recipe.quantize;
        let mut options = quantize.options.clone();
        if quantize.measure_ranges {
            let graph = &self.loaded.graph;
            let input = Input {
                channels: graph.input.channels,
                dt: graph.dt,
                outputs: graph.outputs(),
                chips: Vec::new(),
            };
            let corpus = data::load(&self.recipe, input, observer);
            observer.stage_done(Stage::Reading);
            let ranges = calibration::on_dataset(network, &corpus?.train).map_err(Error::input)?;
            options = options.with_ranges(Some(ranges));
        }
        let build = synnet_xylo::build(network, chip, &options).map_err(|d| self.loaded.error(d))?;
        self.loaded.accept(&build.warnings, observer)?;
        Ok(build)
    }
}

fn speed(hours: [f64; 2], elapsed: Duration) -> f64 {
    3600.0 * (hours[0] + hours[1]) / elapsed.as_secs_f64().max(1e-9)
}

/// Everything that streams share.
struct Setup<'a> {
    plan: &'a Plan,
    options: &'a DetectionOptions,
    network: &'a str,
    keywords: Vec<String>,
    classes: Vec<String>,
    outputs: usize,
    smoothing: Smoothing,
    engines: Vec<Engine<'a>>,
    rules: Rules,
}

impl<'a> Setup<'a> {
    fn new(input: &DetectionInput<'a>, options: &'a DetectionOptions) -> Result<Self, Error> {
        let plan = input.plan;
        let classes: Vec<String> = plan.recipe.data.classes.iter().map(plain).collect();
        let keywords: Vec<String> = options.keywords.iter().map(plain).collect();
        let outputs = input.network.graph.outputs();
        let score = options.score.into();
        let smoothing =
            Smoothing { window: options.window, score, outputs: output_of(plan, &keywords, &classes)? };
        let mut engines = vec![Engine::float(input.network)];
        if let Some((chip, build)) = input.chip {
            engines.push(Engine::chip(chip, build, input.network, score)?);
        }
        let FrontEnd::XyloAudio3(front_end) = &plan.recipe.front_end;
        let rules = Rules {
            dt: f64::from(front_end.decimation) / SAMPLE_RATE,
            refractory: options.refractory,
            tolerance: options.tolerance,
        };
        let network = &plan.loaded.graph.name;
        Ok(Self { plan, options, network, keywords, classes, outputs, smoothing, engines, rules })
    }

    /// Runs the streams of validation and test.
    fn scored(&self, observer: &dyn Observer) -> Result<[Vec<Scored>; 2], Error> {
        let scored = match &self.options.tables {
            Some(tables) => self
                .labeled(&tables.validation, observer)
                .and_then(|validation| Ok([validation, self.labeled(&tables.test, observer)?])),
            None => self.composed(observer),
        };
        observer.stage_done(Stage::Detecting);
        scored
    }

    /// Composes and runs the streams of both sets.
    fn composed(&self, observer: &dyn Observer) -> Result<[Vec<Scored>; 2], Error> {
        let graph = &self.plan.loaded.graph;
        let input = Input {
            channels: graph.input.channels,
            dt: graph.dt,
            outputs: graph.outputs(),
            chips: Vec::new(),
        };
        let recordings = data::recordings(&self.plan.recipe, &input, observer)?;
        let [of_validation, of_test, _] = data::noise_files(&self.plan.recipe)?;
        let total = &self.options.streams;
        Ok([
            self.compose(
                Set::Validation,
                total.validation,
                &recordings.validation,
                &of_validation,
                observer,
            )?,
            self.compose(Set::Test, total.test, &recordings.test, &of_test, observer)?,
        ])
    }

    /// Composes and runs the streams of a set, which have `total` seconds together.
    fn compose(
        &self,
        set: Set,
        total: f64,
        recordings: &[Recording],
        noise: &[PathBuf],
        observer: &dyn Observer,
    ) -> Result<Vec<Scored>, Error> {
        let options = &self.options.streams;
        let keywords = self.options.keyword_of_class(&self.classes);
        let material = Material::new(options, set, recordings, &self.classes, &keywords, noise)?;
        let durations = streams::durations(total, options.length);
        observer.items_added(Stage::Detecting, durations.len());
        let run = |(i, &seconds): (usize, &f64)| {
            let mut composer = material.compose(i, seconds)?;
            let mut words = Vec::new();
            let chunk = material.rate.get() as usize;
            let engines =
                self.run(material.rate, |samples| composer.next_chunk(chunk, samples, &mut words))?;
            observer.item_done(Stage::Detecting);
            Ok(Scored { stream: TestStream { name: (i + 1).to_string(), seconds, words }, engines })
        };
        durations.par_iter().enumerate().map(run).collect()
    }

    /// Reads and runs the recordings of a table.
    fn labeled(&self, table: &std::path::Path, observer: &dyn Observer) -> Result<Vec<Scored>, Error> {
        let recordings = table::read(table, &self.keywords)?;
        observer.items_added(Stage::Detecting, recordings.len());
        let run = |recording: table::LabeledRecording| {
            let bytes = files::read(&recording.path)?;
            let wrong = |why| Error::file(&recording.path, why);
            let mut wav = WavDecoder::new(&bytes).map_err(wrong)?;
            let (rate, seconds) = (wav.sample_rate(), wav.duration());
            let engines = self.run(rate, |samples| {
                wav.by_ref().take(rate.get() as usize).try_for_each(|sample| {
                    samples.push(sample.map_err(wrong)?);
                    Ok(())
                })
            })?;
            observer.item_done(Stage::Detecting);
            let name = recording.path.display().to_string();
            Ok(Scored { stream: TestStream { name, seconds, words: recording.words }, engines })
        };
        recordings.into_par_iter().map(run).collect()
    }

    /// Runs all engines on a stream, whose next samples `next` appends; none at the end.
    fn run(
        &self,
        rate: std::num::NonZeroU32,
        next: impl FnMut(&mut Vec<f64>) -> Result<(), Error>,
    ) -> Result<Vec<Heard>, Error> {
        let FrontEnd::XyloAudio3(front_end) = &self.plan.recipe.front_end;
        let mut runs: Vec<Run<'_>> =
            self.engines.iter().map(|engine| engine.start(&self.smoothing, self.outputs)).collect();
        let mut scores = vec![Vec::new(); runs.len()];
        streams::encode(rate, front_end, next, |frame| {
            runs.iter_mut().zip(&mut scores).for_each(|(run, scores)| run.step(&frame, scores));
        })?;
        let heard = |(run, scores): (Run<'_>, _)| Heard { scores, activity: run.finish() };
        Ok(runs.into_iter().zip(scores).map(heard).collect())
    }

    /// Chooses the thresholds of an engine on validation streams, and scores test streams with them.
    fn evaluate(&self, e: usize, validation: &[Scored], test: &[Scored], hours: [f64; 2]) -> EngineResult {
        let engine = &self.engines[e];
        let mut detections = Vec::new();
        let mut rules = Vec::new();
        let mut keywords = Vec::new();
        for (k, label) in self.keywords.iter().enumerate() {
            let [chosen_on, tested_on] = [validation, test].map(|streams| self.tracks(streams, e, k));
            let curve = scoring::sweep(&chosen_on, &self.rules, engine.above());
            // The highest threshold gives no false alarm.
            let chosen = |rate: f64| scoring::choose(&curve, rate, hours[0]).or(curve.last().copied());
            let threshold = chosen(self.options.false_alarms).map_or(0.0, |point| point.threshold);
            let at_rates = RATES.iter().filter_map(|&rate| chosen(rate));
            let at_rates = at_rates.map(|point| scoring::operate(&tested_on, point.threshold, &self.rules));
            let mut latencies = Vec::new();
            for (stream, (track, scored)) in tested_on.iter().zip(test).enumerate() {
                let times = track.detections(threshold, &self.rules);
                let hits = scoring::align(&track.words, &times, self.rules.tolerance);
                let own = |hit: usize| {
                    let words = scored.stream.words.iter().enumerate();
                    words.filter(|(_, word)| word.keyword == Some(k)).nth(hit).map(|(i, _)| i)
                };
                for (at, hit) in times.into_iter().zip(hits) {
                    latencies.extend(hit.map(|hit| at - track.words[hit].end));
                    detections.push(Detected { stream, keyword: k, at, word: hit.and_then(own) });
                }
            }
            keywords.push(KeywordResult {
                label: label.clone(),
                words: tested_on.iter().map(|track| track.words.len()).sum(),
                point: scoring::operate(&tested_on, threshold, &self.rules),
                at_rates: at_rates.collect(),
                latencies,
                curve: scoring::sweep(&tested_on, &self.rules, engine.above()),
            });
            rules.push(Keyword { label: label.clone(), output: self.smoothing.outputs[k], threshold });
        }
        detections.sort_by(|a: &Detected, b| {
            a.stream.cmp(&b.stream).then(a.at.total_cmp(&b.at)).then(a.keyword.cmp(&b.keyword))
        });
        let detector = Detector {
            network: self.network.to_owned(),
            numbers: engine.numbers,
            outputs: self.outputs,
            score: self.smoothing.score,
            window: self.smoothing.window,
            refractory: self.options.refractory,
            weights: engine.weights.clone(),
            keywords: rules,
        };
        let activity = test.iter().map(|scored| scored.engines[e].activity.clone());
        let activity = activity.reduce(StreamActivity::merge).unwrap_or_default();
        let (rates, cost) = (engine.rates(&activity), engine.cost(&activity));
        EngineResult { name: engine.name.clone(), detector, keywords, detections, rates, cost }
    }

    /// Returns the scores of a keyword of an engine, with its words, in each stream.
    fn tracks<'s>(&self, streams: &'s [Scored], engine: usize, keyword: usize) -> Vec<Track<'s>> {
        let track = |scored: &'s Scored| {
            let words = scored.stream.words.iter().filter(|word| word.keyword == Some(keyword));
            Track {
                scores: &scored.engines[engine].scores,
                stride: self.keywords.len(),
                offset: keyword,
                words: words.map(|word| word.interval).collect(),
            }
        };
        streams.iter().map(track).collect()
    }
}

/// Returns the output of each keyword. A network with a single output detects the second of two classes.
fn output_of(plan: &Plan, keywords: &[String], classes: &[String]) -> Result<Vec<usize>, Error> {
    let detects_second = plan.loaded.graph.outputs() == 1 && classes.len() == 2;
    let output = |keyword: &String| match classes.iter().position(|class| class == keyword) {
        Some(1) if detects_second => Ok(0),
        Some(class) if !detects_second => Ok(class),
        _ => {
            let message = format!(
                "the single output of network `{}` detects `{}`, not `{keyword}`",
                plan.loaded.graph.name,
                classes.get(1).map_or("", String::as_str)
            );
            let problem = Problem::new(&codes::NETWORK_MISMATCH, "detection.keywords", message);
            Err(plan.recipe.error(vec![problem.with_help("name the second class of `data.classes`")]))
        }
    };
    keywords.iter().map(output).collect()
}
