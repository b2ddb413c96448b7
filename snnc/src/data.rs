//! Recordings in a folder: names to labels and split, sound to rasters.

mod pattern;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use rayon::prelude::*;
use serde_yaml::Value;
use synnet_frontend::Wav;
use synnet_frontend::audio3::{self, Raster};
use synnet_runtime::{Dataset, Sample, Target};

use crate::failure::Failure;
use crate::recipe::{DataOptions, FrontEnd, Validation, drawn, plain};
use pattern::Pattern;

/// How many faulty files an error names before it only counts them.
const SHOWN_FAULTS: usize = 8;

/// All recordings of a recipe, as rasters.
pub struct Corpus {
    /// Class names, in the order of the readout neurons.
    pub classes: Vec<String>,
    /// Recordings to learn from.
    pub train: Dataset,
    /// Recordings held back to choose the best epoch by.
    pub validation: Option<Dataset>,
    /// Recordings held back.
    pub test: Dataset,
    /// Seconds of sound.
    pub seconds: f64,
}

/// A recording and what its name says.
struct Recording {
    path: PathBuf,
    name: String,
    label: usize,
    part: Part,
}

/// What a recording serves for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Train,
    Validation,
    Test,
}

/// Reads every recording that a recipe names and turns it into events. `progress` counts the files.
pub fn load(options: &DataOptions, front_end: &FrontEnd, progress: &ProgressBar) -> Result<Corpus, Failure> {
    let classes: Vec<String> = options.classes.iter().map(plain).collect();
    let recordings = list(options, &classes)?;
    progress.set_length(recordings.len() as u64);
    let rasters: Vec<Result<(Raster, f64), String>> = recordings
        .par_iter()
        .map(|recording| {
            let raster = raster(&recording.path, front_end);
            progress.inc(1);
            raster.map_err(|why| format!("`{}`: {why}", recording.path.display()))
        })
        .collect();
    let faults: Vec<&String> = rasters.iter().filter_map(|r| r.as_ref().err()).collect();
    if !faults.is_empty() {
        return Err(Failure::Input(summary(&faults, "recordings cannot be used")));
    }
    let (mut train, mut validation, mut test, mut seconds) = (Vec::new(), Vec::new(), Vec::new(), 0.0);
    for (recording, raster) in recordings.iter().zip(rasters) {
        let Ok((raster, duration)) = raster else { continue };
        seconds += duration;
        let part = match recording.part {
            Part::Train => &mut train,
            Part::Validation => &mut validation,
            Part::Test => &mut test,
        };
        let counts = raster.counts.iter().map(|&n| f32::from(n)).collect();
        part.push(Sample { raster: counts, steps: raster.steps, target: Target::Class(recording.label) });
    }
    let dataset = |samples| {
        Dataset::new(audio3::CHANNELS, options.steps, samples).map_err(|faults| Failure::findings(&faults))
    };
    let validation = (!validation.is_empty()).then(|| dataset(validation)).transpose()?;
    Ok(Corpus { train: dataset(train)?, validation, test: dataset(test)?, seconds, classes })
}

/// The events of one file and its duration in seconds.
fn raster(path: &Path, front_end: &FrontEnd) -> Result<(Raster, f64), String> {
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let sound = Wav::decode(&bytes).map_err(|e| e.to_string())?;
    let FrontEnd::XyloAudio3(options) = front_end;
    let raster = audio3::raster(&sound, options).map_err(|e| e.to_string())?;
    if raster.steps == 0 {
        return Err(format!("{:.4} s of sound are shorter than one time step", sound.duration()));
    }
    Ok((raster, sound.duration()))
}

/// The recordings of the folder, sorted by name.
fn list(options: &DataOptions, classes: &[String]) -> Result<Vec<Recording>, Failure> {
    let pattern =
        Pattern::parse(&options.pattern).map_err(|e| Failure::Input(format!("`data.pattern`: {e}")))?;
    let held_back = match &options.validation {
        Validation::Rule(rule) => rule.keys().collect(),
        _ => Vec::new(),
    };
    let label = "label".to_owned();
    for field in options.test.keys().chain(options.only.keys()).chain(held_back).chain([&label]) {
        if !pattern.fields().any(|known| known == field) {
            let message = format!("`data.pattern`: `{}` has no field `{{{field}}}`", options.pattern);
            return Err(Failure::Input(message));
        }
    }
    if !options.path.is_dir() {
        let message = "there is no such folder of recordings; name it with `--set data.path=DIR`";
        return Err(Failure::Io(format!("`{}`: {message}", options.path.display())));
    }
    let mut names = Vec::new();
    walk(&options.path, &options.path, pattern.extension(), &mut names)?;
    names.sort();
    if names.is_empty() {
        let message = format!("the folder holds no `{}` files", pattern.extension());
        return Err(Failure::input(&options.path, message));
    }
    let mut faults = Vec::new();
    let mut recordings = Vec::new();
    for name in &names {
        match recording(options, &pattern, classes, name) {
            Ok(recording) => recordings.extend(recording),
            Err(why) => faults.push(format!("`{name}`: {why}")),
        }
    }
    if !faults.is_empty() {
        let faults: Vec<&String> = faults.iter().collect();
        let message = summary(&faults, "names cannot be read");
        return Err(Failure::input(&options.path, message));
    }
    hold_back(options, &mut recordings);
    let mut parts = vec![(Part::Test, "test"), (Part::Train, "training")];
    if options.validation != Validation::None {
        parts.push((Part::Validation, "validation"));
    }
    for (part, what) in parts {
        if !recordings.iter().any(|r| r.part == part) {
            let key = if part == Part::Validation { "validation" } else { "test" };
            let message = format!("no recording is left for the {what} set; see `data.{key}` of the recipe");
            return Err(Failure::input(&options.path, message));
        }
    }
    Ok(recordings)
}

/// Draws the validation set where it is a share of the recordings.
fn hold_back(options: &DataOptions, recordings: &mut [Recording]) {
    let Validation::Share(share) = options.validation else { return };
    let mut rest: Vec<&mut Recording> = recordings.iter_mut().filter(|r| r.part == Part::Train).collect();
    let names: Vec<(usize, &str)> = rest.iter().map(|r| (r.label, r.name.as_str())).collect();
    let chosen = drawn(share, &names);
    rest.iter_mut().zip(chosen).filter(|(_, chosen)| *chosen).for_each(|(r, _)| r.part = Part::Validation);
}

/// What a name says, or `None` for one that the recipe leaves out.
fn recording(
    options: &DataOptions,
    pattern: &Pattern,
    classes: &[String],
    name: &str,
) -> Result<Option<Recording>, String> {
    let fields =
        pattern.matches(name).ok_or_else(|| format!("does not match the pattern `{}`", options.pattern))?;
    let value = |field: &str| fields.iter().find(|(f, _)| *f == field).map_or("", |(_, value)| *value);
    let has = |wanted: &BTreeMap<String, Vec<Value>>| {
        wanted.iter().all(|(field, values)| values.iter().any(|v| plain(v) == value(field)))
    };
    if !has(&options.only) {
        return Ok(None);
    }
    let label = classes.iter().position(|class| class == value("label")).ok_or_else(|| {
        format!("the label `{}` is none of the classes {}", value("label"), classes.join(", "))
    })?;
    let part = match &options.validation {
        _ if has(&options.test) => Part::Test,
        Validation::Rule(rule) if has(rule) => Part::Validation,
        _ => Part::Train,
    };
    Ok(Some(Recording { path: options.path.join(name), name: name.to_owned(), label, part }))
}

/// Collects the files with an extension below a folder, as names relative to `root` with `/` between.
fn walk(root: &Path, folder: &Path, extension: &str, names: &mut Vec<String>) -> Result<(), Failure> {
    let entries = std::fs::read_dir(folder).map_err(|e| Failure::io("read the folder", folder, &e))?;
    for entry in entries {
        let path = entry.map_err(|e| Failure::io("read the folder", folder, &e))?.path();
        if path.is_dir() {
            walk(root, &path, extension, names)?;
        } else if path.to_string_lossy().ends_with(extension) {
            let relative = path.strip_prefix(root).unwrap_or(&path);
            let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            names.push(parts.join("/"));
        }
    }
    Ok(())
}

fn summary(faults: &[&String], what: &str) -> String {
    let shown: Vec<String> = faults.iter().take(SHOWN_FAULTS).map(|fault| format!("  {fault}")).collect();
    let rest = faults.len().saturating_sub(SHOWN_FAULTS);
    let more = if rest > 0 { format!("\n  and {rest} more") } else { String::new() };
    format!("{} {what}:\n{}{more}", faults.len(), shown.join("\n"))
}
