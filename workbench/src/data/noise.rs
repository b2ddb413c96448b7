//! Noise recordings, which augmentation adds to the training recordings, and which are the background of streams.

use std::path::{Path, PathBuf};

use synnet_audio::Wav;
use xxhash_rust::xxh3::Xxh3;

use super::error_list;
use super::scan::Scan;
use crate::codes;
use crate::error::{self, Error};
use crate::problem::Problem;
use crate::recipe::{DataOptions, Recipe};

/// The key of the folder.
const KEY: &str = "data.augmentation.noise.recordings";

/// Returns the problem of a folder of noise recordings that does not exist.
pub(super) fn missing_folder(options: &DataOptions) -> Option<Problem> {
    let folder = options.augmentation.noise.as_ref()?.recordings.as_ref()?;
    (!folder.is_dir()).then(|| super::missing_path(folder, KEY, "folder"))
}

/// Finds the noise recordings of streams: those for validation, the test and training. All are empty if the recipe names
/// no folder; those for training are if it does not train on streams.
///
/// # Errors
/// Returns an error if the folder does not exist, or has fewer recordings than there are sets.
pub(crate) fn noise_files(recipe: &Recipe) -> Result<[Vec<PathBuf>; 3], Error> {
    const KEY: &str = "detection.streams.recordings";
    let options = recipe.detection.as_ref();
    let Some(folder) = options.and_then(|options| options.streams.recordings.as_ref()) else {
        return Ok(Default::default());
    };
    let (sets, needing) = match recipe.training_streams() {
        None => (2, "validation and test need"),
        Some(_) => (3, "training, validation and test need"),
    };
    if !folder.is_dir() {
        return Err(recipe.error(vec![super::missing_path(folder, KEY, "folder")]));
    }
    let names = Scan::read(folder, ".wav", &[])?.names;
    if names.len() < sets {
        let message = format!(
            "`{KEY}`: there are fewer than {} `.wav` files: `{}`",
            if sets == 2 { "two" } else { "three" },
            folder.display()
        );
        let problem = Problem::new(&codes::NO_SAMPLE, KEY, message);
        let help = format!("{needing} different recordings of noise: add one, or split one in two");
        return Err(recipe.error(vec![problem.with_help(help)]));
    }
    let of_set = |set: usize| {
        let own = names.iter().skip(set).step_by(sets).filter(|_| set < sets);
        own.map(|name| folder.join(name)).collect()
    };
    Ok([of_set(0), of_set(1), of_set(2)])
}

/// Decoded noise recordings.
#[derive(Default)]
pub(super) struct NoisePool {
    /// The recordings, in the order of their names.
    pub recordings: Vec<Wav>,
    /// Hash of the files.
    pub hash: u128,
}

impl NoisePool {
    /// Reads all WAV files of a folder, which must not contain the samples in `path`.
    ///
    /// # Errors
    /// Returns an error that lists the files that cannot be used, or if there is none.
    pub(super) fn read(folder: &Path, path: &Path, recipe: &Recipe) -> Result<Self, Error> {
        let problem = |message: String| {
            let message = format!("`{KEY}`: {message}: `{}`", folder.display());
            let help = "choose a folder that holds only noise recordings (`.wav`)";
            recipe.error(vec![Problem::new(&codes::CONFLICT, KEY, message).with_help(help)])
        };
        let is_above = |(folder, path): (PathBuf, PathBuf)| path.starts_with(folder);
        if std::fs::canonicalize(folder).ok().zip(std::fs::canonicalize(path).ok()).is_some_and(is_above) {
            let message = "the folder also contains the dataset, including the test set".to_owned();
            return Err(problem(message));
        }
        let scan = Scan::read(folder, ".wav", &[])?;
        let (mut recordings, mut errors, mut hash) = (Vec::new(), Vec::new(), Xxh3::new());
        for name in &scan.names {
            let bytes = std::fs::read(folder.join(name)).map_err(|e| error::io_reason(&e));
            let decode = |bytes: Vec<u8>| {
                hash.update(&bytes);
                Wav::decode(&bytes).map_err(|e| e.to_string())
            };
            match bytes.and_then(decode) {
                Ok(recording) => recordings.push(recording),
                Err(why) => errors.push(format!("`{name}`: {why}")),
            }
        }
        if !errors.is_empty() {
            let list = error_list(&errors, "noise recording", "noise recordings", "cannot be used");
            let problem =
                Problem::new(&codes::UNUSABLE_SAMPLE, KEY, format!("`{}`: {list}", folder.display()));
            let help = "repair the files, or remove them from the folder";
            return Err(recipe.error(vec![problem.with_help(help)]));
        }
        if recordings.is_empty() {
            return Err(problem("the folder has no `.wav` files".to_owned()));
        }
        Ok(Self { recordings, hash: hash.digest128() })
    }
}
