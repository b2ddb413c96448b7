//! Operators of chains, and their options.

use crate::names::names;

names! {
    /// An operator between two layers of a chain.
    ChainOperator {
        /// Multiplies by a weight matrix: `linear { bias: true }`.
        Linear = "linear",
        /// Sets each spike count to zero with a probability, in training only: `dropout(0.1)`.
        Dropout = "dropout",
        /// Delays by a number of time steps: `delay(3)`.
        Delay = "delay",
    }
}

names! {
    /// An option of `linear { ... }`.
    LinearOption {
        /// Whether training changes the weights; `true` by default.
        Learn = "learn",
        /// `true` or a distribution for a bias per column; `false` by default.
        Bias = "bias",
        /// The distribution of initial weights; `uniform(-b, b)` with `b = sqrt(6 / sources)` by default.
        Init = "init",
        /// A factor of initial weights, or one per column; `dt / tau_syn` by default.
        Scale = "scale",
    }
}
