//! Evaluation of expressions.

use std::ops::Range;
use std::rc::Rc;

use synnet_ir::graph::NeuronKind;
use synnet_ir::{Diagnostic, Span, nearest};

use super::evaluator::Evaluator;
use super::functions;
use super::operators::Arithmetic;
use super::scope::{Dt, Thing};
use super::value::{Number, Spanned, Value};
use crate::codes;
use crate::limits::MAX_LIST_ELEMENTS;
use crate::syntax::tree::{Argument, Binary, Expr, ExprKind, Name, Unary};
use crate::vocabulary::{ChainOperator, Function, Keyword, KeywordRole, Symbol, Unit, one_of};

impl Evaluator<'_> {
    /// Returns the value of an expression, or [`Value::Error`] after an error that has been reported.
    pub(crate) fn value(&mut self, expr: &Expr) -> Value {
        // Loops evaluate the same expression again and again: each evaluation counts.
        if !self.report.consume_fuel(1, expr.span) {
            return Value::Error;
        }
        let span = expr.span;
        match &expr.kind {
            ExprKind::Invalid => Value::Error,
            ExprKind::Number { value, unit } => self.number(*value, unit.as_ref(), span),
            ExprKind::Bool(value) => Value::Bool(*value),
            ExprKind::None => Value::None,
            ExprKind::Name(name) => self.name(name, span),
            ExprKind::Call { name, arguments } => self.call(name, arguments, span),
            ExprKind::List(items) => {
                let values: Vec<Value> = items.iter().map(|item| self.value(item)).collect();
                self.list(values, false, span)
            }
            ExprKind::Comprehension { value, name, range } => self.comprehension(value, name, range, span),
            ExprKind::Index { list, index } => self.index(list, index),
            ExprKind::Unary { operator, operand } => self.unary(*operator, operand, span),
            ExprKind::Binary { operator, left, right } => self.binary(*operator, left, right, span),
            ExprKind::If { arms, otherwise } => {
                for (condition, value) in arms {
                    match self.condition(condition) {
                        Some(true) => return self.value(value),
                        Some(false) => {}
                        None => return Value::Error,
                    }
                }
                self.value(otherwise)
            }
            ExprKind::Learn(inner) => match self.value(inner) {
                Value::Error => Value::Error,
                value @ (Value::Number(_) | Value::List(_)) => Value::Learn(Rc::new(value)),
                other => {
                    let message = format!("`learn` needs a number or a list, not {}", other.describe());
                    let help = "write `learn` once, before a number or a list";
                    self.report.error_help(&codes::LEARN, span, message, help);
                    Value::Error
                }
            },
        }
    }

    /// Returns the value of an expression with the place that errors about it point at, and the argument of the
    /// network that it comes from. In the standard library, the place is the argument: nobody can change the library.
    pub(crate) fn traced(&mut self, expr: &Expr) -> (Spanned, Option<Span>) {
        let before = self.scope.take_origin();
        let value = self.value(expr);
        let origin = self.scope.take_origin();
        self.scope.restore_origin(before);
        let argument = origin.filter(|_| self.report.std.contains(&expr.span.source));
        (Spanned { value, span: argument.unwrap_or(expr.span) }, origin)
    }

    /// Returns the value of a condition, or `None` after an error that has been reported.
    pub(crate) fn condition(&mut self, expr: &Expr) -> Option<bool> {
        // A condition decides between values; it is not where they come from.
        let before = self.scope.take_origin();
        let value = self.value(expr);
        self.scope.restore_origin(before);
        match value {
            Value::Bool(value) => Some(value),
            other => {
                self.wrong_type(expr.span, "a condition", "`true` or `false`", &other);
                None
            }
        }
    }

    /// Returns the integer that an expression gives; see [`integer_value`](Self::integer_value).
    pub(crate) fn whole(&mut self, expr: &Expr, what: &str) -> Option<i64> {
        let value = self.value(expr);
        self.integer_value(&value, expr.span, what)
    }

    /// Returns the elements of a range or list that a loop runs over.
    pub(crate) fn elements(&mut self, expr: &Expr) -> Option<Elements> {
        match self.value(expr) {
            Value::Range(start, end) => {
                let len = usize::try_from(end.saturating_sub(start)).unwrap_or(0);
                let may = self.report.consume_fuel(len, expr.span);
                may.then_some(Elements::Range(start..end))
            }
            Value::List(list) if !list.repeats => {
                let may = self.report.consume_fuel(list.items.len(), expr.span);
                may.then_some(Elements::List(list.items, 0))
            }
            other => {
                self.wrong_type(
                    expr.span,
                    "the sequence of a `for`",
                    "a range such as `0..n`, or a list",
                    &other,
                );
                None
            }
        }
    }

    fn number(&mut self, value: f64, unit: Option<&Name>, span: Span) -> Value {
        let Some(unit) = unit else { return self.finite(Number { value, time: 0 }, span) };
        let Some(known) = Unit::of(&unit.text) else {
            let diagnostic = self.unknown_unit(value, unit, span);
            self.report.push(diagnostic);
            return Value::Error;
        };
        self.finite(Number::with_unit(value, known), span)
    }

    fn name(&mut self, name: &str, span: Span) -> Value {
        // Values come before `dt` and constants: a parameter can have the name of either.
        if let Some(value) = self.scope.get(name) {
            return value.clone();
        }
        if Keyword::of(name) == Some(Keyword::Dt) {
            return match self.scope.dt {
                Dt::Known(seconds, _) => Value::Number(Number { value: seconds, time: 1 }),
                Dt::Invalid => Value::Error,
                Dt::Unset => {
                    self.no_dt(span, "this value");
                    Value::Error
                }
            };
        }
        if let Some(word) = Symbol::of(name) {
            return Value::Symbol(word);
        }
        // A statement with an error, reported already, may declare it.
        if self.scope.broken.hides_values || self.scope.broken.names.contains(name) {
            return Value::Error;
        }
        if let Some(diagnostic) = self.other_kind(name, span) {
            self.report.push(diagnostic);
            return Value::Error;
        }
        let message = format!("unknown value `{name}`");
        let diagnostic = Diagnostic::error(&codes::UNKNOWN_NAME, span, message);
        let constants = Keyword::ALL.iter().filter(|keyword| keyword.role() == KeywordRole::Value);
        let words: Vec<&str> = Symbol::names().chain(constants.map(|keyword| keyword.name())).collect();
        let known = self.scope.names().chain(words.iter().copied());
        // `exponential` is far from `periodic_exponential` by letters, but a part of it.
        let longer = || Symbol::names().find(|word| name.len() > 3 && word.contains(name));
        let spelled = || self.report.nearest(&codes::UNKNOWN_NAME, span, name, known);
        let near = constant_of_another_language(name).or_else(spelled).or_else(longer);
        // On the command line, there is nothing to declare a name with.
        let diagnostic = match &self.scope.argument {
            Some(argument) if !(near.is_some() && argument.is_word) => {
                let message = format!("{} must be {}, not `{name}`", argument.setting(), argument.what);
                Diagnostic::error(&codes::TYPE, span, message).with_help(argument.remedy())
            }
            Some(_) | None => diagnostic.with_suggestion(near, || {
                "declare it with `let`, or as a parameter of the network".to_owned()
            }),
        };
        self.report.push(diagnostic);
        Value::Error
    }

    /// Returns the error about a name that stands for something else than a value; `None` if it stands for nothing.
    fn other_kind(&self, name: &str, span: Span) -> Option<Diagnostic> {
        let (what, help) = if let Some(thing) = self.scope.things.get(name) {
            let help = match thing {
                Thing::Neuron => format!("use it in a layer: `layer h0: {name}(60);`"),
                Thing::Input | Thing::Layer | Thing::Instance => {
                    format!("use it in a connection: `{name} -> linear -> ...;`")
                }
            };
            (thing.describe(), help)
        } else if Function::of(name).is_some() {
            ("a function", format!("call it: `{name}(...)`"))
        } else if NeuronKind::ALL.iter().any(|kind| kind.name() == name) {
            ("a neuron kind", format!("use it in a layer: `layer h0: {name}(60) {{ ... }};`"))
        } else if self.report.is_network(name) {
            ("a network", format!("use it as an instance: `net body: {name}(...);`"))
        } else {
            return None;
        };
        let message = format!("`{name}` is {what}, not a value");
        Some(Diagnostic::error(&codes::UNKNOWN_NAME, span, message).with_help(help))
    }

    /// Returns the error about an identifier after a number that is not a unit.
    fn unknown_unit(&mut self, value: f64, unit: &Name, span: Span) -> Diagnostic {
        let name = unit.text.as_str();
        let error = |span, message| Diagnostic::error(&codes::UNKNOWN_UNIT, span, message);
        if self.scope.place(name).is_some() {
            let message = format!("expected an operator between `{value}` and `{name}`");
            return error(unit.span, message).with_help(format!("write `{value} * {name}`"));
        }
        // `0xFF` is the number 0 with the unit `xFF`.
        let radix = |prefix, radix| {
            let digits = name.strip_prefix(prefix).filter(|_| value == 0.0)?;
            u64::from_str_radix(&digits.replace('_', ""), radix).ok()
        };
        for (kind, number) in [
            ("hexadecimal", radix("x", 16).or_else(|| radix("X", 16))),
            ("octal", radix("o", 8)),
            ("binary", radix("b", 2)),
        ] {
            if let Some(number) = number {
                return error(span, format!("{kind} numbers are not supported"))
                    .with_help(format!("write `{number}`"));
            }
        }
        let diagnostic = error(unit.span, format!("`{name}` is not a unit"));
        if let Some(help) = other_unit(value, name) {
            return diagnostic.with_help(help);
        }
        let near = nearest(name, Unit::names());
        diagnostic.with_suggestion(near, || one_of(Unit::names()))
    }

    fn comprehension(&mut self, value: &Expr, name: &Name, range: &Expr, span: Span) -> Value {
        // The range decides how often the value is evaluated; it is not where the value comes from.
        let before = self.scope.take_origin();
        let elements = self.elements(range);
        self.scope.restore_origin(before);
        let Some(elements) = elements else { return Value::Error };
        let len = elements.size_hint().0;
        if len > MAX_LIST_ELEMENTS {
            return self.long_list(span);
        }
        let mut values = Vec::with_capacity(len);
        for element in elements {
            self.scope.enter();
            if values.is_empty() {
                self.shadows(name, "loop variable");
            }
            // A fresh level holds no other name.
            let _ = self.scope.declare(&name.text, element, name.span, None);
            let value = self.value(value);
            self.scope.leave();
            if matches!(value, Value::Error) {
                return Value::Error;
            }
            values.push(value);
        }
        self.list(values, false, span)
    }

    fn index(&mut self, list: &Expr, index: &Expr) -> Value {
        // Both are evaluated before either is checked, so that errors in both are reported.
        let list_value = self.value(list);
        let Some(at) = self.whole(index, "an index") else { return Value::Error };
        match list_value {
            Value::List(items) => {
                let len = items.items.len();
                let position = usize::try_from(at).ok();
                let position = if items.repeats { position.map(|i| i % len.max(1)) } else { position };
                match position.and_then(|i| items.items.get(i)) {
                    Some(value) => value.clone(),
                    None => {
                        let message = format!("index {at} is out of range for a list of length {len}");
                        let help = match len {
                            0 => "check `len(list) > 0` first: the list is empty".to_owned(),
                            _ => format!("choose an index from 0 to {}", len - 1),
                        };
                        self.report.error_help(&codes::INDEX, index.span, message, help);
                        Value::Error
                    }
                }
            }
            other => {
                self.wrong_type(list.span, "an indexed value", "a list", &other);
                Value::Error
            }
        }
    }

    fn unary(&mut self, operator: Unary, operand: &Expr, span: Span) -> Value {
        match operator {
            Unary::Not => self.condition(operand).map_or(Value::Error, |value| Value::Bool(!value)),
            Unary::Negate => {
                let value = self.value(operand);
                self.map(&value, span, &mut |_, number| Some(Number { value: -number.value, ..number }))
            }
        }
    }

    fn binary(&mut self, operator: Binary, left: &Expr, right: &Expr, span: Span) -> Value {
        match operator {
            Binary::And => self.decided_by(false, left, right),
            Binary::Or => self.decided_by(true, left, right),
            Binary::Range => {
                let (start, end) =
                    (self.whole(left, "the start of a range"), self.whole(right, "the end of a range"));
                let (Some(start), Some(end)) = (start, end) else { return Value::Error };
                // An empty range such as `1..n` with `n` of 1 is what a loop over nothing looks like. One that runs
                // backward was meant to hold something.
                if end < start && !self.report.std.contains(&span.source) {
                    let message = format!("the range {start}..{end} is empty: it ends before it starts");
                    self.report.push(
                        Diagnostic::warning(&codes::BACKWARD_RANGE, span, message)
                            .with_help("put the smaller number first; ranges only count up"),
                    );
                }
                Value::Range(start, end)
            }
            Binary::Equal => self.both(left, right, |eval, a, b| match eval.equal(a, b, span) {
                Some(equal) => Value::Bool(equal),
                None => Value::Error,
            }),
            Binary::Unequal => self.both(left, right, |eval, a, b| match eval.equal(a, b, span) {
                Some(equal) => Value::Bool(!equal),
                None => Value::Error,
            }),
            Binary::Less => self.both(left, right, |eval, a, b| eval.compare(f64::lt, a, b, span)),
            Binary::LessEqual => self.both(left, right, |eval, a, b| eval.compare(f64::le, a, b, span)),
            Binary::Greater => self.both(left, right, |eval, a, b| eval.compare(f64::gt, a, b, span)),
            Binary::GreaterEqual => self.both(left, right, |eval, a, b| eval.compare(f64::ge, a, b, span)),
            Binary::Add => self.calculate(Arithmetic::Add, left, right, span),
            Binary::Subtract => self.calculate(Arithmetic::Subtract, left, right, span),
            Binary::Multiply => self.calculate(Arithmetic::Multiply, left, right, span),
            Binary::Divide => self.calculate(Arithmetic::Divide, left, right, span),
            Binary::Remainder => self.calculate(Arithmetic::Remainder, left, right, span),
        }
    }

    /// Evaluates `&&` or `||`: the right operand only if the left one is not `decisive`.
    fn decided_by(&mut self, decisive: bool, left: &Expr, right: &Expr) -> Value {
        match self.condition(left) {
            None => Value::Error,
            Some(value) if value == decisive => Value::Bool(value),
            Some(_) => self.condition(right).map_or(Value::Error, Value::Bool),
        }
    }

    fn calculate(&mut self, operation: Arithmetic, left: &Expr, right: &Expr, span: Span) -> Value {
        self.both(left, right, |eval, a, b| eval.arithmetic(operation, a, b, span))
    }

    /// Evaluates both operands, so that errors in both are reported, and then the operator.
    fn both(
        &mut self,
        left: &Expr,
        right: &Expr,
        operator: impl FnOnce(&mut Self, &Value, &Value) -> Value,
    ) -> Value {
        let (a, b) = (self.value(left), self.value(right));
        if matches!(a, Value::Error) || matches!(b, Value::Error) {
            return Value::Error;
        }
        operator(self, &a, &b)
    }

    fn call(&mut self, name: &Name, arguments: &[Argument], span: Span) -> Value {
        let Some(function) = Function::of(&name.text) else {
            self.unknown_function(name);
            return Value::Error;
        };
        // Arguments of networks have names, those of functions do not.
        if let Some(named) = arguments.iter().find_map(|argument| argument.name.as_ref()) {
            let message = format!("arguments of function `{}` are positional", name.text);
            let help = format!("remove `{}:`", named.text);
            self.report.error_help(&codes::ARGUMENTS, named.span, message, help);
            return Value::Error;
        }
        let values: Vec<Value> = arguments.iter().map(|argument| self.value(&argument.value)).collect();
        functions::call(self, function, &values, span)
    }

    fn unknown_function(&mut self, name: &Name) {
        let error = |message| Diagnostic::error(&codes::UNKNOWN_NAME, name.span, message);
        let text = name.text.as_str();
        let diagnostic = if self.report.is_network(text) {
            error(format!("`{text}` is a network, not a function"))
                .with_help(format!("use it as an instance: `net body: {text}(...);`"))
        } else if self.scope.place(text).is_some() {
            error(format!("`{text}` is a value, not a function"))
                .with_help(format!("write `{text}` without arguments, or `{text} * (...)`"))
        } else if let Some(thing) = self.scope.things.get(text) {
            error(format!("`{text}` is {}, not a function", thing.describe()))
                .with_help(one_of(Function::names()))
        } else if text == "range" {
            error(format!("unknown function `{text}`")).with_help("write a range as `0..n`")
        } else if ChainOperator::of(text).is_some() {
            error(format!("`{text}` is an operator of connections, not a function"))
                .with_help("use it between layers: `source -> linear -> target;`")
        } else {
            error(format!("unknown function `{text}`"))
                .with_suggestion(nearest(text, Function::names()), || one_of(Function::names()))
        };
        self.report.push(diagnostic);
    }

    /// Warns about a new name that hides another: `what` is declared. In the standard library nobody can rename it.
    pub(crate) fn shadows(&mut self, name: &Name, what: &str) {
        let text = name.text.as_str();
        if self.report.std.contains(&name.span.source) {
            return;
        }
        let diagnostic = |hidden: &str| {
            let message = format!("{what} `{text}` hides {hidden}");
            Diagnostic::warning(&codes::SHADOWED, name.span, message).with_help("choose another name")
        };
        let diagnostic = if Keyword::of(text) == Some(Keyword::Dt) {
            // Half of the network would follow the hidden step: `geometric` and `quantized` do.
            let message = "the name `dt` is taken by the time step";
            Diagnostic::error(&codes::DUPLICATE_NAME, name.span, message).with_help("choose another name")
        } else if let Some(outer) = self.scope.hidden(text) {
            diagnostic("an outer value of the same name").with_note(outer, "hidden from here on")
        } else if Symbol::of(text).is_some() {
            diagnostic("a constant of the language")
        } else if Function::of(text).is_some() {
            diagnostic("a function of the language")
        } else if NeuronKind::ALL.iter().any(|kind| kind.name() == text) {
            diagnostic("a neuron kind")
        } else {
            return;
        };
        self.report.push(diagnostic);
    }
}

/// The elements that a loop runs over. Those of a range are not stored.
pub(crate) enum Elements {
    Range(Range<i64>),
    /// A list, and the index of the next element.
    List(Rc<[Value]>, usize),
}

impl Iterator for Elements {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        match self {
            Self::Range(range) => range.next().map(|i| Value::bare(i as f64)),
            Self::List(items, next) => {
                *next += 1;
                items.get(*next - 1).cloned()
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::Range(range) => range.size_hint(),
            Self::List(items, next) => (items.len() - next, Some(items.len() - next)),
        }
    }
}

/// Returns the constant of this language that a constant of another one stands for.
fn constant_of_another_language(name: &str) -> Option<&'static str> {
    Some(match name {
        "null" | "nil" | "None" | "NULL" | "undefined" => "none",
        "yes" | "on" | "True" | "TRUE" => "true",
        "no" | "off" | "False" | "FALSE" => "false",
        _ => return None,
    })
}

/// Returns help for units that other languages know: times by other names, and quantities without a unit here.
fn other_unit(value: f64, name: &str) -> Option<String> {
    let time = |factor: f64, unit: &str| Some(format!("write `{} {unit}`", value * factor));
    match name {
        "sec" | "secs" | "second" | "seconds" => time(1.0, "s"),
        "msec" | "msecs" | "millisecond" | "milliseconds" => time(1.0, "ms"),
        "usec" | "usecs" | "microsecond" | "microseconds" => time(1.0, "us"),
        "nsec" | "nsecs" | "nanosecond" | "nanoseconds" => time(1.0, "ns"),
        "min" | "minute" | "minutes" => time(60.0, "s"),
        "h" | "hour" | "hours" => time(3600.0, "s"),
        "V" | "mV" | "A" | "mA" | "uA" | "nA" | "pA" | "F" | "nF" | "pF" | "Ohm" | "MOhm" => {
            Some(format!("write `{value}`: potentials and currents have no unit"))
        }
        "e" | "E" => Some(format!("write the exponent: `{value}e3`")),
        _ => None,
    }
}
