//! The synnet language for tree-sitter, and the queries that editors use.
//!
//! ```
//! let mut parser = tree_sitter::Parser::new();
//! parser.set_language(&tree_sitter_snn::LANGUAGE.into()).expect("the versions fit");
//! let tree = parser.parse("use std::SynNet;", None).expect("a language is set");
//! assert_eq!(tree.root_node().to_sexp(), "(source_file (import library: (name) name: (name)))");
//! ```

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_snn() -> *const ();
}

/// The language of `.snn` files.
// SAFETY: the generated parser returns a pointer to a static language.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_snn) };

/// Captures of the tokens that editors highlight.
pub const HIGHLIGHTS_QUERY: &str = include_str!("../../queries/highlights.scm");

/// Scopes, definitions and references.
pub const LOCALS_QUERY: &str = include_str!("../../queries/locals.scm");
