//! The parts of an integer network's module: one time step, tables of weights, memory estimate.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use synnet_ir::fnv1a;
use synnet_ir::graph::Quantity;

use super::network::{IntegerConnection, IntegerLayer, IntegerNetwork, IntegerSource};
use super::synapse::{current, synapse_field};
use super::{docs, kernels, layer};
use crate::footprint::Footprint;
use crate::literal::usize_literal;
use crate::module::{ModuleParts, Weights};
use crate::names::{NameSpans, Names};
use crate::options::RustOptions;

/// Size of the fingerprint, in bytes.
const HEADER: usize = 8;

/// Generates the parts of the module of a consistent network ([`IntegerNetwork::check`]).
pub(crate) fn parts(network: &IntegerNetwork, options: &RustOptions, spans: &NameSpans) -> ModuleParts {
    let connections = || network.layers.iter().flat_map(|layer| &layer.connections);
    let names = Names::new(
        options.name.as_deref().unwrap_or(&network.name),
        network.layers.iter().map(|layer| layer.name.as_str()),
        connections().map(|connection| connection.name.as_str()),
        spans,
    );
    let fingerprint = fingerprint(network);
    let packed = pack(network, fingerprint);
    let memory = memory(network);
    let code = CodeGenerator { network, names: &names };
    // Every integer connection has weights.
    let weighted = connections().next().is_some();
    let output = match network.quantity {
        Quantity::Spikes => quote!(u8),
        Quantity::Vmem | Quantity::Isyn => quote!(i16),
    };
    let layer_items = network.layers.iter().enumerate().map(|(i, layer)| {
        let docs = docs::layer(layer);
        layer::layer(&names.layers[i], &names.layer_types[i], layer, &docs)
    });
    ModuleParts {
        layers: network.layers.iter().map(|layer| layer.name.clone()).collect(),
        header: docs::header(network, &packed),
        docs: docs::network(network, memory),
        memory,
        inputs: network.inputs,
        outputs: network.outputs(),
        dt: network.dt as f32,
        latency: network.latency,
        output_scale: network.output_scale.iter().map(|&scale| scale as f32).collect(),
        count: quote!(u8),
        output,
        uses_input: connections().any(|connection| connection.source == IntegerSource::Input),
        lines: Vec::new(),
        step: code.step(),
        layer_items: layer_items.collect(),
        kernels: kernels(network),
        weights: if weighted {
            Weights::Embedded { bytes: packed, fingerprint, tables: code.tables() }
        } else {
            Weights::None
        },
        warnings: synnet_ir::Diagnostics::new(),
        names,
    }
}

struct CodeGenerator<'a> {
    network: &'a IntegerNetwork,
    names: &'a Names,
}

impl CodeGenerator<'_> {
    /// Generates the body of `step`.
    fn step(&self) -> TokenStream {
        // First all layers receive, then all are updated, so every layer reads the spikes of the previous step: on the
        // chip, a spike takes one step to its target.
        let max_events = Literal::u8_unsuffixed(self.network.max_events);
        let mut uses_input = false;
        let mut receive = TokenStream::new();
        self.each_connection(|i, layer, connection| {
            let field = &self.names.layers[layer];
            let counts = match connection.source {
                IntegerSource::Input => {
                    uses_input = true;
                    quote!(&input)
                }
                IntegerSource::Layer(source) => {
                    let source = &self.names.layers[source];
                    quote!(&self.#source.spikes)
                }
            };
            for (synapse, _) in connection.weights.iter().enumerate() {
                let table = Names::table(&self.names.connections[i], &synapse_field("WEIGHTS", synapse));
                let isyn = current(synapse);
                let shift = Literal::u8_unsuffixed(connection.shift);
                // The order of connections, then of sources, is the chip's, which matters if a current saturates.
                receive.extend(match events_per_addition(self.network, connection) {
                    None => quote! { add_rows(&mut self.#field.#isyn, #counts, &#table, #shift); },
                    // Few networks have weights so large; the others do not pay for the split.
                    Some(together) => {
                        let together = Literal::u8_unsuffixed(together);
                        quote! {
                            add_rows_in_chunks(&mut self.#field.#isyn, #counts, &#table, #shift, #together);
                        }
                    }
                });
            }
        });
        // Cut once, into a copy on the stack, not once per connection.
        let cut = uses_input.then(|| quote! { let input = input.map(|events| events.min(#max_events)); });
        let moves = self.names.layers.iter().map(|field| quote! { self.#field.step(); });
        let output = &self.names.layers[self.network.output];
        let state = match self.network.quantity {
            Quantity::Spikes => quote!(spikes),
            Quantity::Vmem => quote!(vmem),
            Quantity::Isyn => quote!(isyn),
        };
        quote! { #cut #receive #(#moves)* self.#output.#state }
    }

    /// Generates the tables of the weights of all connections.
    fn tables(&self) -> TokenStream {
        let mut items = TokenStream::new();
        let mut start = HEADER;
        self.each_connection(|i, layer, connection| {
            let sources = self.network.width(connection.source);
            let columns = self.network.layers[layer].size();
            let (height, width) = (usize_literal(sources), usize_literal(columns));
            for (synapse, _) in connection.weights.iter().enumerate() {
                let table = Names::table(&self.names.connections[i], &synapse_field("WEIGHTS", synapse));
                let what = if synapse == 0 { "Weights" } else { "Weights to the second synapses" };
                // `start` advances in the order in which `pack` writes.
                let docs = format!(" {what} of `{}`.", connection.name);
                let at = usize_literal(start);
                items.extend(quote! {
                    #[doc = #docs]
                    static #table: Matrix<#height, #width> = take_rows(#at);
                });
                start += sources * columns;
            }
        });
        items
    }

    /// Visits every connection with its index among all connections and the index of its layer.
    fn each_connection(&self, mut visit: impl FnMut(usize, usize, &IntegerConnection)) {
        let layers = self.network.layers.iter().enumerate();
        let all = layers.flat_map(|(l, layer)| layer.connections.iter().map(move |c| (l, c)));
        for (i, (layer, connection)) in all.enumerate() {
            visit(i, layer, connection);
        }
    }
}

/// Returns the maximum number of events of a source whose product with every weight fits 16 bits; `None` if the product
/// of all events does.
fn events_per_addition(network: &IntegerNetwork, connection: &IntegerConnection) -> Option<u8> {
    let weights = connection.weights.iter().flatten();
    let largest = weights.map(|weight| u16::from(weight.unsigned_abs())).max().unwrap_or(0);
    // At most 128 << 7 = 16384, so the quotient is at least 1.
    let fit = i16::MAX as u16 / (largest << connection.shift).max(1);
    u8::try_from(fit).ok().filter(|&fit| fit < network.max_events_of(connection.source))
}

fn kernels(network: &IntegerNetwork) -> TokenStream {
    let connections = || network.layers.iter().flat_map(|layer| &layer.connections);
    let two = network.layers.iter().any(|layer| layer.dash_syn.len() > 1);
    let any = |in_chunks: bool| connections().any(|c| events_per_addition(network, c).is_some() == in_chunks);
    // Only what is used: unused functions would be warnings in the user's crate.
    let used = [
        any(false).then(kernels::add_rows),
        any(true).then(kernels::add_rows_in_chunks),
        connections().next().map(|_| kernels::sources_that_spike()),
        connections().next().map(|_| kernels::add_row()),
        Some(kernels::leak()),
        Some(kernels::reaches()),
        two.then(kernels::add_saturating),
        connections().next().map(|_| kernels::tables()),
    ];
    used.into_iter().flatten().collect()
}

/// Packs the fingerprint, then every matrix in the order of connections, row by row.
fn pack(network: &IntegerNetwork, fingerprint: u64) -> Vec<u8> {
    let mut bytes = fingerprint.to_le_bytes().to_vec();
    let connections = network.layers.iter().flat_map(|layer| &layer.connections);
    for weights in connections.flat_map(|connection| &connection.weights) {
        bytes.extend(weights.iter().map(|weight| weight.cast_unsigned()));
    }
    bytes
}

/// Returns a number that differs between networks that cannot run with each other's weights.
fn fingerprint(network: &IntegerNetwork) -> u64 {
    // Thresholds and shifts belong to the quantized weights, so they count; the weights themselves do not.
    let layout = |layer: &IntegerLayer| {
        let connections = layer.connections.iter().map(|c| (&c.name, c.source, c.weights.len(), c.shift));
        let constants = (&layer.dash_syn, &layer.dash_mem, &layer.threshold, &layer.bias, &layer.alias);
        format!("{} {:?} {constants:?}\n", layer.name, connections.collect::<Vec<_>>())
    };
    let layers: String = network.layers.iter().map(layout).collect();
    fnv1a(format!("i8 {} {}\n{layers}", network.inputs, network.dt).as_bytes())
}

/// Estimates RAM and flash of the generated code.
fn memory(network: &IntegerNetwork) -> Footprint {
    let bytes = |count: usize| count as u64;
    let mut memory = Footprint { ram: 0, flash: 0 };
    for layer in &network.layers {
        let n = layer.size();
        let states = bytes(n) * (2 * (layer.dash_syn.len() as u64 + 1) + 1);
        // 2 bytes per current and membrane, 1 per spike count. A layer is aligned for its 16-bit states.
        memory.ram += states.next_multiple_of(2);
        memory.flash += layer::table_bytes(layer);
        for connection in &layer.connections {
            // Rows are aligned to 16 bytes.
            let row = bytes(n).next_multiple_of(16);
            let rows = row * bytes(network.width(connection.source));
            memory.flash += rows * connection.weights.len() as u64;
        }
    }
    memory
}
