//! The header: sizes, states by name, and the functions of a network.

use std::fmt::Write as _;

use synnet_step::{Arithmetic, Detector, Footprint, Layer, Program, Scalar, State};

use crate::detector;
use crate::names::Names;
use crate::text::{comment, float_literal, scalar};

/// Returns the text of the header.
pub(crate) fn header(
    program: &Program,
    names: &Names,
    memory: Footprint,
    detector: Option<&Detector>,
) -> String {
    let (prefix, macros) = (&names.prefix, names.macros());
    let guard = format!("{macros}_H");
    let mut text = program.header.clone();
    let _ = write!(
        text,
        "\n#ifndef {guard}\n#define {guard}\n\n#include <stddef.h>\n#include <stdint.h>\n\n\
         #ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n"
    );
    text += &constants(program, names);
    let layers = program.layers.iter().zip(&names.layers);
    text.extend(layers.map(|(layer, name)| layer_type(layer, name, prefix)));
    text.extend(program.connections.iter().zip(&names.connections).filter(|(c, _)| c.delay > 0).map(
        |(connection, name)| {
            let (width, steps) = (connection.width, connection.delay);
            let docs = [format!(" Ring buffer for the events of `{}`, delayed by {steps} steps.", connection.name)];
            format!(
                "{}typedef struct {{\n    float counts[{steps}][{width}];\n    /** Index of the oldest counts. */\n    \
                 uint32_t oldest;\n}} {prefix}_{name};\n\n",
                comment(&docs, "")
            )
        },
    ));
    text += &network_type(program, names, memory);
    text += &functions(program, names);
    text.extend(detector.map(|detector| detector::declarations(detector, names)));
    text += "#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
    text
}

/// Returns the types of an event count and of an output value.
pub(crate) fn types(program: &Program) -> (&'static str, &'static str) {
    let count = match program.arithmetic {
        Arithmetic::Float => Scalar::F32,
        Arithmetic::Integer => Scalar::U8,
    };
    (scalar(count), scalar(program.output_state().map_or(count, |state| state.scalar)))
}

fn constants(program: &Program, names: &Names) -> String {
    let macros = names.macros();
    let mut text = String::new();
    let mut define = |name: &str, docs: &str, value: String| {
        let _ = write!(text, "/** {docs} */\n#define {macros}_{name} {value}\n\n");
    };
    define("INPUTS", "Number of input channels.", format!("{}U", program.inputs));
    define("OUTPUTS", "Number of outputs.", format!("{}U", program.outputs()));
    define("DT", "Duration of a time step, in seconds.", float_literal(program.dt));
    define("WEIGHTS_SIZE", "Length of the weights in bytes.", format!("{}U", program.packed_len()));
    if let Some(latency) = program.latency {
        let docs = "Number of steps by which the output lags behind the output of the f32 network.";
        define("LATENCY", docs, format!("{latency}U"));
    }
    text
}

fn layer_type(layer: &Layer, name: &str, prefix: &str) -> String {
    let states: String = layer.states.iter().map(|state| field(layer, state)).collect();
    format!("{}typedef struct {{\n{states}}} {prefix}_{name};\n\n", comment(&layer.docs, ""))
}

fn field(layer: &Layer, state: &State) -> String {
    let inner = if state.per_neuron == 1 { String::new() } else { format!("[{}]", state.per_neuron) };
    let (docs, kind, name) = (state.docs, scalar(state.scalar), state.name.name());
    format!("    /** {docs} */\n    {kind} {name}[{}]{inner};\n", layer.size)
}

fn network_type(program: &Program, names: &Names, memory: Footprint) -> String {
    let prefix = &names.prefix;
    let mut docs = program.docs.clone();
    docs.push(String::new());
    docs.push(format!(
        " RAM: {} bytes and one pointer. Flash: {} bytes of weights and tables, and the code.",
        memory.ram, memory.flash
    ));
    let mut fields = String::from(
        "    /** The weights that the network was initialized with. */\n    const uint8_t *weights;\n",
    );
    for (layer, name) in program.layers.iter().zip(&names.layers) {
        let _ = writeln!(fields, "    /** Layer `{}`. */\n    {prefix}_{name} {name};", layer.name);
    }
    for (_, name) in program.connections.iter().zip(&names.connections).filter(|(c, _)| c.delay > 0) {
        let _ = writeln!(fields, "    {prefix}_{name} {name};");
    }
    format!("{}typedef struct {{\n{fields}}} {prefix}_network;\n\n", comment(&docs, ""))
}

fn functions(program: &Program, names: &Names) -> String {
    let (prefix, macros) = (&names.prefix, names.macros());
    let (count, output) = types(program);
    let mut text = format!(
        "/** Result of {prefix}_init. */
typedef enum {{
    /** The network is ready. */
    {macros}_OK = 0,
    /** There is no network, or the weights have another length. */
    {macros}_WRONG_SIZE = 1,
    /** The weights belong to another network. */
    {macros}_OTHER_NETWORK = 2,
    /** The weights are damaged: they do not match their checksum. */
    {macros}_DAMAGED = 3
}} {prefix}_status;

"
    );
    if program.packed.is_some() {
        let _ = write!(
            text,
            "#ifndef {macros}_EXTERNAL_WEIGHTS
/** The weights. With {macros}_EXTERNAL_WEIGHTS defined, they are left out and come from elsewhere. */
extern const uint8_t {prefix}_weights[{macros}_WEIGHTS_SIZE];
#endif

"
        );
    }
    if !program.output_scale.is_empty() {
        let _ = write!(
            text,
            "/** Scale of each output. An output divided by its scale is in the units of the f32 network. */
extern const float {prefix}_output_scale[{macros}_OUTPUTS];

"
        );
    }
    let _ = write!(
        text,
        "/**
 * Initializes a network: all states are zero. The weights stay in use, at any address.
 *
 * Returns {macros}_OK, or why these are not the weights of this network. Then it must not be used.
 */
{prefix}_status {prefix}_init({prefix}_network *net, const uint8_t *weights, size_t size);

/** Sets all states to zero. */
void {prefix}_reset({prefix}_network *net);

/** Advances by one time step. Takes event counts and writes the outputs. The arrays must not overlap. */
void {prefix}_step({prefix}_network *net, const {count} input[{macros}_INPUTS], {output} output[{macros}_OUTPUTS]);

/**
 * Advances by several time steps. `inputs` holds {macros}_INPUTS counts for each step, `outputs` has room for
 * {macros}_OUTPUTS values for each.
 */
void {prefix}_run({prefix}_network *net, const {count} *inputs, {output} *outputs, size_t steps);

"
    );
    text
}
