//! Input events of a network, as `.npy` files hold them.

use std::path::Path;

use synnet_arrays::read_npy;
use synnet_ir::Raster;

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
    /// Whether the file had an axis for sequences.
    pub batched: bool,
    /// Row-major values.
    pub data: Vec<f64>,
}

impl InputEvents {
    /// Reads finite events `[T, C]` or `[B, T, C]` for a network with `channels` input channels.
    ///
    /// # Errors
    /// A file that cannot be read, another shape, or numbers that are not finite.
    pub fn read(path: &Path, channels: usize) -> Result<Self, Error> {
        Self::parse(&files::read(path)?, channels).map_err(|why| Error::file(path, why))
    }

    /// As [`read`](Self::read), of the bytes of a file.
    ///
    /// # Errors
    /// Another shape, or numbers that are not finite.
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
            return Err(format!("the array has shape {shape:?}; the network has {channels} input channels"));
        }
        if batch == 0 {
            return Err(format!("the array has shape {shape:?}: there is no sequence in it"));
        }
        let data = array.to_floats();
        if let Some(i) = data.iter().position(|x| !x.is_finite()) {
            return Err(format!("the array holds {} at {}", data[i], place(i, time, width)));
        }
        Ok(Self { batch, time, channels, batched, data })
    }

    /// The sequences as event counts for a chip, those above 255 cut to 255.
    ///
    /// # Errors
    /// A number that is no count.
    pub fn rasters(&self) -> Result<Vec<Raster>, String> {
        let fault = self.data.iter().position(|&x| x < 0.0 || x.fract() != 0.0);
        if let Some(i) = fault {
            let place = place(i, self.time, self.channels);
            return Err(format!(
                "the array holds {} at {place}; a chip takes whole counts of events",
                self.data[i]
            ));
        }
        let length = self.time * self.channels;
        let sequence = |b: usize| {
            let counts =
                self.data[b * length..(b + 1) * length].iter().map(|&x| x.min(255.0) as u8).collect();
            Raster::from_counts(self.channels, self.time, counts).map_err(|e| e.to_string())
        };
        (0..self.batch).map(sequence).collect()
    }

    /// How many events [`rasters`](Self::rasters) leaves out.
    pub fn above_u8(&self) -> u64 {
        self.data.iter().fold(0, |sum: u64, &x| sum.saturating_add((x - 255.0).max(0.0) as u64))
    }
}

fn place(i: usize, time: usize, width: usize) -> String {
    format!("sequence {}, step {}, channel {}", i / width / time, i / width % time, i % width)
}
