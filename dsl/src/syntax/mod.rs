//! From text to tree: the grammar, the tree that it gives, and words for what it does not accept.

mod expression;
mod grammar;
pub(crate) mod keywords;
pub(crate) mod lexer;
mod parse;
mod recover;
#[cfg(test)]
mod token_tests;
pub(crate) mod tree;

pub(crate) use parse::{parse, parse_expression};

use synnet_ir::SourceId;

/// The names of the networks that a source declares, in order.
pub(crate) fn network_names(text: &str) -> Vec<String> {
    let (file, _) = parse(SourceId::default(), text);
    file.networks.into_iter().map(|network| network.name.text).collect()
}
