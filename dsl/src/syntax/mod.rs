//! From text to tree: the grammar, the tree that it gives, and words for what it does not accept.

mod expression;
pub(crate) mod lexer;
mod parse;
mod recover;
pub(crate) mod tree;

pub(crate) use parse::{parse, parse_expression};

/// The parser that pest makes of the grammar.
mod grammar {
    #[derive(pest_derive::Parser)]
    #[grammar = "syntax/grammar.pest"]
    pub(super) struct Grammar;
}
