//! The names that the language gives a meaning, each in one table: keywords, functions, units, kinds of neurons with
//! their fields, operators of chains with their options, and words that stand for themselves.
//!
//! The compiler looks names up here; editors and the documentation list them from here.
//!
//! ```
//! use synnet_dsl::vocabulary::{Field, Function, NeuronKind, fields};
//!
//! assert_eq!(Function::Geometric.signature().parameters, ["base", "k"]);
//! assert!(fields(NeuronKind::Lif).contains(&Field::Threshold));
//! assert_eq!(Field::Threshold.default_text(), Some("1.0".to_owned()));
//! ```

mod chain;
mod function;
mod neuron;
mod unit;
mod word;

pub use chain::{ChainOperator, LinearOption};
pub use function::{Function, Signature};
pub use neuron::{DefaultValue, Dimension, Field, describe, fields};
pub use synnet_ir::graph::NeuronKind;
pub use unit::Unit;
pub use word::Word;

pub use crate::syntax::keywords::{Keyword, KeywordRole};

/// Names for a sentence: "`a`, `b` and `c`".
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn sentences_list_names() {
        assert_eq!(listed(["a"]), "`a`");
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
