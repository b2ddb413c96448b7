//! Definitions and references, across files.

use std::collections::BTreeSet;
use std::rc::Rc;

use lsp_types::{DocumentHighlight, Location, Position, Uri};
use synnet_dsl::tools::{DefinitionKind, Meaning, SymbolId, Symbols};
use synnet_ir::{SourceId, Span};

use crate::analyzed::Analyzed;
use crate::location::path_of;
use crate::workspace::Workspace;

/// A name that can have references.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// A name that only its file knows.
    Local { symbol: SymbolId },
    /// A network of the file `file`.
    Network { file: String, name: String },
    /// A parameter of a network of the file `file`.
    Parameter { file: String, network: String, name: String },
}

/// A file with the places of a name in it.
pub(crate) struct Mentions {
    pub(crate) analyzed: Rc<Analyzed>,
    pub(crate) spans: Vec<Span>,
}

impl Workspace {
    /// Returns where the name at a position is declared: in the document, in a file that it imports, or in the standard
    /// library.
    pub fn definition(&mut self, uri: &Uri, position: Position) -> Vec<Location> {
        let path = path_of(uri);
        let (Some(analyzed), Some(offset)) = (self.analyzed(&path), self.offset(&path, position)) else {
            return Vec::new();
        };
        let spans = declarations(&analyzed, offset);
        spans.into_iter().filter_map(|span| self.location(&analyzed, span)).collect()
    }

    /// Returns all places of the name at a position: in the document, and for networks and parameters in all files of
    /// the workspace.
    pub fn references(&mut self, uri: &Uri, position: Position, with_declaration: bool) -> Vec<Location> {
        let path = path_of(uri);
        let (Some(analyzed), Some(offset)) = (self.analyzed(&path), self.offset(&path, position)) else {
            return Vec::new();
        };
        let Some(named) = named_at(&analyzed, offset) else { return Vec::new() };
        let declared: Vec<Location> = declarations(&analyzed, offset)
            .into_iter()
            .filter_map(|span| self.location(&analyzed, span))
            .collect();
        let mut locations = Vec::new();
        for Mentions { analyzed, spans } in self.mentions(&path, &named) {
            locations.extend(spans.into_iter().filter_map(|span| self.location(&analyzed, span)));
        }
        if with_declaration {
            // Files of the standard library are not among those of the workspace.
            let missing = declared.into_iter().filter(|location| !locations.contains(location));
            let missing: Vec<Location> = missing.collect();
            locations.extend(missing);
        } else {
            locations.retain(|location| !declared.contains(location));
        }
        locations
    }

    /// Returns all places in the document of the name at a position.
    pub fn highlights(&mut self, uri: &Uri, position: Position) -> Vec<DocumentHighlight> {
        let path = path_of(uri);
        let (Some(analyzed), Some(offset)) = (self.analyzed(&path), self.offset(&path, position)) else {
            return Vec::new();
        };
        let symbols = analyzed.symbols(analyzed.root);
        let Some(Meaning::Symbol(symbol)) = symbols.at(offset).map(|occurrence| &occurrence.meaning) else {
            return Vec::new();
        };
        let spans = symbols.references(*symbol);
        spans.map(|span| DocumentHighlight { range: self.range(&analyzed, span), kind: None }).collect()
    }

    /// Returns the places of a name in the files of the workspace. `path` is the document that asks.
    pub(crate) fn mentions(&mut self, path: &str, named: &Named) -> Vec<Mentions> {
        let mut files: BTreeSet<String> = BTreeSet::from([path.to_owned()]);
        if !matches!(named, Named::Local { .. }) {
            files.extend(self.documents.keys().cloned());
            let folder = match self.settings.folder.as_str() {
                "" => path.rsplit_once('/').map_or("", |(folder, _)| folder),
                folder => folder,
            };
            files.extend(self.environment.networks_below(folder));
        }
        let mut found = Vec::new();
        for file in files {
            let Some(analyzed) = self.analyzed_file(&file) else { continue };
            let spans = spans_of(&analyzed, named);
            if !spans.is_empty() {
                found.push(Mentions { analyzed, spans });
            }
        }
        found
    }
}

/// Returns the places where the name at a byte is declared.
fn declarations(analyzed: &Analyzed, offset: usize) -> Vec<Span> {
    let symbols = analyzed.symbols(analyzed.root);
    let Some(occurrence) = symbols.at(offset) else { return Vec::new() };
    let of_network = |name: &str| analyzed.analysis.as_ref()?.network(analyzed.root, name);
    match &occurrence.meaning {
        Meaning::Symbol(symbol) => match symbols.definition(*symbol) {
            Some(definition) if definition.kind == DefinitionKind::Import => {
                of_network(&definition.name).into_iter().collect()
            }
            _ => symbols.definitions_of(*symbol).map(|definition| definition.span).collect(),
        },
        Meaning::Argument { network, parameter } => {
            let Some(name) = of_network(network) else { return Vec::new() };
            let other = analyzed.symbols(name.source);
            let network = other.network(analyzed.sources.slice(name));
            let parameters = network.into_iter().flat_map(|(index, _)| other.parameters(index));
            parameters.filter(|d| d.name == *parameter).map(|d| d.span).collect()
        }
        Meaning::Module(index) => {
            let target = analyzed.analysis.as_ref().and_then(|a| a.import(analyzed.root, *index));
            target.map(|source| Span::new(source, 0, 0)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the name at a byte of the document, as other files know it.
pub(crate) fn named_at(analyzed: &Analyzed, offset: usize) -> Option<Named> {
    let symbols = analyzed.symbols(analyzed.root);
    let analysis = analyzed.analysis.as_ref()?;
    let file = |source: SourceId| analyzed.name(source).to_owned();
    let network_of = |name: &str| {
        let place = analysis.network(analyzed.root, name)?;
        Some((file(place.source), analyzed.sources.slice(place).to_owned()))
    };
    match &symbols.at(offset)?.meaning {
        Meaning::Symbol(symbol) => {
            let definition = symbols.definition(*symbol)?;
            match definition.kind {
                DefinitionKind::Import | DefinitionKind::Network => {
                    let (file, name) = network_of(&definition.name)?;
                    Some(Named::Network { file, name })
                }
                DefinitionKind::Parameter => {
                    let network = symbols.definitions.get(definition.network?)?.name.clone();
                    let (file, name) = (file(analyzed.root), definition.name.clone());
                    Some(Named::Parameter { file, network, name })
                }
                _ => Some(Named::Local { symbol: *symbol }),
            }
        }
        Meaning::Argument { network, parameter } => {
            let (file, network) = network_of(network)?;
            Some(Named::Parameter { file, network, name: parameter.clone() })
        }
        _ => None,
    }
}

/// Returns the places of a name in a file.
fn spans_of(analyzed: &Analyzed, named: &Named) -> Vec<Span> {
    let symbols = analyzed.symbols(analyzed.root);
    match named {
        Named::Local { symbol } => symbols.references(*symbol).collect(),
        Named::Network { file, name } => {
            let mut spans = Vec::new();
            if analyzed.name(analyzed.root) == file {
                let symbol = symbols.network(name).map(|(_, definition)| definition.symbol);
                spans.extend(symbol.into_iter().flat_map(|symbol| symbols.references(symbol)));
            } else {
                for symbol in importing(analyzed, &symbols, file, name) {
                    spans.extend(symbols.references(symbol));
                }
            }
            spans
        }
        Named::Parameter { file, network, name } => {
            let mut spans = Vec::new();
            if analyzed.name(analyzed.root) == file {
                let parameters =
                    symbols.network(network).into_iter().flat_map(|(i, _)| symbols.parameters(i));
                let found: Vec<SymbolId> = parameters.filter(|d| d.name == *name).map(|d| d.symbol).collect();
                spans.extend(found.into_iter().flat_map(|symbol| symbols.references(symbol)));
            }
            let Some(analysis) = &analyzed.analysis else { return spans };
            for occurrence in &symbols.occurrences {
                let Meaning::Argument { network: of, parameter } = &occurrence.meaning else { continue };
                let is_meant = parameter == name
                    && analysis.network(analyzed.root, of).is_some_and(|place| {
                        analyzed.name(place.source) == file && analyzed.sources.slice(place) == network
                    });
                spans.extend(is_meant.then_some(occurrence.span));
            }
            spans
        }
    }
}

/// Returns the imports of a network of the file `file`.
fn importing(analyzed: &Analyzed, symbols: &Symbols, file: &str, name: &str) -> Vec<SymbolId> {
    let Some(analysis) = &analyzed.analysis else { return Vec::new() };
    let definitions = symbols.definitions.iter().filter(|d| d.kind == DefinitionKind::Import);
    let imports = definitions.zip(&symbols.imports).enumerate();
    imports
        .filter(|(index, (_, import))| {
            let source = analysis.import(analyzed.root, *index);
            import.name == name && source.is_some_and(|source| analyzed.name(source) == file)
        })
        .map(|(_, (definition, _))| definition.symbol)
        .collect()
}
