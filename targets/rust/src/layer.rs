//! A layer as Rust: the struct of its states, and the phases of its update.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use synnet_step::{
    Access, Arithmetic, ConstantName, Elements, Layer, Loop, Operand, Phase, State, StateName, Statement,
};

use crate::constant;
use crate::literal::usize_literal;
use crate::loops::zip_loop;
use crate::names::Names;
use crate::statement;
use crate::variants::Variants;

/// Generates the type of a layer, with its tables of constants.
pub(crate) fn layer(names: &Names, index: usize, variants: Variants<'_>) -> TokenStream {
    let (field, name) = (&names.layers[index], &names.layer_types[index]);
    let (layer, arithmetic) = (&variants.program.layers[index], variants.program.arithmetic);
    let docs = &layer.docs;
    let derives = match arithmetic {
        Arithmetic::Float => quote!(Clone, Debug, PartialEq),
        Arithmetic::Integer => quote!(Clone, Debug, PartialEq, Eq),
    };
    let fields = layer.states.iter().map(|state| state_field(layer, state));
    let zeros = layer.states.iter().map(|state| state_zero(layer, state));
    let step = variants.item(|program| step(field, &program.layers[index], arithmetic));
    let tables = constant::tables(field, layer);
    let head = quote_spanned!(name.span()=> pub struct #name);
    quote! {
        #(#[doc = #docs])*
        #[derive(#derives)]
        #head {
            #(#fields)*
        }

        impl #name {
            const fn new() -> Self {
                Self { #(#zeros)* }
            }

            #step
        }

        #tables
    }
}

/// Generates the update of a layer.
fn step(field: &Ident, layer: &Layer, arithmetic: Arithmetic) -> TokenStream {
    let scalars = constant::scalars(layer);
    let phases = layer.update.iter().map(|phase| match phase {
        Phase::Loop(each) => neurons(field, layer, each),
        Phase::Rounds { most } => rounds(field, layer, *most),
        Phase::Aliases { most } => aliases(field, layer, *most),
    });
    let columns = usize_literal(layer.columns);
    match arithmetic {
        Arithmetic::Float => quote! {
            /// Advances by one time step from the inputs received in it.
            fn step(&mut self, inputs: &[f32; #columns]) {
                #scalars
                #(#phases)*
            }
        },
        Arithmetic::Integer => quote! {
            /// Advances by one time step, after all events were added to the currents.
            fn step(&mut self) {
                #scalars
                #(#phases)*
            }
        },
    }
}

fn state_field(layer: &Layer, state: &State) -> TokenStream {
    let (name, docs) = (state_name(state.name), format!(" {}", state.docs));
    let kind = array(layer, state, constant::scalar(state.scalar));
    quote! { #[doc = #docs] pub #name: #kind, }
}

fn state_zero(layer: &Layer, state: &State) -> TokenStream {
    let (name, zero) = (state_name(state.name), array(layer, state, constant::zero(state.scalar)));
    quote! { #name: #zero, }
}

/// Returns the type or the value of a state from that of a number: an array, nested for several numbers per neuron.
fn array(layer: &Layer, state: &State, number: TokenStream) -> TokenStream {
    let (size, inner) = (usize_literal(layer.size), usize_literal(state.per_neuron));
    if state.per_neuron == 1 { quote!([#number; #size]) } else { quote!([[#number; #inner]; #size]) }
}

pub(crate) fn state_name(name: StateName) -> Ident {
    format_ident!("{}", name.name())
}

/// Generates a loop over the elements of a layer.
fn neurons(field: &Ident, layer: &Layer, each: &Loop) -> TokenStream {
    let sequences: Vec<_> =
        each.operands.iter().filter_map(|operand| sequence(field, layer, each, *operand)).collect();
    let statements = each.body.iter().map(|statement| statement::statement(layer, each, *statement));
    let body = quote! { #(#statements)* };
    match sequences.as_slice() {
        // A single sequence is iterated over without a call.
        [(pattern, states)] => quote! { for #pattern in #states { #body } },
        // The first sequence is the receiver of a call.
        [_, rest @ ..] => zip_loop(first(layer, each).into_iter().chain(rest.iter().cloned()), &body),
        [] => body,
    }
}

/// Returns the pattern and the iterator of the first operand, which is a state that the loop writes.
fn first(layer: &Layer, each: &Loop) -> Option<(TokenStream, TokenStream)> {
    let Some(Operand::State(name, _)) = each.operands.first() else { return None };
    let (variable, state) = (statement::variable(each, *name), state_name(*name));
    let flat = flattened(layer, each).then(|| quote!(.as_flattened_mut()));
    Some((quote!(#variable), quote!(self.#state #flat.iter_mut())))
}

/// Returns whether the elements of a loop are the numbers of a nested array.
fn flattened(layer: &Layer, each: &Loop) -> bool {
    each.over == Elements::Currents && layer.states.iter().any(|state| state.per_neuron > 1)
}

/// Returns the pattern and the iterator by which a loop binds an element of an operand; `None` if nothing is bound.
fn sequence(
    field: &Ident,
    layer: &Layer,
    each: &Loop,
    operand: Operand,
) -> Option<(TokenStream, TokenStream)> {
    match operand {
        Operand::State(name, access) => {
            let (variable, state) = (statement::variable(each, name), state_name(name));
            Some(match access {
                Access::Write => (quote!(#variable), quote!(&mut self.#state)),
                Access::Read if statement::binds_values(each) => (quote!(&#state), quote!(&self.#state)),
                Access::Read => (quote!(#state), quote!(&self.#state)),
            })
        }
        Operand::Received => Some((quote!(input), quote!(inputs))),
        Operand::Constant(name) => constant::sequence(field, layer, name),
    }
}

/// Generates spikes and reset in rounds of one spike per neuron, until no neuron spikes.
fn rounds(field: &Ident, layer: &Layer, most: u8) -> TokenStream {
    let threshold = constant::value(layer, ConstantName::Threshold);
    let n = usize_literal(layer.size);
    let most = Literal::u8_unsuffixed(most);
    let states = [(quote!(vmem), quote!(self.vmem.iter_mut())), (quote!(count), quote!(&mut counts))];
    let round = zip_loop(
        states.into_iter().chain(constant::sequence(field, layer, ConstantName::Threshold)),
        &quote! {
            // -1 for a neuron that spikes: also the mask of its threshold. So there is no branch, and all lanes have 16
            // bits.
            let spikes = -i16::from(reaches(*vmem, #threshold));
            *count = count.wrapping_sub(spikes);
            // Wraps, as on the chip: a negative threshold can raise the membrane beyond 16 bits.
            *vmem = vmem.wrapping_sub(#threshold & spikes);
            any |= spikes;
        },
    );
    quote! {
        let mut counts = [0_i16; #n];
        for _ in 0..#most {
            let mut any = 0;
            #round
            if any == 0 {
                break;
            }
        }
        for (spikes, count) in self.spikes.iter_mut().zip(counts) {
            // At most 31, so the low byte is the count; a cast would be a warning of clippy.
            [*spikes, _] = count.to_le_bytes();
        }
    }
}

/// Generates spikes and reset for a layer with aliases.
fn aliases(field: &Ident, layer: &Layer, most: u8) -> TokenStream {
    // One neuron after the other in ascending order, as on the chip: a neuron may find spikes that an alias source has
    // added, and starts counting from there.
    let n = usize_literal(layer.size);
    let neuron = (quote!(neuron), quote!((0..#n)));
    let vmem = (quote!(vmem), quote!(&mut self.vmem));
    let constants = [ConstantName::Alias, ConstantName::Threshold];
    let constants = constants.into_iter().filter_map(|name| constant::sequence(field, layer, name));
    let count = statement::count_spikes(layer, most);
    let most = Literal::u8_unsuffixed(most);
    let each = zip_loop(
        [neuron, vmem].into_iter().chain(constants),
        &quote! {
            let Some(spikes) = self.spikes.get_mut(neuron) else {
                break;
            };
            #count
            let handed_on = *spikes;
            // There is no neuron with the index that stands for no alias.
            if let Some(spikes) = self.spikes.get_mut(usize::from(alias)) {
                *spikes = spikes.saturating_add(handed_on).min(#most);
            }
        },
    );
    quote! { self.spikes = [0; #n]; #each }
}

/// Returns whether a statement is of integers.
pub(crate) fn is_integer(statement: Statement) -> bool {
    matches!(
        statement,
        Statement::LeakCurrent { .. }
            | Statement::LeakMembrane { .. }
            | Statement::SpikeOnce
            | Statement::DivideSpikes { .. }
            | Statement::CountSpikes { .. }
    )
}
