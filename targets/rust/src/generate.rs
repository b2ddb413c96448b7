//! From a network to its module.

use synnet_ir::{Diagnostic, Diagnostics, Feature, Graph, Network, Params, codes};

use crate::integer::{IntegerError, IntegerNetwork};
use crate::module::Module;
use crate::options::{Numbers, RustOptions};
use crate::{float, integer, quantized};

/// What generated code can do: everything that a graph can hold but noise, for which deterministic
/// code has no source, and learned parameters, whose values are known only with the weights.
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
pub fn generate(network: &Network, options: &RustOptions) -> Result<Module, Diagnostics> {
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

/// Generates the module of a network that has its integers already. [`RustOptions::numbers`] and
/// [`RustOptions::rates`] do not matter.
///
/// # Errors
/// Where the description does not hold together.
pub fn generate_integer(network: &IntegerNetwork, options: &RustOptions) -> Result<Module, IntegerError> {
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
    options: &RustOptions,
) -> Result<Module, Diagnostics> {
    match params {
        Some(params) => generate(&Network::bind(graph, params)?, options),
        None => generate_without_weights(graph, options),
    }
}

/// Generates the module of a network in f32 whose weights come at run time, as the bytes that
/// [`weights::pack`](crate::weights::pack) gives.
///
/// # Errors
/// One diagnostic for each place of the graph that needs more than weights at run time: membrane
/// noise, and layers with learned parameters, from which constants are computed while generating. In
/// integers everything comes from the weights.
pub fn generate_without_weights(graph: &Graph, options: &RustOptions) -> Result<Module, Diagnostics> {
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
