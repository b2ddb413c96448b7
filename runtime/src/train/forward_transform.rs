//! Training through a transformed network, such as one quantized for a chip.
//!
//! Before each batch, a [`Transform`] computes the network of the forward and backward pass from the network
//! that learns, for example with weights rounded as a chip rounds them. The gradients with respect to the
//! transformed values are applied to the original ones: the straight-through estimator (Bengio, Léonard and
//! Courville, 2013).

use std::fmt;

use synnet_ir::Network;

use super::selection::{Best, Selection};

/// A function from the network being trained, its first argument, to the network of the forward and backward
/// pass, its second.
///
/// Values of weights, biases and parameters of neurons may change, and a value that neurons share may become
/// one per neuron. Sizes, synapses, connections and delays may not change. The second argument is a copy of
/// the network at first, and then holds the result of the previous call. The new result must depend on the
/// first argument only: otherwise, resumed training would differ from uninterrupted training.
pub type Transform = dyn Fn(&Network, &mut Network) + Send + Sync;

/// A [`Transform`], and the epoch from which it applies.
pub(super) struct ForwardTransform {
    transform: Box<Transform>,
    /// The first epoch to which the transform applies, from 0.
    from_epoch: usize,
    /// The last result, whose buffers the next call reuses.
    network: Network,
}

impl ForwardTransform {
    /// Creates a transform of `network` that applies from epoch `from_epoch` on.
    pub(super) fn new(transform: Box<Transform>, from_epoch: usize, network: Network) -> Self {
        Self { transform, from_epoch, network }
    }

    /// Returns the transformed network; `None` if the transform does not apply in `epoch`.
    pub(super) fn transformed(&mut self, network: &Network, epoch: usize) -> Option<&Network> {
        if epoch < self.from_epoch {
            return None;
        }
        (self.transform)(network, &mut self.network);
        Some(&self.network)
    }

    /// Like [`transformed`](Self::transformed), without changing the buffer.
    pub(super) fn transformed_clone(&self, network: &Network, epoch: usize) -> Option<Network> {
        (epoch >= self.from_epoch).then(|| {
            let mut transformed = network.clone();
            (self.transform)(network, &mut transformed);
            transformed
        })
    }

    /// Returns whether `epoch` is the first with the transform, after epochs without.
    pub(super) fn begins_at(&self, epoch: usize) -> bool {
        epoch > 0 && epoch == self.from_epoch
    }

    /// Returns the first epoch to which the transform applies, from 0.
    pub(super) fn first_epoch(&self) -> usize {
        self.from_epoch
    }
}

/// Returns whether the patience is exhausted after `epochs` complete epochs, of which those before epoch
/// `first` do not count.
pub(super) fn is_exhausted(selection: Selection, epochs: usize, best: Option<Best>, first: usize) -> bool {
    let since = |best: Best| Some(Best { improved_epoch: best.improved_epoch.checked_sub(first)?, ..best });
    epochs.checked_sub(first).is_some_and(|epochs| selection.is_exhausted(epochs, best.and_then(since)))
}

impl fmt::Debug for ForwardTransform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForwardTransform").field("from_epoch", &self.from_epoch).finish_non_exhaustive()
    }
}
