//! One time step in f32: layer by layer, the inputs that a layer receives, then its neurons.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use synnet_ir::Graph;
use synnet_ir::graph::{Connection, Endpoint, Operator, Quantity};

use super::layer::emitted;
use super::strategy::{Strategies, Strategy};
use crate::literal::usize_literal;
use crate::names::Names;

/// Generates the body of a step.
pub(super) struct StepGenerator<'a> {
    pub(super) graph: &'a Graph,
    pub(super) names: &'a Names,
    pub(super) strategies: &'a Strategies,
    /// Whether the weights come at run time.
    pub(super) borrowed: bool,
}

impl StepGenerator<'_> {
    /// Returns the body of `step`.
    pub(super) fn body(&self) -> TokenStream {
        // In the graph's order of update: a source that is updated earlier is read in its state of this step, a later
        // one in that of the previous step. So recurrence needs no buffer of its own.
        let layers =
            self.graph.layers_with_ids().zip(self.graph.incoming()).map(|((id, layer), incoming)| {
                let columns = usize_literal(layer.input_columns());
                let field = &self.names.layers[id.index()];
                let connections: Vec<TokenStream> =
                    incoming.into_iter().map(|i| self.receive(i, &self.graph.connections[i])).collect();
                if connections.is_empty() {
                    return quote! { self.#field.step(&[0.0; #columns]); };
                }
                quote! {
                    let mut received = [0.0; #columns];
                    #(#connections)*
                    self.#field.step(&received);
                }
            });
        let output = self.output();
        quote! { #(#layers)* #output }
    }

    /// Generates the code that adds the events of a connection to `received`.
    fn receive(&self, i: usize, connection: &Connection) -> TokenStream {
        let name = &self.names.connections[i];
        let places = connection.sources.iter().map(|&source| self.emitted(source));
        let references = connection.sources.iter().zip(places.clone()).map(|(source, place)| match source {
            Endpoint::Input => quote!(input),
            Endpoint::Layer(_) => quote!(&#place),
        });
        // A delay line stores copies, so it takes values; everything else borrows.
        let counts = match (connection.sources.len(), connection.delay) {
            (1, 0) => quote!(#(#references)*),
            (1, _) => quote!(&self.#name.exchange(#(#places)*)),
            (_, 0) => quote!(&add_sources([#(#references),*])),
            (_, _) => quote!(&self.#name.exchange(add_sources([#(#references),*]))),
        };
        let Operator::Linear(linear) = &connection.operator else {
            return quote! { add_counts(&mut received, #counts); };
        };
        let bias = linear.bias.as_ref().map(|_| {
            let biases = self.weights(name, "bias", "BIASES");
            quote! { add_bias(&mut received, #biases); }
        });
        let kernel = match self.strategies.get(i) {
            Strategy::Rows => quote!(add_rows),
            Strategy::Dense => quote!(add_all_rows),
        };
        let weights = self.weights(name, "", "WEIGHTS");
        // The bias first, as in the interpreter: float sums depend on their order.
        quote! {
            #bias
            #kernel(&mut received, #counts, #weights);
        }
    }

    /// Generates a reference to weights or biases: a table of the module, or a view of the program's bytes.
    fn weights(&self, connection: &Ident, field: &str, table: &str) -> TokenStream {
        if !self.borrowed {
            let table = Names::table(connection, table);
            return quote!(&#table);
        }
        let field = if field.is_empty() { connection.clone() } else { format_ident!("{connection}_{field}") };
        quote!(self.weights.#field)
    }

    /// Generates the expression for the values that a source emits.
    fn emitted(&self, source: Endpoint) -> TokenStream {
        match source {
            Endpoint::Input => quote!(*input),
            Endpoint::Layer(id) => {
                let field = &self.names.layers[id.index()];
                let state = emitted(self.graph.layer(id));
                quote!(self.#field.#state)
            }
        }
    }

    fn output(&self) -> TokenStream {
        let id = self.graph.output.layer;
        let field = &self.names.layers[id.index()];
        let Some(lif) = self.graph.layer(id).as_lif() else { return quote!(self.#field.isyn) };
        match self.graph.output.quantity {
            Quantity::Spikes => quote!(self.#field.spikes),
            Quantity::Vmem => quote!(self.#field.vmem),
            Quantity::Isyn if lif.synapses == 1 => quote!(self.#field.isyn),
            // The output has one value per neuron: the current of the first synapse.
            Quantity::Isyn => quote!(self.#field.isyn.map(|[first, ..]| first)),
        }
    }
}
