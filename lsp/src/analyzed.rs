//! The analysis of a document.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use synnet_dsl::Loader;
use synnet_dsl::tools::{Analysis, ParseCache, Symbols, analyze};
use synnet_ir::{Diagnostic, Diagnostics, SourceId, Sources};

use crate::document::{Encoding, Text};
use crate::environment::{Checker, RecipeReport};

/// A document with what is known about it.
pub(crate) struct Analyzed {
    /// The sources, the document itself first.
    pub(crate) sources: Sources,
    /// The source of the document.
    pub(crate) root: SourceId,
    /// The analysis; `None` for YAML.
    pub(crate) analysis: Option<Analysis>,
    /// Whether it is a recipe.
    pub(crate) is_recipe: bool,
    /// Errors and warnings, those of the target included.
    pub(crate) diagnostics: Diagnostics,
    /// Errors of a recipe in words only.
    pub(crate) messages: Vec<String>,
    /// The files that it asked for, whether or not they could be read.
    pub(crate) requested: BTreeSet<String>,
    symbols: RefCell<BTreeMap<SourceId, Rc<Symbols>>>,
    texts: RefCell<BTreeMap<SourceId, Rc<Text>>>,
}

impl Analyzed {
    /// Analyzes a network file. Targets check its networks only if the file has no errors, as a compilation does it.
    pub(crate) fn network(
        path: &str,
        text: &str,
        loader: &mut dyn Loader,
        cache: &mut ParseCache,
        target: Option<&dyn Checker>,
    ) -> Self {
        let mut sources = Sources::new();
        let root = sources.add(path, text);
        let mut analysis = analyze(&mut sources, root, loader, cache);
        let mut diagnostics = std::mem::take(&mut analysis.diagnostics);
        for network in analysis.networks.iter().filter(|network| network.is_sound) {
            let found = target.map(|target| target.check(&network.graph)).unwrap_or_default();
            // A network without errors on one target only: its name says which of the file's networks is meant.
            diagnostics.extend(found.into_iter().map(|diagnostic| Diagnostic {
                span: diagnostic.span.or(Some(network.graph.span)),
                ..diagnostic
            }));
        }
        diagnostics.sort();
        Self::new(sources, root, Some(analysis), diagnostics)
    }

    /// Takes the diagnostics of a YAML file, which may be a recipe.
    pub(crate) fn recipe(path: &str, text: &str, is_recipe: bool, report: RecipeReport) -> Self {
        let RecipeReport { mut diagnostics, mut sources, messages } = report;
        let known = sources.iter().find(|(_, source)| source.name == path).map(|(id, _)| id);
        let root = known.unwrap_or_else(|| sources.add(path, text));
        diagnostics.sort();
        Self { messages, is_recipe, ..Self::new(sources, root, None, diagnostics) }
    }

    fn new(sources: Sources, root: SourceId, analysis: Option<Analysis>, diagnostics: Diagnostics) -> Self {
        let (symbols, texts) = (RefCell::default(), RefCell::default());
        let (messages, requested) = (Vec::new(), BTreeSet::new());
        let is_recipe = false;
        Self { sources, root, analysis, is_recipe, diagnostics, messages, requested, symbols, texts }
    }

    /// Returns the definitions and references of a source; none for a recipe.
    pub(crate) fn symbols(&self, id: SourceId) -> Rc<Symbols> {
        let collected = || {
            let symbols = self.analysis.as_ref().map(|analysis| analysis.symbols(&self.sources, id));
            Rc::new(symbols.unwrap_or_default())
        };
        Rc::clone(self.symbols.borrow_mut().entry(id).or_insert_with(collected))
    }

    /// Returns the text of a source with its lines.
    pub(crate) fn text(&self, id: SourceId, encoding: Encoding) -> Rc<Text> {
        let content = || self.sources.get(id).map_or("", |source| source.text.as_str()).to_owned();
        let text = || Rc::new(Text::new(content(), encoding));
        Rc::clone(self.texts.borrow_mut().entry(id).or_insert_with(text))
    }

    /// Returns the name of a source: a path, or the name of a source of the standard library.
    pub(crate) fn name(&self, id: SourceId) -> &str {
        self.sources.get(id).map_or("", |source| source.name.as_str())
    }

    /// Returns whether a source belongs to the standard library.
    pub(crate) fn is_std(&self, id: SourceId) -> bool {
        self.analysis.as_ref().is_some_and(|analysis| analysis.is_std(id))
    }
}
