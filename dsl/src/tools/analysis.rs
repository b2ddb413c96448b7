//! The analysis of a file: all of its networks, compiled, and the trees that they came from.

use synnet_ir::{Diagnostics, Graph, SourceId, Sources, Span, validate_partial};

use super::collect::collect;
use super::symbols::Symbols;
use crate::elaborate::{Elaborator, Library, Loader, Lookup, NamedArguments, Reporter, STD, unused};
use crate::syntax::lexer::{TokenKind, lex, lex_tolerant};
use crate::syntax::{ParseCache, parse};

/// The analysis of a file.
#[derive(Debug)]
pub struct Analysis {
    /// The networks that no other network of the file uses, in the order of the file.
    pub networks: Vec<NetworkAnalysis>,
    /// Errors and warnings about the file and what it imports, sorted by place.
    pub diagnostics: Diagnostics,
    library: Library,
}

/// A network of the file with the defaults of its parameters.
#[derive(Debug)]
pub struct NetworkAnalysis {
    /// The graph. It can be partial: sizes, channels and a time step of 0 are unknown, and the output may be no layer.
    pub graph: Graph,
    /// Whether the graph is complete and the file has no errors, so that targets can check it.
    pub is_sound: bool,
}

/// Analyzes a file. Imported files are added to `sources`, as [`compile`](crate::compile()) does it.
///
/// Unlike a compilation, it compiles each network that no other network of the file uses. Their parameters need no
/// values: the file may be a part of others. A [`ParseCache`] makes the next analysis of the same file faster.
pub fn analyze(
    sources: &mut Sources,
    root: SourceId,
    loader: &mut dyn Loader,
    cache: &mut ParseCache,
) -> Analysis {
    let mut diagnostics = Diagnostics::new();
    cache.advance();
    let library = Library::read(sources, root, loader, cache, &mut diagnostics);
    let mut report = Reporter::default();
    report.std = library.std().to_vec();
    report.networks = library.networks();
    diagnostics.into_iter().for_each(|diagnostic| report.push(diagnostic));

    let file = library.file(root);
    let used = unused::used_networks(file);
    let is_root = |name: &str| !used.contains(name);
    let mut roots: Vec<_> = file.networks.iter().filter(|network| is_root(&network.name.text)).collect();
    // Networks that only use each other: elaboration reports the cycle from the first.
    if roots.is_empty() {
        roots.extend(file.networks.first());
    }
    let mut networks = Vec::new();
    for network in roots {
        let mut elaborator = Elaborator::new(&library, report).with_unset_parameters();
        let graph = elaborator.root(network, NamedArguments::new());
        report = elaborator.report;
        report.renew_fuel();
        let Some(graph) = graph else { continue };
        validate_partial(&graph).into_iter().for_each(|diagnostic| report.push(diagnostic));
        let is_sound = network.parameters.iter().all(|parameter| parameter.default.is_some());
        networks.push(NetworkAnalysis { graph, is_sound });
    }
    unused::warnings(file).into_iter().for_each(|warning| report.push(warning));
    let has_errors = report.has_errors();
    let mut diagnostics = report.diagnostics;
    // As in a compilation: after an error, what looks unused may be used in the statement with the error.
    diagnostics.retain(|d| {
        d.is_error() || (!has_errors && d.span.is_none_or(|span| !library.std().contains(&span.source)))
    });
    diagnostics.sort();
    networks.iter_mut().for_each(|network| network.is_sound &= !has_errors);
    Analysis { networks, diagnostics, library }
}

impl Analysis {
    /// Collects the definitions and references of a source of the analysis.
    pub fn symbols(&self, sources: &Sources, id: SourceId) -> Symbols {
        let text = sources.get(id).map_or("", |source| source.text.as_str());
        // A source that the lexer refuses has no tree. Without the token that is to blame, it has.
        if lex(id, text).is_err() {
            let (file, _) = parse(id, &without_unterminated(text));
            return collect(&file, text, id);
        }
        collect(self.library.file(id), text, id)
    }

    /// Returns the place of the name of a network that a name means in a file: its own, or an imported one.
    pub fn network(&self, id: SourceId, name: &str) -> Option<Span> {
        match self.library.network(id, name) {
            Lookup::Network(network) => Some(network.name.span),
            Lookup::Invalid | Lookup::Unknown => None,
        }
    }

    /// Returns the source that an import names, by the index of the import; `None` if it cannot be read.
    pub fn import(&self, id: SourceId, index: usize) -> Option<SourceId> {
        self.library.import_target(id, index)
    }

    /// Returns whether a source belongs to the standard library.
    pub fn is_std(&self, id: SourceId) -> bool {
        self.library.std().contains(&id)
    }
}

/// Blanks string literals and comments without an end.
fn without_unterminated(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for token in lex_tolerant(text) {
        let word = &text[token.start..token.end];
        let is_open = match token.kind {
            TokenKind::StringLiteral => word.len() < 2 || !word.ends_with('"'),
            TokenKind::BlockComment => !word.ends_with("*/"),
            _ => false,
        };
        if is_open {
            bytes[token.start..token.end].iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b' ');
        }
    }
    // Whole tokens became blanks, so no character was cut.
    String::from_utf8(bytes).unwrap_or_default()
}

/// Returns the names of the networks of the standard library, each with the source that declares it.
pub fn std_networks() -> impl Iterator<Item = (String, &'static str)> {
    STD.iter().flat_map(|&(file, text)| crate::networks(text).into_iter().map(move |name| (name, file)))
}

/// Returns the text of a source of the standard library by its name, such as `std/synnet.snn`.
pub fn std_source(name: &str) -> Option<&'static str> {
    STD.iter().find(|(file, _)| *file == name).map(|(_, text)| *text)
}
