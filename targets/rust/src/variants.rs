//! Items of which there are two variants: for machines with vector instructions, and for those without.
//!
//! The compiler of the generated code knows the machine, the generator does not: a macro runs before it, and a file may
//! be used on several machines. So the code contains both variants where they differ, each under its condition.

use proc_macro2::TokenStream;
use quote::quote;
use synnet_step::{Machine, Program};

/// A program for each kind of machine that the code is for.
#[derive(Clone, Copy)]
pub(crate) struct Variants<'a> {
    /// The program, or the one for machines with vector instructions if there are two.
    pub(crate) program: &'a Program,
    /// The program for machines without, if there are two. It differs in the updates of layers, and in how rows are
    /// added.
    pub(crate) scalar: Option<&'a Program>,
}

impl<'a> Variants<'a> {
    /// Creates a single variant.
    pub(crate) fn single(program: &'a Program) -> Self {
        Self { program, scalar: None }
    }

    /// Generates an item from each program, under its condition if they differ.
    pub(crate) fn item(&self, generate: impl Fn(&Program) -> TokenStream) -> TokenStream {
        let item = generate(self.program);
        let Some(scalar) = self.scalar.map(generate) else { return item };
        // Tokens cannot be compared.
        if item.to_string() == scalar.to_string() {
            return item;
        }
        let conditional = |item: TokenStream, machine| {
            let condition = condition(machine);
            // An item that a machine does not have.
            (!item.is_empty()).then(|| quote! { #[cfg(#condition)] #item })
        };
        let [vector, scalar] = [conditional(item, Machine::Vector), conditional(scalar, Machine::Scalar)];
        quote! { #vector #scalar }
    }
}

/// Returns the condition under which the code runs on a kind of machine.
fn condition(machine: Machine) -> TokenStream {
    // Features, not architectures: there are processors of each architecture without vectors, and WebAssembly has them
    // only on request.
    let vectors = quote!(any(target_feature = "sse2", target_feature = "neon", target_feature = "simd128"));
    match machine {
        Machine::Vector => vectors,
        Machine::Scalar => quote!(not(#vectors)),
    }
}
