//! Names of other tools as identifiers of the language.

use std::collections::BTreeSet;

use synnet_ir::Graph;
use synnet_ir::graph::Neuron;

use crate::elaborate::rename_connections;
use crate::vocabulary::{ChainOperator, Keyword};

/// Name of an input whose own name is taken by the language.
const INPUT: &str = "events";

/// Returns a graph whose names are identifiers of the language, with the layers that were renamed: their indices and their
/// old names.
///
/// Letters, digits and `_` stay, other characters become `_`. The connections, and with them the tensors of weights files,
/// are named after the new names.
pub fn with_identifiers(graph: &Graph) -> (Graph, Vec<(usize, String)>) {
    let mut renamed = graph.clone();
    let mut taken = BTreeSet::new();
    if !is_identifier(&graph.name) {
        renamed.name = synnet_ir::names::camel_case(&graph.name);
    }
    renamed.input.name = identifier(&graph.input.name, INPUT, &mut taken);
    let mut changed = Vec::new();
    for (i, layer) in renamed.layers.iter_mut().enumerate() {
        let kind = match &layer.neuron {
            Neuron::Lif(_) => "lif",
            Neuron::ExpSyn(_) => "li",
        };
        let name = identifier(&layer.name, kind, &mut taken);
        if name != layer.name {
            changed.push((i, std::mem::replace(&mut layer.name, name)));
        }
    }
    rename_connections(&mut renamed);
    (renamed, changed)
}

/// Returns whether a layer can have a name.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !is_taken(name)
}

/// Returns whether the language gives a meaning to a name where layers stand.
fn is_taken(name: &str) -> bool {
    Keyword::of(name).is_some() || ChainOperator::of(name).is_some()
}

/// Returns the identifier nearest to a name. `prefix` precedes one that starts with a digit, and stands for one that is taken
/// by the language.
fn identifier(name: &str, prefix: &str, taken: &mut BTreeSet<String>) -> String {
    let mut plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if plain.is_empty() || is_taken(&plain) {
        plain = if prefix == INPUT { INPUT.to_owned() } else { format!("{plain}_{prefix}") };
    }
    if plain.starts_with(|c: char| c.is_ascii_digit()) {
        // `1` is `lif1`, and `1_lif` is `lif_1_lif`, which nobody takes for `lif11`.
        let separator = if plain.chars().all(|c| c.is_ascii_digit()) { "" } else { "_" };
        plain = format!("{prefix}{separator}{plain}");
    }
    let numbered = (2..).map(|i| format!("{plain}_{i}"));
    let free = std::iter::once(plain.clone()).chain(numbered).find(|name| !taken.contains(name));
    let free = free.unwrap_or(plain);
    taken.insert(free.clone());
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_identifiers() {
        let mut taken = BTreeSet::new();
        let mut name = |name: &str| identifier(name, "lif", &mut taken);
        assert_eq!(name("h0"), "h0");
        assert_eq!(name("lif1.lif"), "lif1_lif");
        assert_eq!(name("lif1_lif"), "lif1_lif_2");
        assert_eq!(name("1"), "lif1");
        assert_eq!(name("1_LIFTorch"), "lif_1_LIFTorch");
        assert_eq!(name("linear"), "linear_lif");
        assert_eq!(name(""), "_lif");
        assert_eq!(identifier("input", INPUT, &mut taken), "events");
    }
}
