//! What a pass is for, and how much of it is kept.

use serde::{Deserialize, Serialize};
use synnet_random::{mix, mix3};

/// Time steps that are walked together. The rows of a block of 64 neurons take 15 KiB.
pub const BLOCK_STEPS: usize = 60;

/// What the walk is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Without dropout and noise.
    Evaluation,
    /// With both, drawn by a key.
    Training(SampleKey),
}

/// Decides dropout and noise of one sample in one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleKey(pub(super) u32);

impl SampleKey {
    /// The key of a sample (its index in the data) in an epoch, under a seed.
    pub fn new(seed: u64, epoch: u64, sample: u64) -> Self {
        Self((mix3(seed, epoch, sample) >> 32) as u32)
    }

    /// A key for noise, apart from that of dropout.
    pub(super) fn noise(self) -> u32 {
        mix(self.0, u32::MAX)
    }
}

/// What the walk forwards keeps for the walk backwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recompute {
    /// The membranes and events of all steps.
    #[default]
    None,
    /// The states at the beginnings of about `sqrt(steps)` segments, and membranes and events of one
    /// segment. Costs a second walk forwards.
    Segments,
}

impl Recompute {
    /// Steps of a segment in a sequence of `steps`, a whole number of blocks.
    pub(super) fn span(self, steps: usize) -> usize {
        match self {
            Self::None => steps,
            Self::Segments => steps.isqrt().next_multiple_of(BLOCK_STEPS).min(steps),
        }
    }
}
