//! Numbers as tokens.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// The literal of a size, without suffix.
pub(crate) fn size(n: usize) -> Literal {
    Literal::usize_unsuffixed(n)
}

/// The literal of a number; it reads back as the same number.
pub(crate) fn number(x: f32) -> TokenStream {
    if x.is_nan() {
        return quote!(f32::NAN);
    }
    let magnitude = if x.is_infinite() {
        quote!(f32::INFINITY)
    } else {
        let literal = Literal::f32_unsuffixed(x.abs());
        quote!(#literal)
    };
    if x.is_sign_negative() { quote!(-#magnitude) } else { magnitude }
}
