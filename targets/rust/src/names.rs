//! Identifiers: names of the language become valid and distinct Rust identifiers in the usual case.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span};
use quote::format_ident;
use synnet_ir::names::{camel_case, snake_case};

/// The identifiers of a generated module.
pub(crate) struct Names {
    /// Name of the module that contains all items.
    pub(crate) module: Ident,
    /// Name of the network's type.
    pub(crate) network: Ident,
    /// Names of the layers' fields and accessors.
    pub(crate) layers: Vec<Ident>,
    /// Names of the layers' types.
    pub(crate) layer_types: Vec<Ident>,
    /// Stems of the names of each connection's weights, bias and delay line.
    pub(crate) connections: Vec<Ident>,
    /// Name of the detector's type.
    pub(crate) detector: Ident,
}

/// Types that the generated module defines or takes from the prelude.
const TYPES: [&str; 13] = [
    "Weights",
    "WeightsError",
    "DelayLine",
    "State",
    "Row",
    "Matrix",
    "Option",
    "Some",
    "None",
    "Result",
    "Ok",
    "Err",
    "Default",
];
/// Methods and fields of the network's type, and `gen`, which is reserved since the 2024 edition.
const MEMBERS: [&str; 10] =
    ["new", "with_weights", "step", "run", "reset", "state", "weights", "clone", "default", "gen"];
/// What a module of the same name would be ambiguous with: crates, tools of attributes, primitive types, and `gen`, which is
/// reserved since the 2024 edition.
#[rustfmt::skip]
const MODULES: [&str; 31] = [
    "core", "std", "alloc", "test", "proc_macro",
    "clippy", "rustfmt", "rustdoc", "diagnostic", "miri", "rust_analyzer",
    "bool", "char", "str", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize",
    "f16", "f32", "f64", "f128", "gen",
];

impl Names {
    /// Creates the identifiers from the names of the network, its layers and its connections. Those of the network and
    /// of layers carry the spans of their names.
    pub(crate) fn new<'a>(
        network: &str,
        layers: impl Iterator<Item = &'a str>,
        connections: impl Iterator<Item = &'a str>,
        spans: &NameSpans,
    ) -> Self {
        let here = Span::call_site();
        let mut modules = set(&MODULES);
        let module = distinct(&mut modules, snake_case(network), "_network", spans.network);
        let mut types = set(&TYPES);
        let network = distinct(&mut types, camel_case(network), "Network", spans.network);
        let detector = format!("{network}Detector");
        let mut members = set(&MEMBERS);
        // Layers and connections are fields of one struct, so they share a set; layers are public and come first, so
        // that they keep their names if both clash.
        let layer_names: Vec<&str> = layers.collect();
        let layers = layer_names
            .iter()
            .map(|name| distinct(&mut members, snake_case(name), "_layer", spans.layer(name)))
            .collect();
        // A connection is called `a+b->c`.
        let spelled = |name: &str| name.replace("->", "_to_").replace('+', "_plus_");
        let connections = connections
            .map(|name| distinct(&mut members, snake_case(&spelled(name)), "_again", here))
            .collect();
        let layer_types = layer_names
            .iter()
            .map(|name| distinct(&mut types, camel_case(name), "Layer", spans.layer(name)))
            .collect();
        let detector = distinct(&mut types, detector, "Type", spans.network);
        Self { module, network, layers, layer_types, connections, detector }
    }

    /// Returns the name of a table of a layer or a connection. `what` differs between layers and connections, so the
    /// names are distinct.
    pub(crate) fn table(stem: &Ident, what: &str) -> Ident {
        format_ident!("{}_{}", stem.to_string().to_ascii_uppercase(), what)
    }
}

/// Places in a Rust file of the names of a network, for generated code that does not become a file of its own. The
/// identifiers that come from a name carry its span, so that tools and the compiler find its definition there.
#[derive(Clone, Debug)]
pub struct NameSpans {
    network: Span,
    layers: BTreeMap<String, Span>,
}

impl NameSpans {
    /// Creates the places from that of the network's name. Layers have the same one unless they get their own.
    pub fn new(network: Span) -> Self {
        Self { network, layers: BTreeMap::new() }
    }

    /// Sets the places of layers, by their names in the graph.
    #[must_use]
    pub fn with_layers(mut self, layers: impl IntoIterator<Item = (String, Span)>) -> Self {
        self.layers.extend(layers);
        self
    }

    /// Returns the place of the network's name.
    pub fn network(&self) -> Span {
        self.network
    }

    fn layer(&self, name: &str) -> Span {
        self.layers.get(name).copied().unwrap_or(self.network)
    }
}

impl Default for NameSpans {
    /// Returns the place of the macro call for all names.
    fn default() -> Self {
        Self::new(Span::call_site())
    }
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

/// Converts a name to an unused identifier, by appending suffixes.
fn distinct(used: &mut BTreeSet<String>, mut name: String, suffix: &str, span: Span) -> Ident {
    // Parsing also refuses keywords. Each round makes the name longer, so this ends.
    while syn::parse_str::<Ident>(&name).is_err() || !used.insert(name.clone()) {
        name.push_str(suffix);
    }
    Ident::new(&name, span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_and_repeated_names_get_suffixes() {
        let mut used = set(&MEMBERS);
        let names = ["step", "match", "h0", "h0", "self"];
        let distinct =
            |name: &&str| distinct(&mut used, snake_case(name), "_layer", Span::call_site()).to_string();
        let distinct: Vec<String> = names.iter().map(distinct).collect();
        assert_eq!(distinct, ["step_layer", "match_layer", "h0", "h0_layer", "self_layer"]);
    }
}
