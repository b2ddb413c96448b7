//! Statements about one element as Rust.
//!
//! A loop binds states that it writes, and those of f32, by reference; integers that it only reads by value.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use synnet_step::{Access, ConstantName, Layer, Loop, Operand, StateName, Statement};

use crate::constant;
use crate::layer::{is_integer, state_name};
use crate::literal::{float_literal, usize_literal};

/// Generates a statement in the body of a loop.
pub(crate) fn statement(layer: &Layer, each: &Loop, statement: Statement) -> TokenStream {
    let constant = |name| constant::value(layer, name);
    let threshold = || constant(ConstantName::Threshold);
    match statement {
        Statement::FilterCurrent => {
            let decay = constant(ConstantName::DecaySyn);
            quote! { *isyn = (*isyn + input) * #decay; }
        }
        Statement::TakeInput => quote! { *isyn = *input; },
        Statement::Adapt => {
            let (weight, decay) = (constant(ConstantName::WAhp), constant(ConstantName::DecayAhp));
            quote! { *iahp = (*iahp + *spikes * #weight) * #decay; }
        }
        Statement::Integrate { leak, synapses, adaptation } => {
            let bias = constant(ConstantName::Bias);
            let total = total(synapses, adaptation);
            // The parentheses are part of the definition: currents are summed before the membrane is added.
            if leak {
                let decay = constant(ConstantName::DecayMem);
                quote! { *vmem = *vmem * #decay + (#total + #bias); }
            } else {
                quote! { *vmem += #total + #bias; }
            }
        }
        Statement::Compare => {
            let threshold = threshold();
            quote! { *spikes = if *vmem >= #threshold { 1.0 } else { 0.0 }; }
        }
        Statement::Divide { most } => {
            let (threshold, most) = (threshold(), float_literal(most as f32));
            quote! { *spikes = spike_count(*vmem, #threshold, #most); }
        }
        Statement::Subtract => {
            let threshold = threshold();
            quote! { *vmem -= *spikes * #threshold; }
        }
        Statement::Zero => quote! { if *spikes != 0.0 { *vmem = 0.0; } },
        Statement::LeakCurrent { synapse } => {
            let (isyn, dash) = CURRENTS[synapse];
            let (isyn, dash) = (variable(each, isyn), constant(dash));
            quote! { *#isyn = #isyn.wrapping_sub(leak(*#isyn, #dash)); }
        }
        Statement::LeakMembrane { synapses, bias } => leak_membrane(layer, each, synapses, bias),
        Statement::SpikeOnce => {
            let threshold = threshold();
            quote! {
                let spiking = reaches(*vmem, #threshold);
                *spikes = u8::from(spiking);
                *vmem = vmem.wrapping_sub(if spiking { #threshold } else { 0 });
            }
        }
        Statement::DivideSpikes { most } => {
            let (threshold, most) = (threshold(), Literal::u8_unsuffixed(most));
            quote! {
                *spikes = 0;
                if reaches(*vmem, #threshold) {
                    // No threshold is 0, which the compiler does not know.
                    let count = vmem.checked_div(#threshold).unwrap_or(0).min(#most);
                    *vmem = vmem.wrapping_sub(count.wrapping_mul(#threshold));
                    [*spikes, _] = count.to_le_bytes();
                }
            }
        }
        Statement::CountSpikes { most } => {
            let count = count_spikes(layer, most);
            quote! { *spikes = 0; #count }
        }
    }
}

/// Generates the spikes of one neuron beyond those that it already has, and their reset.
pub(crate) fn count_spikes(layer: &Layer, most: u8) -> TokenStream {
    let (threshold, most) = (constant::value(layer, ConstantName::Threshold), Literal::u8_unsuffixed(most));
    quote! {
        while *spikes < #most && reaches(*vmem, #threshold) {
            *spikes += 1;
            *vmem = vmem.wrapping_sub(#threshold);
        }
    }
}

/// Returns the variable of a loop that stands for an element of a state: its name, but `isyn` for the only current.
pub(crate) fn variable(each: &Loop, name: StateName) -> Ident {
    let states = each.operands.iter().filter(|operand| matches!(operand, Operand::State(..)));
    if name == StateName::Isyn2 && states.count() == 1 {
        state_name(StateName::Isyn)
    } else {
        state_name(name)
    }
}

/// Returns whether a loop binds the states that it only reads by value.
pub(crate) fn binds_values(each: &Loop) -> bool {
    each.body.iter().any(|statement| is_integer(*statement))
}

/// Currents of integers and the constants of their leaks, by synapse.
const CURRENTS: [(StateName, ConstantName); 2] =
    [(StateName::Isyn, ConstantName::DashSyn), (StateName::Isyn2, ConstantName::DashSyn2)];

/// Returns the sum of a neuron's currents in f32.
fn total(synapses: usize, adaptation: bool) -> TokenStream {
    let mut total = if synapses == 1 {
        quote!(*isyn)
    } else {
        let each_isyn = (0..synapses).map(|s| {
            let s = usize_literal(s);
            quote!(isyn[#s])
        });
        // Added from the first synapse on, as in the interpreter: the order of a float sum matters.
        quote!(#(#each_isyn)+*)
    };
    if adaptation {
        total.extend(quote!(+ *iahp));
    }
    total
}

fn leak_membrane(layer: &Layer, each: &Loop, synapses: usize, bias: bool) -> TokenStream {
    let dash = constant::value(layer, ConstantName::DashMem);
    let currents: Vec<TokenStream> =
        CURRENTS[..synapses].iter().map(|(name, _)| value(each, *name)).collect();
    // The chip saturates the change before it adds the bias, and again when it adds the change to the membrane.
    let mut change = match currents.as_slice() {
        [isyn] => quote!(leak(*vmem, #dash).wrapping_neg().saturating_add(#isyn)),
        _ => quote!(add_currents(leak(*vmem, #dash).wrapping_neg(), #(#currents),*)),
    };
    if bias {
        let bias = constant::value(layer, ConstantName::Bias);
        change = quote!(#change.saturating_add(#bias));
    }
    quote! { *vmem = vmem.saturating_add(#change); }
}

/// Returns the value of a state in the body of a loop over integers.
fn value(each: &Loop, name: StateName) -> TokenStream {
    let state = state_name(name);
    if each.operands.contains(&Operand::State(name, Access::Write)) {
        quote!(*#state)
    } else {
        quote!(#state)
    }
}
