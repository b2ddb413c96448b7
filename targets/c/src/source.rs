//! The source file: tables, weights and functions.

use std::fmt::Write as _;

use synnet_step::{Constant, Detector, Operation, Program};

use crate::detector;
use crate::header::types;
use crate::kernels::kernels;
use crate::layer;
use crate::names::Names;
use crate::step;
use crate::text::{array, float_literal, scalar, values, zero};

/// Returns the text of the source file. `include` brings in the header.
pub(crate) fn source(program: &Program, names: &Names, include: &str, detector: Option<&Detector>) -> String {
    let (prefix, macros) = (&names.prefix, names.macros());
    let mut text = String::new();
    // A single file has the comment of its header.
    if include.starts_with("#include") {
        text += &program.header;
        text.push('\n');
    }
    text += include;
    let _ = write!(
        text,
        "
#ifndef {macros}_RESTRICT
#if defined(__STDC_VERSION__) && (__STDC_VERSION__ >= 199901L)
#define {macros}_RESTRICT restrict
#else
#define {macros}_RESTRICT
#endif
#endif

/* Alignment of the weights, where the compiler has it. Some read arrays in vectors of 16 bytes. */
#ifndef {macros}_ALIGNED
#if defined(__GNUC__)
#define {macros}_ALIGNED __attribute__((aligned(16)))
#else
#define {macros}_ALIGNED
#endif
#endif

"
    );
    text += &weights(program, names);
    if !program.output_scale.is_empty() {
        let scales: Vec<String> = program.output_scale.iter().map(|&scale| float_literal(scale)).collect();
        let _ = write!(
            text,
            "const float {prefix}_output_scale[{macros}_OUTPUTS] = {{\n{}}};\n\n",
            array(&scales)
        );
    }
    for (layer, name) in program.layers.iter().zip(&names.layers) {
        text.extend(
            layer.constants.iter().filter(|c| c.is_table()).map(|constant| table(constant, name, prefix)),
        );
    }
    text += &kernels(program, names);
    text.extend((0..program.layers.len()).map(|i| layer::update(program, names, i)));
    text += &init(program, names);
    text += &reset(program, names);
    text += &step::step(program, names);
    text += &run(program, names);
    if let Some(detector) = detector {
        text.push('\n');
        text += &detector::definitions(detector, names);
    }
    text
}

/// Returns the packed weights as an array of bytes.
fn weights(program: &Program, names: &Names) -> String {
    let (prefix, macros) = (&names.prefix, names.macros());
    let Some(bytes) = &program.packed else { return String::new() };
    let elements: Vec<String> = bytes.iter().map(|byte| format!("{byte}U")).collect();
    format!(
        "#ifndef {macros}_EXTERNAL_WEIGHTS
const uint8_t {prefix}_weights[{macros}_WEIGHTS_SIZE] {macros}_ALIGNED = {{
{}}};
#endif

",
        array(&elements)
    )
}

/// Returns the table of a constant that differs between elements.
fn table(constant: &Constant, layer: &str, prefix: &str) -> String {
    let (kind, name) = (scalar(constant.scalar()), constant.name.name().to_ascii_lowercase());
    format!(
        "static const {kind} {prefix}_{layer}_{name}[{}] = {{\n{}}};\n\n",
        constant.count(),
        array(&values(constant))
    )
}

fn init(program: &Program, names: &Names) -> String {
    let (prefix, macros) = (&names.prefix, names.macros());
    let head = format!(
        "{prefix}_status {prefix}_init({prefix}_network *net, const uint8_t *weights, size_t size)\n{{\n"
    );
    if program.tables.is_empty() {
        return format!(
            "{head}    {prefix}_status status = {macros}_OK;
    if ((net == NULL) || (size != {macros}_WEIGHTS_SIZE)) {{
        status = {macros}_WRONG_SIZE;
    }} else {{
        net->weights = weights;
        {prefix}_reset(net);
    }}
    return status;
}}

"
        );
    }
    let fingerprint: Vec<String> =
        program.fingerprint.to_le_bytes().iter().map(|byte| format!("{byte}U")).collect();
    format!(
        "{head}    static const uint8_t fingerprint[8] = {{ {} }};
    {prefix}_status status = {macros}_OK;
    if ((net == NULL) || (weights == NULL) || (size != {macros}_WEIGHTS_SIZE)) {{
        status = {macros}_WRONG_SIZE;
    }} else {{
        const uint64_t sum = {prefix}_checksum(&weights[16], size - 16U);
        for (size_t i = 0U; i < 8U; i++) {{
            if (weights[i + 8U] != (uint8_t)((sum >> (8U * i)) & 0xFFU)) {{
                status = {macros}_DAMAGED;
            }}
        }}
        for (size_t i = 0U; i < 8U; i++) {{
            if (weights[i] != fingerprint[i]) {{
                status = {macros}_OTHER_NETWORK;
            }}
        }}
        if (status == {macros}_OK) {{
            net->weights = weights;
            {prefix}_reset(net);
        }}
    }}
    return status;
}}

",
        fingerprint.join(", ")
    )
}

fn reset(program: &Program, names: &Names) -> String {
    let prefix = &names.prefix;
    let mut body = String::new();
    for (layer, name) in program.layers.iter().zip(&names.layers) {
        let _ = writeln!(body, "    for (size_t i = 0U; i < {}U; i++) {{", layer.size);
        for state in &layer.states {
            let (field, zero) = (state.name.name(), zero(state.scalar));
            if state.per_neuron == 1 {
                let _ = writeln!(body, "        net->{name}.{field}[i] = {zero};");
            } else {
                for synapse in 0..state.per_neuron {
                    let _ = writeln!(body, "        net->{name}.{field}[i][{synapse}] = {zero};");
                }
            }
        }
        body += "    }\n";
    }
    for (connection, name) in program.connections.iter().zip(&names.connections).filter(|(c, _)| c.delay > 0)
    {
        let _ = write!(
            body,
            "    for (size_t t = 0U; t < {}U; t++) {{
        for (size_t i = 0U; i < {}U; i++) {{
            net->{name}.counts[t][i] = 0.0f;
        }}
    }}
    net->{name}.oldest = 0U;
",
            connection.delay, connection.width
        );
    }
    format!("void {prefix}_reset({prefix}_network *net)\n{{\n{body}}}\n\n")
}

fn run(program: &Program, names: &Names) -> String {
    let (prefix, macros) = (&names.prefix, names.macros());
    let (count, output) = types(program);
    format!(
        "void {prefix}_run({prefix}_network *net, const {count} *inputs, {output} *outputs, size_t steps)
{{
    for (size_t t = 0U; t < steps; t++) {{
        {prefix}_step(net, &inputs[t * {macros}_INPUTS], &outputs[t * {macros}_OUTPUTS]);
    }}
}}
"
    )
}

/// Returns whether one of the operations of a step has this property.
pub(crate) fn any_operation(program: &Program, has: impl Fn(&Operation) -> bool) -> bool {
    program.step.iter().any(has)
}
