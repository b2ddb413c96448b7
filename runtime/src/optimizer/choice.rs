//! [`Optimizer`]: one enum over all optimizers.

use serde::{Deserialize, Serialize};

use super::adam::{self, Adam, AdamW};
use super::sgd::Sgd;
use crate::option_range::OptionRange;

/// An optimizer with its options. The default is [`Adam`].
///
/// ```
/// use synnet_runtime::Optimizer;
/// use synnet_runtime::optimizer::AdamW;
///
/// let optimizer = Optimizer::from(AdamW::new(0.005).with_weight_decay(0.1));
/// assert_eq!(optimizer.lr(), 0.005);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Optimizer {
    /// Stochastic gradient descent with optional momentum (`torch.optim.SGD`).
    Sgd(Sgd),
    /// Adam (Kingma and Ba, 2015; `torch.optim.Adam`).
    Adam(Adam),
    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019; `torch.optim.AdamW`).
    #[serde(rename = "adamw")]
    AdamW(AdamW),
}

impl Default for Optimizer {
    fn default() -> Self {
        Self::Adam(Adam::default())
    }
}

impl From<Sgd> for Optimizer {
    fn from(optimizer: Sgd) -> Self {
        Self::Sgd(optimizer)
    }
}

impl From<Adam> for Optimizer {
    fn from(optimizer: Adam) -> Self {
        Self::Adam(optimizer)
    }
}

impl From<AdamW> for Optimizer {
    fn from(optimizer: AdamW) -> Self {
        Self::AdamW(optimizer)
    }
}

impl Optimizer {
    /// Returns the learning rate, before the schedule.
    pub fn lr(&self) -> f64 {
        match self {
            Self::Sgd(sgd) => sgd.lr,
            Self::Adam(adam) => adam.lr,
            Self::AdamW(adam) => adam.lr,
        }
    }

    /// Returns the names of the state tensors that the optimizer keeps for each learned tensor. Checkpoints
    /// use them as prefixes.
    pub(crate) fn moments(&self) -> &'static [&'static str] {
        match self {
            Self::Sgd(sgd) if sgd.momentum == 0.0 => &[],
            Self::Sgd(_) => &["momentum"],
            Self::Adam(_) | Self::AdamW(_) => &["first", "second"],
        }
    }

    /// Returns the options with their permitted ranges.
    pub(crate) fn ranges(&self) -> Vec<OptionRange> {
        let mut ranges = vec![OptionRange::positive("optimizer.lr", self.lr())];
        match self {
            Self::Sgd(sgd) => ranges.extend(sgd.ranges()),
            Self::Adam(adam) => ranges.extend(adam::ranges(adam.betas, adam.eps, adam.weight_decay)),
            Self::AdamW(adam) => ranges.extend(adam::ranges(adam.betas, adam.eps, adam.weight_decay)),
        }
        ranges
    }
}
