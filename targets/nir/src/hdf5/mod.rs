//! NIR files on disk: HDF5 with the groups `/node/nodes/NAME` and the array `/node/edges`.
//!
//! `hdf5-pure` decodes the format. Sizes are checked before memory is allocated for them, because a damaged or hostile
//! file can declare any size.

mod links;
mod read;
mod write;

pub use read::{Incompatible, read};
pub use write::write;
