//! Parsing: the grammar, the syntax tree, and the explanations of syntax errors.

mod braces;
mod cache;
mod expression;
mod grammar;
mod habits;
pub(crate) mod keywords;
pub(crate) mod lexer;
mod parse;
mod reparse;
mod shift;
mod stop;
mod syntax_errors;
#[cfg(test)]
mod token_tests;
mod tokenized;
pub(crate) mod tree;

pub use cache::ParseCache;
pub(crate) use parse::{parse, parse_expression};

use synnet_ir::SourceId;

/// Returns the names of the networks that a source declares, in order.
pub(crate) fn network_names(text: &str) -> Vec<String> {
    let (file, _) = parse(SourceId::default(), text);
    file.networks.into_iter().map(|network| network.name.text).collect()
}
