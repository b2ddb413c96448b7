//! Batches of sequences: the dense inputs and outputs of engines.

/// A batch of sequences of rows, `[batch, time, width]` in row-major order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sequence {
    /// Number of sequences.
    pub batch: usize,
    /// Number of time steps of each sequence.
    pub time: usize,
    /// Number of values per step.
    pub width: usize,
    /// `batch * time * width` values.
    pub data: Vec<f32>,
}

/// An error in the shape of a [`Sequence`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// The product of the dimensions is not the number of values.
    #[error("a sequence of shape [{batch}, {time}, {width}] cannot have {len} values")]
    Length {
        /// Number of sequences.
        batch: usize,
        /// Number of time steps.
        time: usize,
        /// Number of values per step.
        width: usize,
        /// Number of values found.
        len: usize,
    },
    /// The width is not the number of channels of the network's input.
    #[error("the input has {found} channels, but network `{network}` takes {expected}")]
    Channels {
        /// Name of the network.
        network: String,
        /// Number of channels of the network's input.
        expected: usize,
        /// Number of channels found.
        found: usize,
    },
}

impl Sequence {
    /// Creates a batch of sequences from its values, in row-major order.
    ///
    /// # Errors
    /// Returns [`ShapeError::Length`] if `data` does not have `batch * time * width` values.
    pub fn new(batch: usize, time: usize, width: usize, data: Vec<f32>) -> Result<Self, ShapeError> {
        let expected = batch.checked_mul(time).and_then(|rows| rows.checked_mul(width));
        if expected != Some(data.len()) {
            return Err(ShapeError::Length { batch, time, width, len: data.len() });
        }
        Ok(Self { batch, time, width, data })
    }

    /// Returns the values of sequence `b`, `[time, width]`.
    ///
    /// # Panics
    /// If `b` is not below [`batch`](Self::batch).
    pub fn sample(&self, b: usize) -> &[f32] {
        let len = self.time * self.width;
        &self.data[b * len..(b + 1) * len]
    }

    /// Returns the values of step `t` of sequence `b`, `[width]`.
    ///
    /// # Panics
    /// If `b` is not below [`batch`](Self::batch), or `t` is not below [`time`](Self::time).
    pub fn row(&self, b: usize, t: usize) -> &[f32] {
        &self.sample(b)[t * self.width..(t + 1) * self.width]
    }
}
