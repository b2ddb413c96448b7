//! Readers of event-based datasets, and augmentation of audio: bytes in, rasters out.
//!
//! * [`npz`] reads NumPy archives of rasters, with labels or target sequences.
//! * [`event_list`] reads lists of events (channel, time), as text or NumPy arrays, and [bins](Binning) them.
//! * [`shd`] reads the HDF5 layout of the Spiking Heidelberg Digits.
//! * [`waveform`] augments audio before the front end.
//!
//! ```
//! use synnet_data::{Binning, event_list};
//!
//! let binning = Binning { channels: 4, pool: 1, dt: 1e-3, steps: 100, unit: 1e-3 };
//! let raster = event_list::read_csv(b"channel,time\n3,0.25\n0,7.5\n", &binning)?;
//! assert_eq!((raster.steps(), raster.to_dense()[3]), (8, 1.0));
//! # Ok::<(), synnet_data::Error>(())
//! ```
//!
//! Bytes may come from any source: invalid data is an error that says what was found and what is expected,
//! never a panic, and sizes are checked before memory is allocated. The crate reads no files.

mod binning;
mod error;
pub mod event_list;
mod hdf5;
pub mod npz;
mod resolution;
pub mod shd;
mod table;
pub mod waveform;

pub use binning::Binning;
pub use error::Error;
pub use table::Table;
