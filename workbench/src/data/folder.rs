//! Folders with a file for each recording, whose name says what it is.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use synnet_data::{event_list, npz};
use synnet_ir::Raster;
use synnet_runtime::{Label, Sample};

use super::pattern::Pattern;
use super::split::Assignment;
use super::{Source, SplitSample, summary};
use crate::error::{self, Error};
use crate::observer::{Observer, Stage};
use crate::recipe::Format;

/// A file and what its name says.
pub(super) struct File {
    /// Where it is.
    pub path: PathBuf,
    /// What becomes of it.
    pub role: Assignment,
}

/// What a file holds: events, what the network should give where the file says it, and the duration in seconds.
pub(super) type Content = (Raster, Option<Label>, f64);

/// Reads the bytes of a file, given its name.
type Decode<'a> = dyn Fn(&[u8], &Path) -> Result<Content, String> + Sync + 'a;

impl Source<'_> {
    /// The files of the folder that the recipe uses, sorted by name.
    pub(super) fn files(&self) -> Result<Vec<File>, Error> {
        let text = self.options.pattern.as_deref().ok_or_else(|| {
            let remedy = "say with `data.pattern` how its files are named, such as `{label}_{take}.npz`";
            Error::file(self.path, format_args!("is a folder; {remedy}"))
        })?;
        let pattern = Pattern::parse(text).map_err(|e| Error::Input(format!("`data.pattern`: {e}")))?;
        for (field, key) in self.splitter.fields() {
            if !pattern.fields().any(|known| known == field) {
                let message =
                    format!("`data.pattern`: `{text}` has no field `{{{field}}}`, which `{key}` asks for");
                return Err(Error::Input(message));
            }
        }
        let mut names = Vec::new();
        walk(self.path, self.path, pattern.extension(), &mut names)?;
        names.sort();
        if names.is_empty() {
            let message = format!("the folder holds no `{}` files", pattern.extension());
            return Err(Error::file(self.path, message));
        }
        let (mut errors, mut kept, mut roles) = (Vec::new(), Vec::new(), Vec::new());
        for name in names {
            match self.role_of(&pattern, &name) {
                Ok(Some(role)) => {
                    roles.push(role);
                    kept.push(name);
                }
                Ok(None) => {}
                Err(why) => errors.push(format!("`{name}`: {why}")),
            }
        }
        if !errors.is_empty() {
            return Err(Error::file(self.path, summary(&errors, "names cannot be read")));
        }
        self.splitter.fraction(&kept, &mut roles);
        let files = kept.into_iter().zip(roles);
        Ok(files.map(|(name, role)| File { path: self.path.join(name), role }).collect())
    }

    /// What a name says, or `None` for a recording that the recipe leaves out.
    fn role_of(&self, pattern: &Pattern, name: &str) -> Result<Option<Assignment>, String> {
        let text = self.options.pattern.as_deref().unwrap_or_default();
        let fields = pattern.matches(name).ok_or_else(|| format!("does not match the pattern `{text}`"))?;
        let value = |field: &str| fields.iter().find(|(f, _)| *f == field).map_or("", |(_, value)| *value);
        self.splitter.role(value, self.all_test)
    }

    /// Reads files.
    pub(super) fn read(
        &self,
        files: &[File],
        observer: &dyn Observer,
        decode: &Decode<'_>,
    ) -> Result<Vec<SplitSample>, Error> {
        observer.items(Stage::Reading, files.len());
        let contents: Vec<Result<SplitSample, String>> = files
            .par_iter()
            .map(|file| {
                let recording = self.recording(file, decode);
                observer.item_done(Stage::Reading);
                recording.map_err(|why| format!("`{}`: {why}", file.path.display()))
            })
            .collect();
        let errors: Vec<String> = contents.iter().filter_map(|r| r.as_ref().err().cloned()).collect();
        if errors.is_empty() {
            Ok(contents.into_iter().flatten().collect())
        } else {
            Err(Error::Input(summary(&errors, "recordings cannot be used")))
        }
    }

    fn recording(&self, file: &File, decode: &Decode<'_>) -> Result<SplitSample, String> {
        let bytes = std::fs::read(&file.path).map_err(|e| error::io_reason(&e))?;
        let (raster, target, seconds) = decode(&bytes, &file.path)?;
        let target = match (file.role.label, target) {
            (Some(label), None) => Label::Class(label),
            (None, Some(target)) => target,
            (Some(_), Some(_)) => {
                return Err("has a target, and the recipe names classes; leave out `data.classes`".into());
            }
            (None, None) => return Err("has no `target`; name the classes with `data.classes`".into()),
        };
        Ok(SplitSample { split: file.role.split, example: Sample { raster, label: target }, seconds })
    }

    /// What a file of events or of one raster holds.
    pub(super) fn sample(&self, bytes: &[u8], path: &Path) -> Result<Content, String> {
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
        let target = target.map(|(outputs, trace)| self.trace(outputs, trace)).transpose()?;
        let seconds = raster.steps() as f64 * self.input.dt;
        Ok((raster, target, seconds))
    }
}

/// Collects the files with an extension below a folder, as names relative to `root` with `/` between.
fn walk(root: &Path, folder: &Path, extension: &str, names: &mut Vec<String>) -> Result<(), Error> {
    let entries = std::fs::read_dir(folder).map_err(|e| Error::io("read the folder", folder, e))?;
    for entry in entries {
        let path = entry.map_err(|e| Error::io("read the folder", folder, e))?.path();
        if path.is_dir() {
            walk(root, &path, extension, names)?;
        } else if path.to_string_lossy().ends_with(extension) {
            let relative = path.strip_prefix(root).unwrap_or(&path);
            let parts: Vec<_> = relative.iter().map(|split| split.to_string_lossy()).collect();
            names.push(parts.join("/"));
        }
    }
    Ok(())
}
