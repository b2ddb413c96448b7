//! Datasets in folders: one file per sample, with its label and other fields in the file name.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use synnet_data::{event_list, npz};
use synnet_ir::Raster;
use synnet_runtime::{Label, Sample};

use super::pattern::Pattern;
use super::split::Assignment;
use super::{Source, SplitSample, error_list};
use crate::error::{self, Error};
use crate::observer::{Observer, Stage};
use crate::recipe::Format;

/// A file with the split and the label that its name gives.
pub(super) struct File {
    /// The path, including the folder of the dataset.
    pub path: PathBuf,
    /// Split and label.
    pub assignment: Assignment,
}

/// The content of a file: events, the target sequence if the file has one, and the duration in seconds.
pub(super) type Content = (Raster, Option<Label>, f64);

/// Decodes the bytes of a file, given its path.
type Decode<'a> = dyn Fn(&[u8], &Path) -> Result<Content, String> + Sync + 'a;

impl Source<'_> {
    /// Returns the files of the folder that the recipe uses, sorted by name.
    pub(super) fn files(&self) -> Result<Vec<File>, Error> {
        let text = self.options.pattern.as_deref().ok_or_else(|| {
            let help = "set `data.pattern` to the pattern of its file names, such as `{label}_{take}.npz`";
            Error::file(self.path, format_args!("is a folder: {help}"))
        })?;
        let pattern = Pattern::parse(text).map_err(|e| Error::Input(format!("`data.pattern`: {e}")))?;
        for (field, key) in self.splitter.fields() {
            if !pattern.fields().any(|known| known == field) {
                let message =
                    format!("`data.pattern`: `{text}` has no field `{{{field}}}`, which `{key}` requires");
                return Err(Error::Input(message));
            }
        }
        let mut names = Vec::new();
        collect_names(self.path, self.path, pattern.extension(), &mut names)?;
        names.sort();
        if names.is_empty() {
            let message = format!(
                "the folder has no `{}` files; correct the path or `data.pattern`",
                pattern.extension()
            );
            return Err(Error::file(self.path, message));
        }
        let (mut errors, mut selected, mut assignments) = (Vec::new(), Vec::new(), Vec::new());
        for name in names {
            match self.assign_name(&pattern, &name) {
                Ok(Some(assignment)) => {
                    assignments.push(assignment);
                    selected.push(name);
                }
                Ok(None) => {}
                Err(why) => errors.push(format!("`{name}`: {why}")),
            }
        }
        if !errors.is_empty() {
            let list = error_list(&errors, "file name does", "file names do", "not fit the recipe");
            return Err(Error::file(self.path, list));
        }
        self.splitter.hold_out_fraction(&selected, &mut assignments);
        let files = selected.into_iter().zip(assignments);
        Ok(files.map(|(name, assignment)| File { path: self.path.join(name), assignment }).collect())
    }

    /// Returns the assignment of a file name, or `None` if the recipe does not use the file.
    fn assign_name(&self, pattern: &Pattern, name: &str) -> Result<Option<Assignment>, String> {
        let text = self.options.pattern.as_deref().unwrap_or_default();
        let fields = pattern.matches(name).ok_or_else(|| format!("does not match the pattern `{text}`"))?;
        let value = |field: &str| fields.iter().find(|(f, _)| *f == field).map_or("", |(_, value)| *value);
        self.splitter.assign(value, self.all_test)
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
            Err(Error::Input(error_list(&errors, "file", "files", "cannot be used")))
        }
    }

    fn read_sample(&self, file: &File, decode: &Decode<'_>) -> Result<SplitSample, String> {
        let bytes = std::fs::read(&file.path).map_err(|e| error::io_reason(&e))?;
        let (raster, target, seconds) = decode(&bytes, &file.path)?;
        let label = match (file.assignment.label, target) {
            (Some(class), None) => Label::Class(class),
            (None, Some(target)) => target,
            (Some(_), Some(_)) => {
                return Err("has a `target`, but the recipe names classes; leave out `data.classes`".into());
            }
            (None, None) => return Err("has no `target`; name the classes with `data.classes`".into()),
        };
        Ok(SplitSample { split: file.assignment.split, sample: Sample { raster, label }, seconds })
    }

    /// Decodes a file with an event list or a single raster.
    pub(super) fn decode(&self, bytes: &[u8], path: &Path) -> Result<Content, String> {
        let archive = path.extension().is_some_and(|extension| extension == "npz");
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

/// Collects the files with an extension below a folder, as names relative to `root` that are separated by `/`.
fn collect_names(root: &Path, folder: &Path, extension: &str, names: &mut Vec<String>) -> Result<(), Error> {
    let entries = std::fs::read_dir(folder).map_err(|e| Error::io("read the folder", folder, e))?;
    for entry in entries {
        let path = entry.map_err(|e| Error::io("read the folder", folder, e))?.path();
        if path.is_dir() {
            collect_names(root, &path, extension, names)?;
        } else if path.to_string_lossy().ends_with(extension) {
            let relative = path.strip_prefix(root).unwrap_or(&path);
            let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            names.push(parts.join("/"));
        }
    }
    Ok(())
}
