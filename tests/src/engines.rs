//! One function per engine: the only place in these tests that knows the engines' interfaces.

use synnet_c::{COptions, Files};
use synnet_dsl::{CompileOptions, compile};
use synnet_ir::{Diagnostics, Graph, Network, Sources, render};
use synnet_runtime::tape::{Gradients, Pass, Recompute, SampleKey, Tape};
use synnet_runtime::{Interpreter, Run, Sequence, Tracing, initial_params};
use synnet_rust::quantized::{Quantized, quantize};
use synnet_rust::{Embedding, Machine, Module, RustOptions};
use synnet_xylo::{Build, chip::Chip, quantize::QuantizeOptions};

use crate::corpus::{Case, Imports};
use crate::reference::Inputs;

/// A compiled network of the corpus, with weights.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The network with its initial weights, scaled by the gain.
    pub network: Network,
    /// The source files, for diagnostics.
    pub sources: Sources,
    /// Warnings of the compiler.
    pub warnings: Diagnostics,
}

/// Compiles a network of the corpus and gives it its weights.
///
/// # Panics
/// If the source has errors.
pub fn compiled(case: &Case) -> Compiled {
    let (sources, graph, warnings) = compiled_text(case, &case.text);
    let network = network(&graph, case.settings.gain, case.settings.seed);
    Compiled { network, sources, warnings }
}

/// Compiles `text` as the network of a case.
///
/// # Panics
/// If the source has errors.
pub fn compiled_text(case: &Case, text: &str) -> (Sources, Graph, Diagnostics) {
    let mut sources = Sources::new();
    let root = sources.add(format!("{}.snn", case.name), text);
    let options = CompileOptions::new()
        .with_name(case.settings.network.clone())
        .with_params(case.settings.params.clone());
    let compilation = compile(&mut sources, root, &options, &mut Imports);
    let graph =
        compilation.graph.unwrap_or_else(|| panic!("{}", render(&compilation.diagnostics, &sources, false)));
    (sources, graph, compilation.diagnostics)
}

/// Gives a graph its initial weights, those of connections `gain` times as large.
///
/// # Panics
/// If the weights do not fit the graph, which would be a bug of the runtime.
pub fn network(graph: &Graph, gain: f32, seed: u64) -> Network {
    let mut params = initial_params(graph, seed);
    for (name, tensor) in &mut params.tensors {
        if name.ends_with(".weight") {
            tensor.data.iter_mut().for_each(|weight| *weight *= gain);
        }
    }
    Network::bind(graph, &params).expect("the weights were drawn for this graph")
}

/// Runs the float interpreter on one sequence `[steps, channels]`, with the traces of all layers.
///
/// # Panics
/// If the raster does not hold whole steps of the network's input.
pub fn interpret(network: &Network, raster: &[f32]) -> Run {
    let channels = network.graph.input.channels;
    let input = Sequence::new(1, raster.len() / channels, channels, raster.to_vec());
    let input = input.expect("the raster holds whole steps");
    Interpreter::new(network).run(&input, Tracing::On, 0).expect("the raster has the network's channels")
}

/// Result of a forward and backward pass of training.
#[derive(Clone, Debug)]
pub struct PassResult {
    /// Output, `[steps, outputs]`.
    pub output: Vec<f32>,
    /// Spikes of each layer, `[steps, neurons]`; values of leaky integrators have no meaning.
    pub spikes: Vec<Vec<f32>>,
    /// Gradients of the learned parameters, in the order of [`Tape::learned`].
    pub gradients: Gradients,
}

/// Runs training's forward and backward pass on one sample, without dropout and noise.
pub fn run_tape(tape: &Tape, network: &Network, inputs: &Inputs) -> PassResult {
    run_tape_as(tape, network, inputs, Pass::Evaluation, Recompute::None)
}

/// Returns the gradients with dropout and noise, first with stored states, then with recomputed ones.
pub fn gradients_kept_and_recomputed(tape: &Tape, network: &Network, inputs: &Inputs) -> [Gradients; 2] {
    let pass = Pass::Training(SampleKey::new(1, 0, 0));
    [Recompute::None, Recompute::Segments]
        .map(|recompute| run_tape_as(tape, network, inputs, pass, recompute).gradients)
}

fn run_tape_as(
    tape: &Tape,
    network: &Network,
    inputs: &Inputs,
    pass: Pass,
    recompute: Recompute,
) -> PassResult {
    let (weights, mut sums) = (tape.pack(network), tape.sums());
    let mut workspace = tape.workspace(inputs.steps, recompute);
    tape.forward(&weights, &inputs.input, pass, &mut workspace);
    let spikes = match recompute {
        Recompute::None => (0..network.graph.layers.len()).map(|l| workspace.spikes(tape, l)).collect(),
        Recompute::Segments => Vec::new(),
    };
    let (output, by_output) = workspace.output_and_gradient();
    let output = output.to_vec();
    by_output.copy_from_slice(&inputs.by_output);
    for (l, by) in inputs.by_totals.iter().enumerate() {
        workspace.totals_and_gradient(l).1.copy_from_slice(by);
    }
    tape.backward(&weights, &mut workspace, &mut sums);
    PassResult { output, spikes, gradients: tape.gradients(network, &sums) }
}

/// Generates the module in f32, which includes its weights from a file of this name.
///
/// # Errors
/// Returns everything that generated code cannot express.
pub fn float_module(network: &Network, weights_file: &str) -> Result<Module, Diagnostics> {
    synnet_rust::generate(network, &module_options(weights_file))
}

/// Quantizes the network and generates its module in integers, for a kind of machine or for both.
///
/// # Errors
/// Returns everything that integer code cannot express.
///
/// # Panics
/// If the description of the quantized network is inconsistent, which would be a bug of the target.
pub fn integer_module(
    network: &Network,
    weights_file: &str,
    machine: Option<Machine>,
) -> Result<(Module, Quantized), Diagnostics> {
    let quantized = quantize(network, &QuantizeOptions::default())?;
    let options = module_options(weights_file).with_machine(machine);
    let module = synnet_rust::generate_integer(&quantized.network, &options);
    Ok((module.expect("what quantization gives holds together"), quantized))
}

fn module_options(weights_file: &str) -> RustOptions {
    RustOptions::new().with_embedding(Embedding::Include(weights_file.to_owned()))
}

/// Generates C in f32, with names that start with `name`.
///
/// # Errors
/// Returns everything that generated code cannot express.
pub fn float_c(network: &Network, name: &str) -> Result<Files, Diagnostics> {
    synnet_c::generate(network, &COptions::new().with_name(name))
}

/// Quantizes the network and generates C in integers, with names that start with `name`.
///
/// # Errors
/// Returns everything that integer code cannot express.
///
/// # Panics
/// If the description of the quantized network is inconsistent, which would be a bug of the target.
pub fn integer_c(network: &Network, name: &str) -> Result<(Files, Quantized), Diagnostics> {
    let quantized = quantize(network, &QuantizeOptions::default())?;
    let files = synnet_c::generate_integer(&quantized.network, &COptions::new().with_name(name));
    Ok((files.expect("what quantization gives holds together"), quantized))
}

/// Builds the network for a chip.
///
/// # Errors
/// Returns everything that does not fit the chip.
pub fn on_chip(network: &Network, chip: &Chip) -> Result<Build, Diagnostics> {
    synnet_xylo::build(network, chip, &QuantizeOptions::default())
}
