//! The generated module, in either arithmetic: the network's type with its constants and methods, and its weights.
//!
//! `float` and `integer` produce [`ModuleParts`]; [`ModuleParts::assemble`] makes a [`Module`] of them.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{quote, quote_spanned};
use synnet_ir::Diagnostics;
use synnet_step::Footprint;
use synnet_xylo::quantize::QuantizeReport;

use crate::format;
use crate::literal::{float_literal, usize_literal};
use crate::names::Names;
use crate::options::Embedding;

/// A generated module.
#[derive(Clone, Debug)]
pub struct Module {
    /// Name of the network's type, in camel case.
    pub type_name: String,
    /// Name of the module that contains the type, in snake case; a good name for its file.
    pub module_name: String,
    /// Whether the type has a lifetime parameter, because it borrows weights from the program.
    pub borrows_weights: bool,
    /// Footprint estimate of the type.
    pub memory: Footprint,
    /// Content of the file of [`Embedding::Include`]; `None` if the module needs no file.
    pub weights: Option<Vec<u8>>,
    /// Scales, shifts and errors of the quantization; `None` for f32, and for a network that was already quantized.
    pub quantization: Option<QuantizeReport>,
    /// Warnings about everything that behaves differently from the network's definition.
    pub warnings: Diagnostics,
    /// The generated items: a module, and a re-export of the network's type.
    pub tokens: TokenStream,
    header: String,
}

impl Module {
    /// Returns the items as formatted source text, with a header that states their origin. The text can be the file of
    /// a module, or be included by `include!`.
    pub fn source(&self) -> String {
        format::source(&self.header, &self.tokens)
    }
}

/// The parts of a module, as `float` or `integer` generates them.
pub(crate) struct ModuleParts {
    pub(crate) names: Names,
    /// Names of the layers in the source.
    pub(crate) layers: Vec<String>,
    /// Comment at the head of the file.
    pub(crate) header: String,
    /// Lines of the type's documentation comment.
    pub(crate) docs: Vec<String>,
    pub(crate) memory: Footprint,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// Duration of a time step, in seconds.
    pub(crate) dt: f32,
    /// Number of steps by which the output lags behind that of the float network; `None` if there is no float network.
    pub(crate) latency: Option<usize>,
    /// The output per unit of the float network's output, one value per output; empty if the units are the same.
    pub(crate) output_scale: Vec<f32>,
    /// Type of an event count.
    pub(crate) count: TokenStream,
    /// Type of an output value.
    pub(crate) output: TokenStream,
    /// Whether a step reads the input; if not, its name gets an underscore.
    pub(crate) uses_input: bool,
    /// Names and types of the delay lines.
    pub(crate) lines: Vec<(Ident, TokenStream)>,
    /// Body of `step`.
    pub(crate) step: TokenStream,
    /// Types of the layers, and their tables.
    pub(crate) layer_items: TokenStream,
    pub(crate) weights: Weights,
    /// Functions that layers and connections share.
    pub(crate) kernels: TokenStream,
    /// Type of the detector, if there is one.
    pub(crate) detector: Option<TokenStream>,
    /// Warnings about everything that behaves differently from the network's definition.
    pub(crate) warnings: Diagnostics,
}

/// Origin of a module's weights.
pub(crate) enum Weights {
    /// The network has no weights.
    None,
    /// The module contains the weights.
    Embedded {
        /// The packed weights.
        bytes: Vec<u8>,
        /// The number at their start.
        fingerprint: u64,
        /// Items that build tables from the packed weights.
        tables: TokenStream,
    },
    /// The program passes the weights to the constructor. These items view them.
    Borrowed(TokenStream),
}

impl ModuleParts {
    /// Assembles the module.
    pub(crate) fn assemble(self, embedding: &Embedding) -> Module {
        let tokens = self.module(embedding);
        let borrows_weights = matches!(self.weights, Weights::Borrowed(_));
        let weights = match self.weights {
            Weights::Embedded { bytes, .. } if *embedding != Embedding::Literal => Some(bytes),
            _ => None,
        };
        Module {
            type_name: self.names.network.to_string(),
            module_name: self.names.module.to_string(),
            borrows_weights,
            memory: self.memory,
            weights,
            quantization: None,
            warnings: self.warnings,
            tokens,
            header: self.header,
        }
    }

    fn module(&self, embedding: &Embedding) -> TokenStream {
        let Names { module, network, .. } = &self.names;
        let (inputs, outputs) = (usize_literal(self.inputs), usize_literal(self.outputs));
        let network_items = self.network();
        let (layers, kernels, detector) = (&self.layer_items, &self.kernels, &self.detector);
        let exported = match detector {
            Some(_) => {
                let detector = &self.names.detector;
                quote!({#network, #detector})
            }
            None => quote!(#network),
        };
        let weights = self.weights(embedding);
        let docs = format!(" Network [`{network}`] and its layers.");
        // A module of its own, so that names of the network cannot clash with the user's. The lints are allowed here
        // and not at each item, because users cannot change generated code to please them.
        quote! {
            #[allow(unreachable_pub, unused_imports, reason = "may be private")]
            pub use #module::#exported;

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
                #detector
                #layers
                #weights
                #kernels
            }
        }
    }

    /// Generates the type of the network.
    fn network(&self) -> TokenStream {
        let network = &self.names.network;
        let (docs, output) = (&self.docs, &self.output);
        let dt = float_literal(self.dt);
        let (fields, types) = (&self.names.layers, &self.names.layer_types);
        let (lines, line_types): (Vec<_>, Vec<_>) =
            self.lines.iter().map(|(name, kind)| (name, kind)).unzip();
        let states = quote! {
            #(#fields: #types::new(),)*
            #(#lines: DelayLine::new(),)*
        };
        let at = network.span();
        let (lifetime, weights_field) = match self.weights {
            Weights::Borrowed(_) => (Some(quote_spanned!(at=> <'w>)), Some(quote!(weights: Weights<'w>,))),
            _ => (None, None),
        };
        // The compiler shows the head of an item from its first to its last token, so all of them are at its name.
        let head = quote_spanned!(at=> pub struct #network #lifetime);
        let [reset_name, step_name, run_name, state_name] =
            ["reset", "step", "run", "state"].map(|name| Ident::new(name, at));
        let (latency, output_scale) = (self.latency(), self.output_scale());
        let constructor = self.constructor(&states);
        let views = self.views();
        let accessors = self.layers.iter().zip(fields).zip(types).map(|((layer, field), kind)| {
            let docs = format!(" Returns the states of layer `{layer}` at the end of the last step.");
            let accessor = quote_spanned! {field.span()=>
                pub const fn #field(&self) -> &#kind {
                    &self.#field
                }
            };
            quote! {
                #[doc = #docs]
                #[must_use]
                #accessor
            }
        });
        let count = &self.count;
        let input = if self.uses_input { quote!(input) } else { quote!(_input) };
        let step = &self.step;
        // Without weights, a borrowing network has no default.
        let default = lifetime.is_none().then(|| {
            quote! {
                impl Default for #network {
                    fn default() -> Self {
                        Self::new()
                    }
                }
            }
        });
        let (inputs, outputs) = (usize_literal(self.inputs), usize_literal(self.outputs));
        let elided = lifetime.as_ref().map(|_| quote!(<'w>));
        quote! {
            #(#[doc = #docs])*
            #[derive(Clone, Debug)]
            #head {
                #weights_field
                #(#fields: #types,)*
                #(#lines: #line_types,)*
            }

            impl #lifetime #network #elided {
                /// Number of input channels.
                pub const INPUTS: usize = #inputs;
                /// Number of outputs.
                pub const OUTPUTS: usize = #outputs;
                /// Duration of a time step, in seconds.
                pub const DT: f32 = #dt;
                #latency
                #output_scale

                #constructor

                /// Sets all states to zero.
                pub fn #reset_name(&mut self) {
                    #(self.#fields = #types::new();)*
                    #(self.#lines = DelayLine::new();)*
                }

                /// Advances by one time step. Takes event counts and returns the outputs.
                pub fn #step_name(&mut self, #input: &[#count; #inputs]) -> [#output; #outputs] {
                    #step
                }

                /// Advances by one time step for each pair of an input and an output. If one slice is longer,
                /// the rest of it is ignored.
                pub fn #run_name(&mut self, inputs: &[[#count; #inputs]], outputs: &mut [[#output; #outputs]]) {
                    for (input, output) in inputs.iter().zip(outputs) {
                        *output = self.step(input);
                    }
                }

                /// Returns the states of all layers at the end of the last step, by name.
                #[must_use]
                pub const fn #state_name(&self) -> State<'_> {
                    State { #(#fields: &self.#fields),* }
                }

                #(#accessors)*
            }

            #default

            #views
        }
    }

    /// Generates the constant of the latency.
    fn latency(&self) -> Option<TokenStream> {
        let latency = usize_literal(self.latency?);
        Some(quote! {
            /// Number of steps by which the output lags behind the output of the f32 network.
            pub const LATENCY: usize = #latency;
        })
    }

    /// Generates the constant of the scales of the output.
    fn output_scale(&self) -> Option<TokenStream> {
        let outputs = usize_literal(self.outputs);
        let scales = self.output_scale.iter().map(|&scale| float_literal(scale));
        (!self.output_scale.is_empty()).then(|| {
            quote! {
                /// Scale of each output. An integer output divided by its scale is in the units of the f32 network.
                pub const OUTPUT_SCALE: [f32; #outputs] = [#(#scales),*];
            }
        })
    }

    /// Generates the type that `state` returns.
    fn views(&self) -> TokenStream {
        let (fields, types) = (&self.names.layers, &self.names.layer_types);
        let docs = self.layers.iter().map(|layer| format!(" Layer `{layer}`."));
        quote! {
            /// States of all layers, by name.
            #[derive(Clone, Copy, Debug)]
            pub struct State<'n> {
                #(#[doc = #docs] pub #fields: &'n #types,)*
            }
        }
    }

    /// Generates `new`, or `with_weights` if the program brings the weights.
    fn constructor(&self, states: &TokenStream) -> TokenStream {
        let Weights::Borrowed(_) = self.weights else {
            let new = Ident::new("new", self.names.network.span());
            return quote! {
                /// Creates the network. All states are zero.
                #[must_use]
                pub const fn #new() -> Self {
                    Self { #states }
                }
            };
        };
        let with_weights = Ident::new("with_weights", self.names.network.span());
        quote! {
            /// Length of the weights in bytes.
            pub const WEIGHTS: usize = Weights::LEN;

            /// Creates the network with these weights. All states are zero.
            ///
            /// # Errors
            /// Returns an error if the bytes are not the weights of this network, or are damaged.
            pub const fn #with_weights(weights: &'w [u8]) -> Result<Self, WeightsError> {
                match Weights::view(weights) {
                    Ok(weights) => Ok(Self { weights, #states }),
                    Err(error) => Err(error),
                }
            }
        }
    }

    /// Generates the embedded weights, or the views of borrowed ones.
    fn weights(&self, embedding: &Embedding) -> TokenStream {
        let (bytes, fingerprint, tables) = match &self.weights {
            Weights::None => return TokenStream::new(),
            Weights::Borrowed(views) => return views.clone(),
            Weights::Embedded { bytes, fingerprint, tables } => (bytes, fingerprint, tables),
        };
        let packed = match embedding {
            Embedding::Literal => {
                let literal = Literal::byte_string(bytes);
                quote!(#literal)
            }
            Embedding::Include(path) => quote!(include_bytes!(#path)),
        };
        // The file of an `include_bytes!` may be replaced by another network's. The check runs at compile time and
        // costs nothing afterwards.
        let len = usize_literal(bytes.len());
        let fingerprint = Literal::u64_unsuffixed(*fingerprint);
        quote! {
            /// The packed weights. The program contains only the tables that are built from them.
            const PACKED: &[u8] = #packed;

            const _: () = {
                let (fingerprint, sum) = match PACKED.as_chunks::<8>().0 {
                    [fingerprint, sum, ..] => (u64::from_le_bytes(*fingerprint), u64::from_le_bytes(*sum)),
                    _ => (0, 0),
                };
                assert!(
                    fingerprint == #fingerprint && PACKED.len() == #len,
                    "the file of the weights does not belong to this module",
                );
                let (_, numbers) = PACKED.split_at(16);
                assert!(sum == checksum(numbers), "the file of the weights is damaged");
            };

            #tables
        }
    }
}
