//! Weights in f32: tables of the module, or views of what the program brings.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use synnet_ir::Graph;

use super::strategy::Strategies;
use crate::literal::size;
use crate::names::Names;
use crate::weights::{HEADER, fingerprint, packed_len};

/// The tables of a module that holds its weights.
pub(super) fn tables(graph: &Graph, names: &Names, paths: &Strategies) -> TokenStream {
    let mut items = TokenStream::new();
    let mut start = HEADER as usize;
    for (i, connection) in graph.connections.iter().enumerate() {
        let Some(linear) = connection.as_linear() else { continue };
        let sources = graph.source_width(connection);
        let columns = graph.layer(connection.target).input_columns();
        let table = Names::table(&names.connections[i], "WEIGHTS");
        let docs = [format!(" Weights of `{}`.", connection.name), paths.reason(i)];
        let (at, height, width) = (size(start), size(sources), size(columns));
        items.extend(quote! {
            #(#[doc = #docs])*
            static #table: Matrix<#height, #width> = take_rows(#at);
        });
        start += 4 * sources * columns;
        if linear.bias.is_some() {
            let (table, at) = (Names::table(&names.connections[i], "BIASES"), size(start));
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

/// The views of weights that the program brings, and the error about bytes that are not weights.
pub(super) fn views(graph: &Graph, names: &Names, paths: &Strategies) -> TokenStream {
    let mut fields = Vec::new();
    let mut docs = Vec::new();
    let mut types = Vec::new();
    let mut takes = Vec::new();
    for (i, connection) in graph.connections.iter().enumerate() {
        let Some(linear) = connection.as_linear() else { continue };
        let name = &names.connections[i];
        let sources = size(graph.source_width(connection));
        let columns = size(graph.layer(connection.target).input_columns());
        fields.push(name.clone());
        docs.push(paths.reason(i));
        types.push(quote!(&'w Matrix<#sources, #columns>));
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
            /// The bytes at the start, which tell one network's weights from another's.
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
