//! Loops of generated code: iterators are zipped, so that no index needs a check.

use proc_macro2::TokenStream;
use quote::quote;

/// Generates a loop over several zipped sequences, each with its pattern. There must be at least one.
pub(crate) fn zip_loop(
    sequences: impl IntoIterator<Item = (TokenStream, TokenStream)>,
    body: &TokenStream,
) -> TokenStream {
    // Zipping from the left nests the patterns in the same way: `((a, b), c)` in `a.zip(b).zip(c)`. Sequences are
    // arrays of one length, so the compiler drops the checks for the end of each and vectorizes the loop.
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
