//! Constants of a layer: one number for all elements, or a table.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::literal::{number, size};
use crate::names::Names;

/// A named constant of a layer's step.
pub(crate) struct Constant {
    name: Ident,
    /// One value where all elements agree, else one for each.
    values: Vec<f32>,
}

impl Constant {
    /// The constant with the values of `count` elements.
    pub(crate) fn new(name: &str, count: usize, value: impl Fn(usize) -> f32) -> Self {
        let first = if count == 0 { 0.0 } else { value(0) };
        let uniform = (1..count).all(|i| value(i).to_bits() == first.to_bits());
        let values = if uniform { vec![first] } else { (0..count).map(value).collect() };
        Self { name: format_ident!("{name}"), values }
    }

    /// Bytes of its table; one number for all counts as code.
    pub(crate) fn bytes(&self) -> u64 {
        if self.values.len() == 1 { 0 } else { 4 * self.values.len() as u64 }
    }

    /// Its declaration inside the step of its layer, where all elements agree.
    pub(crate) fn scalar(&self) -> Option<TokenStream> {
        let [value] = self.values.as_slice() else { return None };
        let (name, value) = (&self.name, number(*value));
        Some(quote! { const #name: f32 = #value; })
    }

    /// Its table beside its layer, where there is one value per element.
    pub(crate) fn table(&self, layer: &Ident) -> Option<TokenStream> {
        let values = self.values.as_slice();
        if let [_] = values {
            return None;
        }
        let (name, count) = (self.table_name(layer), size(values.len()));
        let numbers = values.iter().map(|&x| number(x));
        Some(quote! { static #name: [f32; #count] = [#(#numbers),*]; })
    }

    fn table_name(&self, layer: &Ident) -> Ident {
        Names::table(layer, &self.name.to_string())
    }

    /// Its value in an expression, and what a loop over the elements binds for it.
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

/// A quantity in the body of a loop.
pub(crate) struct Operand {
    /// How the body names it.
    pub(crate) value: TokenStream,
    /// Pattern and iterator, where the loop has to bind it.
    pub(crate) looped: Option<(TokenStream, TokenStream)>,
}
