//! Code of a layer in f32: the struct of its states, and one step of its neurons.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use synnet_ir::graph::{ExpSyn, Layer, LayerId, Lif, Neuron};

use super::constant::{Constant, Operand};
use crate::literal::{float_literal, usize_literal};
use crate::loops::zip_loop;
use crate::names::Names;

/// Generates the type of a layer, with its tables of constants.
pub(crate) fn layer(names: &Names, id: LayerId, layer: &Layer, docs: &[String], dt: f64) -> TokenStream {
    let (field, name) = (&names.layers[id.index()], &names.layer_types[id.index()]);
    let (constants, states, body) = match &layer.neuron {
        Neuron::Lif(lif) => {
            let constants = lif_constants(layer, lif, dt);
            let body = lif_body(field, lif, &constants);
            (constants, lif_states(layer, lif), body)
        }
        Neuron::ExpSyn(expsyn) => {
            let constants = expsyn_constants(layer, expsyn, dt);
            let body = currents(&quote!(self.isyn), constants[0].operand(field));
            (constants, vec![State::new("isyn", "Synaptic currents.", &[layer.size])], body)
        }
    };
    let tables = constants.iter().filter_map(|constant| constant.table(field));
    let scalars = constants.iter().filter_map(Constant::scalar);
    let fields = states.iter().map(State::field);
    let zeros = states.iter().map(State::zero);
    let columns = usize_literal(layer.input_columns());
    let head = quote_spanned!(name.span()=> pub struct #name);
    quote! {
        #(#[doc = #docs])*
        #[derive(Clone, Debug, PartialEq)]
        #head {
            #(#fields)*
        }

        impl #name {
            const fn new() -> Self {
                Self { #(#zeros)* }
            }

            /// Advances by one time step from the inputs received in it.
            fn step(&mut self, inputs: &[f32; #columns]) {
                #(#scalars)*
                #body
            }
        }

        #(#tables)*
    }
}

/// Returns the constants of a LIF layer: `[decay_syn, decay_mem, threshold, bias]`, then those of adaptation.
pub(crate) fn lif_constants(layer: &Layer, lif: &Lif, dt: f64) -> Vec<Constant> {
    let n = layer.size;
    // Computed in f64 and rounded once, as in the interpreter, so that both decay by the same f32.
    let mut constants = vec![
        Constant::new("DECAY_SYN", layer.input_columns(), |i| lif.syn.decay(i, dt) as f32),
        Constant::new("DECAY_MEM", n, |i| lif.mem.decay(i, dt) as f32),
        Constant::new("THRESHOLD", n, |i| lif.threshold.get(i) as f32),
        Constant::new("BIAS", n, |i| lif.bias.get(i) as f32),
    ];
    if let Some(adaptation) = &lif.adaptation {
        constants.push(Constant::new("W_AHP", n, |i| adaptation.w_ahp.get(i) as f32));
        constants.push(Constant::new("DECAY_AHP", n, |i| adaptation.leak.decay(i, dt) as f32));
    }
    constants
}

/// Returns the constants of a layer of leaky integrators: `[decay_syn]`.
pub(crate) fn expsyn_constants(layer: &Layer, expsyn: &ExpSyn, dt: f64) -> Vec<Constant> {
    vec![Constant::new("DECAY_SYN", layer.size, |i| expsyn.syn.decay(i, dt) as f32)]
}

/// Returns the maximum number of spikes per neuron per step if the layer counts spikes by division. A layer with at
/// most one spike compares instead.
pub(crate) fn counts_by_division(layer: &Layer) -> Option<u32> {
    layer.as_lif().map(|lif| lif.max_spikes).filter(|&most| most != 1)
}

/// Returns the field of a layer that its targets receive.
pub(crate) fn emitted(layer: &Layer) -> Ident {
    match layer.neuron {
        Neuron::Lif(_) => format_ident!("spikes"),
        Neuron::ExpSyn(_) => format_ident!("isyn"),
    }
}

/// A field of a layer: an array of numbers, initially zero.
struct State {
    name: Ident,
    docs: String,
    kind: TokenStream,
    zero: TokenStream,
}

impl State {
    /// Creates a state with the given extents, from the outermost to the innermost.
    fn new(name: &str, docs: &str, extents: &[usize]) -> Self {
        // Arrays nest from the inside out.
        let array = |element: TokenStream| {
            extents.iter().rev().fold(element, |inner, &extent| {
                let extent = usize_literal(extent);
                quote!([#inner; #extent])
            })
        };
        Self {
            name: format_ident!("{name}"),
            docs: format!(" {docs}"),
            kind: array(quote!(f32)),
            zero: array(quote!(0.0)),
        }
    }

    fn field(&self) -> TokenStream {
        let Self { name, docs, kind, .. } = self;
        quote! { #[doc = #docs] pub #name: #kind, }
    }

    fn zero(&self) -> TokenStream {
        let Self { name, zero, .. } = self;
        quote! { #name: #zero, }
    }
}

fn lif_states(layer: &Layer, lif: &Lif) -> Vec<State> {
    let n = layer.size;
    let isyn = match lif.synapses {
        1 => State::new("isyn", "Synaptic currents.", &[n]),
        synapses => State::new("isyn", "Synaptic currents of each neuron.", &[n, synapses]),
    };
    let iahp = lif.adaptation.as_ref().map(|_| State::new("iahp", "After-hyperpolarization currents.", &[n]));
    let vmem = State::new("vmem", "Membrane potentials, after reset.", &[n]);
    let spikes = State::new("spikes", "Spike counts of the last time step.", &[n]);
    [Some(isyn), iahp, Some(vmem), Some(spikes)].into_iter().flatten().collect()
}

/// Generates the equations of LIF neurons in the order that `synnet_ir::graph` defines.
fn lif_body(field: &Ident, lif: &Lif, constants: &[Constant]) -> TokenStream {
    // Taken in the order of `lif_constants`, which the destructuring below relies on.
    let mut operands = constants.iter().map(|constant| constant.operand(field));
    let mut operand = || operands.next().expect("`lif_constants` lists every constant of the equations");
    let (decay_syn, decay_mem, threshold, bias) = (operand(), operand(), operand(), operand());
    // One loop over the neurons reads and writes every state once, which in f32 is faster than a loop per equation.
    // Several synapses have another number of elements, so they decay in a loop of their own before.
    let mut loops =
        vec![(quote!(vmem), quote!(self.vmem.iter_mut())), (quote!(spikes), quote!(&mut self.spikes))];
    let (before, current, mut total) = if lif.synapses == 1 {
        loops.extend([(quote!(isyn), quote!(&mut self.isyn)), (quote!(input), quote!(inputs))]);
        let decay = &decay_syn.value;
        let current = quote! { *isyn = (*isyn + input) * #decay; };
        loops.extend(decay_syn.looped.clone());
        (None, Some(current), quote!(*isyn))
    } else {
        loops.push((quote!(isyn), quote!(&self.isyn)));
        let each_isyn = (0..lif.synapses).map(|s| {
            let s = usize_literal(s);
            quote!(isyn[#s])
        });
        // Added from the first synapse on, as in the interpreter: the order of a float sum matters.
        let total = quote!(#(#each_isyn)+*);
        (Some(currents(&quote!(self.isyn.as_flattened_mut()), decay_syn)), None, total)
    };
    let adaptation = lif.adaptation.as_ref().map(|_| {
        total.extend(quote!(+ *iahp));
        let (w_ahp, decay_ahp) = (operand(), operand());
        let (weight, decay) = (&w_ahp.value, &decay_ahp.value);
        loops.push((quote!(iahp), quote!(&mut self.iahp)));
        loops.extend(w_ahp.looped.clone().into_iter().chain(decay_ahp.looped.clone()));
        // `spikes` still holds the spikes of the previous step, which drive the adaptation.
        quote! { *iahp = (*iahp + *spikes * #weight) * #decay; }
    });
    loops.extend([&decay_mem, &bias, &threshold].into_iter().filter_map(|operand| operand.looped.clone()));
    let (decay, constant, threshold) = (&decay_mem.value, &bias.value, &threshold.value);
    let count = if lif.max_spikes == 1 {
        quote!(if *vmem >= #threshold { 1.0 } else { 0.0 })
    } else {
        let max_spikes = float_literal(lif.max_spikes as f32);
        quote!(spike_count(*vmem, #threshold, #max_spikes))
    };
    let neurons = zip_loop(
        loops,
        &quote! {
            #current
            #adaptation
            // The parentheses are part of the definition: currents are summed before the membrane is added.
            *vmem = *vmem * #decay + (#total + #constant);
            *spikes = #count;
            *vmem -= *spikes * #threshold;
        },
    );
    quote! { #before #neurons }
}

/// Generates `isyn = (isyn + input) * decay` for all currents.
fn currents(isyn: &TokenStream, decay: Operand) -> TokenStream {
    let Operand { value, looped } = decay;
    let states = [(quote!(isyn), quote!(#isyn.iter_mut())), (quote!(input), quote!(inputs))];
    zip_loop(states.into_iter().chain(looped), &quote! { *isyn = (*isyn + input) * #value; })
}
