//! What the front end made of recordings, kept from one run to the next.
//!
//! An entry is a file whose name is a hash of the recording's bytes, of the front end's options and of
//! [`VERSION`]: what changes the output changes the name, so that no entry is ever out of date. It is written
//! aside and renamed, and ends in a hash of its own content; one that is damaged counts as missing.

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

/// The version of the front end and of this format; another one where either gives other bytes.
const VERSION: u32 = 1;

/// First bytes of an entry.
const MAGIC: &[u8; 8] = b"synnet\0\x01";

/// A folder of entries, or none.
pub(super) struct Cache {
    folder: Option<PathBuf>,
    /// The options of the front end, as a text.
    options: String,
    /// Why an entry could not be written.
    fault: Mutex<Option<String>>,
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
    /// The cache of a recipe, for one front end.
    pub(super) fn open(place: &recipe::Cache, front_end: &FrontEnd) -> Self {
        let folder = match place {
            recipe::Cache::Standard => standard_folder(),
            recipe::Cache::Folder(folder) => Some(folder.clone()),
            recipe::Cache::Off => None,
        };
        Self { folder, options: format!("{front_end:?}"), fault: Mutex::new(None) }
    }

    /// The name of a recording's entry.
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

    /// An entry, where it is there and whole.
    pub(super) fn get(&self, key: u128) -> Option<Entry> {
        let bytes = std::fs::read(self.path(key)?).ok()?;
        Entry::decode(&bytes)
    }

    /// Keeps an entry. What cannot be written is computed again next time.
    pub(super) fn put(&self, key: u128, entry: &Entry) {
        let Some(path) = self.path(key) else { return };
        let write = || -> std::io::Result<()> {
            let folder = path.parent().unwrap_or(&path);
            std::fs::create_dir_all(folder)?;
            let mut file = tempfile::Builder::new().prefix(files::TEMPORARY_PREFIX).tempfile_in(folder)?;
            file.write_all(&entry.encode().map_err(std::io::Error::other)?)?;
            file.persist(&path)?;
            Ok(())
        };
        if let (Err(error), Ok(mut fault)) = (write(), self.fault.lock()) {
            fault.get_or_insert_with(|| error::io_reason(&error));
        }
    }

    /// Warns, once, where entries could not be written.
    pub(super) fn warn_of_write_errors(&self, observer: &dyn Observer) {
        let fault = self.fault.lock().ok().and_then(|mut fault| fault.take());
        if let (Some(folder), Some(why)) = (&self.folder, fault) {
            observer.warning(&format!(
                "what the front end made cannot be kept in `{}`: {why}; set `data.cache` to another folder or to \
                 `false`",
                folder.display()
            ));
        }
    }

    /// Entries are spread over folders of the first two digits: some systems are slow with many files in one.
    fn path(&self, key: u128) -> Option<PathBuf> {
        let name = format!("{key:032x}");
        Some(self.folder.as_ref()?.join(&name[..2]).join(&name[2..]))
    }
}

/// The place for such things on this system, where there is one.
fn standard_folder() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("LOCALAPPDATA"))
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))?;
    Some(base.join("synnet").join("frontend"))
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

    fn cache(folder: &std::path::Path, options: &audio3::Options) -> Cache {
        Cache::open(&recipe::Cache::Folder(folder.to_owned()), &FrontEnd::XyloAudio3(options.clone()))
    }

    #[test]
    fn cache_key_covers_all_inputs() {
        let folder = tempfile::tempdir().unwrap();
        let cache_of = |options| cache(folder.path(), options);
        let options = audio3::Options::default();
        let frames: Vec<[u8; CHANNELS]> = (0..4).map(|t| std::array::from_fn(|c| t * 16 + c as u8)).collect();
        let entry = Entry { raster: frames.into(), seconds: 0.25 };
        let key = cache_of(&options).key(b"sound");
        assert_eq!(cache_of(&options).get(key), None);
        cache_of(&options).put(key, &entry);
        assert_eq!(cache_of(&options).get(key), Some(entry));
        let other = options.clone().with_decimation(488);
        assert_ne!(cache_of(&other).key(b"sound"), key);
        assert_ne!(cache_of(&options).key(b"sounds"), key);
    }

    #[test]
    fn damaged_entries_are_missing() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path(), &audio3::Options::default());
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
    }

    #[test]
    fn disabled_or_blocked_cache_stores_nothing() {
        let entry = Entry { raster: Vec::<[u8; CHANNELS]>::new().into(), seconds: 0.0 };
        let off = Cache::open(&recipe::Cache::Off, &FrontEnd::default());
        off.put(off.key(b""), &entry);
        assert_eq!(off.get(off.key(b"")), None);
        let file = tempfile::NamedTempFile::new().unwrap();
        let blocked = cache(file.path(), &audio3::Options::default());
        blocked.put(1, &entry);
        assert_eq!(blocked.get(1), None);
        assert!(blocked.fault.lock().unwrap().is_some());
    }

    /// The front end's output is part of what [`VERSION`] stands for. Where this fails because the front end
    /// gives other events, the version must be raised.
    #[test]
    fn cache_version_pins_the_front_end_output() {
        let noise = (0..4000_u64).map(|i| (i * i * 7919 % 2001) as f64 / 1000.0 - 1.0).collect();
        let sound = Wav::new(noise, 16_000).unwrap();
        let options = audio3::Options::default().with_decimation(488);
        let raster = audio3::raster(&sound, &options).unwrap();
        let counts = raster.counts().unwrap();
        assert_eq!(
            (VERSION, format!("{:032x}", xxh3_128(&counts))),
            (1, "4613e023e62166d41f3b2ffe57033b42".to_owned())
        );
    }
}
