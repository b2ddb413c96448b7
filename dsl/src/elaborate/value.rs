//! Values that expressions have.

use std::rc::Rc;

use synnet_ir::Span;
use synnet_ir::display::format_time;
use synnet_ir::graph::Distribution;

use crate::limits::MAX_LIST_DEPTH;
use crate::vocabulary::{Unit, Word};

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Something went wrong and has been reported; whatever uses it stays silent.
    Error,
    Number(Number),
    Bool(bool),
    None,
    /// A word such as `vmem`.
    Word(Word),
    List(List),
    /// Whole numbers from the first up to, not including, the second.
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

/// A list; one that `repeats` goes on from its start for as many elements as are needed.
#[derive(Clone, Debug)]
pub(crate) struct List {
    pub(crate) items: Rc<[Value]>,
    pub(crate) repeats: bool,
    depth: u8,
}

impl List {
    /// A list of values, or `None` where lists would nest too deep.
    pub(crate) fn new(items: Vec<Value>, repeats: bool) -> Option<Self> {
        let inner = items.iter().map(|item| if let Value::List(list) = item { list.depth } else { 0 }).max();
        let depth = inner.unwrap_or(0) + 1;
        (depth <= MAX_LIST_DEPTH).then(|| Self { items: items.into(), repeats, depth })
    }
}

impl Value {
    /// A bare number.
    pub(crate) fn bare(value: f64) -> Self {
        Self::Number(Number { value, time: 0 })
    }

    /// What it is, with its article.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Error => "an error".into(),
            Self::Number(number) => number.describe(),
            Self::Bool(_) => "a truth value".into(),
            Self::None => "`none`".into(),
            Self::Word(word) => format!("the word `{}`", word.name()),
            Self::List(list) if list.repeats => format!("a repeating list of {}", list.items.len()),
            Self::List(list) => format!("a list of {}", list.items.len()),
            Self::Range(..) => "a range".into(),
            Self::Distribution(_) => "a distribution".into(),
            Self::Learn(_) => "a learned value".into(),
        }
    }
}

impl Number {
    /// The number `value unit`.
    pub(crate) fn with_unit(value: f64, unit: Unit) -> Self {
        let size = unit.size();
        // Dividing by a whole number is exact where multiplying by its inverse is not: 10 ms is 0.01 s.
        let value = if size < 1.0 { value / (1.0 / size).round() } else { value * size };
        Self { value, time: unit.time() }
    }

    /// What it is, with its article and value.
    pub(crate) fn describe(self) -> String {
        match self.time {
            0 => format!("the bare number {}", self.value),
            1 => format!("the time {}", format_time(self.value)),
            -1 => format!("the rate {} Hz", self.value),
            power => format!("a quantity in s^{power}"),
        }
    }
}

/// A value and the place that gave it.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) value: Value,
    pub(crate) span: Span,
}
