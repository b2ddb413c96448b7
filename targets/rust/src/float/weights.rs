//! Weights in f32: tables of the module, or views of bytes that the program brings.
//!
//! Both follow the layout of [`weights`](crate::weights): a fingerprint, then matrix and bias of each linear
//! connection.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use synnet_ir::Graph;

use super::strategy::Strategies;
use crate::literal::usize_literal;
use crate::names::Names;
use crate::weights::{HEADER, fingerprint, packed_len};

/// Generates the tables of a module with embedded weights.
pub(super) fn tables(graph: &Graph, names: &Names, strategies: &Strategies) -> TokenStream {
    let mut items = TokenStream::new();
    let mut start = HEADER as usize;
    for (i, connection) in graph.connections.iter().enumerate() {
        let Some(linear) = connection.as_linear() else { continue };
        let sources = graph.source_width(connection);
        let columns = graph.layer(connection.target).input_columns();
        let table = Names::table(&names.connections[i], "WEIGHTS");
        let docs = [format!(" Weights of `{}`.", connection.name), strategies.reason(i)];
        // `start` advances exactly as `weights::pack` writes.
        let (at, height, width) = (usize_literal(start), usize_literal(sources), usize_literal(columns));
        items.extend(quote! {
            #(#[doc = #docs])*
            static #table: Matrix<#height, #width> = take_rows(#at);
        });
        start += 4 * sources * columns;
        if linear.bias.is_some() {
            let (table, at) = (Names::table(&names.connections[i], "BIASES"), usize_literal(start));
            let docs = format!(" Bias of `{}`.", connection.name);
            items.extend(quote! {
                #[doc = #docs]
                static #table: Row<#width> = take_row(#at);
            });
            start += 4 * columns;
        }
    }
    items
}

/// Generates the views of weights that the program brings, and the error for bytes that are not these weights.
pub(super) fn views(graph: &Graph, names: &Names, strategies: &Strategies) -> TokenStream {
    let mut fields = Vec::new();
    let mut docs = Vec::new();
    let mut types = Vec::new();
    let mut takes = Vec::new();
    for (i, connection) in graph.connections.iter().enumerate() {
        let Some(linear) = connection.as_linear() else { continue };
        let name = &names.connections[i];
        let sources = usize_literal(graph.source_width(connection));
        let columns = usize_literal(graph.layer(connection.target).input_columns());
        fields.push(name.clone());
        docs.push(strategies.reason(i));
        types.push(quote!(&'w Matrix<#sources, #columns>));
        // `let ... else` instead of `?`, which is not allowed in a `const fn`.
        takes.push(quote! { let Some((#name, bytes)) = take_matrix(bytes) else { return None; }; });
        if linear.bias.is_some() {
            let bias = format_ident!("{name}_bias");
            takes.push(quote! { let Some(([#bias], bytes)) = take_matrix(bytes) else { return None; }; });
            fields.push(bias);
            docs.push(format!(" Bias of `{}`.", connection.name));
            types.push(quote!(&'w Row<#columns>));
        }
    }
    let len = Literal::u64_unsuffixed(packed_len(graph));
    let fingerprint = Literal::u64_unsuffixed(fingerprint(graph));
    let error = error(names);
    quote! {
        /// Views of the weights of all connections.
        #[derive(Clone, Copy)]
        struct Weights<'w> {
            #(#[doc = #docs] #fields: #types,)*
        }

        impl<'w> Weights<'w> {
            /// Length in bytes.
            const LEN: usize = #len;
            /// The first eight bytes, which identify the network.
            const FINGERPRINT: u64 = #fingerprint;

            const fn view(bytes: &'w [u8]) -> Option<Self> {
                let Some((fingerprint, bytes)) = bytes.split_first_chunk() else { return None; };
                if u64::from_le_bytes(*fingerprint) != Self::FINGERPRINT {
                    return None;
                }
                #(#takes)*
                if bytes.is_empty() { Some(Self { #(#fields),* }) } else { None }
            }
        }

        // By hand: the derived output would print every weight.
        impl core::fmt::Debug for Weights<'_> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct("Weights").finish_non_exhaustive()
            }
        }

        #error
    }
}

fn error(names: &Names) -> TokenStream {
    let network = &names.network;
    let length = format!("the weights of `{network}` are {{expected}} bytes, not {{actual}}");
    let other = format!("these are weights of another network than `{network}`");
    quote! {
        /// The error for bytes that are not the weights of the network.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum WeightsError {
            /// The bytes have the wrong length.
            Length {
                /// Expected length, in bytes.
                expected: usize,
                /// Actual length, in bytes.
                actual: usize,
            },
            /// The bytes do not start with the fingerprint of this network.
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
