//! A layer: its states, and one step of its neurons.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::network::IntegerLayer;
use super::synapse::{current, synapse_field};
use crate::literal::size;
use crate::loops::each;
use crate::names::Names;

/// The type of a layer with its tables.
pub(super) fn layer(field: &Ident, name: &Ident, layer: &IntegerLayer, docs: &[String]) -> TokenStream {
    let n = size(layer.size());
    let currents: Vec<Ident> = (0..layer.dash_syn.len()).map(current).collect();
    let current_docs = ["Synaptic currents.", "Currents of the second synapses."].map(|d| format!(" {d}"));
    let constants = Constants::of(layer);
    let scalars = constants.all().filter_map(Constant::scalar);
    let tables = constants.all().filter_map(|constant| constant.table(field));
    let body = body(field, layer, &constants, &currents);
    let aliases = aliases(field, layer);
    quote! {
        #(#[doc = #docs])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct #name {
            #(#[doc = #current_docs] pub #currents: [i16; #n],)*
            /// Membrane potentials, after reset.
            pub vmem: [i16; #n],
            /// Spike counts of the last time step.
            pub spikes: [u8; #n],
        }

        impl #name {
            const fn new() -> Self {
                Self { #(#currents: [0; #n],)* vmem: [0; #n], spikes: [0; #n] }
            }

            /// Advances by one time step, after the currents have received.
            fn step(&mut self) {
                #(#scalars)*
                #body
            }
        }

        #(#tables)*
        #aliases
    }
}

/// Bytes of the tables of a layer.
pub(super) fn table_bytes(layer: &IntegerLayer) -> u64 {
    let constants = Constants::of(layer);
    let tables: u64 = constants.all().map(Constant::bytes).sum();
    let aliases = if aliased(layer) { 2 * layer.size() as u64 } else { 0 };
    tables + aliases
}

/// A constant of a layer: one value for all neurons, or a table.
struct Constant {
    name: String,
    kind: Ident,
    bytes: u64,
    /// One value where all neurons agree, else one for each.
    values: Vec<i16>,
}

struct Constants {
    dash_syn: Vec<Constant>,
    dash_mem: Constant,
    threshold: Constant,
    /// Absent where it is 0 for all neurons.
    bias: Option<Constant>,
}

impl Constants {
    fn of(layer: &IntegerLayer) -> Self {
        let dashes = |name: &str, values: &[u8]| {
            Constant::new(name.to_owned(), "u8", 1, values.iter().map(|&dash| dash.into()).collect())
        };
        let numbers = |name: &str, values: &[i16]| Constant::new(name.to_owned(), "i16", 2, values.to_vec());
        let dash_syn = layer.dash_syn.iter().enumerate();
        Self {
            dash_syn: dash_syn.map(|(s, values)| dashes(&synapse_field("DASH_SYN", s), values)).collect(),
            dash_mem: dashes("DASH_MEM", &layer.dash_mem),
            threshold: numbers("THRESHOLD", &layer.threshold),
            bias: layer.bias.iter().any(|&bias| bias != 0).then(|| numbers("BIAS", &layer.bias)),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Constant> {
        self.dash_syn.iter().chain([&self.dash_mem, &self.threshold]).chain(&self.bias)
    }
}

impl Constant {
    fn new(name: String, kind: &str, bytes: u64, mut values: Vec<i16>) -> Self {
        if values.windows(2).all(|pair| pair[0] == pair[1]) {
            values.truncate(1);
        }
        Self { name, kind: format_ident!("{kind}"), bytes, values }
    }

    fn bytes(&self) -> u64 {
        if self.values.len() == 1 { 0 } else { self.bytes * self.values.len() as u64 }
    }

    /// Its declaration inside the step of its layer, where all neurons agree.
    fn scalar(&self) -> Option<TokenStream> {
        let [value] = self.values.as_slice() else { return None };
        let (name, kind, value) =
            (format_ident!("{}", self.name), &self.kind, Literal::i16_unsuffixed(*value));
        Some(quote! { const #name: #kind = #value; })
    }

    /// Its table beside its layer, where there is one value per neuron.
    fn table(&self, layer: &Ident) -> Option<TokenStream> {
        if let [_] = self.values.as_slice() {
            return None;
        }
        let (name, kind) = (Names::table(layer, &self.name), &self.kind);
        let count = size(self.values.len());
        let values = self.values.iter().map(|&value| Literal::i16_unsuffixed(value));
        Some(quote! { static #name: [#kind; #count] = [#(#values),*]; })
    }

    /// Its value in the body of a loop, and what the loop binds for it.
    fn operand(&self, layer: &Ident) -> (TokenStream, Option<(TokenStream, TokenStream)>) {
        if let [_] = self.values.as_slice() {
            let name = format_ident!("{}", self.name);
            return (quote!(#name), None);
        }
        let element = format_ident!("{}", self.name.to_ascii_lowercase());
        let table = Names::table(layer, &self.name);
        (quote!(#element), Some((quote!(&#element), quote!(&#table))))
    }
}

/// The equations of a neuron, one loop for each.
fn body(field: &Ident, layer: &IntegerLayer, constants: &Constants, currents: &[Ident]) -> TokenStream {
    let decays = currents.iter().zip(&constants.dash_syn).map(|(isyn, dash)| {
        let (dash, looped) = dash.operand(field);
        let decay = quote! { *isyn = isyn.wrapping_sub(leak(*isyn, #dash)); };
        match looped {
            None => quote! { for isyn in &mut self.#isyn { #decay } },
            Some(table) => each([(quote!(isyn), quote!(self.#isyn.iter_mut())), table], &decay),
        }
    });
    let (dash, dash_looped) = constants.dash_mem.operand(field);
    let mut loops = vec![(quote!(vmem), quote!(self.vmem.iter_mut()))];
    loops.extend(currents.iter().map(|isyn| (quote!(&#isyn), quote!(&self.#isyn))));
    loops.extend(dash_looped);
    let change = match currents {
        [isyn] => quote!(leak(*vmem, #dash).wrapping_neg().saturating_add(#isyn)),
        _ => quote!(add_currents(leak(*vmem, #dash).wrapping_neg(), #(#currents),*)),
    };
    let biased = match constants.bias.as_ref().map(|bias| bias.operand(field)) {
        None => change,
        Some((bias, looped)) => {
            loops.extend(looped);
            quote!(#change.saturating_add(#bias))
        }
    };
    let membranes = each(loops, &quote! { *vmem = vmem.saturating_add(#biased); });
    let spikes = if aliased(layer) {
        spikes_with_aliases(field, layer, constants)
    } else {
        spikes(field, layer, constants)
    };
    quote! { #(#decays)* #membranes #spikes }
}

/// Spikes and reset: as many rounds as a neuron may spike, until none does. In each round `spikes` is -1
/// where a neuron spikes, which is also the mask of its threshold: no branch, and lanes of one width.
fn spikes(field: &Ident, layer: &IntegerLayer, constants: &Constants) -> TokenStream {
    let (threshold, looped) = constants.threshold.operand(field);
    let states = [(quote!(vmem), quote!(self.vmem.iter_mut())), (quote!(spikes), quote!(&mut self.spikes))];
    if layer.max_spikes == 1 {
        return each(
            states.into_iter().chain(looped),
            &quote! {
                let spiking = reaches(*vmem, #threshold);
                *spikes = u8::from(spiking);
                *vmem = vmem.wrapping_sub(if spiking { #threshold } else { 0 });
            },
        );
    }
    let most = Literal::u8_unsuffixed(layer.max_spikes);
    let n = size(layer.size());
    let round = each(
        [(quote!(vmem), quote!(self.vmem.iter_mut())), (quote!(count), quote!(&mut counts))]
            .into_iter()
            .chain(looped),
        &quote! {
            let spikes = -i16::from(reaches(*vmem, #threshold));
            *count = count.wrapping_sub(spikes);
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
            [*spikes, _] = count.to_le_bytes();
        }
    }
}

fn aliased(layer: &IntegerLayer) -> bool {
    layer.alias.iter().any(Option::is_some)
}

/// One neuron after the other: it may find spikes that an alias has put there.
fn spikes_with_aliases(field: &Ident, layer: &IntegerLayer, constants: &Constants) -> TokenStream {
    let (threshold, looped) = constants.threshold.operand(field);
    let table = Names::table(field, "ALIAS");
    let n = size(layer.size());
    let most = Literal::u8_unsuffixed(layer.max_spikes);
    let states = [
        (quote!(neuron), quote!((0..#n))),
        (quote!(vmem), quote!(&mut self.vmem)),
        (quote!(&alias), quote!(&#table)),
    ];
    let neurons = each(
        states.into_iter().chain(looped),
        &quote! {
            let Some(spikes) = self.spikes.get_mut(neuron) else {
                break;
            };
            while *spikes < #most && reaches(*vmem, #threshold) {
                *spikes += 1;
                *vmem = vmem.wrapping_sub(#threshold);
            }
            let handed_on = *spikes;
            if let Some(spikes) = self.spikes.get_mut(usize::from(alias)) {
                *spikes = spikes.saturating_add(handed_on).min(#most);
            }
        },
    );
    quote! { self.spikes = [0; #n]; #neurons }
}

/// The neuron that each neuron's spikes are handed on to.
fn aliases(field: &Ident, layer: &IntegerLayer) -> Option<TokenStream> {
    if !aliased(layer) {
        return None;
    }
    let table = Names::table(field, "ALIAS");
    let n = size(layer.size());
    let none = u16::MAX;
    let targets = layer.alias.iter().map(|target| target.and_then(|t| u16::try_from(t).ok()).unwrap_or(none));
    let targets = targets.map(Literal::u16_unsuffixed);
    Some(quote! {
        /// The neuron that also spikes when this one does; there is none behind the last neuron.
        static #table: [u16; #n] = [#(#targets),*];
    })
}
