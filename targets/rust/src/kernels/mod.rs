//! Functions that the layers and connections of a generated module share. Each module contains those that it uses:
//! unused functions would be warnings in the user's crate.

mod float;
mod integer;

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use synnet_step::{Arithmetic, Operation, Part, Phase, Program, Rows, Search, Statement, weights};

use crate::variants::Variants;

/// Generates the functions that a program uses. `borrowed` states whether its weights come at run time.
pub(crate) fn kernels(variants: Variants<'_>, borrowed: bool) -> TokenStream {
    match variants.program.arithmetic {
        Arithmetic::Float => float_kernels(variants.program, borrowed),
        Arithmetic::Integer => integer_kernels(variants),
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
        (!program.tables.is_empty()).then(checksum),
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

fn integer_kernels(variants: Variants<'_>) -> TokenStream {
    let program = variants.program;
    let two = statements(program)
        .any(|statement| matches!(statement, Statement::LeakMembrane { synapses: 2.., .. }));
    let one_of = |wanted: fn(Search, Option<u8>) -> bool, kernel: fn() -> TokenStream| {
        variants.item(|program| if adds(program, wanted) { kernel() } else { TokenStream::new() })
    };
    let rows = variants.item(|program| {
        if adds(program, |search, _| search == Search::Pairs) {
            integer::add_rows_in_pairs()
        } else if adds(program, |_, together| together.is_none()) {
            integer::add_rows()
        } else {
            TokenStream::new()
        }
    });
    let used = [
        rows,
        one_of(|_, together| together.is_some(), integer::add_rows_in_chunks),
        one_of(|_, together| together.is_some(), integer::add_row_in_chunks),
        one_of(|search, _| search == Search::Mask, integer::sources_that_spike),
        one_of(|search, _| search == Search::Mask, integer::add_row),
        one_of(|search, _| search == Search::Pairs, integer::add_weight),
        integer::leak(),
        integer::reaches(),
        if two { integer::add_saturating() } else { TokenStream::new() },
        if program.tables.is_empty() { TokenStream::new() } else { integer::tables() },
        if program.tables.is_empty() { TokenStream::new() } else { checksum() },
    ];
    used.into_iter().collect()
}

/// Generates the function that computes [`weights::checksum`].
fn checksum() -> TokenStream {
    let [start, factor] = weights::CHECKSUM.map(Literal::u64_unsuffixed);
    quote! {
        /// Returns the checksum of numbers of the packed weights.
        const fn checksum(numbers: &[u8]) -> u64 {
            let (mut words, mut rest) = numbers.as_chunks::<8>();
            let mut hash: u64 = #start;
            // `for` is not allowed in a `const fn`.
            while let [word, others @ ..] = words {
                hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(#factor);
                hash ^= hash >> 32;
                words = others;
            }
            while let [byte, others @ ..] = rest {
                hash = (hash ^ u64::from_le_bytes([*byte, 0, 0, 0, 0, 0, 0, 0])).wrapping_mul(#factor);
                hash ^= hash >> 32;
                rest = others;
            }
            hash
        }
    }
}

/// Returns whether a program adds integer rows in a way that has this property.
fn adds(program: &Program, has: fn(Search, Option<u8>) -> bool) -> bool {
    any_operation(program, |operation| match operation {
        Operation::AddRows { rows: Rows::Integers { search, together, .. }, .. } => has(*search, *together),
        _ => false,
    })
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
