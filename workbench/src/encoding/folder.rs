//! Encoding of all recordings of a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::{Encoding, EncodingStatistics, html};
use crate::data::{Scan, error_list};
use crate::error::Error;
use crate::new_folder::NewFolder;
use crate::observer::{Observer, Stage};
use crate::recipe::FrontEnd;

/// Number of recordings on the page of a folder, spread evenly.
const MAX_SHOWN: usize = 24;

/// The result of [`encode_folder`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FolderEncoding {
    /// Counts and durations of all recordings.
    pub statistics: EncodingStatistics,
    /// The written files, relative to the output folder, sorted.
    pub files: Vec<PathBuf>,
    /// Recordings to draw, with their names.
    shown: Vec<(String, Encoding)>,
}

/// Encodes every WAV file below a folder to a `.npz` file of the same relative name in the folder `out`, as recipes with
/// `format: npz` read them. Skipped files are reported to the observer: hidden ones, those in `__MACOSX` and in
/// `_background_noise_`, and those with other extensions.
///
/// The files appear together: they are written to a temporary folder, which is renamed when it is complete. `out` must
/// not exist or be empty, because a file of an earlier run would count as a sample of this one. One recording per
/// thread is in memory at a time.
///
/// # Errors
/// Returns an error if there are no WAV files, if `out` is a file or not empty, with a list of the recordings that
/// cannot be used, or if a file cannot be written. If the observer interrupts, returns [`Error::Stopped`].
pub fn encode_folder(
    folder: &Path,
    out: &Path,
    front_end: &FrontEnd,
    observer: &dyn Observer,
) -> Result<FolderEncoding, Error> {
    let found = Scan::read(folder, ".wav", &[])?;
    found.report(folder, observer);
    if found.names.is_empty() {
        return Err(Error::file(folder, "the folder has no `.wav` files"));
    }
    let recordings: Vec<PathBuf> = found.names.iter().map(PathBuf::from).collect();
    let names = output_names(folder, &recordings)?;
    let target = NewFolder::create(out)?;
    let job = Job { folder, target: &target, front_end, observer, done: AtomicUsize::new(0) };
    let (statistics, shown) = job.run(&recordings, &names)?;
    target.publish()?;
    Ok(FolderEncoding { statistics, files: names, shown })
}

impl FolderEncoding {
    /// Returns a self-contained HTML page with waveforms and events of up to 24 recordings; `name` is the title.
    pub fn html(&self, name: &str) -> String {
        let shown: Vec<(String, &Encoding)> =
            self.shown.iter().map(|(name, encoding)| (name.clone(), encoding)).collect();
        html::page(name, &self.statistics, &shown)
    }
}

/// Returns the names of the output files.
///
/// # Errors
/// Returns an error that lists recordings whose names differ in the case of their extension alone.
fn output_names(folder: &Path, recordings: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut sources: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    let mut errors = Vec::new();
    for recording in recordings {
        if let Some(other) = sources.insert(recording.with_extension("npz"), recording) {
            errors.push(format!("`{}` and `{}`", other.display(), recording.display()));
        }
    }
    if !errors.is_empty() {
        let list =
            error_list(&errors, "pair of recordings", "pairs of recordings", "would become the same file");
        return Err(Error::file(folder, list));
    }
    Ok(recordings.iter().map(|recording| recording.with_extension("npz")).collect())
}

/// Encodes recordings to files of a new folder.
struct Job<'a> {
    folder: &'a Path,
    target: &'a NewFolder,
    front_end: &'a FrontEnd,
    observer: &'a dyn Observer,
    /// Number of complete files.
    done: AtomicUsize,
}

/// Why a recording was not encoded.
enum ItemError {
    /// The recording cannot be used.
    Recording(String),
    /// The work cannot go on.
    Fatal(Error),
}

impl Job<'_> {
    fn run(
        &self,
        recordings: &[PathBuf],
        names: &[PathBuf],
    ) -> Result<(EncodingStatistics, Vec<(String, Encoding)>), Error> {
        self.observer.items_added(Stage::Encoding, recordings.len());
        let shown_every = recordings.len().div_ceil(MAX_SHOWN);
        let encode = |(i, (recording, name)): (usize, (&PathBuf, &PathBuf))| {
            if self.observer.is_interrupted() {
                let done = self.done.load(Ordering::Relaxed);
                return Err(ItemError::Fatal(Error::Stopped { done, total: recordings.len() }));
            }
            let encoding = self.encode(recording, name)?;
            self.done.fetch_add(1, Ordering::Relaxed);
            self.observer.item_done(Stage::Encoding);
            let statistics = encoding.statistics();
            let shown = i.is_multiple_of(shown_every).then(|| (recording.display().to_string(), encoding));
            Ok((statistics, shown))
        };
        let pairs = recordings.par_iter().zip(names).enumerate();
        let results: Vec<Result<_, ItemError>> = pairs.map(encode).collect();
        self.observer.stage_done(Stage::Encoding);

        let (mut statistics, mut shown, mut errors) = (EncodingStatistics::default(), Vec::new(), Vec::new());
        // In the order of the recordings, so that sums do not depend on the number of threads.
        for result in results {
            match result {
                Ok((of_recording, drawn)) => {
                    statistics.add(&of_recording);
                    shown.extend(drawn);
                }
                Err(ItemError::Recording(why)) => errors.push(why),
                Err(ItemError::Fatal(error)) => return Err(error),
            }
        }
        if !errors.is_empty() {
            return Err(Error::Input(error_list(&errors, "recording", "recordings", "cannot be used")));
        }
        Ok((statistics, shown))
    }

    /// Encodes a recording and writes its file.
    fn encode(&self, recording: &Path, name: &Path) -> Result<Encoding, ItemError> {
        let path = self.folder.join(recording);
        let unusable = |why: String| ItemError::Recording(format!("`{}`: {why}", path.display()));
        let bytes = std::fs::read(&path).map_err(|e| unusable(crate::error::io_reason(&e)))?;
        let encoding = Encoding::parse(&bytes, self.front_end).map_err(unusable)?;
        let bytes = encoding.to_npz().map_err(ItemError::Fatal)?;
        self.target.write(name, &bytes).map_err(ItemError::Fatal)?;
        Ok(encoding)
    }
}
