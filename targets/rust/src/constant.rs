//! Constants of a layer as Rust: a `const` in the layer's step, or a table beside the layer.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use synnet_step::{Constant, ConstantName, Layer, Scalar, Values};

use crate::literal::{float_literal, usize_literal};
use crate::names::Names;

/// Returns the declarations inside a layer's step: the constants on which all elements agree.
pub(crate) fn scalars(layer: &Layer) -> TokenStream {
    // Inside the function, so that equal names of different layers do not clash.
    let scalars = layer.constants.iter().filter(|constant| !constant.is_table()).map(|constant| {
        let (name, kind) = (format_ident!("{}", constant.name.name()), scalar(constant.scalar()));
        let values = values(&constant.values);
        quote! { const #name: #kind = #(#values)*; }
    });
    scalars.collect()
}

/// Returns the tables beside a layer: the constants with one value per element.
pub(crate) fn tables(field: &Ident, layer: &Layer) -> TokenStream {
    let tables = layer.constants.iter().filter(|constant| constant.is_table()).map(|constant| {
        let (name, kind) = (Names::table(field, constant.name.name()), scalar(constant.scalar()));
        let (count, values) = (usize_literal(constant.count()), values(&constant.values));
        let docs = (constant.name == ConstantName::Alias).then(|| {
            let docs = " For each neuron, the neuron that also spikes when it does; 65535 for none.";
            quote!(#[doc = #docs])
        });
        // A `static`: a `const` array may be copied to every place of its use.
        quote! { #docs static #name: [#kind; #count] = [#(#values),*]; }
    });
    tables.collect()
}

/// Returns the type of numbers.
pub(crate) fn scalar(scalar: Scalar) -> TokenStream {
    match scalar {
        Scalar::F32 => quote!(f32),
        Scalar::I16 => quote!(i16),
        Scalar::I8 => quote!(i8),
        Scalar::U8 => quote!(u8),
        Scalar::U16 => quote!(u16),
    }
}

/// Returns the zero of a type.
pub(crate) fn zero(scalar: Scalar) -> TokenStream {
    match scalar {
        Scalar::F32 => quote!(0.0),
        Scalar::I16 | Scalar::I8 | Scalar::U8 | Scalar::U16 => quote!(0),
    }
}

fn values(values: &Values) -> Vec<TokenStream> {
    let token = |literal: Literal| quote!(#literal);
    match values {
        Values::F32(values) => values.iter().map(|&x| float_literal(x)).collect(),
        Values::I16(values) => values.iter().map(|&x| token(Literal::i16_unsuffixed(x))).collect(),
        Values::U8(values) => values.iter().map(|&x| token(Literal::u8_unsuffixed(x))).collect(),
        Values::U16(values) => values.iter().map(|&x| token(Literal::u16_unsuffixed(x))).collect(),
    }
}

/// Returns the expression for a constant in the body of a loop.
pub(crate) fn value(layer: &Layer, name: ConstantName) -> TokenStream {
    let name = match layer.constant(name).map(Constant::is_table) {
        Some(true) => format_ident!("{}", name.name().to_ascii_lowercase()),
        _ => format_ident!("{}", name.name()),
    };
    quote!(#name)
}

/// Returns the pattern and the iterator by which a loop binds an element of a constant; `None` if all elements agree.
pub(crate) fn sequence(
    field: &Ident,
    layer: &Layer,
    name: ConstantName,
) -> Option<(TokenStream, TokenStream)> {
    layer.constant(name).filter(|constant| constant.is_table())?;
    let (element, table) = (value(layer, name), Names::table(field, name.name()));
    Some((quote!(&#element), quote!(&#table)))
}
