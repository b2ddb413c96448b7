//! Options of the generator.

use std::collections::BTreeMap;

use synnet_step::{Detector, Machine, Numbers};

/// Options for generating a module.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct RustOptions {
    /// Name of the generated type. `None`, the default, uses the name of the network in camel case.
    pub name: Option<String>,
    /// Form in which the weights are embedded, if the module is generated with weights. A literal by default.
    pub embedding: Embedding,
    /// Arithmetic of the module. f32 by default.
    pub numbers: Numbers,
    /// Measured mean number of events per channel or neuron per step, by the name of the input or layer. It decides how
    /// connections in f32 are evaluated, never their result. Empty by default.
    pub rates: BTreeMap<String, f64>,
    /// Kind of machine that integer code is for. It decides how a step is computed, never its result. `None`, the
    /// default, generates both forms, of which the compiler takes the one for the processor that it compiles for.
    pub machine: Option<Machine>,
    /// Decision of a keyword spotter, generated as a type beside the network's. None by default.
    pub detector: Option<Detector>,
}

impl RustOptions {
    /// Returns the defaults: a type named after the network, weights in the source, arithmetic in f32, no known rates,
    /// integer code for every machine.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name of the generated type.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the form in which the weights are embedded.
    #[must_use]
    pub fn with_embedding(mut self, embedding: Embedding) -> Self {
        self.embedding = embedding;
        self
    }

    /// Sets the arithmetic of the module.
    #[must_use]
    pub fn with_numbers(mut self, numbers: Numbers) -> Self {
        self.numbers = numbers;
        self
    }

    /// Sets the kind of machine that integer code is for.
    #[must_use]
    pub fn with_machine(mut self, machine: Option<Machine>) -> Self {
        self.machine = machine;
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

/// Form in which a generated module contains its weights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Embedding {
    /// A byte string in the source.
    #[default]
    Literal,
    /// `include_bytes!` of this path, relative to the file that contains the module.
    Include(String),
}
