//! Input events of a network, read from `.npy` files or encoded from a recording.

use std::path::Path;

use synnet_arrays::read_npy;
use synnet_ir::Raster;
use synnet_ir::display::pluralize;

use crate::encoding::Encoding;
use crate::error::Error;
use crate::files;

/// Input events `[B, T, C]`.
#[derive(Clone, Debug)]
pub struct InputEvents {
    /// Number of sequences, 1 or more.
    pub batch: usize,
    /// Number of time steps.
    pub time: usize,
    /// Number of channels.
    pub channels: usize,
    /// Whether the array had a batch axis.
    pub batched: bool,
    /// Finite values `[B, T, C]`, row-major.
    pub data: Vec<f64>,
}

impl InputEvents {
    /// Reads events `[T, C]` or `[B, T, C]` of any numeric type for a network with `channels` input channels.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, the shape does not fit, or a value is not finite.
    pub fn read(path: &Path, channels: usize) -> Result<Self, Error> {
        Self::parse(&files::read(path)?, channels).map_err(|why| Error::file(path, why))
    }

    /// Like [`read`](Self::read), from the bytes of a file.
    ///
    /// # Errors
    /// Returns an error if the shape does not fit, or a value is not finite.
    pub fn parse(bytes: &[u8], channels: usize) -> Result<Self, String> {
        let array = read_npy(bytes).map_err(|e| e.to_string())?;
        let shape = &array.shape;
        let (batched, batch, time, width) = match shape[..] {
            [t, c] => (false, 1, t, c),
            [b, t, c] => (true, b, t, c),
            _ => {
                return Err(format!(
                    "the array has shape {shape:?}; expected [T, {channels}] or [B, T, {channels}]"
                ));
            }
        };
        if width != channels {
            return Err(format!(
                "the array has shape {shape:?}, but the network has {channels} input channels"
            ));
        }
        if batch == 0 {
            return Err(format!("the array has shape {shape:?}, which holds no sequence"));
        }
        let data = array.to_floats();
        if let Some(i) = data.iter().position(|x| !x.is_finite()) {
            return Err(format!("the array holds {} at {}", data[i], place(i, time, width)));
        }
        Ok(Self { batch, time, channels, batched, data })
    }

    /// Returns the events of a recording, without a batch axis, for a network with `channels` input channels.
    ///
    /// # Errors
    /// Returns an error if the front end has another number of channels.
    pub fn encoded(encoding: &Encoding, channels: usize) -> Result<Self, String> {
        let raster = &encoding.raster;
        if raster.channels() != channels {
            return Err(format!(
                "the front end has {} channels, but the network has {}",
                raster.channels(),
                pluralize(channels, "input channel")
            ));
        }
        let data = raster.to_dense().into_iter().map(f64::from).collect();
        Ok(Self { batch: 1, time: raster.steps(), channels, batched: false, data })
    }

    /// Checks that the values are event counts.
    ///
    /// # Errors
    /// Returns an error if a value is negative or not a whole number.
    pub fn check_counts(&self) -> Result<(), String> {
        let invalid = self.data.iter().position(|&x| x < 0.0 || x.fract() != 0.0);
        let Some(i) = invalid else { return Ok(()) };
        let place = place(i, self.time, self.channels);
        Err(format!(
            "the array holds {} at {place}; a chip takes event counts, whole numbers from 0",
            self.data[i]
        ))
    }

    /// Returns the sequences as 8-bit event counts for a chip. Counts above 255 become 255.
    ///
    /// # Errors
    /// Returns an error if a value is negative or not a whole number.
    pub fn rasters(&self) -> Result<Vec<Raster>, String> {
        self.check_counts()?;
        let length = self.time * self.channels;
        let sequence = |b: usize| {
            let counts =
                self.data[b * length..(b + 1) * length].iter().map(|&x| x.min(255.0) as u8).collect();
            Raster::from_counts(self.channels, self.time, counts).map_err(|e| e.to_string())
        };
        (0..self.batch).map(sequence).collect()
    }

    /// Returns the number of events above 255 per channel per step, which [`rasters`](Self::rasters) drops.
    pub fn above_u8(&self) -> u64 {
        self.above(255)
    }

    /// Returns the number of events above a maximum per channel per step.
    pub fn above(&self, max: u32) -> u64 {
        self.data.iter().fold(0, |sum: u64, &x| sum.saturating_add((x - f64::from(max)).max(0.0) as u64))
    }
}

/// Describes the position of element `i`.
fn place(i: usize, time: usize, width: usize) -> String {
    format!("sequence {}, step {}, channel {}", i / width / time, i / width % time, i % width)
}
