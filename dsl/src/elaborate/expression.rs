//! Evaluates expressions.

use std::rc::Rc;

use synnet_ir::{Diagnostic, Span, nearest};

use super::evaluator::Evaluator;
use super::functions;
use super::operators::Arithmetic;
use super::scope::Dt;
use super::value::{Number, Placed, Value};
use crate::codes;
use crate::syntax::tree::{Argument, Binary, Expr, ExprKind, Name, Unary};
use crate::vocabulary::{Function, Keyword, KeywordRole, Unit, Word, listed};

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

    /// As [`whole_value`](Self::whole_value), for an expression.
    pub(crate) fn whole(&mut self, expr: &Expr, what: &str) -> Option<i64> {
        let value = self.value(expr);
        self.whole_value(&value, expr.span, what)
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
        let Some(unit) = unit else { return self.finite(Number { value, time: 0 }, span) };
        let Some(known) = Unit::of(&unit.text) else {
            let help = match nearest(&unit.text, Unit::names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the units are {}", listed(Unit::names())),
            };
            let message = format!("`{}` is no unit", unit.text);
            self.report.error_help(&codes::UNKNOWN_UNIT, unit.span, message, help);
            return Value::Error;
        };
        self.finite(Number::with_unit(value, known), span)
    }

    fn name(&mut self, name: &str, span: Span) -> Value {
        if let Some(value) = self.scope.get(name) {
            return value.clone();
        }
        if Keyword::of(name) == Some(Keyword::Dt) {
            return match self.scope.dt {
                Dt::Known(seconds, _) => Value::Number(Number { value: seconds, time: 1 }),
                Dt::Broken => Value::Error,
                Dt::Unset => {
                    self.no_dt(span, "`dt`");
                    Value::Error
                }
            };
        }
        if let Some(word) = Word::of(name) {
            return Value::Word(word);
        }
        let message = format!("no value has the name `{name}`");
        let diagnostic = Diagnostic::error(&codes::UNKNOWN_NAME, span, message);
        let constants = Keyword::ALL.iter().filter(|keyword| keyword.role() == KeywordRole::Value);
        let words: Vec<&str> = Word::names().chain(constants.map(|keyword| keyword.name())).collect();
        let known = self.scope.names().chain(words.iter().copied());
        // `exponential` is far from `periodic_exponential` by letters, but a part of it.
        let longer = || Word::names().find(|word| name.len() > 3 && word.contains(name));
        let diagnostic = match nearest(name, known).or_else(longer) {
            Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
            None if Function::of(name).is_some() => {
                diagnostic.with_help(format!("`{name}` is a function: write `{name}(...)`"))
            }
            None => diagnostic.with_help("declare it with `let`, or as a parameter of the network"),
        };
        self.report.push(diagnostic);
        Value::Error
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

    fn binary(&mut self, operator: Binary, left: &Expr, right: &Expr, span: Span) -> Value {
        match operator {
            Binary::And => self.decided_by(false, left, right),
            Binary::Or => self.decided_by(true, left, right),
            Binary::Range => {
                let (start, end) =
                    (self.whole(left, "the start of a range"), self.whole(right, "the end of a range"));
                match (start, end) {
                    (Some(start), Some(end)) => Value::Range(start, end),
                    (None, _) | (_, None) => Value::Error,
                }
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

    /// `&&` and `||`: the right operand is evaluated only if the left one is not `decisive`.
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

    /// Evaluates both operands, then the operator unless one of them is an error.
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
        if let Some(named) = arguments.iter().find_map(|argument| argument.name.as_ref()) {
            let message = format!("arguments of the function `{}` have no names", name.text);
            let help = format!("write the value alone, without `{}:`", named.text);
            self.report.error_help(&codes::ARGUMENTS, named.span, message, help);
            return Value::Error;
        }
        let values: Vec<Value> = arguments.iter().map(|argument| self.value(&argument.value)).collect();
        functions::call(self, function, &values, span)
    }

    fn unknown_function(&mut self, name: &Name) {
        let diagnostic = Diagnostic::error(
            &codes::UNKNOWN_NAME,
            name.span,
            format!("no function has the name `{}`", name.text),
        );
        self.report.push(match nearest(&name.text, Function::names()) {
            Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
            None => {
                let names: Vec<&str> = Function::names().collect();
                diagnostic.with_help(format!("the functions are {}", names.join(", ")))
            }
        });
    }
}
