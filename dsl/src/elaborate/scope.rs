//! Names of values, in nested blocks.

use std::collections::BTreeMap;

use synnet_ir::Span;

use super::value::Value;

/// The values that a place of a network sees: parameters outermost, then one level per block.
#[derive(Debug)]
pub(crate) struct Scope {
    levels: Vec<BTreeMap<String, Entry>>,
    /// The argument that the last expressions took their value from, the first if there are several.
    read: Option<Span>,
    /// Time step of the network, in seconds.
    pub(crate) dt: Dt,
}

/// A value with a name.
#[derive(Debug)]
struct Entry {
    value: Value,
    span: Span,
    /// The argument of the network that the value comes from.
    origin: Option<Span>,
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
        Self { levels: vec![BTreeMap::new()], read: None, dt }
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
        self.declare_from(name, value, span, None)
    }

    /// As [`declare`](Self::declare), for a value that comes from an argument of the network.
    pub(crate) fn declare_from(
        &mut self,
        name: &str,
        value: Value,
        span: Span,
        origin: Option<Span>,
    ) -> Result<(), Span> {
        let level = self.levels.last_mut().expect("a scope keeps its outermost level");
        if let Some(earlier) = level.get(name) {
            return Err(earlier.span);
        }
        level.insert(name.to_owned(), Entry { value, span, origin });
        Ok(())
    }

    /// The value of a name.
    pub(crate) fn get(&mut self, name: &str) -> Option<&Value> {
        let entry = self.levels.iter().rev().find_map(|level| level.get(name))?;
        self.read = self.read.or(entry.origin);
        Some(&entry.value)
    }

    /// The argument that the values read since the last call come from, the first if there are several.
    pub(crate) fn take_origin(&mut self) -> Option<Span> {
        self.read.take()
    }

    /// Says that what has been read since `before` was taken has no part in a value.
    pub(crate) fn restore_origin(&mut self, before: Option<Span>) {
        self.read = before;
    }

    /// All names in sight.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.levels.iter().flat_map(|level| level.keys().map(String::as_str))
    }
}
