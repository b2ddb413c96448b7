//! Conversion of WAV files to rasters by the audio front end.

use synnet_audio::Wav;
use synnet_audio::audio3;
use synnet_data::waveform::{Augmentation, AugmentedAudio};
use synnet_ir::Raster;

use super::cache::{Cache, Entry};
use super::folder::Content;
use crate::encoding::Encoding;
use crate::recipe::FrontEnd;

/// Returns the events of a WAV file, from the cache if they are in it.
pub(super) fn raster(bytes: &[u8], front_end: &FrontEnd, cache: &Cache) -> Result<Content, String> {
    let key = cache.key(bytes);
    let entry = match cache.get(key) {
        Some(entry) => entry,
        None => {
            let audio = Wav::decode(bytes).map_err(|e| e.to_string())?;
            let encoding = Encoding::of(&audio, front_end)?;
            let entry = Entry { raster: encoding.raster, seconds: encoding.seconds };
            cache.put(key, &entry);
            entry
        }
    };
    Ok((entry.raster, None, entry.seconds))
}

/// Returns the events of a WAV file after a random augmentation. The last argument selects the random stream.
pub(super) fn augmented_raster(
    bytes: &[u8],
    front_end: &FrontEnd,
    augmentation: &Augmentation,
    noise: &[Wav],
    [seed, epoch, recording]: [u64; 3],
) -> Result<Raster, String> {
    let audio = Wav::decode(bytes).map_err(|e| e.to_string())?;
    let augmented = augmentation.apply(&audio, noise, seed, epoch, recording).map_err(|e| e.to_string())?;
    let AugmentedAudio { sound, step } = augmented;
    let FrontEnd::XyloAudio3(options) = front_end;
    // A pitch change alters the sample rate and thereby the duration; scaling the time step keeps the number of steps.
    let decimation = (f64::from(options.decimation) * step).round().max(1.0) as u32;
    let options = options.clone().with_decimation(decimation);
    // Unlike in a file, audio shorter than a step is not an error here: augmentation may have cut it. The raster is
    // empty.
    audio3::raster(&sound, &options).map_err(|e| e.to_string())
}
