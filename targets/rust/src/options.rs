//! How a module is generated.

use std::collections::BTreeMap;

use synnet_xylo::QuantizeOptions;

/// How a module is generated.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct RustOptions {
    /// Name of the generated type; the name of the network in camel case where it is `None`.
    pub name: Option<String>,
    /// How the module gets at its weights, where it is generated with them.
    pub embedding: Embedding,
    /// In which numbers the module computes.
    pub numbers: Numbers,
    /// Mean number of events per channel or neuron and step, by the name of the input or of a layer, where
    /// it was measured. It decides how connections in f32 are evaluated, never what they give.
    pub rates: BTreeMap<String, f64>,
}

impl RustOptions {
    /// A type named after the network, weights in the source, numbers in f32, no known rates.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the generated type.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Chooses how the module gets at its weights.
    #[must_use]
    pub fn with_embedding(mut self, embedding: Embedding) -> Self {
        self.embedding = embedding;
        self
    }

    /// Chooses the numbers that the module computes in.
    #[must_use]
    pub fn with_numbers(mut self, numbers: Numbers) -> Self {
        self.numbers = numbers;
        self
    }

    /// Gives measured rates.
    #[must_use]
    pub fn with_rates(mut self, rates: BTreeMap<String, f64>) -> Self {
        self.rates = rates;
        self
    }
}

/// In which numbers a module computes.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Numbers {
    /// In f32, as training and the interpreter do.
    #[default]
    Float,
    /// In 8-bit weights and 16-bit states, as SynSense's chips do, quantized as these options say.
    Integer(QuantizeOptions),
}

impl Numbers {
    /// Returns integers, quantized with the default options.
    pub fn integer() -> Self {
        Self::Integer(QuantizeOptions::new())
    }
}

/// How a generated module holds its weights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Embedding {
    /// As a byte string in the source.
    #[default]
    Literal,
    /// By `include_bytes!` of this path, which is relative to the file that holds the module.
    Include(String),
}
