//! Loops of generated code.

use proc_macro2::TokenStream;
use quote::quote;

/// A loop over several sequences at once, each with its pattern.
pub(crate) fn each(
    sequences: impl IntoIterator<Item = (TokenStream, TokenStream)>,
    body: &TokenStream,
) -> TokenStream {
    let joined = sequences.into_iter().reduce(|(patterns, zipped), (pattern, sequence)| {
        (quote!((#patterns, #pattern)), quote!(#zipped.zip(#sequence)))
    });
    let (patterns, zipped) = joined.expect("a loop runs over something");
    quote! {
        for #patterns in #zipped {
            #body
        }
    }
}
