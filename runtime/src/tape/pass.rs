//! Options of a pass: training or evaluation, its random draws, and gradient checkpointing.

use serde::{Deserialize, Serialize};
use synnet_random::{mix, mix3};

/// Time steps per block. All layers run through a block before the next one. A buffer of one block of 64
/// neurons takes 15 KiB, so the buffers in use fit the second-level cache.
pub const BLOCK_STEPS: usize = 60;

/// Whether a pass draws dropout and noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// No dropout and no noise.
    Evaluation,
    /// Dropout and noise; the key determines every draw.
    Training(SampleKey),
}

/// The key of the random draws (dropout and noise) of one sample in one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleKey(pub(super) u32);

impl SampleKey {
    /// Derives the key of a sample, given by its index in the dataset, in an epoch. Draws depend on these
    /// three numbers only, never on threads or on the order of the samples.
    pub fn new(seed: u64, epoch: u64, sample: u64) -> Self {
        Self((mix3(seed, epoch, sample) >> 32) as u32)
    }

    /// Returns the key of noise, which is independent of that of dropout.
    pub(super) fn noise(self) -> u32 {
        // Dropout mixes the key with the index of its connection, which never reaches this value.
        mix(self.0, u32::MAX)
    }
}

/// Gradient checkpointing (Chen et al., 2016): what the forward pass stores for the backward pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recompute {
    /// Membranes and events of all steps; nothing is recomputed.
    #[default]
    None,
    /// The states at the boundaries of up to `sqrt(steps)` segments, and membranes and events of one segment.
    /// Costs a second forward pass.
    Segments,
}

impl Recompute {
    /// Returns the length of a segment in a sequence of `steps` steps: a multiple of [`BLOCK_STEPS`], or all
    /// steps.
    pub(super) fn span(self, steps: usize) -> usize {
        match self {
            Self::None => steps,
            // Saved states and one segment take `steps / span + span` rows, which is smallest at the square
            // root.
            Self::Segments => steps.isqrt().next_multiple_of(BLOCK_STEPS).min(steps),
        }
    }
}
