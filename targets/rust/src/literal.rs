//! Numbers as tokens of generated code.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// Returns the literal of a size, without suffix.
pub(crate) fn usize_literal(n: usize) -> Literal {
    Literal::usize_unsuffixed(n)
}

/// Returns an expression for a number, which evaluates to the same number.
pub(crate) fn float_literal(x: f32) -> TokenStream {
    // Rust has no literals for NaN, infinity and negative numbers.
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
