//! Neurons by name, in nested blocks.

use std::collections::BTreeMap;

use synnet_ir::Span;

use super::neuron::Template;

/// The neurons that are visible at a place of a network: one level per block, the outermost first.
pub(crate) struct Templates {
    levels: Vec<BTreeMap<String, Entry>>,
}

/// A neuron with the place of its name; `None` for one with an error that has been reported.
struct Entry {
    template: Option<Template>,
    span: Span,
}

impl Templates {
    /// Creates a scope with one empty level.
    pub(crate) fn new() -> Self {
        Self { levels: vec![BTreeMap::new()] }
    }

    /// Opens a level.
    pub(crate) fn enter(&mut self) {
        self.levels.push(BTreeMap::new());
    }

    /// Closes the innermost level.
    pub(crate) fn leave(&mut self) {
        self.levels.pop();
    }

    /// Returns where the innermost level declares a name.
    pub(crate) fn declared(&self, name: &str) -> Option<Span> {
        self.levels.last()?.get(name).map(|entry| entry.span)
    }

    /// Declares a name in the innermost level, or hides an earlier declaration.
    pub(crate) fn declare(&mut self, name: &str, template: Option<Template>, span: Span) {
        if let Some(level) = self.levels.last_mut() {
            level.insert(name.to_owned(), Entry { template, span });
        }
    }

    /// Returns the neuron of a name, that of the innermost level that declares it. The inner `None` is one with an error.
    pub(crate) fn get(&self, name: &str) -> Option<&Option<Template>> {
        self.levels.iter().rev().find_map(|level| level.get(name)).map(|entry| &entry.template)
    }

    /// Returns all visible names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.levels.iter().flat_map(|level| level.keys().map(String::as_str))
    }
}
