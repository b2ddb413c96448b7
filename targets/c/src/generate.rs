//! Entry points: from a network to its C files, in either arithmetic.

use synnet_ir::{Diagnostics, Graph, Network};
use synnet_step::integer::{IntegerError, IntegerNetwork};
use synnet_step::{Detector, Footprint, Machine, Numbers, Program, float, integer, quantized};
use synnet_xylo::quantize::QuantizeReport;

use crate::header;
use crate::names::Names;
use crate::options::COptions;
use crate::source;

/// Name of the target in messages.
pub(crate) const TARGET: &str = "generated C code";

/// Generated C.
#[derive(Clone, Debug)]
pub struct Files {
    /// Prefix of all names.
    pub prefix: String,
    /// Names of the layers' fields, in the order of the layers.
    pub layers: Vec<String>,
    /// Memory estimate.
    pub memory: Footprint,
    /// The packed weights, which the source file also contains; `None` if it contains none.
    pub weights: Option<Vec<u8>>,
    /// Scales, shifts and errors of the quantization; `None` for f32, and for a network that was already quantized.
    pub quantization: Option<QuantizeReport>,
    /// Warnings about everything that behaves differently from the network's definition.
    pub warnings: Diagnostics,
    program: Program,
    names: Names,
    detector: Option<Detector>,
}

impl Files {
    /// Returns the text of the header.
    pub fn header(&self) -> String {
        header::header(&self.program, &self.names, self.memory, self.detector.as_ref())
    }

    /// Returns the text of the source file, which includes the header of this file name.
    pub fn source(&self, header: &str) -> String {
        let include = format!("#include \"{header}\"\n");
        source::source(&self.program, &self.names, &include, self.detector.as_ref())
    }

    /// Returns the text of a source file that contains the header.
    pub fn single_file(&self) -> String {
        source::source(&self.program, &self.names, &self.header(), self.detector.as_ref())
    }
}

/// Returns an error for everything in a graph that C in f32 cannot express, whatever its weights: membrane noise. For
/// integers, see [`quantized::check`].
pub fn check(graph: &Graph) -> Diagnostics {
    float::check(graph, TARGET)
}

/// Generates the files of a network with its weights.
///
/// # Errors
/// Returns a diagnostic for each place of the graph that generated code cannot express: membrane noise in f32; in
/// integers, everything that [`quantized::check`] reports. Another one, without a place, is for a detector of another
/// network or of other numbers.
pub fn generate(network: &Network, options: &COptions) -> Result<Files, Diagnostics> {
    check_detector(&network.graph, options)?;
    match &options.numbers {
        Numbers::Float => {
            let refused = check(&network.graph);
            if !refused.is_empty() {
                return Err(refused);
            }
            Ok(files(float::lower(&network.graph, Some(network), &options.rates), options))
        }
        Numbers::Integer(quantize) => {
            let quantized = quantized::quantize(network, quantize)?;
            let program = integer::lower(&quantized.network, Machine::Scalar);
            let program = program.expect("quantization gives a consistent description");
            let mut files = files(program, options);
            files.quantization = Some(quantized.report);
            files.warnings = quantized.warnings;
            Ok(files)
        }
    }
}

/// Generates the files of a network that is already quantized. [`COptions::numbers`] and [`COptions::rates`] have no
/// effect.
///
/// # Errors
/// Returns an error if the description is inconsistent.
pub fn generate_integer(network: &IntegerNetwork, options: &COptions) -> Result<Files, IntegerError> {
    // C is for microcontrollers, most of which have no vectors, and the compilers of others make some of these loops.
    let program = integer::lower(network, Machine::Scalar)?;
    match options.detector.as_ref().and_then(|detector| detector.mismatch(&program)) {
        Some(mismatch) => {
            Err(IntegerError { errors: vec![format!("the detector does not fit: {mismatch}")] })
        }
        None => Ok(files(program, options)),
    }
}

/// Generates the files of a network in f32 whose weights come at run time only.
///
/// # Errors
/// Returns a diagnostic for each place of the graph that does not allow this: membrane noise, and layers with learned
/// parameters. Integer code never allows it, because all its numbers depend on the weights.
pub fn generate_without_weights(graph: &Graph, options: &COptions) -> Result<Files, Diagnostics> {
    let refused = options.numbers.check_without_weights(graph, TARGET);
    if !refused.is_empty() {
        return Err(refused);
    }
    check_detector(graph, options)?;
    Ok(files(float::lower(graph, None, &options.rates), options))
}

/// Checks that the detector of the options, if there is one, takes the outputs of code for a graph.
fn check_detector(graph: &Graph, options: &COptions) -> Result<(), Diagnostics> {
    let found = options.detector.as_ref().map(|detector| detector.check(graph, &options.numbers));
    found.filter(Diagnostics::has_errors).map_or(Ok(()), Err)
}

fn files(program: Program, options: &COptions) -> Files {
    let names = Names::new(options.name.as_deref().unwrap_or(&program.name), &program);
    Files {
        prefix: names.prefix.clone(),
        layers: names.layers.clone(),
        memory: memory(&program),
        weights: program.packed.clone(),
        quantization: None,
        warnings: Diagnostics::new(),
        program,
        names,
        detector: options.detector.clone(),
    }
}

/// Estimates RAM and flash. Weights are one array of bytes, without padding.
fn memory(program: &Program) -> Footprint {
    program.footprint(None)
}
