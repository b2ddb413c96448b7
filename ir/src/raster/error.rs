//! The errors of rasters.

use std::fmt;

use super::Raster;

/// The reason why values or events are not a raster.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RasterError {
    /// The number of values is not that of steps times channels.
    Shape {
        /// Number of values given.
        len: usize,
        /// Number of time steps.
        steps: usize,
        /// Number of channels.
        channels: usize,
    },
    /// A value is NaN or infinite.
    NonFinite {
        /// The value that is not finite.
        value: f32,
        /// Time step of the value, from 0.
        step: usize,
        /// Channel of the value, from 0.
        channel: usize,
    },
    /// The raster would have more than [`Raster::MAX_VALUES`] values.
    TooLarge {
        /// Number of time steps.
        steps: usize,
        /// Number of channels.
        channels: usize,
    },
    /// An event is outside the raster.
    OutOfBounds {
        /// Step of the event, from 0.
        step: usize,
        /// Channel of the event, from 0.
        channel: usize,
        /// Number of time steps.
        steps: usize,
        /// Number of channels.
        channels: usize,
    },
}

/// The first value of a raster that is not a count: not an integer from 0 to [`Raster::MAX_COUNT`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InvalidCount {
    /// The value that is not a count.
    pub value: f32,
    /// Time step of the value, from 0.
    pub step: usize,
    /// Channel of the value, from 0.
    pub channel: usize,
}

impl fmt::Display for RasterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape { len, steps, channels } => {
                write!(f, "{len} values are not {steps} steps of {channels} channels")
            }
            Self::NonFinite { value, step, channel } => {
                write!(f, "the value is {value} in step {step}, channel {channel}")
            }
            Self::TooLarge { steps, channels } => {
                write!(f, "{steps} steps of {channels} channels hold more than 2^28 values")
            }
            Self::OutOfBounds { step, channel, steps, channels } => {
                write!(
                    f,
                    "an event lies in step {step}, channel {channel} of {steps} steps and {channels} channels"
                )
            }
        }
    }
}

impl std::error::Error for RasterError {}

impl fmt::Display for InvalidCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { value, step, channel } = self;
        write!(
            f,
            "the value is {value} in step {step}, channel {channel}; counts of events are whole numbers from 0 to \
             {}",
            Raster::MAX_COUNT
        )
    }
}

impl std::error::Error for InvalidCount {}
