//! Options of the generator.

use std::collections::BTreeMap;

use synnet_step::{Detector, Numbers};

/// Options for generating C.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct COptions {
    /// Prefix of all names. `None`, the default, uses the name of the network in snake case.
    pub name: Option<String>,
    /// Arithmetic. f32 by default.
    pub numbers: Numbers,
    /// Measured mean number of events per channel or neuron per step, by the name of the input or layer. It decides how
    /// connections in f32 are evaluated, never their result. Empty by default.
    pub rates: BTreeMap<String, f64>,
    /// Decision of a keyword spotter, generated beside the network. None by default.
    pub detector: Option<Detector>,
}

impl COptions {
    /// Returns the defaults: names that start with the network's, arithmetic in f32, no known rates.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the prefix of all names.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the arithmetic.
    #[must_use]
    pub fn with_numbers(mut self, numbers: Numbers) -> Self {
        self.numbers = numbers;
        self
    }

    /// Sets the detector.
    #[must_use]
    pub fn with_detector(mut self, detector: Option<Detector>) -> Self {
        self.detector = detector;
        self
    }

    /// Sets the measured rates.
    #[must_use]
    pub fn with_rates(mut self, rates: BTreeMap<String, f64>) -> Self {
        self.rates = rates;
        self
    }
}
