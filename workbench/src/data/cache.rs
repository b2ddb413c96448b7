//! A cache of the audio front end's output.
//!
//! An entry is a file whose name is a hash of the recording's bytes, the front end's options and [`VERSION`]. Whatever
//! changes the output changes the name, so entries never become stale. An entry is written to a temporary file and
//! renamed. It ends with a hash of its content; a damaged entry counts as missing.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;

use synnet_audio::audio3::CHANNELS;
use synnet_ir::{InvalidCount, Raster};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use crate::error;
use crate::files;
use crate::observer::Observer;
use crate::recipe::{self, FrontEnd};

/// Version of the front end's output and of the file format. Raise it whenever either changes.
const VERSION: u32 = 2;

/// The first bytes of an entry.
const MAGIC: &[u8; 8] = b"synnet\0\x01";

/// A folder of entries; disabled if there is no folder.
pub(super) struct Cache {
    folder: Option<PathBuf>,
    /// The options of the front end in their `Debug` form, as part of the key.
    options: String,
    /// The first error of writing an entry.
    write_error: Mutex<Option<String>>,
}

/// The events of a recording.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// Event counts of [`CHANNELS`] channels.
    pub raster: Raster,
    /// Duration of the sound, in seconds.
    pub seconds: f64,
}

impl Cache {
    /// Opens the cache of a recipe for a front end.
    pub(super) fn open(location: &recipe::Cache, front_end: &FrontEnd) -> Self {
        let folder = match location {
            recipe::Cache::Standard => standard_folder(),
            recipe::Cache::Folder(folder) => Some(folder.clone()),
            recipe::Cache::Off => None,
        };
        Self { folder, options: format!("{front_end:?}"), write_error: Mutex::new(None) }
    }

    /// Returns the key of a recording's entry; 0 if the cache is disabled.
    pub(super) fn key(&self, recording: &[u8]) -> u128 {
        if self.folder.is_none() {
            return 0;
        }
        let mut hash = Xxh3::new();
        hash.update(&VERSION.to_le_bytes());
        hash.update(&(self.options.len() as u64).to_le_bytes());
        hash.update(self.options.as_bytes());
        hash.update(recording);
        hash.digest128()
    }

    /// Returns an entry, if it exists and is intact.
    pub(super) fn get(&self, key: u128) -> Option<Entry> {
        let bytes = std::fs::read(self.path(key)?).ok()?;
        Entry::decode(&bytes)
    }

    /// Stores an entry. A failure is not an error: the output is computed again next time.
    pub(super) fn put(&self, key: u128, entry: &Entry) {
        let Some(path) = self.path(key) else { return };
        let write = || -> std::io::Result<()> {
            let folder = path.parent().unwrap_or(&path);
            std::fs::create_dir_all(folder)?;
            let mut file = files::temporary_file(&path)?;
            file.write_all(&entry.encode().map_err(std::io::Error::other)?)?;
            file.persist(&path)?;
            Ok(())
        };
        if let (Err(error), Ok(mut first)) = (write(), self.write_error.lock()) {
            first.get_or_insert_with(|| error::io_reason(&error));
        }
    }

    /// Warns once if entries could not be written.
    pub(super) fn warn_of_write_errors(&self, observer: &dyn Observer) {
        let error = self.write_error.lock().ok().and_then(|mut first| first.take());
        if let (Some(folder), Some(why)) = (&self.folder, error) {
            observer.warning(&format!(
                "cannot cache the front end's output in `{}`: {why}; set `data.cache` to another folder or to `false`",
                folder.display()
            ));
        }
    }

    /// Returns the file of an entry, in a folder named by the first two digits: some file systems are slow if a folder
    /// has many files.
    fn path(&self, key: u128) -> Option<PathBuf> {
        let name = format!("{key:032x}");
        Some(self.folder.as_ref()?.join(&name[..2]).join(&name[2..]))
    }
}

/// Returns the cache folder of the user on this system, if there is one.
fn standard_folder() -> Option<PathBuf> {
    Some(files::cache_folder()?.join("frontend"))
}

impl Entry {
    fn encode(&self) -> Result<Vec<u8>, InvalidCount> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.seconds.to_le_bytes());
        bytes.extend(&*self.raster.counts()?);
        let hash = xxh3_128(&bytes);
        bytes.extend(hash.to_le_bytes());
        Ok(bytes)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (content, hash) = bytes.split_last_chunk::<16>()?;
        let rest = content.strip_prefix(MAGIC)?;
        let (seconds, counts) = rest.split_first_chunk::<8>()?;
        if xxh3_128(content) != u128::from_le_bytes(*hash) {
            return None;
        }
        let raster = Raster::from_counts(CHANNELS, counts.len() / CHANNELS, counts.to_vec()).ok()?;
        Some(Self { raster, seconds: f64::from_le_bytes(*seconds) })
    }
}

#[cfg(test)]
mod tests {
    use synnet_audio::{Wav, audio3};

    use super::*;

    fn cache(folder: &std::path::Path, options: &audio3::FrontEndOptions) -> Cache {
        Cache::open(&recipe::Cache::Folder(folder.to_owned()), &FrontEnd::XyloAudio3(options.clone()))
    }

    #[test]
    fn cache_key_covers_all_inputs() {
        let folder = tempfile::tempdir().unwrap();
        let open = |options| cache(folder.path(), options);
        let options = audio3::FrontEndOptions::default();
        let frames: Vec<[u8; CHANNELS]> = (0..4).map(|t| std::array::from_fn(|c| t * 16 + c as u8)).collect();
        let entry = Entry { raster: frames.into(), seconds: 0.25 };
        let key = open(&options).key(b"sound");
        assert_eq!(open(&options).get(key), None);
        open(&options).put(key, &entry);
        assert_eq!(open(&options).get(key), Some(entry));
        let other = options.clone().with_decimation(488);
        assert_ne!(open(&other).key(b"sound"), key);
        assert_ne!(open(&options).key(b"sounds"), key);
    }

    #[test]
    fn damaged_entries_are_missing() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path(), &audio3::FrontEndOptions::default());
        let entry = Entry { raster: vec![[3; CHANNELS]; 2].into(), seconds: 1.5 };
        cache.put(7, &entry);
        let path = cache.path(7).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            std::fs::write(&path, damaged).unwrap();
            assert_eq!(cache.get(7), None, "byte {at}");
            std::fs::write(&path, &bytes[..at]).unwrap();
            assert_eq!(cache.get(7), None, "{at} bytes");
        }
        cache.put(7, &entry);
        assert_eq!(cache.get(7), Some(entry));
        let frames: Vec<[u8; CHANNELS]> = (0..5000_u32).map(|t| [(t % 16) as u8; CHANNELS]).collect();
        let mut large = Entry { raster: frames.into(), seconds: 50.0 }.encode().unwrap();
        let mut at = 0;
        for _ in 0..1000 {
            at = (at * 7_919 + 104_729) % large.len();
            large[at] ^= 0x10;
            assert_eq!(Entry::decode(&large), None, "byte {at}");
            large[at] ^= 0x10;
        }
        assert!(Entry::decode(&large).is_some());
    }

    #[test]
    fn disabled_or_blocked_cache_stores_nothing() {
        let entry = Entry { raster: Vec::<[u8; CHANNELS]>::new().into(), seconds: 0.0 };
        let off = Cache::open(&recipe::Cache::Off, &FrontEnd::default());
        off.put(off.key(b""), &entry);
        assert_eq!(off.get(off.key(b"")), None);
        let file = tempfile::NamedTempFile::new().unwrap();
        let blocked = cache(file.path(), &audio3::FrontEndOptions::default());
        blocked.put(1, &entry);
        assert_eq!(blocked.get(1), None);
        assert!(blocked.write_error.lock().unwrap().is_some());
    }

    /// [`VERSION`] covers the front end's output. If this test fails because the output has changed, raise the version.
    #[test]
    fn cache_version_pins_the_front_end_output() {
        let noise = (0..4000_u64).map(|i| (i * i * 7919 % 2001) as f64 / 1000.0 - 1.0).collect();
        let sound = Wav::new(noise, 16_000).unwrap();
        let options = audio3::FrontEndOptions::default().with_decimation(488);
        let raster = audio3::raster(&sound, &options).unwrap();
        let counts = raster.counts().unwrap();
        assert_eq!(
            (VERSION, format!("{:032x}", xxh3_128(&counts))),
            (2, "4613e023e62166d41f3b2ffe57033b42".to_owned())
        );
    }
}
