//! What tools such as editors know about a source: everything in it that has a meaning, however broken it is.
//!
//! [`analyze`] compiles all networks of a file. It keeps the syntax trees, from which [`Analysis::symbols`] collects
//! definitions and references. [`tokens`] splits a source into tokens, for what stands before a cursor.
//!
//! ```
//! use synnet_dsl::NoImports;
//! use synnet_dsl::tools::{DefinitionKind, ParseCache, analyze};
//! use synnet_ir::Sources;
//!
//! let mut sources = Sources::new();
//! let text = "network Net(n) { dt: 1 ms; input x: 4; layer h: expsyn(n) { tau_syn: 9 ms }; x -> linear -> h; }";
//! let root = sources.add("net.snn", text);
//! let analysis = analyze(&mut sources, root, &mut NoImports, &mut ParseCache::default());
//! // The network has no output. That `n` has no value is no error: another network will set it.
//! assert_eq!(analysis.diagnostics.len(), 1);
//! let symbols = analysis.symbols(&sources, root);
//! let layer = symbols.definitions.iter().find(|d| d.kind == DefinitionKind::Layer).expect("there is a layer");
//! assert_eq!(layer.name, "h");
//! assert_eq!(symbols.references(layer.symbol).count(), 2);
//! ```

mod analysis;
mod collect;
mod symbols;

pub use analysis::{Analysis, NetworkAnalysis, analyze, std_networks, std_source};
pub use symbols::{Definition, DefinitionKind, Import, Meaning, Occurrence, SymbolId, Symbols};

pub use crate::syntax::ParseCache;
pub use crate::syntax::lexer::{Token, TokenKind};

/// Splits a source into tokens, comments included. Nothing is an error: an unterminated string literal ends with its
/// line, an unterminated comment with the source.
pub fn tokens(text: &str) -> Vec<Token> {
    crate::syntax::lexer::lex_tolerant(text)
}
