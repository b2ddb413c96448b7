//! Spiking networks to Rust: one module per network, for servers and microcontrollers alike.
//!
//! [`generate`] takes a network with its weights and gives a [`Module`]: Rust source that needs
//! nothing but `core`, allocates nothing, contains no `unsafe`, and computes what the graph means bit
//! for bit. [`generate_without_weights`] leaves the weights to the running program.
//!
//! The crate is the back half of three fronts: the `synnet!` macro, `synnet_build` for build scripts,
//! and `snnc build --target rust`. It reads and writes no files.
//!
//! # How it is laid out
//! * [`weights`]: the bytes that a generated module reads its weights from.
//! * `names`: names of the language to identifiers of Rust.
//! * `float`: the arithmetic in f32: layers and kernels.
//! * `module`: the network type around them.
//! * `docs`: what the generated documentation says.
//! * `format`: tokens to formatted source.

mod docs;
mod float;
mod format;
mod memory;
mod module;
mod names;
pub mod weights;

use proc_macro2::TokenStream;
use synnet_dsl::{Diagnostic, Feature, Graph, Network};

pub use memory::Memory;

/// How a module is generated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Name of the generated type; the name of the network in camel case where it is `None`.
    pub name: Option<String>,
    /// How the module gets at its weights, where it is generated with them.
    pub embedding: Embedding,
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
    /// What the type occupies.
    pub memory: Memory,
    /// The bytes behind [`Embedding::Include`]; `None` where the module needs no such file.
    pub weights: Option<Vec<u8>>,
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

/// Everything of a graph that generated code cannot express, whatever its weights: membrane noise.
pub fn check(graph: &Graph) -> Vec<Diagnostic> {
    unsupported(graph, &[Feature::LearnedParameter])
}

/// Generates the module of a network with its weights.
///
/// # Errors
/// One diagnostic for each place of the graph that generated code cannot express: membrane noise.
pub fn generate(network: &Network, options: &Options) -> Result<Module, Vec<Diagnostic>> {
    let refused = check(&network.graph);
    if refused.is_empty() {
        Ok(module::generate(&network.graph, Some(network), options))
    } else {
        Err(refused)
    }
}

/// Generates the module of a network whose weights come at run time, as the bytes that
/// [`weights::pack`] gives.
///
/// # Errors
/// One diagnostic for each place of the graph that needs more than weights at run time: membrane
/// noise, and layers with learnt parameters, from which constants are computed while generating.
pub fn generate_without_weights(graph: &Graph, options: &Options) -> Result<Module, Vec<Diagnostic>> {
    let never = check(graph);
    let without_weights =
        unsupported(graph, &[]).into_iter().filter(|diagnostic| !never.contains(diagnostic));
    let without_weights = without_weights.map(|d| d.with_help("give the weights when the code is generated"));
    let refused: Vec<Diagnostic> = never.iter().cloned().chain(without_weights).collect();
    if refused.is_empty() { Ok(module::generate(graph, None, options)) } else { Err(refused) }
}

/// What the graph asks for beyond [`SUPPORTED`] and `more`.
fn unsupported(graph: &Graph, more: &[Feature]) -> Vec<Diagnostic> {
    let supported: Vec<Feature> = SUPPORTED.iter().chain(more).copied().collect();
    graph.unsupported("generated Rust code", &supported)
}
