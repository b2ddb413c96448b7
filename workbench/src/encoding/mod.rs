//! Encoding of recordings: sound to events, with an audio front end.
//!
//! ```no_run
//! use std::path::Path;
//! use synnet_workbench::Silent;
//! use synnet_workbench::encoding::{self, Encoding};
//! use synnet_workbench::recipe::FrontEnd;
//!
//! let front_end = FrontEnd::default().with_options(&[("decimation".into(), "488".into())])?;
//! let encoding = Encoding::read(Path::new("yes.wav"), &front_end)?;
//! encoding.write(Path::new("yes.npy"))?;
//!
//! // A folder becomes a folder, for recipes with `format: npz`.
//! encoding::encode_folder(Path::new("sound"), Path::new("events"), &front_end, &Silent)?;
//! # Ok::<(), synnet_workbench::Error>(())
//! ```

mod folder;
mod html;
mod statistics;

use std::path::Path;

use synnet_arrays::{NpzWriter, write_npy};
use synnet_audio::{Wav, audio3};
use synnet_ir::Raster;

use crate::error::Error;
use crate::files;
use crate::recipe::FrontEnd;

pub use folder::{FolderEncoding, encode_folder};
pub use statistics::EncodingStatistics;

/// The events of a recording.
#[derive(Clone, Debug)]
pub struct Encoding {
    /// Event counts `[steps, channels]`.
    pub raster: Raster,
    /// Duration of a time step, in seconds.
    pub dt: f64,
    /// Duration of the recording, in seconds.
    pub seconds: f64,
    /// Sample rate of the recording, in hertz.
    pub sample_rate: u32,
    /// Number of events that the raster lacks, because they exceed the front end's cap of their channel and step.
    pub dropped_events: u64,
    /// Lowest and highest sample of each time step, from -1 to 1.
    envelope: Vec<[f32; 2]>,
}

impl Encoding {
    /// Encodes a WAV file.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, is not a WAV file, or is shorter than a time step.
    pub fn read(path: &Path, front_end: &FrontEnd) -> Result<Self, Error> {
        Self::parse(&files::read(path)?, front_end).map_err(|why| Error::file(path, why))
    }

    /// Like [`read`](Self::read), from the bytes of a file.
    ///
    /// # Errors
    /// Returns an error if the bytes are not a WAV file, or if it is shorter than a time step.
    pub fn parse(bytes: &[u8], front_end: &FrontEnd) -> Result<Self, String> {
        let wav = Wav::decode(bytes).map_err(|e| e.to_string())?;
        Self::of(&wav, front_end)
    }

    /// Encodes a recording.
    ///
    /// # Errors
    /// Returns an error if an option of the front end is outside its range, or if the recording is shorter than a time
    /// step or too long.
    pub fn of(wav: &Wav, front_end: &FrontEnd) -> Result<Self, String> {
        let FrontEnd::XyloAudio3(options) = front_end;
        let audio3::Encoding { raster, dropped_spikes, .. } =
            audio3::encode(wav, options).map_err(|e| e.to_string())?;
        let (dt, seconds) = (options.dt(), wav.duration());
        if raster.steps() == 0 {
            return Err(format!("the recording is shorter than one time step: {seconds:.4} s"));
        }
        let envelope = envelope(wav, raster.steps(), dt);
        let sample_rate = wav.sample_rate().get();
        Ok(Self { raster, dt, seconds, sample_rate, dropped_events: dropped_spikes, envelope })
    }

    /// Returns the bytes of a `.npy` file with the counts, `[steps, channels]`, as 8-bit integers.
    ///
    /// # Errors
    /// Returns an error if the counts are too large for the format.
    pub fn to_npy(&self) -> Result<Vec<u8>, Error> {
        let counts = self.raster.counts().map_err(Error::input)?;
        write_npy(&self.shape(), &counts).map_err(|e| Error::Refused(e.to_string()))
    }

    /// Returns the bytes of a `.npz` file, as recipes with `format: npz` read it: `raster` holds the counts, `dt` the
    /// duration of a time step in seconds, `sample_rate` that of the recording in hertz.
    ///
    /// # Errors
    /// Returns an error if the counts are too large for the format.
    pub fn to_npz(&self) -> Result<Vec<u8>, Error> {
        let counts = self.raster.counts().map_err(Error::input)?;
        let write = || {
            let mut archive = NpzWriter::new();
            archive.add("raster", &self.shape(), &counts)?;
            archive.add("dt", &[], &[self.dt])?;
            archive.add("sample_rate", &[], &[i64::from(self.sample_rate)])?;
            archive.finish()
        };
        write().map_err(|e: synnet_arrays::Error| Error::Refused(e.to_string()))
    }

    /// Returns the bytes of a file with this name: `.npz` or `.npy`, as the extension says.
    ///
    /// # Errors
    /// Returns an error if the extension is another, or if the counts are too large for the format.
    pub fn to_file(&self, path: &Path) -> Result<Vec<u8>, Error> {
        let has_extension = |name: &str| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(name));
        if has_extension("npy") {
            self.to_npy()
        } else if has_extension("npz") {
            self.to_npz()
        } else {
            let message = "the output file name must end in `.npy` or `.npz`";
            Err(Error::Refused(format!("`{}`: {message}", path.display())))
        }
    }

    /// Writes the counts to a `.npz` or `.npy` file.
    ///
    /// # Errors
    /// Returns an error under the conditions of [`to_file`](Self::to_file), or if the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        files::write(path, &self.to_file(path)?)
    }

    /// Returns the numbers of steps and events, and the duration.
    pub fn statistics(&self) -> EncodingStatistics {
        EncodingStatistics::of(self)
    }

    /// Returns a self-contained HTML page with the waveform and the events of the recording `name`.
    pub fn html(&self, name: &str) -> String {
        html::page(name, &self.statistics(), &[(name.to_owned(), self)])
    }

    fn shape(&self) -> [usize; 2] {
        [self.raster.steps(), self.raster.channels()]
    }
}

/// Returns the lowest and the highest sample of each time step.
fn envelope(wav: &Wav, steps: usize, dt: f64) -> Vec<[f32; 2]> {
    let samples = wav.samples();
    let place =
        |step: usize| ((step as f64 * dt * f64::from(wav.sample_rate().get())) as usize).min(samples.len());
    let of_step = |step: usize| {
        let start = place(step).min(samples.len().saturating_sub(1));
        // At low sample rates, a step may lie between two samples.
        let part = &samples[start..place(step + 1).clamp(start + 1, samples.len().max(start + 1))];
        let low = part.iter().copied().fold(f64::INFINITY, f64::min);
        let high = part.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        [low as f32, high as f32]
    };
    (0..steps).map(of_step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_have_a_range_for_each_step() {
        let wav = Wav::new(vec![0.0, 0.5, -0.5, 0.25, 1.0, -1.0], 1000).unwrap();
        assert_eq!(envelope(&wav, 3, 2e-3), [[0.0, 0.5], [-0.5, 0.25], [-1.0, 1.0]]);
        let slow = envelope(&wav, 11, 0.5e-3);
        assert_eq!(slow.len(), 11);
        assert_eq!(slow[..4], [[0.0, 0.0], [0.0, 0.0], [0.5, 0.5], [0.5, 0.5]]);
    }

    #[test]
    fn archives_are_samples_of_a_recipe() {
        let tone = (0..4000).map(|i| (f64::from(i) * 0.3).sin()).collect();
        let encoding = Encoding::of(&Wav::new(tone, 8000).unwrap(), &FrontEnd::default()).unwrap();
        let (raster, target) = synnet_data::npz::read_sample(&encoding.to_npz().unwrap()).unwrap();
        assert_eq!((raster, target), (encoding.raster.clone(), None));
        let array = synnet_arrays::read_npy(&encoding.to_npy().unwrap()).unwrap();
        assert_eq!(array.shape, [488, 16]);
        let counts: Vec<i64> = encoding.raster.counts().unwrap().iter().map(|&n| n.into()).collect();
        assert_eq!(array.to_integers(), Some(counts));
    }
}
