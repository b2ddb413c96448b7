//! The module of a network, whatever its arithmetic: the type, its constants and methods, its weights.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use synnet_ir::Diagnostics;

use crate::format;
use crate::literal::{number, size};
use crate::memory::Memory;
use crate::names::Names;
use crate::options::Embedding;

/// A generated module.
#[derive(Clone, Debug)]
pub struct Module {
    /// Name of the type, in camel case.
    pub type_name: String,
    /// Name of the module that holds the type, in snake case; a good name for its file.
    pub module_name: String,
    /// Whether the type has a lifetime: that of the weights that the program brings.
    pub borrows_weights: bool,
    /// What the type occupies.
    pub memory: Memory,
    /// The bytes behind [`Embedding::Include`]; `None` where the module needs no such file.
    pub weights: Option<Vec<u8>>,
    /// What can be expressed but will behave differently.
    pub warnings: Diagnostics,
    /// The items: a module and a re-export of the network's type.
    pub tokens: TokenStream,
    header: String,
}

impl Module {
    /// The items as formatted source text, with a header that tells where it comes from. It can be
    /// a module's file or be included in another one by `include!`.
    pub fn source(&self) -> String {
        format::source(&self.header, &self.tokens)
    }
}

/// What the forms of arithmetic make of a network.
pub(crate) struct ModuleParts {
    /// The identifiers.
    pub(crate) names: Names,
    /// Names of the layers in the language.
    pub(crate) layers: Vec<String>,
    /// The comment at the head of a file.
    pub(crate) header: String,
    /// The comment of the type.
    pub(crate) docs: Vec<String>,
    pub(crate) memory: Memory,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// Duration of a time step, in seconds.
    pub(crate) dt: f32,
    /// Type of an event count.
    pub(crate) count: TokenStream,
    /// Type of an output.
    pub(crate) output: TokenStream,
    /// Whether a step looks at the input.
    pub(crate) uses_input: bool,
    /// Names, types and states at the beginning of what the network holds besides its layers.
    pub(crate) lines: Vec<(Ident, TokenStream)>,
    /// The body of `step`.
    pub(crate) step: TokenStream,
    /// The types of the layers and their tables.
    pub(crate) layer_items: TokenStream,
    pub(crate) weights: Weights,
    /// The functions that layers and connections share.
    pub(crate) kernels: TokenStream,
    /// What fits but will behave differently.
    pub(crate) warnings: Diagnostics,
}

/// How a module comes to its weights.
pub(crate) enum Weights {
    /// It has none.
    External,
    /// They are part of it.
    Module {
        /// As they are packed.
        bytes: Vec<u8>,
        /// The number that they begin with.
        fingerprint: u64,
        /// The tables that are made of them.
        tables: TokenStream,
    },
    /// The program brings them when it makes the network; these items view them.
    Program(TokenStream),
}

impl ModuleParts {
    /// The module of these parts.
    pub(crate) fn assemble(self, embedding: &Embedding) -> Module {
        let tokens = self.module(embedding);
        let borrows_weights = matches!(self.weights, Weights::Program(_));
        let weights = match self.weights {
            Weights::Module { bytes, .. } if *embedding != Embedding::Literal => Some(bytes),
            _ => None,
        };
        Module {
            type_name: self.names.network.to_string(),
            module_name: self.names.module.to_string(),
            borrows_weights,
            memory: self.memory,
            weights,
            warnings: self.warnings,
            tokens,
            header: self.header,
        }
    }

    fn module(&self, embedding: &Embedding) -> TokenStream {
        let Names { module, network, .. } = &self.names;
        let (inputs, outputs) = (size(self.inputs), size(self.outputs));
        let network_items = self.network();
        let (layers, kernels) = (&self.layer_items, &self.kernels);
        let weights = self.weights(embedding);
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
                clippy::struct_field_names,
                clippy::too_many_lines,
                clippy::trivially_copy_pass_by_ref,
                clippy::unreadable_literal,
                reason = "a network has the size, and its program the use for it, that they have"
            )]
            pub mod #module {
                /// Number of input channels.
                pub const INPUTS: usize = #inputs;
                /// Number of outputs.
                pub const OUTPUTS: usize = #outputs;

                #network_items
                #layers
                #weights
                #kernels
            }
        }
    }

    /// The type of the network.
    fn network(&self) -> TokenStream {
        let network = &self.names.network;
        let (docs, output) = (&self.docs, &self.output);
        let dt = number(self.dt);
        let (fields, types) = (&self.names.layers, &self.names.layer_types);
        let (lines, line_types): (Vec<_>, Vec<_>) =
            self.lines.iter().map(|(name, kind)| (name, kind)).unzip();
        let states = quote! {
            #(#fields: #types::new(),)*
            #(#lines: DelayLine::new(),)*
        };
        let (lifetime, weights_field) = match self.weights {
            Weights::Program(_) => (Some(quote!(<'w>)), Some(quote!(weights: Weights<'w>,))),
            _ => (None, None),
        };
        let constructor = self.constructor(&states);
        let views = self.views();
        let accessors = self.layers.iter().zip(fields).zip(types).map(|((layer, field), kind)| {
            let docs = format!(" States of layer `{layer}` at the end of the last step.");
            quote! {
                #[doc = #docs]
                #[must_use]
                pub const fn #field(&self) -> &#kind {
                    &self.#field
                }
            }
        });
        let count = &self.count;
        let input = if self.uses_input { quote!(input) } else { quote!(_input) };
        let step = &self.step;
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

                /// Advances by one time step: event counts come in, the outputs go out.
                pub fn step(&mut self, #input: &[#count; INPUTS]) -> [#output; OUTPUTS] {
                    #step
                }

                /// Advances by one time step for each pair of an input and an output. Where one slice is
                /// longer, its rest is left alone.
                pub fn run(&mut self, inputs: &[[#count; INPUTS]], outputs: &mut [[#output; OUTPUTS]]) {
                    for (input, output) in inputs.iter().zip(outputs) {
                        *output = self.step(input);
                    }
                }

                /// States of all layers at the end of the last step, by name.
                #[must_use]
                pub const fn state(&self) -> State<'_> {
                    State { #(#fields: &self.#fields),* }
                }

                #(#accessors)*
            }

            #default

            #views
        }
    }

    /// The type that `state` gives.
    fn views(&self) -> TokenStream {
        let (fields, types) = (&self.names.layers, &self.names.layer_types);
        let docs = self.layers.iter().map(|layer| format!(" Layer `{layer}`."));
        quote! {
            /// States of all layers.
            #[derive(Clone, Copy, Debug)]
            pub struct State<'n> {
                #(#[doc = #docs] pub #fields: &'n #types,)*
            }
        }
    }

    /// `new`, or `with_weights` where the program brings them.
    fn constructor(&self, states: &TokenStream) -> TokenStream {
        let Weights::Program(_) = self.weights else {
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

    /// The weights themselves, or the views of those that the program brings.
    fn weights(&self, embedding: &Embedding) -> TokenStream {
        let (bytes, fingerprint, tables) = match &self.weights {
            Weights::External => return TokenStream::new(),
            Weights::Program(views) => return views.clone(),
            Weights::Module { bytes, fingerprint, tables } => (bytes, fingerprint, tables),
        };
        let packed = match embedding {
            Embedding::Literal => {
                let literal = Literal::byte_string(bytes);
                quote!(#literal)
            }
            Embedding::Include(path) => quote!(include_bytes!(#path)),
        };
        let len = size(bytes.len());
        let fingerprint = Literal::u64_unsuffixed(*fingerprint);
        quote! {
            /// The weights as they were packed. The program holds only the tables that follow.
            const PACKED: &[u8] = #packed;

            const _: () = {
                let fingerprint = match PACKED.first_chunk() {
                    Some(first) => u64::from_le_bytes(*first),
                    None => 0,
                };
                assert!(
                    fingerprint == #fingerprint && PACKED.len() == #len,
                    "the file of the weights does not belong to this module",
                );
            };

            #tables
        }
    }
}
