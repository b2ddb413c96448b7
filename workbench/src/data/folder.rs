//! Datasets in folders: one file per sample, with its label and other fields in the file name.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use synnet_data::{event_list, npz};
use synnet_ir::Raster;
use synnet_runtime::{Label, Sample};
use xxhash_rust::xxh3::xxh3_128;

use super::overlap::{Origin, SPEAKER};
use super::pattern::Pattern;
use super::scan::{LeftOut, Scan};
use super::split::{Assignment, Fields, Seen};
use super::{Source, SplitSample, error_list, path_key};
use crate::codes;
use crate::error::{self, Error};
use crate::observer::{Observer, Stage};
use crate::problem::Problem;
use crate::recipe::Format;

/// A file with the split and the label that its name gives.
pub(super) struct File {
    /// The path, including the folder of the dataset.
    pub path: PathBuf,
    /// Split and label.
    pub assignment: Assignment,
    /// The value of the field `speaker`, if there is one.
    pub speaker: Option<String>,
}

/// The content of a file: events, the target sequence if the file has one, and the duration in seconds.
pub(super) type Content = (Raster, Option<Label>, f64);

/// Decodes the bytes of a file, given its path.
type Decode<'a> = dyn Fn(&[u8], &Path) -> Result<Content, String> + Sync + 'a;

impl Source<'_> {
    /// Returns the files of the folder that the recipe uses, sorted by name. The observer gets a note of what was left
    /// out, and a warning of names that do not match the pattern.
    pub(super) fn files(&self, seen: &mut Seen, observer: &dyn Observer) -> Result<Vec<File>, Error> {
        let text = self.options.pattern.as_deref().ok_or_else(|| {
            let message = format!("`{}` is a folder, but `data.pattern` is missing", self.path.display());
            let help = "add `pattern`, the pattern of its file names, such as `{label}_{take}.npz`";
            self.error(Problem::new(&codes::MISSING_KEY, "data.pattern", message).with_help(help))
        })?;
        let pattern = Pattern::parse(text).map_err(|why| {
            self.error(Problem::new(&codes::CONFLICT, "data.pattern", format!("`data.pattern`: {why}")))
        })?;
        let scan = Scan::read(self.path, pattern.extension(), &self.ignored())?;
        scan.report(self.path, observer);
        if scan.names.is_empty() {
            let (key, folder) = (self.key(), self.path.display());
            let message = format!("`{key}`: the folder has no `{}` files: `{folder}`", pattern.extension());
            let problem = Problem::new(&codes::NO_SAMPLE, key, message);
            return Err(self.error(problem.with_help("correct the path, or the extension in `data.pattern`")));
        }
        let mut unmatched = LeftOut::default();
        let (mut selected, mut assignments, mut speakers) = (Vec::new(), Vec::new(), Vec::new());
        let mut any_matches = false;
        for name in scan.names {
            let Some(fields) = pattern.matches(&name) else {
                unmatched.add(&name);
                continue;
            };
            any_matches = true;
            let value =
                |field: &str| fields.iter().find(|(f, _)| *f == field).map_or("", |(_, value)| *value);
            let sample = Fields { name: &name, value: &value };
            if let Some(assignment) = self.splitter.assign(&sample, self.set, seen) {
                assignments.push(assignment);
                speakers.push(pattern.fields().find(|field| *field == SPEAKER).map(|f| value(f).to_owned()));
                selected.push(name);
            }
        }
        if let Some(names) = unmatched.describe("file", "files") {
            let message = format!("{names} whose names do not match the pattern `{text}`");
            if self.options.strict || !any_matches {
                let help = "correct `data.pattern`, or leave files out with `data.ignore`";
                let problem = Problem::new(&codes::NO_SAMPLE, "data.pattern", message);
                return Err(self.error(problem.with_help(help)));
            }
            observer.warning(&format!("`{}`: skipped {message}", self.path.display()));
        }
        self.splitter.hold_out_fraction(self.set, &selected, &mut assignments);
        let files = selected.into_iter().zip(assignments).zip(speakers);
        let file = |((name, assignment), speaker)| File { path: self.path.join(name), assignment, speaker };
        Ok(files.map(file).collect())
    }

    /// Returns the key that names the folder.
    pub(super) fn key(&self) -> &'static str {
        path_key(self.set)
    }

    /// Returns the error about samples that cannot be used.
    pub(super) fn unusable(&self, message: String) -> Error {
        let help = "repair the data, or leave samples out with `data.ignore` or `data.only`";
        self.error(Problem::new(&codes::UNUSABLE_SAMPLE, self.key(), message).with_help(help))
    }

    /// Returns the error about a problem of the recipe.
    pub(super) fn error(&self, problem: Problem) -> Error {
        self.recipe.error(vec![problem])
    }

    /// Returns the patterns of names to leave out: those of the recipe, and the folder of noise, if it is among the
    /// samples.
    fn ignored(&self) -> Vec<String> {
        let noise = self.options.augmentation.noise.as_ref().and_then(|noise| noise.recordings.as_ref());
        let noise = noise.and_then(|folder| folder.strip_prefix(self.path).ok());
        let noise = noise.map(|folder| glob::Pattern::escape(&folder.to_string_lossy()));
        self.options.ignore.iter().cloned().chain(noise).collect()
    }

    /// Reads and decodes files in parallel; the result is in their order.
    pub(super) fn read(
        &self,
        files: &[File],
        observer: &dyn Observer,
        decode: &Decode<'_>,
    ) -> Result<Vec<SplitSample>, Error> {
        observer.items_added(Stage::Reading, files.len());
        let contents: Vec<Result<SplitSample, String>> = files
            .par_iter()
            .map(|file| {
                let sample = self.read_sample(file, decode);
                observer.item_done(Stage::Reading);
                sample.map_err(|why| format!("`{}`: {why}", file.path.display()))
            })
            .collect();
        let errors: Vec<String> = contents.iter().filter_map(|r| r.as_ref().err().cloned()).collect();
        if errors.is_empty() {
            Ok(contents.into_iter().flatten().collect())
        } else {
            Err(self.unusable(error_list(&errors, "file", "files", "cannot be used")))
        }
    }

    fn read_sample(&self, file: &File, decode: &Decode<'_>) -> Result<SplitSample, String> {
        let bytes = std::fs::read(&file.path).map_err(|e| error::io_reason(&e))?;
        let (raster, target, seconds) = decode(&bytes, &file.path)?;
        let label = match (file.assignment.label, target) {
            (Some(class), None) => Label::Class(class),
            (None, Some(target)) => target,
            (Some(_), Some(_)) => {
                return Err("has a `target`, but the recipe names classes; omit `data.classes`".into());
            }
            (None, None) => return Err("has no `target`; name the classes with `data.classes`".into()),
        };
        let origin = Origin {
            name: file.path.display().to_string(),
            content: xxh3_128(&bytes),
            speaker: file.speaker.clone(),
        };
        Ok(SplitSample { split: file.assignment.split, sample: Sample { raster, label }, seconds, origin })
    }

    /// Decodes a file with an event list or a single raster.
    pub(super) fn decode(&self, bytes: &[u8], path: &Path) -> Result<Content, String> {
        let archive = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npz"));
        let (raster, target) = match self.options.format {
            Format::Events if archive => (event_list::read_npz(bytes, &self.binning()), None),
            Format::Events => (event_list::read_csv(bytes, &self.binning()), None),
            _ => match npz::read_sample(bytes) {
                Ok((raster, target)) => (Ok(raster), target),
                Err(why) => (Err(why), None),
            },
        };
        let raster = raster.map_err(|e| e.to_string())?;
        self.check_width(&raster)?;
        let target = target.map(|(outputs, trace)| self.target_sequence(outputs, trace)).transpose()?;
        let seconds = raster.steps() as f64 * self.input.dt;
        Ok((raster, target, seconds))
    }
}
