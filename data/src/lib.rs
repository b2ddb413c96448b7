//! Data sets of events, as others write them: bytes in, rasters out.
//!
//! * [`npz`]: NumPy archives of rasters, with labels or target traces;
//! * [`events`]: lists of events (channel, time), as text or NumPy arrays, [binned](Binning) at a time step;
//! * [`shd`]: the HDF5 layout of the Spiking Heidelberg Digits;
//! * [`waveform`]: random changes of sounds before the front end.
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
//! Bytes may come from anywhere: what does not fit is an error that names the part and the rule, never a panic,
//! and sizes are checked before memory is taken. The crate reads no files.

mod binning;
mod error;
pub mod event_list;
mod hdf5;
pub mod npz;
pub mod shd;
mod table;
pub mod waveform;

pub use binning::Binning;
pub use error::Error;
pub use table::Table;
