//! Entry points: from a network to its module, in either arithmetic.

use synnet_ir::{Diagnostics, Graph, Network, Params};
use synnet_step::{self as step, Machine, Numbers, quantized};

use crate::integer::{IntegerError, IntegerNetwork};
use crate::module::{Module, ModuleParts};
use crate::names::NameSpans;
use crate::options::RustOptions;
use crate::parts::parts;
use crate::variants::Variants;

/// Name of the target in messages.
pub(crate) const TARGET: &str = "generated Rust code";

/// Returns an error for everything in a graph that code in f32 cannot express, whatever its weights: membrane noise.
/// For integers, see [`quantized::check`].
pub fn check(graph: &Graph) -> Diagnostics {
    step::float::check(graph, TARGET)
}

/// Generates the module of a network with its weights.
///
/// # Errors
/// Returns a diagnostic for each place of the graph that generated code cannot express: membrane noise in f32; in
/// integers, everything that [`quantized::check`] reports. Another one, without a place, is for a detector of another
/// network or of other numbers.
pub fn generate(network: &Network, options: &RustOptions) -> Result<Module, Diagnostics> {
    with_weights(network, options, &NameSpans::default())
}

fn with_weights(network: &Network, options: &RustOptions, spans: &NameSpans) -> Result<Module, Diagnostics> {
    check_detector(&network.graph, options)?;
    match &options.numbers {
        Numbers::Float => {
            let refused = check(&network.graph);
            if !refused.is_empty() {
                return Err(refused);
            }
            let program = step::float::lower(&network.graph, Some(network), &options.rates);
            Ok(parts(Variants::single(&program), false, options, spans).assemble(&options.embedding))
        }
        Numbers::Integer(quantize) => {
            let quantized = quantized::quantize(network, quantize)?;
            let parts = integer_parts(&quantized.network, options, spans);
            let mut parts = parts.expect("quantization gives a consistent description");
            parts.warnings = quantized.warnings;
            let mut module = parts.assemble(&options.embedding);
            module.quantization = Some(quantized.report);
            Ok(module)
        }
    }
}

/// Checks that the detector of the options, if there is one, takes the outputs of code for a graph.
fn check_detector(graph: &Graph, options: &RustOptions) -> Result<(), Diagnostics> {
    let found = options.detector.as_ref().map(|detector| detector.check(graph, &options.numbers));
    found.filter(Diagnostics::has_errors).map_or(Ok(()), Err)
}

/// Generates the module of a network that is already quantized. [`RustOptions::numbers`] and [`RustOptions::rates`]
/// have no effect.
///
/// # Errors
/// Returns an error if the description is inconsistent.
pub fn generate_integer(network: &IntegerNetwork, options: &RustOptions) -> Result<Module, IntegerError> {
    Ok(integer_parts(network, options, &NameSpans::default())?.assemble(&options.embedding))
}

/// Generates the parts of a network in integers, for the machine of the options or for both kinds.
fn integer_parts(
    network: &IntegerNetwork,
    options: &RustOptions,
    spans: &NameSpans,
) -> Result<ModuleParts, IntegerError> {
    let program = step::integer::lower(network, options.machine.unwrap_or(Machine::Vector))?;
    let scalar = match options.machine {
        None => Some(step::integer::lower(network, Machine::Scalar)?),
        Some(_) => None,
    };
    if let Some(mismatch) = options.detector.as_ref().and_then(|detector| detector.mismatch(&program)) {
        return Err(IntegerError { errors: vec![format!("the detector does not fit: {mismatch}")] });
    }
    let variants = Variants { program: &program, scalar: scalar.as_ref() };
    Ok(parts(variants, false, options, spans))
}

/// Generates the module of a graph with its weights, or without weights if there are none.
///
/// # Errors
/// Returns an error if the weights do not fit the graph; otherwise as [`generate`] or [`generate_without_weights`].
pub fn generate_with(
    graph: &Graph,
    params: Option<&Params>,
    options: &RustOptions,
) -> Result<Module, Diagnostics> {
    generate_with_spans(graph, params, options, &NameSpans::default())
}

/// Generates the module of a graph as [`generate_with`] does, for a macro: identifiers carry the spans of the names
/// that they come from. The spans have no influence on [`Module::source`].
///
/// # Errors
/// As [`generate_with`].
pub fn generate_with_spans(
    graph: &Graph,
    params: Option<&Params>,
    options: &RustOptions,
    spans: &NameSpans,
) -> Result<Module, Diagnostics> {
    match params {
        Some(params) => with_weights(&Network::bind(graph, params)?, options, spans),
        None => without_weights(graph, options, spans),
    }
}

/// Generates the module of a network in f32 whose weights come at run time, as the bytes that
/// [`weights::pack`](crate::weights::pack) returns.
///
/// # Errors
/// Returns a diagnostic for each place of the graph that does not allow this: membrane noise, and layers with learned
/// parameters, from which constants are computed during generation. Integer code never allows it, because all its
/// numbers depend on the weights.
pub fn generate_without_weights(graph: &Graph, options: &RustOptions) -> Result<Module, Diagnostics> {
    without_weights(graph, options, &NameSpans::default())
}

fn without_weights(graph: &Graph, options: &RustOptions, spans: &NameSpans) -> Result<Module, Diagnostics> {
    let refused = options.numbers.check_without_weights(graph, TARGET);
    if !refused.is_empty() {
        return Err(refused);
    }
    check_detector(graph, options)?;
    let program = step::float::lower(graph, None, &options.rates);
    Ok(parts(Variants::single(&program), true, options, spans).assemble(&options.embedding))
}
