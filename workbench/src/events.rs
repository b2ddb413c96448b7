//! Input events from `.npy` files, and `.npz` archives of what came out.

use std::path::Path;

use synnet_arrays::{Archive, AutoSerialize, read_npy};

use crate::error::Error;
use crate::files;

/// Input events `[B, T, C]`.
#[derive(Debug)]
pub struct Events {
    /// Number of sequences.
    pub batch: usize,
    /// Number of time steps.
    pub time: usize,
    /// Whether the file had an axis for sequences.
    pub batched: bool,
    /// Row-major values.
    pub data: Vec<f64>,
}

impl Events {
    /// Values of one sequence.
    pub fn sequence_len(&self) -> usize {
        self.data.len() / self.batch.max(1)
    }

    /// The events as whole counts for a chip, those above 255 cut to 255.
    pub fn counts(&self) -> Result<Vec<u8>, String> {
        let width = self.sequence_len() / self.time.max(1);
        let fault = self.data.iter().position(|&x| x < 0.0 || x.fract() != 0.0);
        if let Some(i) = fault {
            let place = place(i, self.time, width);
            return Err(format!(
                "the array holds {} at {place}; a chip takes whole counts of events",
                self.data[i]
            ));
        }
        Ok(self.data.iter().map(|&x| x.min(255.0) as u8).collect())
    }

    /// How many events [`counts`](Self::counts) leaves out.
    pub fn above_u8(&self) -> u64 {
        self.data.iter().fold(0, |sum: u64, &x| sum.saturating_add((x - 255.0).max(0.0) as u64))
    }
}

fn place(i: usize, time: usize, width: usize) -> String {
    format!("sequence {}, step {}, channel {}", i / width / time, i / width % time, i % width)
}

/// Reads finite events `[T, C]` or `[B, T, C]` for a network with that many input channels.
pub fn read(path: &Path, channels: usize) -> Result<Events, Error> {
    let array = read_npy(&files::read(path)?).map_err(|e| Error::input(path, e))?;
    let (batched, batch, time, width) = match array.shape[..] {
        [t, c] => (false, 1, t, c),
        [b, t, c] => (true, b, t, c),
        _ => {
            let message = format!(
                "the array has shape {:?}; expected [T, {channels}] or [B, T, {channels}]",
                array.shape
            );
            return Err(Error::input(path, message));
        }
    };
    if width != channels {
        let message =
            format!("the array has shape {:?}; the network has {channels} input channels", array.shape);
        return Err(Error::input(path, message));
    }
    if batch == 0 {
        let message = format!("the array has shape {:?}: there is no sequence in it", array.shape);
        return Err(Error::input(path, message));
    }
    let data = array.to_floats();
    if let Some(i) = data.iter().position(|x| !x.is_finite()) {
        let place = place(i, time, width);
        return Err(Error::input(path, format_args!("the array holds {} at {place}", data[i])));
    }
    Ok(Events { batch, time, batched, data })
}

/// An archive of results under construction.
#[derive(Default)]
pub struct Output {
    archive: Archive,
}

impl Output {
    /// An archive without arrays.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an array in row-major order.
    pub fn add<T>(&mut self, name: &str, shape: &[usize], numbers: &[T]) -> Result<(), Error>
    where
        T: AutoSerialize + Copy,
    {
        self.archive.add(name, shape, numbers).map_err(|e| Error::Io(e.to_string()))
    }

    /// Writes the archive.
    pub fn write(self, path: &Path) -> Result<(), Error> {
        files::write(path, &self.archive.finish().map_err(|e| Error::Io(e.to_string()))?)
    }
}
