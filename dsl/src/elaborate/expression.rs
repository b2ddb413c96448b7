//! Evaluates expressions.

use std::rc::Rc;

use synnet_ir::{Diagnostic, Span, nearest};

use super::functions;
use super::report::Report;
use super::scope::{Dt, Scope};
use super::value::{List, MAX_LIST_DEPTH, Number, Placed, Value, unit_names, with_unit};
use crate::codes;
use crate::syntax::tree::{Binary, Expr, ExprKind, Name, Unary};

/// Words that stand for themselves where nothing else has their name.
pub(crate) const WORDS: &[&str] = &["spikes", "vmem", "isyn", "periodic_exponential", "piecewise_linear"];

/// Evaluates expressions in a scope.
pub(crate) struct Evaluator<'a> {
    pub(crate) scope: &'a mut Scope,
    pub(crate) report: &'a mut Report,
}

impl Evaluator<'_> {
    /// The value of an expression; [`Value::Error`] where that has been reported.
    pub(crate) fn value(&mut self, expr: &Expr) -> Value {
        if !self.report.spend(1, expr.span) {
            return Value::Error;
        }
        let span = expr.span;
        match &expr.kind {
            ExprKind::Broken => Value::Error,
            ExprKind::Number { value, unit } => self.number(*value, unit.as_ref(), span),
            ExprKind::Bool(value) => Value::Bool(*value),
            ExprKind::None => Value::None,
            ExprKind::Name(name) => self.name(name, span),
            ExprKind::Call { name, arguments } => functions::call(self, name, arguments, span),
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
                    let message = format!("`learn` marks a number or a list, not {}", other.describe());
                    self.report.error_help(
                        &codes::LEARN,
                        span,
                        message,
                        "write `learn` once, before a value",
                    );
                    Value::Error
                }
            },
        }
    }

    /// The value of an expression with its place, and with the argument of the network that it comes from. In the
    /// standard library the place is that of the argument: nobody can change the library.
    pub(crate) fn traced(&mut self, expr: &Expr) -> (Placed, Option<Span>) {
        let before = self.scope.take_origin();
        let value = self.value(expr);
        let origin = self.scope.take_origin();
        self.scope.restore_origin(before);
        let argument = origin.filter(|_| self.report.std.contains(&expr.span.source));
        (Placed { value, span: argument.unwrap_or(expr.span) }, origin)
    }

    /// A truth value, or `None` where that has been reported.
    pub(crate) fn condition(&mut self, expr: &Expr) -> Option<bool> {
        // What decides between values is not where they come from.
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

    /// A whole number, or `None` where that has been reported. `what` names its role.
    pub(crate) fn whole(&mut self, expr: &Expr, what: &str) -> Option<i64> {
        let value = self.value(expr);
        self.whole_value(&value, expr.span, what)
    }

    /// As [`whole`](Self::whole), for a value.
    pub(crate) fn whole_value(&mut self, value: &Value, span: Span, what: &str) -> Option<i64> {
        // Whole numbers up to 2^53 are exact.
        const LIMIT: f64 = 9_007_199_254_740_992.0;
        match value {
            Value::Number(Number { value, time: 0 }) if value.fract() == 0.0 && value.abs() <= LIMIT => {
                Some(*value as i64)
            }
            Value::Number(Number { value, time: 0 }) => {
                let message = format!("{what} is a whole number, not {value}");
                self.report.error_help(
                    &codes::TYPE,
                    span,
                    message,
                    "`round`, `floor` and `ceil` make whole numbers",
                );
                None
            }
            other => {
                self.wrong_type(span, what, "a whole number", other);
                None
            }
        }
    }

    /// Reports a value of the wrong kind, unless it is an error already.
    pub(crate) fn wrong_type(&mut self, span: Span, what: &str, wanted: &str, found: &Value) {
        match found {
            Value::Error => {}
            Value::Number(number) if number.time != 0 => {
                let message = format!("{what} is {wanted}, not {}", found.describe());
                self.report.error_help(
                    &codes::UNIT,
                    span,
                    message,
                    "remove the unit, or divide by a time: `tau / dt` is a bare number",
                );
            }
            _ => {
                let message = format!("{what} is {wanted}, not {}", found.describe());
                self.report.error_help(&codes::TYPE, span, message, format!("give {wanted}"));
            }
        }
    }

    /// A list of values, limited in depth and length.
    pub(crate) fn list(&mut self, values: Vec<Value>, repeats: bool, span: Span) -> Value {
        if !self.report.spend(values.len(), span) || values.iter().any(|value| matches!(value, Value::Error))
        {
            return Value::Error;
        }
        if let Some(learnt) = values.iter().find(|value| matches!(value, Value::Learn(_))) {
            let message = format!("{} cannot be an element of a list", learnt.describe());
            self.report.error_help(&codes::LEARN, span, message, "write `learn` before the whole list");
            return Value::Error;
        }
        match List::new(values, repeats) {
            Some(list) => Value::List(list),
            None => {
                let message = format!("lists nest more than {MAX_LIST_DEPTH} deep");
                let help = "use several lists";
                self.report.error_help(&codes::TOO_LARGE, span, message, help);
                Value::Error
            }
        }
    }

    /// The elements of a range or list, for loops.
    pub(crate) fn elements(&mut self, expr: &Expr) -> Option<Vec<Value>> {
        match self.value(expr) {
            Value::Range(start, end) => {
                let len = usize::try_from(end.saturating_sub(start)).unwrap_or(0);
                let may = self.report.spend(len, expr.span);
                may.then(|| (start..end).map(|i| Value::bare(i as f64)).collect())
            }
            Value::List(list) if !list.repeats => Some(list.items.to_vec()),
            other => {
                self.wrong_type(
                    expr.span,
                    "what a `for` runs over",
                    "a range such as `0..n`, or a list",
                    &other,
                );
                None
            }
        }
    }

    fn number(&mut self, value: f64, unit: Option<&Name>, span: Span) -> Value {
        let number = match unit {
            None => Number { value, time: 0 },
            Some(unit) => match with_unit(value, &unit.text) {
                Some(number) => number,
                None => {
                    let near = nearest(&unit.text, unit_names());
                    let help = match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "the units are `s`, `ms`, `us`, `ns`, `Hz`, `kHz` and `MHz`".into(),
                    };
                    let message = format!("`{}` is no unit", unit.text);
                    self.report.error_help(&codes::UNKNOWN_UNIT, unit.span, message, help);
                    return Value::Error;
                }
            },
        };
        self.finite(number, span)
    }

    /// A number, if it is finite.
    pub(crate) fn finite(&mut self, number: Number, span: Span) -> Value {
        if number.value.is_finite() && number.time.abs() <= 16 {
            return Value::Number(number);
        }
        let message = if number.value.is_nan() {
            "this has no value as a number"
        } else {
            "this is too large for a number"
        };
        self.report.error_help(&codes::ARITHMETIC, span, message, "numbers are finite");
        Value::Error
    }

    fn name(&mut self, name: &str, span: Span) -> Value {
        if let Some(value) = self.scope.get(name) {
            return value.clone();
        }
        if name == "dt" {
            return match self.scope.dt {
                Dt::Known(seconds, _) => Value::Number(Number { value: seconds, time: 1 }),
                Dt::Broken => Value::Error,
                Dt::Unset => {
                    self.no_dt(span, "`dt`");
                    Value::Error
                }
            };
        }
        if let Some(word) = WORDS.iter().find(|word| **word == name) {
            return Value::Word(word);
        }
        let message = format!("no value has the name `{name}`");
        let diagnostic = Diagnostic::error(&codes::UNKNOWN_NAME, span, message);
        let constants = ["true", "false", "none"];
        let known = self.scope.names().chain(WORDS.iter().copied()).chain(constants);
        // `exponential` is far from `periodic_exponential` by letters, but a part of it.
        let longer = || WORDS.iter().find(|word| name.len() > 3 && word.contains(name)).copied();
        let diagnostic = match nearest(name, known).or_else(longer) {
            Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
            None if functions::NAMES.contains(&name) => {
                diagnostic.with_help(format!("`{name}` is a function: write `{name}(...)`"))
            }
            None => diagnostic.with_help("declare it with `let`, or as a parameter of the network"),
        };
        self.report.push(diagnostic);
        Value::Error
    }

    /// Reports that something needs the time step before it is given.
    pub(crate) fn no_dt(&mut self, span: Span, what: &str) {
        if self.scope.dt == Dt::Unset {
            self.report.error_help(
                &codes::STEP,
                span,
                format!("{what} needs the time step, which is not given above"),
                "write `dt: 10 ms;` as the first statement of the network",
            );
            // One report is enough.
            self.scope.dt = Dt::Broken;
        }
    }

    fn comprehension(&mut self, value: &Expr, name: &Name, range: &Expr, span: Span) -> Value {
        // How often a value is repeated is not where it comes from.
        let before = self.scope.take_origin();
        let elements = self.elements(range);
        self.scope.restore_origin(before);
        let Some(elements) = elements else { return Value::Error };
        let mut values = Vec::with_capacity(elements.len());
        for element in elements {
            self.scope.enter();
            // A fresh level holds no other name.
            let _ = self.scope.declare(&name.text, element, name.span);
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
                        let message = format!("index {at} lies outside of a list of {len}");
                        let help = match len {
                            0 => "the list is empty".to_owned(),
                            _ => format!("indices run from 0 to {}", len - 1),
                        };
                        self.report.error_help(&codes::INDEX, index.span, message, help);
                        Value::Error
                    }
                }
            }
            other => {
                self.wrong_type(list.span, "what stands before `[...]`", "a list", &other);
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

    /// Applies a function to a number, or to each number of a list.
    pub(crate) fn map(
        &mut self,
        value: &Value,
        span: Span,
        function: &mut dyn FnMut(&mut Self, Number) -> Option<Number>,
    ) -> Value {
        match value {
            Value::Error => Value::Error,
            Value::Number(number) => {
                function(self, *number).map_or(Value::Error, |number| self.finite(number, span))
            }
            Value::List(list) => {
                let mut mapped = Vec::with_capacity(list.items.len());
                for item in list.items.iter() {
                    if !self.report.spend(1, span) {
                        return Value::Error;
                    }
                    match self.map(item, span, function) {
                        Value::Error => return Value::Error,
                        value => mapped.push(value),
                    }
                }
                self.list(mapped, list.repeats, span)
            }
            Value::Learn(_) => {
                self.learnt_operand(span);
                Value::Error
            }
            other => {
                self.wrong_type(span, "an operand", "a number or a list of numbers", other);
                Value::Error
            }
        }
    }

    /// Reports a learnt value within a calculation.
    pub(crate) fn learnt_operand(&mut self, span: Span) {
        self.report.error_help(
            &codes::LEARN,
            span,
            "a learnt value cannot be calculated with",
            "`learn` marks a whole parameter: write it before the complete expression",
        );
    }

    fn binary(&mut self, operator: Binary, left: &Expr, right: &Expr, span: Span) -> Value {
        match operator {
            Binary::And | Binary::Or => {
                let decided = operator == Binary::Or;
                return match self.condition(left) {
                    None => Value::Error,
                    Some(value) if value == decided => Value::Bool(value),
                    Some(_) => self.condition(right).map_or(Value::Error, Value::Bool),
                };
            }
            Binary::Range => {
                let (start, end) =
                    (self.whole(left, "the start of a range"), self.whole(right, "the end of a range"));
                return match (start, end) {
                    (Some(start), Some(end)) => Value::Range(start, end),
                    _ => Value::Error,
                };
            }
            _ => {}
        }
        let (a, b) = (self.value(left), self.value(right));
        if matches!(a, Value::Error) || matches!(b, Value::Error) {
            return Value::Error;
        }
        match operator {
            Binary::Equal | Binary::Unequal => match self.equal(&a, &b, span) {
                Some(equal) => Value::Bool(equal == (operator == Binary::Equal)),
                None => Value::Error,
            },
            Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual => {
                self.compare(operator, &a, &b, span)
            }
            _ => self.arithmetic(operator, &a, &b, span),
        }
    }

    /// Whether two values are the same; numbers with different units cannot be compared.
    fn equal(&mut self, a: &Value, b: &Value, span: Span) -> Option<bool> {
        if !self.report.spend(1, span) {
            return None;
        }
        Some(match (a, b) {
            (Value::Number(a), Value::Number(b)) => {
                self.same_unit(*a, *b, "compared", span)?;
                a.value == b.value
            }
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Word(a), Value::Word(b)) => a == b,
            (Value::None, Value::None) => true,
            (Value::Range(a, b), Value::Range(c, d)) => (a, b) == (c, d),
            (Value::List(a), Value::List(b)) if a.items.len() == b.items.len() => {
                for (a, b) in a.items.iter().zip(b.items.iter()) {
                    if !self.equal(a, b, span)? {
                        return Some(false);
                    }
                }
                true
            }
            (Value::Learn(_), _) | (_, Value::Learn(_)) => {
                self.learnt_operand(span);
                return None;
            }
            _ => false,
        })
    }

    fn compare(&mut self, operator: Binary, a: &Value, b: &Value, span: Span) -> Value {
        let (Value::Number(a), Value::Number(b)) = (a, b) else {
            let odd = if matches!(a, Value::Number(_)) { b } else { a };
            if matches!(odd, Value::Learn(_)) {
                self.learnt_operand(span);
            } else {
                self.wrong_type(span, "what is compared", "a number", odd);
            }
            return Value::Error;
        };
        if self.same_unit(*a, *b, "compared", span).is_none() {
            return Value::Error;
        }
        Value::Bool(match operator {
            Binary::Less => a.value < b.value,
            Binary::LessEqual => a.value <= b.value,
            Binary::Greater => a.value > b.value,
            _ => a.value >= b.value,
        })
    }

    /// Reports numbers of different units; `None` then.
    fn same_unit(&mut self, a: Number, b: Number, done: &str, span: Span) -> Option<()> {
        if a.time == b.time {
            return Some(());
        }
        let message = format!("{} and {} cannot be {done}", a.describe(), b.describe());
        let diagnostic = Diagnostic::error(&codes::UNIT, span, message);
        self.report.push(match (a.time, b.time) {
            (0, 1) => diagnostic.with_help(format!("give the number a unit: write `{} ms`", a.value)),
            (1, 0) => diagnostic.with_help(format!("give the number a unit: write `{} ms`", b.value)),
            _ => diagnostic.with_help("both need the same unit"),
        });
        None
    }

    /// Arithmetic on numbers, and element by element on lists.
    fn arithmetic(&mut self, operator: Binary, a: &Value, b: &Value, span: Span) -> Value {
        if !self.report.spend(1, span) {
            return Value::Error;
        }
        match (a, b) {
            (Value::Number(a), Value::Number(b)) => match self.combine(operator, *a, *b, span) {
                Some(number) => self.finite(number, span),
                None => Value::Error,
            },
            (Value::List(list), other) | (other, Value::List(list)) if !matches!(other, Value::List(_)) => {
                let list_is_left = matches!(a, Value::List(_));
                let mut values = Vec::with_capacity(list.items.len());
                for item in list.items.iter() {
                    let (left, right) = if list_is_left { (item, b) } else { (a, item) };
                    match self.arithmetic(operator, left, right, span) {
                        Value::Error => return Value::Error,
                        value => values.push(value),
                    }
                }
                self.list(values, list.repeats, span)
            }
            (Value::List(x), Value::List(y)) => {
                if x.items.len() != y.items.len() || x.repeats != y.repeats {
                    let message = format!("{} and {} do not match", a.describe(), b.describe());
                    self.report.error_help(
                        &codes::LENGTH,
                        span,
                        message,
                        "lists are combined element by element, so they have equal lengths",
                    );
                    return Value::Error;
                }
                let mut values = Vec::with_capacity(x.items.len());
                for (left, right) in x.items.iter().zip(y.items.iter()) {
                    match self.arithmetic(operator, left, right, span) {
                        Value::Error => return Value::Error,
                        value => values.push(value),
                    }
                }
                self.list(values, x.repeats, span)
            }
            (Value::Learn(_), _) | (_, Value::Learn(_)) => {
                self.learnt_operand(span);
                Value::Error
            }
            _ => {
                let odd = if matches!(a, Value::Number(_) | Value::List(_)) { b } else { a };
                self.wrong_type(span, "an operand", "a number or a list of numbers", odd);
                Value::Error
            }
        }
    }

    fn combine(&mut self, operator: Binary, a: Number, b: Number, span: Span) -> Option<Number> {
        let divides = matches!(operator, Binary::Divide | Binary::Remainder);
        if divides && b.value == 0.0 {
            self.report.error_help(
                &codes::ARITHMETIC,
                span,
                "division by zero",
                "guard it with `if`, or correct the divisor",
            );
            return None;
        }
        match operator {
            Binary::Multiply => Some(Number { value: a.value * b.value, time: a.time + b.time }),
            Binary::Divide => Some(Number { value: a.value / b.value, time: a.time - b.time }),
            Binary::Add => {
                self.same_unit(a, b, "added", span)?;
                Some(Number { value: a.value + b.value, ..a })
            }
            Binary::Subtract => {
                self.same_unit(a, b, "subtracted", span)?;
                Some(Number { value: a.value - b.value, ..a })
            }
            _ => {
                self.same_unit(a, b, "divided with a remainder", span)?;
                Some(Number { value: a.value.rem_euclid(b.value), ..a })
            }
        }
    }
}
