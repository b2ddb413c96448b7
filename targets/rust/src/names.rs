//! Names of the language to identifiers of Rust: valid, in Rust's case, and distinct.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use quote::format_ident;
use synnet_ir::names::{camel_case, snake_case};

/// The identifiers of a generated module.
pub(crate) struct Names {
    /// The module around everything.
    pub(crate) module: Ident,
    /// The type of the network.
    pub(crate) network: Ident,
    /// Field and accessor of each layer.
    pub(crate) layers: Vec<Ident>,
    /// Type of each layer.
    pub(crate) layer_types: Vec<Ident>,
    /// Stem of each connection's weights, bias and delay line.
    pub(crate) connections: Vec<Ident>,
}

/// Types that the generated module itself defines or takes from the prelude.
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
/// Methods and fields of the network type, and a word that is reserved since the 2024 edition.
const MEMBERS: [&str; 10] =
    ["new", "with_weights", "step", "run", "reset", "state", "weights", "clone", "default", "gen"];
/// Crates that a module of the same name would hide.
const CRATES: [&str; 5] = ["core", "std", "alloc", "test", "proc_macro"];

impl Names {
    /// Names everything in a network, from the names of the network, its layers and its connections.
    pub(crate) fn new<'a>(
        network: &str,
        layers: impl Iterator<Item = &'a str>,
        connections: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut modules = set(&CRATES);
        let module = distinct(&mut modules, snake_case(network), "_network");
        let mut types = set(&TYPES);
        let network = distinct(&mut types, camel_case(network), "Network");
        let mut members = set(&MEMBERS);
        let mut distinct_members = |names: &mut dyn Iterator<Item = String>, suffix: &str| -> Vec<Ident> {
            names.map(|name| distinct(&mut members, snake_case(&name), suffix)).collect()
        };
        let layer_names: Vec<&str> = layers.collect();
        let layers = distinct_members(&mut layer_names.iter().map(ToString::to_string), "_layer");
        let spelt = |name: &str| name.replace("->", "_to_").replace('+', "_plus_");
        let connections = distinct_members(&mut connections.map(spelt), "_again");
        let layer_types = layer_names.iter().map(|name| distinct(&mut types, camel_case(name), "Layer"));
        let layer_types = layer_types.collect();
        Self { module, network, layers, layer_types, connections }
    }

    /// A table of a layer or a connection. What it holds tells those of layers from those of connections.
    pub(crate) fn table(stem: &Ident, what: &str) -> Ident {
        format_ident!("{}_{}", stem.to_string().to_ascii_uppercase(), what)
    }
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

/// The name as an identifier that is not yet used, made so by suffixes.
fn distinct(used: &mut BTreeSet<String>, mut name: String, suffix: &str) -> Ident {
    while syn::parse_str::<Ident>(&name).is_err() || !used.insert(name.clone()) {
        name.push_str(suffix);
    }
    format_ident!("{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_and_repeated_names_get_suffixes() {
        let mut used = set(&MEMBERS);
        let names = ["step", "match", "h0", "h0", "self"];
        let distinct: Vec<String> =
            names.iter().map(|name| distinct(&mut used, snake_case(name), "_layer").to_string()).collect();
        assert_eq!(distinct, ["step_layer", "match_layer", "h0", "h0_layer", "self_layer"]);
    }
}
