//! Functions that the layers and connections of a generated module share. Each module contains those that it uses:
//! unused functions would be warnings in the user's crate.

mod float;
mod integer;

use proc_macro2::TokenStream;
use quote::quote;
use synnet_step::{Numbers, Operation, Part, Phase, Program, Rows, Statement};

/// Generates the functions that a program uses. `borrowed` states whether its weights come at run time.
pub(crate) fn kernels(program: &Program, borrowed: bool) -> TokenStream {
    match program.numbers {
        Numbers::Float => float_kernels(program, borrowed),
        Numbers::Integer => integer_kernels(program),
    }
}

fn float_kernels(program: &Program, borrowed: bool) -> TokenStream {
    let adds = |rows: Rows| {
        any_operation(program, |o| matches!(o, Operation::AddRows { rows: r, .. } if *r == rows))
    };
    let counts = any_operation(program, |operation| matches!(operation, Operation::AddEvents { .. }));
    let most = statements(program).filter_map(|statement| match statement {
        Statement::Divide { most } => Some(most),
        _ => None,
    });
    // Embedded rows are wrapped in a struct, which aligns them.
    let row = if borrowed { quote!(row) } else { quote!(&row.0) };
    let used = [
        adds(Rows::Spiking).then(|| float::add_rows(&row)),
        adds(Rows::All).then(|| float::add_all_rows(&row)),
        program.tables.iter().any(|table| table.part == Part::Bias).then(|| float::add_bias(borrowed)),
        counts.then(float::add_counts),
        program.connections.iter().any(|c| c.sources.len() > 1).then(float::add_sources),
        most.max().map(|most| float::spike_count(most > float::INTEGRAL_FROM)),
        program.connections.iter().any(|c| c.delay > 0).then(float::delay_line),
        (!program.tables.is_empty()).then(|| if borrowed { float::views() } else { float::tables() }),
    ];
    used.into_iter().flatten().collect()
}

fn integer_kernels(program: &Program) -> TokenStream {
    let adds = |in_chunks: bool| {
        any_operation(program, |operation| {
            let Operation::AddRows { rows: Rows::Integers { together, .. }, .. } = operation else {
                return false;
            };
            together.is_some() == in_chunks
        })
    };
    let weighted = !program.tables.is_empty();
    let two = statements(program)
        .any(|statement| matches!(statement, Statement::LeakMembrane { synapses: 2.., .. }));
    let used = [
        adds(false).then(integer::add_rows),
        adds(true).then(integer::add_rows_in_chunks),
        weighted.then(integer::sources_that_spike),
        weighted.then(integer::add_row),
        Some(integer::leak()),
        Some(integer::reaches()),
        two.then(integer::add_saturating),
        weighted.then(integer::tables),
    ];
    used.into_iter().flatten().collect()
}

fn any_operation(program: &Program, has: impl Fn(&Operation) -> bool) -> bool {
    program.step.iter().any(has)
}

/// Iterates over all statements of all layers.
fn statements(program: &Program) -> impl Iterator<Item = Statement> {
    program
        .layers
        .iter()
        .flat_map(|layer| &layer.update)
        .flat_map(|phase| match phase {
            Phase::Loop(each) => each.body.as_slice(),
            Phase::Rounds { .. } | Phase::Aliases { .. } => &[],
        })
        .copied()
}
