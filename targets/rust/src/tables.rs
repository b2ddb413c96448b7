//! Weights as Rust: tables of the module, or views of bytes that the program brings.
//!
//! Both follow the layout of [`weights`](synnet_step::weights): the header, then table after table.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use synnet_step::{Part, Program, Table};

use crate::literal::usize_literal;
use crate::names::Names;

/// Returns the name of a table of the module.
pub(crate) fn table_name(names: &Names, table: &Table) -> Ident {
    let what = match table.part {
        Part::Weights(0) => "WEIGHTS".to_owned(),
        Part::Weights(synapse) => format!("WEIGHTS_{}", synapse + 1),
        Part::Bias => "BIASES".to_owned(),
    };
    Names::table(&names.connections[table.connection], &what)
}

/// Generates the tables of a module with embedded weights.
pub(crate) fn tables(program: &Program, names: &Names) -> TokenStream {
    let tables = program.tables.iter().map(|table| {
        let name = table_name(names, table);
        let docs = [&table.docs].into_iter().chain(&table.reason);
        let (start, rows, columns) =
            (usize_literal(table.start), usize_literal(table.rows), usize_literal(table.columns));
        match table.part {
            Part::Weights(_) => quote! {
                #(#[doc = #docs])*
                static #name: Matrix<#rows, #columns> = take_rows(#start);
            },
            Part::Bias => quote! {
                #(#[doc = #docs])*
                static #name: Row<#columns> = take_row(#start);
            },
        }
    });
    tables.collect()
}

/// Generates the views of weights that the program brings, and the error for bytes that are not these weights.
pub(crate) fn views(program: &Program, names: &Names) -> TokenStream {
    let mut fields = Vec::new();
    let mut docs = Vec::new();
    let mut types = Vec::new();
    let mut takes = Vec::new();
    for table in &program.tables {
        let name = &names.connections[table.connection];
        let (rows, columns) = (usize_literal(table.rows), usize_literal(table.columns));
        // `let ... else` instead of `?`, which is not allowed in a `const fn`.
        if table.part == Part::Bias {
            let bias = format_ident!("{name}_bias");
            takes.push(
                quote! { let Some(([#bias], bytes)) = take_matrix(bytes) else { return Err(length); }; },
            );
            fields.push(bias);
            types.push(quote!(&'w Row<#columns>));
        } else {
            takes
                .push(quote! { let Some((#name, bytes)) = take_matrix(bytes) else { return Err(length); }; });
            fields.push(name.clone());
            types.push(quote!(&'w Matrix<#rows, #columns>));
        }
        docs.push(table.reason.as_ref().unwrap_or(&table.docs));
    }
    let len = Literal::u64_unsuffixed(program.packed_len());
    let fingerprint = Literal::u64_unsuffixed(program.fingerprint);
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

            const fn view(bytes: &'w [u8]) -> Result<Self, WeightsError> {
                let length = WeightsError::Length { expected: Self::LEN, actual: bytes.len() };
                if bytes.len() != Self::LEN {
                    return Err(length);
                }
                let Some((fingerprint, bytes)) = bytes.split_first_chunk() else { return Err(length); };
                if u64::from_le_bytes(*fingerprint) != Self::FINGERPRINT {
                    return Err(WeightsError::OtherNetwork);
                }
                let Some((sum, bytes)) = bytes.split_first_chunk() else { return Err(length); };
                if u64::from_le_bytes(*sum) != checksum(bytes) {
                    return Err(WeightsError::Damaged);
                }
                #(#takes)*
                if bytes.is_empty() { Ok(Self { #(#fields),* }) } else { Err(length) }
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
    let damaged = format!("the weights of `{network}` are damaged: their checksum does not match");
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
            /// The bytes do not match their checksum.
            Damaged,
        }

        impl core::fmt::Display for WeightsError {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self {
                    Self::Length { expected, actual } => write!(f, #length),
                    Self::OtherNetwork => write!(f, #other),
                    Self::Damaged => write!(f, #damaged),
                }
            }
        }

        impl core::error::Error for WeightsError {}
    }
}
