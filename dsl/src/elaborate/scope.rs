//! Names of values, in nested blocks.

use std::collections::BTreeMap;

use super::value::Value;
use crate::source::Span;

/// The values that a place of a network sees: parameters outermost, then one level per block.
#[derive(Debug)]
pub(crate) struct Scope {
    levels: Vec<BTreeMap<String, (Value, Span)>>,
    /// Time step of the network, in seconds.
    pub(crate) dt: Dt,
}

/// What is known about the time step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Dt {
    /// No `dt:` so far.
    Unset,
    /// A `dt:` that could not be understood.
    Broken,
    /// Seconds, and where they are given.
    Known(f64, Span),
}

impl Dt {
    /// The step in seconds, where it is known.
    pub(crate) fn seconds(self) -> Option<f64> {
        if let Self::Known(seconds, _) = self { Some(seconds) } else { None }
    }
}

impl Scope {
    /// One empty level.
    pub(crate) fn new(dt: Dt) -> Self {
        Self { levels: vec![BTreeMap::new()], dt }
    }

    /// Opens a level.
    pub(crate) fn enter(&mut self) {
        self.levels.push(BTreeMap::new());
    }

    /// Closes the innermost level.
    pub(crate) fn leave(&mut self) {
        self.levels.pop();
    }

    /// Declares a name in the innermost level; gives the place of an earlier one of that level.
    pub(crate) fn declare(&mut self, name: &str, value: Value, span: Span) -> Result<(), Span> {
        let level = self.levels.last_mut().expect("a scope keeps its outermost level");
        if let Some((_, earlier)) = level.get(name) {
            return Err(*earlier);
        }
        level.insert(name.to_owned(), (value, span));
        Ok(())
    }

    /// The value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.levels.iter().rev().find_map(|level| level.get(name)).map(|(value, _)| value)
    }

    /// All names in sight.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.levels.iter().flat_map(|level| level.keys().map(String::as_str))
    }
}
