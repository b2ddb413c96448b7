//! Names of the language to identifiers of Rust: valid, in Rust's case, and distinct.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use quote::format_ident;

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

/// The words of a name: runs of letters and digits, divided also before a capital that follows a
/// small letter or a digit, and before the last capital of a run that a small letter follows.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let characters: Vec<char> = name.chars().collect();
    for (i, &c) in characters.iter().enumerate() {
        let after_small = i > 0 && !characters[i - 1].is_ascii_uppercase();
        let before_small = characters.get(i + 1).is_some_and(char::is_ascii_lowercase);
        if !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && (after_small || before_small)) {
            words.push(std::mem::take(&mut word));
        }
        if c.is_ascii_alphanumeric() {
            word.push(c);
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

fn snake_case(name: &str) -> String {
    let joined = words(name).join("_").to_ascii_lowercase();
    if joined.starts_with(|c: char| c.is_ascii_alphabetic()) { joined } else { format!("n{joined}") }
}

fn camel_case(name: &str) -> String {
    let capitalised = words(name).into_iter().map(|mut word| {
        word[..1].make_ascii_uppercase();
        word
    });
    let joined: String = capitalised.collect();
    if joined.starts_with(|c: char| c.is_ascii_alphabetic()) { joined } else { format!("N{joined}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_follow_rust() {
        let cases = [
            ("Kws", "kws", "Kws"),
            ("SpokenDigits", "spoken_digits", "SpokenDigits"),
            ("KWSNet2", "kws_net2", "KWSNet2"),
            ("body.h0", "body_h0", "BodyH0"),
            ("hidden_a", "hidden_a", "HiddenA"),
            ("__", "n", "N"),
            ("0x", "n0x", "N0x"),
            ("\u{e9}t\u{e9}", "t", "T"),
        ];
        for (name, snake, camel) in cases {
            assert_eq!((snake_case(name).as_str(), camel_case(name).as_str()), (snake, camel), "{name}");
        }
    }

    #[test]
    fn reserved_and_repeated_names_get_suffixes() {
        let mut used = set(&MEMBERS);
        let names = ["step", "match", "h0", "h0", "self"];
        let distinct: Vec<String> =
            names.iter().map(|name| distinct(&mut used, snake_case(name), "_layer").to_string()).collect();
        assert_eq!(distinct, ["step_layer", "match_layer", "h0", "h0_layer", "self_layer"]);
    }
}
