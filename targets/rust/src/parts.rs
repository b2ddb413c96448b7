//! From a program to the parts of its module.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use synnet_step::{Arithmetic, Footprint, Program, Scalar};

use crate::constant::scalar;
use crate::detector;
use crate::kernels::kernels;
use crate::layer;
use crate::literal::usize_literal;
use crate::module::{ModuleParts, Weights};
use crate::names::{NameSpans, Names};
use crate::options::RustOptions;
use crate::step::StepGenerator;
use crate::tables;
use crate::variants::Variants;

/// Alignment of rows of embedded weights, in bytes: that of vectors of baseline x86-64.
const ROW: u64 = 16;

/// Generates the parts of a module from its program. The weights are embedded, or `borrowed` from the program that uses it.
pub(crate) fn parts(
    variants: Variants<'_>,
    borrowed: bool,
    options: &RustOptions,
    spans: &NameSpans,
) -> ModuleParts {
    let program = variants.program;
    let names = Names::new(
        options.name.as_deref().unwrap_or(&program.name),
        program.layers.iter().map(|layer| layer.name.as_str()),
        program.connections.iter().map(|connection| connection.name.as_str()),
        spans,
    );
    let memory = program.footprint((!borrowed).then_some(ROW));
    let weighted = !program.tables.is_empty();
    let layer_items = (0..program.layers.len()).map(|i| layer::layer(&names, i, variants));
    let count = match program.arithmetic {
        Arithmetic::Float => Scalar::F32,
        Arithmetic::Integer => Scalar::U8,
    };
    ModuleParts {
        layers: program.layers.iter().map(|layer| layer.name.clone()).collect(),
        header: program.header.clone(),
        docs: docs(program, memory, borrowed && weighted),
        memory,
        inputs: program.inputs,
        outputs: program.outputs(),
        dt: program.dt,
        latency: program.latency,
        output_scale: program.output_scale.clone(),
        count: scalar(count),
        output: scalar(program.output_state().map_or(count, |state| state.scalar)),
        uses_input: program.uses_input(),
        lines: delay_lines(program, &names),
        step: StepGenerator { variants, names: &names, borrowed }.body(),
        layer_items: layer_items.collect(),
        kernels: kernels(variants, borrowed),
        weights: match &program.packed {
            None if weighted => Weights::Borrowed(tables::views(program, &names)),
            None => Weights::None,
            Some(bytes) => Weights::Embedded {
                bytes: bytes.clone(),
                fingerprint: program.fingerprint,
                tables: tables::tables(program, &names),
            },
        },
        detector: options.detector.as_ref().map(|rules| detector::detector(&names.detector, rules, program)),
        warnings: synnet_ir::Diagnostics::new(),
        names,
    }
}

/// Returns the lines of the type's documentation comment.
fn docs(program: &Program, memory: Footprint, pointers: bool) -> Vec<String> {
    // `Weights` holds one reference per matrix and bias if the program brings them.
    let pointers = if pointers { " and one pointer per matrix and bias" } else { "" };
    let Footprint { ram, flash } = memory;
    let memory =
        format!(" RAM: {ram} bytes{pointers}. Flash: {flash} bytes of weights and tables, and the code.");
    program.docs.iter().cloned().chain([String::new(), memory]).collect()
}

/// Returns the names and types of the delay lines.
fn delay_lines(program: &Program, names: &Names) -> Vec<(Ident, TokenStream)> {
    let delayed = program.connections.iter().zip(&names.connections).filter(|(c, _)| c.delay > 0);
    let lines = delayed.map(|(connection, name)| {
        let (width, steps) = (usize_literal(connection.width), usize_literal(connection.delay));
        (name.clone(), quote!(DelayLine<#width, #steps>))
    });
    lines.collect()
}
