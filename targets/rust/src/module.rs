//! The module of a network: its type, the views of its weights, and the order of a step.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use synnet_dsl::graph::{Connection, Endpoint, Operator, Quantity};
use synnet_dsl::{Graph, Network};

use crate::float::{self, kernels, size};
use crate::memory::Memory;
use crate::names::Names;
use crate::{Embedding, Module, Options, docs, weights};

/// The module of a graph, with its weights where there is a network.
pub(crate) fn generate(graph: &Graph, network: Option<&Network>, options: &Options) -> Module {
    let names = Names::new(graph, options.name.as_deref());
    let memory = Memory::of(graph);
    let generator = Generator { graph, names: &names };
    let weighted = graph.connections.iter().any(|connection| connection.as_linear().is_some());
    let packed = network.filter(|_| weighted).map(weights::pack);
    let source = match (&packed, &options.embedding) {
        (None, _) if weighted => WeightsFrom::Program,
        (None, _) => WeightsFrom::Nowhere,
        (Some(bytes), Embedding::Literal) => {
            let literal = Literal::byte_string(bytes);
            WeightsFrom::Module(quote!(#literal))
        }
        (Some(_), Embedding::Include(path)) => WeightsFrom::Module(quote!(include_bytes!(#path))),
    };
    let tokens = generator.module(&source, memory);
    Module {
        type_name: names.network.to_string(),
        module_name: names.module.to_string(),
        memory,
        weights: packed.filter(|_| options.embedding != Embedding::Literal),
        tokens,
        header: docs::header(graph),
    }
}

/// Where a module's weights come from.
enum WeightsFrom {
    /// It has none.
    Nowhere,
    /// The module itself: an expression that is a reference to bytes.
    Module(TokenStream),
    /// The program, when it makes the network.
    Program,
}

struct Generator<'a> {
    graph: &'a Graph,
    names: &'a Names,
}

impl Generator<'_> {
    fn module(&self, source: &WeightsFrom, memory: Memory) -> TokenStream {
        let Names { module, network, .. } = self.names;
        let (inputs, outputs) = (size(self.graph.input.channels), size(self.graph.outputs()));
        let network_items = self.network(source, memory);
        let layers = self.graph.layers_with_ids().map(|(id, layer)| {
            let docs = docs::layer(self.graph, id);
            float::layer(self.names, id, layer, &docs, self.graph.dt)
        });
        let views = self.weights(source);
        let kernels = self.kernels(source);
        let docs = format!(" Network [`{network}`] and its layers.");
        quote! {
            #[allow(unreachable_pub, unused_imports, reason = "may be private")]
            pub use #module::#network;

            #[doc = #docs]
            #[rustfmt::skip]
            #[allow(
                dead_code,
                unreachable_pub,
                clippy::approx_constant,
                clippy::module_inception,
                clippy::too_many_lines,
                clippy::unreadable_literal,
                reason = "a network has the size, and its program the use for it, that they have"
            )]
            pub mod #module {
                /// Number of input channels.
                pub const INPUTS: usize = #inputs;
                /// Number of outputs.
                pub const OUTPUTS: usize = #outputs;

                #network_items
                #(#layers)*
                #views
                #kernels
            }
        }
    }

    /// The type of the network.
    fn network(&self, source: &WeightsFrom, memory: Memory) -> TokenStream {
        let network = &self.names.network;
        let docs = docs::network(self.graph, memory, !matches!(source, WeightsFrom::Program));
        let dt = float::number(self.graph.dt as f32);
        let fields = &self.names.layers;
        let types = &self.names.layer_types;
        let (lines, line_types) = self.delay_lines();
        let states = quote! {
            #(#fields: #types::new(),)*
            #(#lines: DelayLine::new(),)*
        };
        let (lifetime, weights_field) = match source {
            WeightsFrom::Program => (Some(quote!(<'w>)), Some(quote!(weights: Weights<'w>,))),
            _ => (None, None),
        };
        let constructor = self.constructor(source, &states);
        let accessors = self.graph.layers.iter().zip(fields).zip(types).map(|((layer, field), kind)| {
            let docs = format!(" States of layer `{}` at the end of the last step.", layer.name);
            quote! {
                #[doc = #docs]
                #[must_use]
                pub const fn #field(&self) -> &#kind {
                    &self.#field
                }
            }
        });
        let step = self.step(source);
        let default = lifetime.is_none().then(|| {
            quote! {
                impl Default for #network {
                    fn default() -> Self {
                        Self::new()
                    }
                }
            }
        });
        let elided = lifetime.as_ref().map(|_| quote!(<'w>));
        quote! {
            #(#[doc = #docs])*
            #[derive(Clone, Debug)]
            pub struct #network #lifetime {
                #weights_field
                #(#fields: #types,)*
                #(#lines: #line_types,)*
            }

            impl #lifetime #network #elided {
                /// Number of input channels.
                pub const INPUTS: usize = INPUTS;
                /// Number of outputs.
                pub const OUTPUTS: usize = OUTPUTS;
                /// Duration of a time step, in seconds.
                pub const DT: f32 = #dt;

                #constructor

                /// Sets all states to zero.
                pub fn reset(&mut self) {
                    #(self.#fields = #types::new();)*
                    #(self.#lines = DelayLine::new();)*
                }

                #step

                #(#accessors)*
            }

            #default
        }
    }

    /// `new`, or `with_weights` where the program brings them.
    fn constructor(&self, source: &WeightsFrom, states: &TokenStream) -> TokenStream {
        let WeightsFrom::Program = source else {
            return quote! {
                /// The network with all states zero.
                #[must_use]
                pub const fn new() -> Self {
                    Self { #states }
                }
            };
        };
        quote! {
            /// Length of the weights in bytes.
            pub const WEIGHTS: usize = Weights::LEN;

            /// The network with all states zero and these weights.
            ///
            /// # Errors
            /// Where the bytes are not the weights of this network.
            pub const fn with_weights(weights: &'w [u8]) -> Result<Self, WeightsError> {
                if weights.len() != Weights::LEN {
                    return Err(WeightsError::Length { expected: Weights::LEN, actual: weights.len() });
                }
                match Weights::view(weights) {
                    Some(weights) => Ok(Self { weights, #states }),
                    None => Err(WeightsError::OtherNetwork),
                }
            }
        }
    }

    /// The method `step`: for each layer, what it receives, then its neurons.
    fn step(&self, source: &WeightsFrom) -> TokenStream {
        let layers = self.graph.layers_with_ids().map(|(id, layer)| {
            let columns = size(layer.input_columns());
            let field = &self.names.layers[id.index()];
            let connections: Vec<TokenStream> = self
                .graph
                .connections_into(id)
                .map(|(i, connection)| self.receive(source, i, connection))
                .collect();
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
        let uses_input = self.graph.connections.iter().any(|c| c.sources.contains(&Endpoint::Input));
        let input = if uses_input { quote!(input) } else { quote!(_input) };
        quote! {
            /// Advances by one time step: event counts come in, the outputs go out.
            pub fn step(&mut self, #input: &[f32; INPUTS]) -> [f32; OUTPUTS] {
                #(#layers)*
                #output
            }
        }
    }

    /// Adds what a connection delivers.
    fn receive(&self, source: &WeightsFrom, i: usize, connection: &Connection) -> TokenStream {
        let name = &self.names.connections[i];
        let places = connection.sources.iter().map(|&source| self.emitted(source));
        let references = connection.sources.iter().zip(places.clone()).map(|(source, place)| match source {
            Endpoint::Input => quote!(input),
            Endpoint::Layer(_) => quote!(&#place),
        });
        let counts = match (connection.sources.len(), connection.delay) {
            (1, 0) => quote!(#(#references)*),
            (1, _) => quote!(&self.#name.exchange(#(#places)*)),
            (_, 0) => quote!(&add_sources([#(#references),*])),
            (_, _) => quote!(&self.#name.exchange(add_sources([#(#references),*]))),
        };
        let Operator::Linear(linear) = &connection.operator else {
            return quote! { add_counts(&mut received, #counts); };
        };
        let weights = match source {
            WeightsFrom::Program => quote!(self.weights),
            _ => quote!(WEIGHTS),
        };
        let bias = linear.bias.as_ref().map(|_| {
            let bias = format_ident!("{name}_bias");
            quote! { add_bias(&mut received, #weights.#bias); }
        });
        quote! {
            #bias
            add_rows(&mut received, #counts, #weights.#name);
        }
    }

    /// What a source delivers.
    fn emitted(&self, source: Endpoint) -> TokenStream {
        match source {
            Endpoint::Input => quote!(*input),
            Endpoint::Layer(id) => {
                let field = &self.names.layers[id.index()];
                let state = float::emitted(self.graph.layer(id));
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
            Quantity::Isyn => quote!(self.#field.isyn.map(|[first, ..]| first)),
        }
    }

    /// Names and types of the delay lines.
    fn delay_lines(&self) -> (Vec<&proc_macro2::Ident>, Vec<TokenStream>) {
        let delayed = self.graph.connections.iter().zip(&self.names.connections).filter(|(c, _)| c.delay > 0);
        let lines = delayed.map(|(connection, name)| {
            let (width, steps) = (size(self.graph.source_width(connection)), size(connection.delay as usize));
            (name, quote!(DelayLine<#width, #steps>))
        });
        lines.unzip()
    }

    /// The views of the weights, and the error about bytes that are not weights.
    fn weights(&self, source: &WeightsFrom) -> TokenStream {
        let (fixed, error) = match source {
            WeightsFrom::Nowhere => return TokenStream::new(),
            WeightsFrom::Module(bytes) => (
                Some(quote! {
                    static WEIGHTS: Weights<'static> = match Weights::view(#bytes) {
                        Some(weights) => weights,
                        None => panic!("the file of the weights does not belong to this module"),
                    };
                }),
                None,
            ),
            WeightsFrom::Program => (None, Some(self.weights_error())),
        };
        let mut names = Vec::new();
        let mut types = Vec::new();
        let mut takes = Vec::new();
        for (connection, name) in self.graph.connections.iter().zip(&self.names.connections) {
            let Some(linear) = connection.as_linear() else { continue };
            let sources = size(self.graph.source_width(connection));
            let columns = size(self.graph.layer(connection.target).input_columns());
            names.push(name.clone());
            types.push(quote!(&'w Matrix<#sources, #columns>));
            takes.push(quote! { let Some((#name, bytes)) = take_matrix(bytes) else { return None; }; });
            if linear.bias.is_some() {
                let bias = format_ident!("{name}_bias");
                takes.push(quote! { let Some(([#bias], bytes)) = take_matrix(bytes) else { return None; }; });
                names.push(bias);
                types.push(quote!(&'w Row<#columns>));
            }
        }
        let len = Literal::u64_unsuffixed(weights::packed_len(self.graph));
        let fingerprint = Literal::u64_unsuffixed(weights::fingerprint(self.graph));
        quote! {
            #fixed

            /// Views of the weights of all connections.
            #[derive(Clone, Copy)]
            struct Weights<'w> {
                #(#names: #types,)*
            }

            impl<'w> Weights<'w> {
                /// Length in bytes.
                const LEN: usize = #len;
                /// The bytes at the start, which tell one network's weights from another's.
                const FINGERPRINT: u64 = #fingerprint;

                const fn view(bytes: &'w [u8]) -> Option<Self> {
                    let Some((fingerprint, bytes)) = bytes.split_first_chunk() else { return None; };
                    if u64::from_le_bytes(*fingerprint) != Self::FINGERPRINT {
                        return None;
                    }
                    #(#takes)*
                    if bytes.is_empty() { Some(Self { #(#names),* }) } else { None }
                }
            }

            impl core::fmt::Debug for Weights<'_> {
                fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                    f.debug_struct("Weights").finish_non_exhaustive()
                }
            }

            #error
        }
    }

    fn weights_error(&self) -> TokenStream {
        let network = &self.names.network;
        let length = format!("the weights of `{network}` are {{expected}} bytes, not {{actual}}");
        let other = format!("these are weights of another network than `{network}`");
        quote! {
            /// Why bytes are not the weights of the network.
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub enum WeightsError {
                /// They have another length.
                Length {
                    /// Length that the network needs, in bytes.
                    expected: usize,
                    /// Length that was given.
                    actual: usize,
                },
                /// They do not begin with this network's fingerprint.
                OtherNetwork,
            }

            impl core::fmt::Display for WeightsError {
                fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                    match self {
                        Self::Length { expected, actual } => write!(f, #length),
                        Self::OtherNetwork => write!(f, #other),
                    }
                }
            }

            impl core::error::Error for WeightsError {}
        }
    }

    /// The shared functions that this network uses.
    fn kernels(&self, source: &WeightsFrom) -> TokenStream {
        let connections = &self.graph.connections;
        let linear = || connections.iter().filter_map(Connection::as_linear);
        let most = self.graph.layers.iter().filter_map(float::counts_by_division).max();
        let used = [
            linear().next().map(|_| kernels::add_rows()),
            linear().find_map(|linear| linear.bias.as_ref()).map(|_| kernels::add_bias()),
            connections.iter().find(|c| c.as_linear().is_none()).map(|_| kernels::add_counts()),
            connections.iter().find(|c| c.sources.len() > 1).map(|_| kernels::add_sources()),
            most.map(|most| kernels::spike_count(most > kernels::WHOLE)),
            connections.iter().find(|c| c.delay > 0).map(|_| kernels::delay_line()),
            (!matches!(source, WeightsFrom::Nowhere)).then(kernels::views),
        ];
        used.into_iter().flatten().collect()
    }
}
