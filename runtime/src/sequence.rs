//! Sequences: what goes through a network and what comes out.

/// A batch of sequences of rows, `[batch, time, width]` in row-major order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sequence {
    /// Number of sequences.
    pub batch: usize,
    /// Time steps of each.
    pub time: usize,
    /// Values in each step.
    pub width: usize,
    /// `batch * time * width` values.
    pub data: Vec<f32>,
}

/// Why a sequence cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// The extents do not multiply to the number of values.
    #[error("a sequence of shape [{batch}, {time}, {width}] does not hold {len} values")]
    Length {
        /// Number of sequences.
        batch: usize,
        /// Time steps of each.
        time: usize,
        /// Values in each step.
        width: usize,
        /// Number of values given.
        len: usize,
    },
    /// The width is not that of the network's input.
    #[error("the input has {found} channels; network `{network}` takes {expected}")]
    Channels {
        /// Name of the network.
        network: String,
        /// Channels of its input.
        expected: usize,
        /// Channels given.
        found: usize,
    },
}

impl Sequence {
    /// A sequence with the given values.
    ///
    /// # Errors
    /// Where the extents do not multiply to the number of values.
    pub fn new(batch: usize, time: usize, width: usize, data: Vec<f32>) -> Result<Self, ShapeError> {
        let expected = batch.checked_mul(time).and_then(|rows| rows.checked_mul(width));
        if expected != Some(data.len()) {
            return Err(ShapeError::Length { batch, time, width, len: data.len() });
        }
        Ok(Self { batch, time, width, data })
    }

    /// The values of one sequence, `[time, width]`.
    ///
    /// # Panics
    /// Where `b` is not below [`batch`](Self::batch).
    pub fn sample(&self, b: usize) -> &[f32] {
        let len = self.time * self.width;
        &self.data[b * len..(b + 1) * len]
    }

    /// The values of one step of one sequence.
    ///
    /// # Panics
    /// Where `b` or `t` lie outside the sequence.
    pub fn row(&self, b: usize, t: usize) -> &[f32] {
        &self.sample(b)[t * self.width..(t + 1) * self.width]
    }
}
