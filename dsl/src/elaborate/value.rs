//! The values of expressions.

use std::rc::Rc;

use synnet_ir::Span;
use synnet_ir::display::{format_time, pluralize};
use synnet_ir::graph::Distribution;

use crate::limits::MAX_LIST_DEPTH;
use crate::vocabulary::{Symbol, Unit};

/// The value of an expression.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// The result of an error that has been reported. Whatever uses it stays silent, so that one mistake gives one
    /// diagnostic.
    Error,
    Number(Number),
    Bool(bool),
    None,
    /// A name that stands for itself, such as `vmem`.
    Symbol(Symbol),
    List(List),
    /// The integers from the first up to, but not including, the second.
    Range(i64, i64),
    Distribution(Distribution),
    /// `learn ...`.
    Learn(Rc<Value>),
}

/// A number with a power of time: 1 for times, -1 for rates, 0 for bare numbers. Times are in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Number {
    pub(crate) value: f64,
    pub(crate) time: i32,
}

/// A list. One that `repeats` starts over for as many elements as are needed.
#[derive(Clone, Debug)]
pub(crate) struct List {
    pub(crate) items: Rc<[Value]>,
    pub(crate) repeats: bool,
    depth: u8,
}

/// Lists are equal if they are the same list: whoever compares them can do without.
impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.items, &other.items) && self.repeats == other.repeats
    }
}

impl List {
    /// Creates a list; returns `None` if lists would nest too deep.
    pub(crate) fn new(items: Vec<Value>, repeats: bool) -> Option<Self> {
        // Kept with each list, so that the check costs no walk over the elements of elements.
        let inner = items.iter().map(|item| if let Value::List(list) = item { list.depth } else { 0 }).max();
        let depth = inner.unwrap_or(0) + 1;
        (depth <= MAX_LIST_DEPTH).then(|| Self { items: items.into(), repeats, depth })
    }

    /// Returns the list that starts over after its last element.
    pub(crate) fn repeated(&self) -> Self {
        Self { repeats: true, ..self.clone() }
    }
}

impl Value {
    /// Creates a number without a unit.
    pub(crate) fn bare(value: f64) -> Self {
        Self::Number(Number { value, time: 0 })
    }

    /// Describes the value in a message, with its article.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Error => "an error".into(),
            Self::Number(number) => number.describe(),
            Self::Bool(_) => "a Boolean".into(),
            Self::None => "`none`".into(),
            Self::Symbol(word) => format!("`{}`", word.name()),
            Self::List(list) if list.repeats => format!("a repeating list of {}", elements(list)),
            Self::List(list) => format!("a list of {}", elements(list)),
            Self::Range(..) => "a range".into(),
            Self::Distribution(_) => "a distribution".into(),
            Self::Learn(_) => "a learned value".into(),
        }
    }
}

fn elements(list: &List) -> String {
    pluralize(list.items.len(), "element")
}

impl Number {
    /// Creates the number `value unit`, in seconds or events per second.
    pub(crate) fn with_unit(value: f64, unit: Unit) -> Self {
        Self { value: unit.to_base(value), time: unit.time() }
    }

    /// Describes the number in a message, with its article and value.
    pub(crate) fn describe(self) -> String {
        match self.time {
            0 => format!("the number {}", self.value),
            1 => format!("the time {}", format_time(self.value)),
            -1 => format!("the rate {} Hz", self.value),
            power => format!("a quantity in s^{power}"),
        }
    }
}

/// A value with the place that errors about it point at.
#[derive(Clone, Debug)]
pub(crate) struct Spanned {
    pub(crate) value: Value,
    pub(crate) span: Span,
}
