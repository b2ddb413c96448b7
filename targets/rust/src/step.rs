//! The operations of a step as Rust: layer by layer, what it receives, then its update.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use synnet_step::{Arithmetic, Operation, Part, Rows, Source};

use crate::layer::state_name;
use crate::literal::usize_literal;
use crate::names::Names;
use crate::tables::table_name;
use crate::variants::Variants;

/// Generates the body of a step.
pub(crate) struct StepGenerator<'a> {
    pub(crate) variants: Variants<'a>,
    pub(crate) names: &'a Names,
    /// Whether the weights come at run time.
    pub(crate) borrowed: bool,
}

impl StepGenerator<'_> {
    /// Returns the body of `step`.
    pub(crate) fn body(&self) -> TokenStream {
        // The programs of both machines have the same operations, which may add rows in different ways.
        let operations = (0..self.variants.program.step.len())
            .map(|i| self.variants.item(|program| self.operation(program.step[i])));
        let output = self.output();
        quote! { #(#operations)* #output }
    }

    fn operation(&self, operation: Operation) -> TokenStream {
        match operation {
            // A copy on the stack.
            Operation::CutInput { most } => {
                let most = Literal::u8_unsuffixed(most);
                quote! { let input = input.map(|events| events.min(#most)); }
            }
            Operation::Clear { columns } => {
                let columns = usize_literal(columns);
                quote! { let mut received = [0.0; #columns]; }
            }
            Operation::AddBias { table } => {
                let bias = self.weights(table);
                quote! { add_bias(&mut received, #bias); }
            }
            Operation::AddEvents { connection } => {
                let counts = self.counts(connection);
                quote! { add_counts(&mut received, #counts); }
            }
            Operation::AddRows { connection, table, rows } => self.add_rows(connection, table, rows),
            Operation::Update { layer, received } => {
                let field = &self.names.layers[layer];
                let columns = usize_literal(self.variants.program.layers[layer].columns);
                match (self.variants.program.arithmetic, received) {
                    (Arithmetic::Integer, _) => quote! { self.#field.step(); },
                    (Arithmetic::Float, true) => quote! { self.#field.step(&received); },
                    (Arithmetic::Float, false) => quote! { self.#field.step(&[0.0; #columns]); },
                }
            }
        }
    }

    fn add_rows(&self, connection: usize, table: usize, rows: Rows) -> TokenStream {
        let (counts, weights) = (self.counts(connection), self.weights(table));
        match rows {
            Rows::Spiking => quote! { add_rows(&mut received, #counts, #weights); },
            Rows::All => quote! { add_all_rows(&mut received, #counts, #weights); },
            Rows::Integers { layer, synapse, shift, together, search: _ } => {
                let field = &self.names.layers[layer];
                let isyn = if synapse == 0 { format_ident!("isyn") } else { format_ident!("isyn2") };
                let shift = Literal::u8_unsuffixed(shift);
                match together {
                    None => quote! { add_rows(&mut self.#field.#isyn, #counts, #weights, #shift); },
                    // Few networks have weights so large; the others do not pay for the split.
                    Some(together) => {
                        let together = Literal::u8_unsuffixed(together);
                        quote! {
                            add_rows_in_chunks(&mut self.#field.#isyn, #counts, #weights, #shift, #together);
                        }
                    }
                }
            }
        }
    }

    /// Generates a reference to the events that a connection brings.
    fn counts(&self, connection: usize) -> TokenStream {
        let name = &self.names.connections[connection];
        let connection = &self.variants.program.connections[connection];
        let places = connection.sources.iter().map(|&source| self.emitted(source));
        let references = connection.sources.iter().zip(places.clone()).map(|(source, place)| {
            match (source, self.variants.program.arithmetic) {
                (Source::Input, Arithmetic::Float) => quote!(input),
                // Cut, and thus a value.
                (Source::Input, Arithmetic::Integer) => quote!(&input),
                (Source::Layer(_), _) => quote!(&#place),
            }
        });
        // A delay line stores copies, so it takes values; everything else borrows.
        match (connection.sources.len(), connection.delay) {
            (1, 0) => quote!(#(#references)*),
            (1, _) => quote!(&self.#name.exchange(#(#places)*)),
            (_, 0) => quote!(&add_sources([#(#references),*])),
            (_, _) => quote!(&self.#name.exchange(add_sources([#(#references),*]))),
        }
    }

    /// Generates a reference to weights or biases: a table of the module, or a view of the program's bytes.
    fn weights(&self, table: usize) -> TokenStream {
        let table = &self.variants.program.tables[table];
        if !self.borrowed {
            let table = table_name(self.names, table);
            return quote!(&#table);
        }
        let connection = &self.names.connections[table.connection];
        let field =
            if table.part == Part::Bias { format_ident!("{connection}_bias") } else { connection.clone() };
        quote!(self.weights.#field)
    }

    /// Generates the expression for the values that a source emits.
    fn emitted(&self, source: Source) -> TokenStream {
        match source {
            Source::Input => quote!(*input),
            Source::Layer(layer) => {
                let field = &self.names.layers[layer];
                let state = state_name(self.variants.program.layers[layer].emits);
                quote!(self.#field.#state)
            }
        }
    }

    fn output(&self) -> TokenStream {
        let output = self.variants.program.output;
        let (field, state) = (&self.names.layers[output.layer], state_name(output.state));
        match self.variants.program.output_state().map(|state| state.per_neuron) {
            // The output has one value per neuron: the current of the first synapse.
            Some(2..) => quote!(self.#field.#state.map(|[first, ..]| first)),
            _ => quote!(self.#field.#state),
        }
    }
}
