//! From a WAV file to a raster.

use synnet_audio::Wav;
use synnet_audio::audio3::{self, Options};
use synnet_data::waveform::{Augmentation, AugmentedAudio};
use synnet_ir::Raster;

use super::cache::{Cache, Entry};
use super::folder::Content;
use crate::recipe::FrontEnd;

/// The events of a file, from the cache where they are known.
pub(super) fn raster(bytes: &[u8], front_end: &FrontEnd, cache: &Cache) -> Result<Content, String> {
    let key = cache.key(bytes);
    let entry = match cache.get(key) {
        Some(entry) => entry,
        None => {
            let sound = Wav::decode(bytes).map_err(|e| e.to_string())?;
            let FrontEnd::XyloAudio3(options) = front_end;
            let entry = Entry { raster: front_end_raster(&sound, options)?, seconds: sound.duration() };
            cache.put(key, &entry);
            entry
        }
    };
    Ok((entry.raster, None, entry.seconds))
}

/// The events of a file after a random change.
pub(super) fn augmented_raster(
    bytes: &[u8],
    front_end: &FrontEnd,
    augmentation: &Augmentation,
    [seed, epoch, recording]: [u64; 3],
) -> Result<Raster, String> {
    let sound = Wav::decode(bytes).map_err(|e| e.to_string())?;
    let augmented_raster = augmentation.apply(&sound, seed, epoch, recording).map_err(|e| e.to_string())?;
    let AugmentedAudio { sound, step } = augmented_raster;
    let FrontEnd::XyloAudio3(options) = front_end;
    let decimation = (f64::from(options.decimation) * step).round().max(1.0) as u32;
    let options = options.clone().with_decimation(decimation);
    // What was cut short may be shorter than a step: an empty recording.
    audio3::raster(&sound, &options).map_err(|e| e.to_string())
}

/// The events of a sound, in at least one step.
fn front_end_raster(sound: &Wav, options: &Options) -> Result<Raster, String> {
    let raster = audio3::raster(sound, options).map_err(|e| e.to_string())?;
    if raster.steps() == 0 {
        return Err(format!("{:.4} s of sound are shorter than one time step", sound.duration()));
    }
    Ok(raster)
}
