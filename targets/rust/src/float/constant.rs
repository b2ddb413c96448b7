//! Constants of a layer's step: one number for all elements, or a table with one per element.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::literal::{float_literal, usize_literal};
use crate::names::Names;

/// A named constant of a layer's step.
pub(crate) struct Constant {
    name: Ident,
    /// One value if all elements agree, otherwise one per element.
    values: Vec<f32>,
}

impl Constant {
    /// Creates a constant with the values of `count` elements.
    pub(crate) fn new(name: &str, count: usize, value: impl Fn(usize) -> f32) -> Self {
        // Bits, not values: -0 and 0 are equal but multiply differently, and NaN equals itself only in bits.
        let first = if count == 0 { 0.0 } else { value(0) };
        let uniform = (1..count).all(|i| value(i).to_bits() == first.to_bits());
        let values = if uniform { vec![first] } else { (0..count).map(value).collect() };
        Self { name: format_ident!("{name}"), values }
    }

    /// Returns the size of the table in bytes; one number for all elements is part of the code and counts as 0.
    pub(crate) fn bytes(&self) -> u64 {
        if self.values.len() == 1 { 0 } else { 4 * self.values.len() as u64 }
    }

    /// Returns the declaration inside the layer's step, if all elements agree.
    pub(crate) fn scalar(&self) -> Option<TokenStream> {
        let [value] = self.values.as_slice() else { return None };
        // Inside the function, so that equal names of different layers do not clash.
        let (name, value) = (&self.name, float_literal(*value));
        Some(quote! { const #name: f32 = #value; })
    }

    /// Returns the table beside the layer, if there is one value per element.
    pub(crate) fn table(&self, layer: &Ident) -> Option<TokenStream> {
        let values = self.values.as_slice();
        if let [_] = values {
            return None;
        }
        let (name, count) = (self.table_name(layer), usize_literal(values.len()));
        // A `static`: a `const` array may be copied to every place of its use.
        let numbers = values.iter().map(|&x| float_literal(x));
        Some(quote! { static #name: [f32; #count] = [#(#numbers),*]; })
    }

    fn table_name(&self, layer: &Ident) -> Ident {
        Names::table(layer, &self.name.to_string())
    }

    /// Returns the constant as an operand of a loop over the elements.
    pub(crate) fn operand(&self, layer: &Ident) -> Operand {
        let name = &self.name;
        if self.values.len() == 1 {
            Operand { value: quote!(#name), looped: None }
        } else {
            let element = format_ident!("{}", name.to_string().to_ascii_lowercase());
            let table = self.table_name(layer);
            Operand { value: quote!(#element), looped: Some((quote!(&#element), quote!(&#table))) }
        }
    }
}

/// A constant in the body of a loop.
pub(crate) struct Operand {
    /// Expression for its value in the body.
    pub(crate) value: TokenStream,
    /// Pattern and iterator, if the loop has to bind an element of a table.
    pub(crate) looped: Option<(TokenStream, TokenStream)>,
}
