//! Training through another network: the one that learns as it will be where it is deployed.
//!
//! The walk of each batch, forwards and backwards, takes the numbers of a network that is made anew from the one that
//! learns, such as with weights rounded as a chip rounds them. The gradients by those numbers are taken for those by
//! the numbers that they were made from: the straight-through estimator (Bengio, Léonard and Courville, 2013).

use std::fmt;

use synnet_ir::Network;

use super::{Best, Trainer};

/// Makes the network that is walked, its second argument, from the network that learns: a network of the same layers
/// and connections. Numbers of weights, biases and neurons may differ, and neurons may have one each where they shared
/// one; sizes, synapses, connections and delays may not. The second argument begins as a copy of the first and
/// holds what the call before left in it; the result must depend on the first only, or training would not go on
/// after a stop as if there had been none.
pub type Transform = dyn Fn(&Network, &mut Network) + Send + Sync;

/// A transform that is in use from an epoch on.
pub(super) struct Through {
    transform: Box<Transform>,
    /// The first epoch in which it is used, from 0.
    from_epoch: usize,
    /// What it made last.
    network: Network,
}

impl Through {
    /// The network that is walked in an epoch in place of `network`; `None` before the first one.
    pub(super) fn transformed(&mut self, network: &Network, epoch: usize) -> Option<&Network> {
        if epoch < self.from_epoch {
            return None;
        }
        (self.transform)(network, &mut self.network);
        Some(&self.network)
    }
}

impl fmt::Debug for Through {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Through").field("from_epoch", &self.from_epoch).finish_non_exhaustive()
    }
}

impl Trainer {
    /// Lets every batch from epoch `from_epoch` on (from 0) be walked through what a [`Transform`] makes of the network. The
    /// gradients, by the numbers of the transformed network, move those of the network that learns, which stays what
    /// [`network`](Self::network), [`params`](Self::params) and checkpoints hold. Regularisers of weights, bounds and
    /// time constants that learn keep to the numbers that learn.
    ///
    /// [`validate`](Self::validate) judges the transformed network once it is in use. Its scores and those
    /// before are of two networks; so [`observe`](Self::observe) lets the epochs before `from_epoch` neither win nor
    /// use up the patience.
    ///
    /// The transform is not in checkpoints: after [`resume`](Self::resume) it is to be given again.
    #[must_use]
    pub fn with_forward(
        mut self,
        transform: impl Fn(&Network, &mut Network) + Send + Sync + 'static,
        from_epoch: usize,
    ) -> Self {
        let network = self.network.clone();
        self.through = Some(Through { transform: Box::new(transform), from_epoch, network });
        self
    }

    /// The network that is judged after the batches that were trained last: with its transform where they had one.
    pub(super) fn judged(&self) -> Option<Network> {
        let through = self.through.as_ref()?;
        let last = if self.batch > 0 { self.epoch } else { self.epoch.saturating_sub(1) };
        (last >= through.from_epoch).then(|| {
            let mut network = self.network.clone();
            (through.transform)(&self.network, &mut network);
            network
        })
    }

    /// Whether `epoch` is the first that is walked through a transform after others that were not.
    pub(super) fn begins_anew(&self, epoch: usize) -> bool {
        self.through.as_ref().is_some_and(|through| epoch > 0 && epoch == through.from_epoch)
    }

    /// Whether the patience is at its end. Epochs before the transform do not count.
    pub(super) fn is_exhausted(&self) -> bool {
        let first = self.through.as_ref().map_or(0, |through| through.from_epoch);
        let since = |best: Best| Some(Best { epoch: best.epoch.checked_sub(first)?, ..best });
        let (Some(selection), Some(epochs)) = (self.options.selection, self.epoch.checked_sub(first)) else {
            return false;
        };
        selection.is_exhausted(epochs, self.best().and_then(since))
    }
}
