//! The names of the language, each in one table: keywords, functions, units, kinds of neurons with their fields,
//! operators of chains with their options, and constants.
//!
//! The compiler looks names up here; editors and the documentation list them from here.
//!
//! ```
//! use synnet_dsl::vocabulary::{Field, Function, fields};
//! use synnet_ir::graph::NeuronKind;
//!
//! assert_eq!(Function::Geometric.signature().parameters, ["base", "k"]);
//! assert!(fields(NeuronKind::Lif).contains(&Field::Threshold));
//! assert_eq!(Field::Threshold.default_text(), Some("1.0".to_owned()));
//! ```

mod chain;
mod function;
mod neuron;
mod symbol;
mod unit;

use synnet_ir::display::pluralize;

pub use chain::{ChainOperator, LinearOption};
pub use function::{Function, Signature};
pub use neuron::{DefaultValue, Dimension, Field, describe, fields};
pub use symbol::Symbol;
pub use unit::Unit;

pub use crate::syntax::keywords::{Keyword, KeywordRole};

/// Names in a sentence; there are at most as many in the tables of the language.
const MAX_NAMES: usize = 30;

/// Returns names as a list in a sentence: "`a`, `b` and `c`". Of more than 30, the last are left out.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut all = names.into_iter();
    let mut names: Vec<String> = all.by_ref().take(MAX_NAMES).map(|name| format!("`{name}`")).collect();
    let others = all.count();
    if others > 0 {
        names.push(pluralize(others, "other"));
    }
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Returns help that offers names: "choose one of `a` and `b`", or "use `a`" for a single one.
pub(crate) fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match names.as_slice() {
        [one] => format!("use `{one}`"),
        names => format!("choose one of {}", listed(names.iter().copied())),
    }
}

#[cfg(test)]
mod tests {
    use super::{listed, one_of};

    #[test]
    fn sentences_list_names() {
        assert_eq!(listed(["a"]), "`a`");
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` and `c`");
        let many = listed(["a"; 33]);
        assert!(many.ends_with("`a`, `a` and 3 others"), "{many}");
        assert_eq!(one_of(["a"]), "use `a`");
        assert_eq!(one_of(["a", "b"]), "choose one of `a` and `b`");
    }
}
