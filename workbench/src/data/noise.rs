//! Noise recordings, which augmentation adds to the training recordings.

use std::path::{Path, PathBuf};

use synnet_audio::Wav;
use xxhash_rust::xxh3::Xxh3;

use super::error_list;
use super::scan::Scan;
use crate::error::{self, Error};

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
    pub(super) fn read(folder: &Path, path: &Path) -> Result<Self, Error> {
        let key = "data.augmentation.noise.recordings";
        if !folder.is_dir() {
            let message = format!("`{key}`: there is no folder `{}`", folder.display());
            return Err(Error::Refused(message));
        }
        let is_above = |(folder, path): (PathBuf, PathBuf)| path.starts_with(folder);
        if std::fs::canonicalize(folder).ok().zip(std::fs::canonicalize(path).ok()).is_some_and(is_above) {
            let message = "the folder also contains the dataset, including the test set; choose a folder that holds only noise \
                           recordings";
            return Err(Error::file(folder, format_args!("`{key}`: {message}")));
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
            return Err(Error::file(folder, list));
        }
        if recordings.is_empty() {
            return Err(Error::file(folder, format_args!("the folder has no `.wav` files; correct `{key}`")));
        }
        Ok(Self { recordings, hash: hash.digest128() })
    }
}
