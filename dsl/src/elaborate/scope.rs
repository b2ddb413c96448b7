//! Names of values, in nested blocks.

use std::collections::{BTreeMap, BTreeSet};

use synnet_ir::Span;

use super::value::Value;
use crate::syntax::tree::{Statement, StatementKind};

/// The values that are visible at a place of a network: the parameters outermost, then one level per block.
#[derive(Debug)]
pub(crate) struct Scope {
    levels: Vec<BTreeMap<String, Entry>>,
    /// The argument that the last expressions took their value from, the first if there are several.
    read: Option<Span>,
    /// The time step of the network.
    pub(crate) dt: Dt,
    /// The declarations of the network other than values, in all blocks.
    pub(crate) things: BTreeMap<String, Thing>,
    /// Names that statements with errors may declare.
    pub(crate) broken: Invalid,
    /// The argument from outside whose value is evaluated.
    pub(crate) argument: Option<Argument>,
}

/// An argument from outside: `--param name=value`, or one of `params` in a recipe.
#[derive(Debug)]
pub(crate) struct Argument {
    pub(crate) name: String,
    /// Whether a recipe sets it.
    pub(crate) in_recipe: bool,
    /// The type of its parameter, with its article.
    pub(crate) what: &'static str,
    /// A value of that type.
    pub(crate) example: &'static str,
    /// Whether its parameter takes a constant of the language, such as `vmem`.
    pub(crate) is_word: bool,
}

impl Argument {
    /// Names the setting in a message.
    pub(crate) fn setting(&self) -> String {
        if self.in_recipe { format!("`params.{}`", self.name) } else { format!("`--param {}`", self.name) }
    }

    /// Returns the advice how to write the setting.
    pub(crate) fn remedy(&self) -> String {
        let Self { name, example, .. } = self;
        if self.in_recipe {
            format!("write `{name}: {example}`")
        } else {
            format!("write `--param {name}={example}`")
        }
    }
}

/// Names that may be declared by statements with errors. Uses of these names are not reported.
#[derive(Debug, Default)]
pub(crate) struct Invalid {
    /// Their identifiers.
    pub(crate) names: BTreeSet<String>,
    /// Whether one of them declares a value under a name that could not be understood either.
    pub(crate) hides_values: bool,
}

/// The meaning of a name that is not a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    Input,
    Layer,
    Instance,
    Neuron,
}

impl Thing {
    /// Names the kind of declaration in a message, with its article.
    pub(crate) const fn describe(self) -> &'static str {
        match self {
            Self::Input => "the input",
            Self::Layer => "a layer",
            Self::Instance => "a network instance",
            Self::Neuron => "a neuron",
        }
    }
}

/// A value with a name.
#[derive(Debug)]
struct Entry {
    value: Value,
    span: Span,
    /// The argument of the network that the value comes from.
    origin: Option<Span>,
}

/// The state of the time step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Dt {
    /// No `dt:` so far.
    Unset,
    /// A `dt:` that could not be understood.
    Invalid,
    /// The step in seconds, and where it is set.
    Known(f64, Span),
}

impl Dt {
    /// Returns the step in seconds, if it is known.
    pub(crate) fn seconds(self) -> Option<f64> {
        if let Self::Known(seconds, _) = self { Some(seconds) } else { None }
    }
}

impl Scope {
    /// Creates a scope with one empty level.
    pub(crate) fn new(dt: Dt) -> Self {
        Self {
            levels: vec![BTreeMap::new()],
            read: None,
            dt,
            things: BTreeMap::new(),
            broken: Invalid::default(),
            argument: None,
        }
    }

    /// Returns whether the innermost level is that of a block within the network, whose statements may be repeated.
    pub(crate) fn is_in_block(&self) -> bool {
        // The parameters, and the statements of the network.
        self.levels.len() > 2
    }

    /// Opens a level.
    pub(crate) fn enter(&mut self) {
        self.levels.push(BTreeMap::new());
    }

    /// Closes the innermost level.
    pub(crate) fn leave(&mut self) {
        self.levels.pop();
    }

    /// Declares a name in the innermost level. `origin` is the argument of the network that the value comes from.
    ///
    /// # Errors
    /// Returns the place of an earlier declaration in the same level.
    pub(crate) fn declare(
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

    /// Collects what the statements of a network declare besides values, in all blocks. Names with an index are left
    /// out: their indices are not known yet.
    pub(crate) fn declare_things(&mut self, statements: &[Statement]) {
        for statement in statements {
            let (name, thing) = match &statement.kind {
                StatementKind::Input { name, .. } => (name, Thing::Input),
                StatementKind::Layer { name, .. } if name.index.is_none() => (&name.name, Thing::Layer),
                StatementKind::Net { name, .. } if name.index.is_none() => (&name.name, Thing::Instance),
                StatementKind::Neuron { name, .. } => (name, Thing::Neuron),
                StatementKind::For { body, .. } => {
                    self.declare_things(body);
                    continue;
                }
                StatementKind::If { arms, otherwise } => {
                    arms.iter().for_each(|(_, body)| self.declare_things(body));
                    self.declare_things(otherwise);
                    continue;
                }
                StatementKind::Layer { .. } | StatementKind::Net { .. } | StatementKind::Let { .. } => {
                    continue;
                }
                StatementKind::Dt(_) | StatementKind::Output { .. } | StatementKind::Assert { .. } => {
                    continue;
                }
                StatementKind::Chain(_) | StatementKind::Invalid { .. } => continue,
            };
            // A second declaration is an error of its own, which is reported when it is elaborated.
            self.things.entry(name.text.clone()).or_insert(thing);
        }
    }

    /// Returns the value of a name: that of the innermost level that declares it.
    pub(crate) fn get(&mut self, name: &str) -> Option<&Value> {
        let entry = self.levels.iter().rev().find_map(|level| level.get(name))?;
        // Of several arguments the first is as good as any: errors point at one of them.
        self.read = self.read.or(entry.origin);
        Some(&entry.value)
    }

    /// Returns where a name is declared.
    pub(crate) fn place(&self, name: &str) -> Option<Span> {
        self.levels.iter().rev().find_map(|level| level.get(name)).map(|entry| entry.span)
    }

    /// Returns where a level further out declares a name.
    pub(crate) fn hidden(&self, name: &str) -> Option<Span> {
        let (_, outer) = self.levels.split_last()?;
        outer.iter().rev().find_map(|level| level.get(name)).map(|entry| entry.span)
    }

    /// Returns the argument that the values read since the last call come from, the first if there are several.
    pub(crate) fn take_origin(&mut self) -> Option<Span> {
        self.read.take()
    }

    /// Forgets what has been read since `before` was taken: it has no part in a value.
    pub(crate) fn restore_origin(&mut self, before: Option<Span>) {
        self.read = before;
    }

    /// Returns all visible names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.levels.iter().flat_map(|level| level.keys().map(String::as_str))
    }
}
