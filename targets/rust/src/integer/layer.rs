//! Code of a layer in integers: the struct of its states, and one step of its neurons.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::network::IntegerLayer;
use super::synapse::{current, synapse_field};
use crate::literal::usize_literal;
use crate::loops::zip_loop;
use crate::names::Names;

/// Generates the type of a layer, with its tables of constants.
pub(super) fn layer(field: &Ident, name: &Ident, layer: &IntegerLayer, docs: &[String]) -> TokenStream {
    let n = usize_literal(layer.size());
    let currents: Vec<Ident> = (0..layer.dash_syn.len()).map(current).collect();
    let current_docs = ["Synaptic currents.", "Currents of the second synapses."].map(|d| format!(" {d}"));
    let constants = Constants::new(layer);
    let scalars = constants.all().filter_map(Constant::scalar);
    let tables = constants.all().filter_map(|constant| constant.table(field));
    let body = body(field, layer, &constants, &currents);
    let aliases = aliases(field, layer);
    let head = quote_spanned!(name.span()=> pub struct #name);
    quote! {
        #(#[doc = #docs])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #head {
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

            /// Advances by one time step, after all events were added to the currents.
            fn step(&mut self) {
                #(#scalars)*
                #body
            }
        }

        #(#tables)*
        #aliases
    }
}

/// Returns the size of a layer's tables in bytes.
pub(super) fn table_bytes(layer: &IntegerLayer) -> u64 {
    let constants = Constants::new(layer);
    let tables: u64 = constants.all().map(Constant::bytes).sum();
    let aliases = if aliased(layer) { 2 * layer.size() as u64 } else { 0 };
    tables + aliases
}

/// A constant of a layer: one value for all neurons, or a table with one per neuron.
struct Constant {
    name: String,
    kind: Ident,
    bytes: u64,
    /// One value if all neurons agree, otherwise one per neuron.
    values: Vec<i16>,
}

/// The constants of a layer.
struct Constants {
    dash_syn: Vec<Constant>,
    dash_mem: Constant,
    threshold: Constant,
    /// `None` if all biases are 0, which saves an addition.
    bias: Option<Constant>,
}

impl Constants {
    fn new(layer: &IntegerLayer) -> Self {
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

    /// Returns the declaration inside the layer's step, if all neurons agree.
    fn scalar(&self) -> Option<TokenStream> {
        let [value] = self.values.as_slice() else { return None };
        let (name, kind, value) =
            (format_ident!("{}", self.name), &self.kind, Literal::i16_unsuffixed(*value));
        Some(quote! { const #name: #kind = #value; })
    }

    /// Returns the table beside the layer, if there is one value per neuron.
    fn table(&self, layer: &Ident) -> Option<TokenStream> {
        if let [_] = self.values.as_slice() {
            return None;
        }
        let (name, kind) = (Names::table(layer, &self.name), &self.kind);
        let count = usize_literal(self.values.len());
        let values = self.values.iter().map(|&value| Literal::i16_unsuffixed(value));
        Some(quote! { static #name: [#kind; #count] = [#(#values),*]; })
    }

    /// Returns the expression for the constant in the body of a loop, with the pattern and iterator that the loop has
    /// to bind for a table.
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

/// Generates the equations of all neurons.
fn body(field: &Ident, layer: &IntegerLayer, constants: &Constants, currents: &[Ident]) -> TokenStream {
    // One loop per equation: in 16-bit lanes this is faster than one loop over all equations (`docs/rust.md`). No
    // neuron reads another one's state before the spikes, so the order of loops does not change the result.
    let decays = currents.iter().zip(&constants.dash_syn).map(|(isyn, dash)| {
        let (dash, looped) = dash.operand(field);
        let decay = quote! { *isyn = isyn.wrapping_sub(leak(*isyn, #dash)); };
        match looped {
            None => quote! { for isyn in &mut self.#isyn { #decay } },
            Some(table) => zip_loop([(quote!(isyn), quote!(self.#isyn.iter_mut())), table], &decay),
        }
    });
    let (dash, dash_looped) = constants.dash_mem.operand(field);
    let mut loops = vec![(quote!(vmem), quote!(self.vmem.iter_mut()))];
    loops.extend(currents.iter().map(|isyn| (quote!(&#isyn), quote!(&self.#isyn))));
    loops.extend(dash_looped);
    // The chip saturates the change before it adds the bias, and again when it adds the change to the membrane.
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
    let membranes = zip_loop(loops, &quote! { *vmem = vmem.saturating_add(#biased); });
    let spikes = if aliased(layer) {
        spikes_with_aliases(field, layer, constants)
    } else {
        spikes(field, layer, constants)
    };
    quote! { #(#decays)* #membranes #spikes }
}

/// Generates spikes and reset, in rounds of one spike per neuron, until no neuron spikes.
fn spikes(field: &Ident, layer: &IntegerLayer, constants: &Constants) -> TokenStream {
    let (threshold, looped) = constants.threshold.operand(field);
    let states = [(quote!(vmem), quote!(self.vmem.iter_mut())), (quote!(spikes), quote!(&mut self.spikes))];
    // A single round needs neither a loop nor counts.
    if layer.max_spikes == 1 {
        return zip_loop(
            states.into_iter().chain(looped),
            &quote! {
                let spiking = reaches(*vmem, #threshold);
                *spikes = u8::from(spiking);
                *vmem = vmem.wrapping_sub(if spiking { #threshold } else { 0 });
            },
        );
    }
    let max_spikes = Literal::u8_unsuffixed(layer.max_spikes);
    let n = usize_literal(layer.size());
    let round = zip_loop(
        [(quote!(vmem), quote!(self.vmem.iter_mut())), (quote!(count), quote!(&mut counts))]
            .into_iter()
            .chain(looped),
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
        for _ in 0..#max_spikes {
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

fn aliased(layer: &IntegerLayer) -> bool {
    layer.alias.iter().any(Option::is_some)
}

/// Generates spikes and reset for a layer with aliases.
fn spikes_with_aliases(field: &Ident, layer: &IntegerLayer, constants: &Constants) -> TokenStream {
    let (threshold, looped) = constants.threshold.operand(field);
    // One neuron after the other in ascending order, as on the chip: a neuron may find spikes that an alias source has
    // added, and starts counting from there.
    let table = Names::table(field, "ALIAS");
    let n = usize_literal(layer.size());
    let max_spikes = Literal::u8_unsuffixed(layer.max_spikes);
    let states = [
        (quote!(neuron), quote!((0..#n))),
        (quote!(vmem), quote!(&mut self.vmem)),
        (quote!(&alias), quote!(&#table)),
    ];
    let neurons = zip_loop(
        states.into_iter().chain(looped),
        &quote! {
            let Some(spikes) = self.spikes.get_mut(neuron) else {
                break;
            };
            while *spikes < #max_spikes && reaches(*vmem, #threshold) {
                *spikes += 1;
                *vmem = vmem.wrapping_sub(#threshold);
            }
            let handed_on = *spikes;
            if let Some(spikes) = self.spikes.get_mut(usize::from(alias)) {
                *spikes = spikes.saturating_add(handed_on).min(#max_spikes);
            }
        },
    );
    quote! { self.spikes = [0; #n]; #neurons }
}

/// Generates the table of alias targets, if there are any.
fn aliases(field: &Ident, layer: &IntegerLayer) -> Option<TokenStream> {
    if !aliased(layer) {
        return None;
    }
    let table = Names::table(field, "ALIAS");
    let n = usize_literal(layer.size());
    // Beyond the last neuron of any layer, so `get_mut` finds no target.
    let none = u16::MAX;
    let targets = layer.alias.iter().map(|target| target.and_then(|t| u16::try_from(t).ok()).unwrap_or(none));
    let targets = targets.map(Literal::u16_unsuffixed);
    Some(quote! {
        /// For each neuron, the neuron that also spikes when it does; 65535 for none.
        static #table: [u16; #n] = [#(#targets),*];
    })
}
