//! Spiking networks to Rust: one module per network, for servers and microcontrollers alike.
//!
//! [`generate`] takes a network with its weights and gives a [`Module`]: Rust source that needs
//! nothing but `core`, allocates nothing and contains no `unsafe`. [`Options::numbers`] says in which
//! numbers it computes:
//!
//! * [`Numbers::Float`]: in f32, what the graph means, bit for bit. [`generate_without_weights`] leaves the
//!   weights of this form to the running program.
//! * [`Numbers::Integer`]: in 8-bit weights and 16-bit states, what SynSense's chips do, bit for bit. The
//!   weights are quantised on the way; a network with its integers can also be given
//!   ([`generate_integer`]).
//!
//! The crate is the back half of three fronts: the `synnet!` macro, `synnet_build` for build scripts,
//! and `snnc build`. It reads and writes no files.
//!
//! # How it is laid out
//! * [`weights`]: the bytes that a generated module in f32 reads its weights from.
//! * [`integer`]: the arithmetic in integers: description, layers and kernels. It knows no chip.
//! * [`quantized`]: that description from a float network or a chip's specification; the one place that
//!   depends on `synnet-xylo`.
//! * `float`: the arithmetic in f32: layers, connections and kernels.
//! * `module`: the network type around either.
//! * `names`: names of the language to identifiers of Rust.
//! * `memory`: what a network occupies.
//! * `docs`: what the generated documentation says.
//! * `format`: tokens to formatted source.

mod docs;
mod float;
mod format;
pub mod integer;
mod memory;
mod module;
mod names;
pub mod quantized;
pub mod weights;

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use synnet_ir::{Diagnostic, Diagnostics, Feature, Graph, Network, Params, codes};

use integer::{IntegerError, IntegerNetwork};
pub use memory::Memory;
pub use synnet_xylo::QuantizeOptions;

/// How a module is generated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
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

/// In which numbers a module computes.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Numbers {
    /// In f32, as training and the interpreter do.
    #[default]
    Float,
    /// In 8-bit weights and 16-bit states, as SynSense's chips do, quantised as these options say.
    Integer(QuantizeOptions),
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

/// A generated module.
#[derive(Clone, Debug)]
pub struct Module {
    /// Name of the type, in camel case.
    pub type_name: String,
    /// Name of the module that holds the type, in snake case; a good name for its file.
    pub module_name: String,
    /// Whether the type has a lifetime: that of the weights that the program brings.
    pub borrows_weights: bool,
    /// What the type occupies.
    pub memory: Memory,
    /// The bytes behind [`Embedding::Include`]; `None` where the module needs no such file.
    pub weights: Option<Vec<u8>>,
    /// What can be expressed but will behave differently.
    pub warnings: Diagnostics,
    /// The items: a module and a re-export of the network's type.
    pub tokens: TokenStream,
    header: String,
}

impl Module {
    /// The items as formatted source text, with a header that tells where it comes from. It can be
    /// a module's file or be included in another one by `include!`.
    pub fn source(&self) -> String {
        format::source(&self.header, &self.tokens)
    }
}

/// What generated code can do: everything that a graph can hold but noise, for which deterministic
/// code has no source, and learnt parameters, whose values are known only with the weights.
const SUPPORTED: [Feature; 12] = [
    Feature::SeveralSynapses,
    Feature::NeuronBias,
    Feature::Adaptation,
    Feature::ExpSyn,
    Feature::Recurrence,
    Feature::Delay,
    Feature::SummedSources,
    Feature::Identity,
    Feature::LinearBias,
    Feature::VmemOutput,
    Feature::IsynOutput,
    Feature::LeakUnits,
];

/// Everything of a graph that code in f32 cannot express, whatever its weights: membrane noise. For integers
/// see [`quantized::check`].
pub fn check(graph: &Graph) -> Diagnostics {
    unsupported(graph, &[Feature::LearnedParameter])
}

/// Generates the module of a network with its weights.
///
/// # Errors
/// One diagnostic for each place of the graph that generated code cannot express: membrane noise; in
/// integers, everything that the arithmetic does not know.
pub fn generate(network: &Network, options: &Options) -> Result<Module, Diagnostics> {
    match &options.numbers {
        Numbers::Float => {
            let refused = check(&network.graph);
            if !refused.is_empty() {
                return Err(refused);
            }
            Ok(float::parts(&network.graph, Some(network), options).assemble(&options.embedding))
        }
        Numbers::Integer(quantize) => {
            let quantized = quantized::quantize(network, quantize)?;
            let mut parts = integer::parts(&quantized.network, options);
            parts.warnings = quantized.warnings;
            Ok(parts.assemble(&options.embedding))
        }
    }
}

/// Generates the module of a network that has its integers already. [`Options::numbers`] and
/// [`Options::rates`] do not matter.
///
/// # Errors
/// Where the description does not hold together.
pub fn generate_integer(network: &IntegerNetwork, options: &Options) -> Result<Module, IntegerError> {
    network.check()?;
    Ok(integer::parts(network, options).assemble(&options.embedding))
}

/// Generates the module of a graph with the weights of a file, or without any.
///
/// # Errors
/// Weights that do not fit the graph; else those of [`generate`] or [`generate_without_weights`].
pub fn generate_with(
    graph: &Graph,
    params: Option<&Params>,
    options: &Options,
) -> Result<Module, Diagnostics> {
    match params {
        Some(params) => generate(&Network::bind(graph, params)?, options),
        None => generate_without_weights(graph, options),
    }
}

/// Generates the module of a network in f32 whose weights come at run time, as the bytes that
/// [`weights::pack`] gives.
///
/// # Errors
/// One diagnostic for each place of the graph that needs more than weights at run time: membrane
/// noise, and layers with learnt parameters, from which constants are computed while generating. In
/// integers everything comes from the weights.
pub fn generate_without_weights(graph: &Graph, options: &Options) -> Result<Module, Diagnostics> {
    const HELP: &str = "give the weights when the code is generated";
    if let Numbers::Integer(_) = options.numbers {
        let message =
            "integer code cannot take its weights at run time: thresholds and shifts come from them";
        let diagnostic = Diagnostic::error(&codes::UNSUPPORTED_FEATURE, graph.span, message);
        return Err(diagnostic.with_help(HELP).into());
    }
    let never = check(graph);
    let without_weights =
        unsupported(graph, &[]).into_iter().filter(|diagnostic| !never.contains(diagnostic));
    let refused: Diagnostics =
        never.iter().cloned().chain(without_weights.map(|diagnostic| diagnostic.with_help(HELP))).collect();
    if !refused.is_empty() {
        return Err(refused);
    }
    Ok(float::parts(graph, None, options).assemble(&options.embedding))
}

/// What the graph asks for beyond [`SUPPORTED`] and `more`.
fn unsupported(graph: &Graph, more: &[Feature]) -> Diagnostics {
    let supported: Vec<Feature> = SUPPORTED.iter().chain(more).copied().collect();
    graph.unsupported("generated Rust code", &supported)
}
