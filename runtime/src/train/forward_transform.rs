//! Training through another network: the one that learns as it will be where it is deployed.
//!
//! The walk of each batch, forwards and backwards, takes the numbers of a network that is made anew from the one that
//! learns, such as with weights rounded as a chip rounds them. The gradients by those numbers are taken for those by
//! the numbers that they were made from: the straight-through estimator (Bengio, Léonard and Courville, 2013).

use std::fmt;

use synnet_ir::Network;

use super::selection::{Best, Selection};

/// Makes the network that is walked, its second argument, from the network that learns: a network of the same layers
/// and connections. Numbers of weights, biases and neurons may differ, and neurons may have one each where they shared
/// one; sizes, synapses, connections and delays may not. The second argument begins as a copy of the first and
/// holds what the call before left in it; the result must depend on the first only, or training would not go on
/// after a stop as if there had been none.
pub type Transform = dyn Fn(&Network, &mut Network) + Send + Sync;

/// A transform that is in use from an epoch on.
pub(super) struct ForwardTransform {
    transform: Box<Transform>,
    /// The first epoch in which it is used, from 0.
    from_epoch: usize,
    /// What it made last.
    network: Network,
}

impl ForwardTransform {
    /// A transform of `network`, used from epoch `from_epoch` on.
    pub(super) fn new(transform: Box<Transform>, from_epoch: usize, network: Network) -> Self {
        Self { transform, from_epoch, network }
    }

    /// The network that is walked in an epoch in place of `network`; `None` before the first one.
    pub(super) fn transformed(&mut self, network: &Network, epoch: usize) -> Option<&Network> {
        if epoch < self.from_epoch {
            return None;
        }
        (self.transform)(network, &mut self.network);
        Some(&self.network)
    }

    /// What the transform makes of `network`, if it is in use in `epoch`.
    pub(super) fn transformed_clone(&self, network: &Network, epoch: usize) -> Option<Network> {
        (epoch >= self.from_epoch).then(|| {
            let mut transformed = network.clone();
            (self.transform)(network, &mut transformed);
            transformed
        })
    }

    /// Whether `epoch` is the first that is walked through the transform after others that were not.
    pub(super) fn begins_at(&self, epoch: usize) -> bool {
        epoch > 0 && epoch == self.from_epoch
    }

    /// The first epoch in which it is used.
    pub(super) fn first_epoch(&self) -> usize {
        self.from_epoch
    }
}

/// Whether the patience is at its end when `epochs` epochs are complete. Those before epoch `first` do not count.
pub(super) fn is_exhausted(selection: Selection, epochs: usize, best: Option<Best>, first: usize) -> bool {
    let since = |best: Best| Some(Best { epoch: best.epoch.checked_sub(first)?, ..best });
    epochs.checked_sub(first).is_some_and(|epochs| selection.is_exhausted(epochs, best.and_then(since)))
}

impl fmt::Debug for ForwardTransform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForwardTransform").field("from_epoch", &self.from_epoch).finish_non_exhaustive()
    }
}
