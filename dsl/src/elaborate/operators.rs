//! Operators on values: comparison, and elementwise arithmetic.

use synnet_ir::Span;

use super::evaluator::Evaluator;
use super::value::{Number, Value};
use crate::codes;

/// The arithmetic operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

fn cannot_compare(a: &str, b: &str) -> String {
    format!("cannot compare {a} with {b}")
}

impl Evaluator<'_> {
    /// Returns whether two values are equal; `None` if that has no answer, which is reported.
    pub(super) fn equal(&mut self, a: &Value, b: &Value, span: Span) -> Option<bool> {
        // Lists recurse: each pair of elements counts as work.
        if !self.report.consume_fuel(1, span) {
            return None;
        }
        Some(match (a, b) {
            (Value::Number(a), Value::Number(b)) => {
                self.same_unit(*a, *b, cannot_compare, span)?;
                a.value == b.value
            }
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Symbol(a), Value::Symbol(b)) => a == b,
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
            // Whether a learned value equals another depends on the training.
            (Value::Learn(_), _) | (_, Value::Learn(_)) => {
                self.learned_operand(span);
                return None;
            }
            // Values of different types are unequal: `threshold_out == none` asks whether an argument was given.
            (Value::Error | Value::Number(_) | Value::Bool(_) | Value::None | Value::Symbol(_), _)
            | (Value::List(_) | Value::Range(..) | Value::Distribution(_), _) => false,
        })
    }

    /// Compares two numbers by `holds`.
    pub(super) fn compare(
        &mut self,
        holds: fn(&f64, &f64) -> bool,
        a: &Value,
        b: &Value,
        span: Span,
    ) -> Value {
        let (Value::Number(a), Value::Number(b)) = (a, b) else {
            let odd = if matches!(a, Value::Number(_)) { b } else { a };
            if matches!(odd, Value::Learn(_)) {
                self.learned_operand(span);
            } else {
                self.wrong_type(span, "an operand of a comparison", "a number", odd);
            }
            return Value::Error;
        };
        match self.same_unit(*a, *b, cannot_compare, span) {
            Some(()) => Value::Bool(holds(&a.value, &b.value)),
            None => Value::Error,
        }
    }

    /// Calculates with numbers; with lists, element by element.
    pub(super) fn arithmetic(&mut self, operation: Arithmetic, a: &Value, b: &Value, span: Span) -> Value {
        if !self.report.consume_fuel(1, span) {
            return Value::Error;
        }
        match (a, b) {
            (Value::Number(a), Value::Number(b)) => match self.combine(operation, *a, *b, span) {
                Some(number) => self.finite(number, span),
                None => Value::Error,
            },
            (Value::List(list), other) | (other, Value::List(list)) if !matches!(other, Value::List(_)) => {
                // Subtraction and division do not commute, so the side of the list matters.
                let list_is_left = matches!(a, Value::List(_));
                let mut values = Vec::with_capacity(list.items.len());
                for item in list.items.iter() {
                    let (left, right) = if list_is_left { (item, b) } else { (a, item) };
                    match self.arithmetic(operation, left, right, span) {
                        Value::Error => return Value::Error,
                        value => values.push(value),
                    }
                }
                self.list(values, list.repeats, span)
            }
            (Value::List(x), Value::List(y)) => {
                // A repeating list could follow the length of the other, but then a forgotten element would go
                // unnoticed.
                if x.items.len() != y.items.len() || x.repeats != y.repeats {
                    let message = format!("cannot combine {} with {}", a.describe(), b.describe());
                    self.report.error_help(
                        &codes::LENGTH,
                        span,
                        message,
                        "use lists of equal length: they are combined element by element",
                    );
                    return Value::Error;
                }
                let mut values = Vec::with_capacity(x.items.len());
                for (left, right) in x.items.iter().zip(y.items.iter()) {
                    match self.arithmetic(operation, left, right, span) {
                        Value::Error => return Value::Error,
                        value => values.push(value),
                    }
                }
                self.list(values, x.repeats, span)
            }
            (Value::Learn(_), _) | (_, Value::Learn(_)) => {
                self.learned_operand(span);
                Value::Error
            }
            // The operand of the wrong kind is named: the right one if the left one could be calculated with.
            (Value::Number(_) | Value::List(_), odd) | (odd, _) => {
                self.wrong_type(span, "an operand", "a number or a list of numbers", odd);
                Value::Error
            }
        }
    }

    fn combine(&mut self, operation: Arithmetic, a: Number, b: Number, span: Span) -> Option<Number> {
        match operation {
            // Powers of time add up: `50 Hz * 2 s` is a number without a unit.
            Arithmetic::Multiply => Some(Number { value: a.value * b.value, time: a.time + b.time }),
            Arithmetic::Divide => {
                self.divisor(b, span)?;
                Some(Number { value: a.value / b.value, time: a.time - b.time })
            }
            Arithmetic::Add => {
                self.same_unit(a, b, |a, b| format!("cannot add {b} to {a}"), span)?;
                Some(Number { value: a.value + b.value, ..a })
            }
            Arithmetic::Subtract => {
                self.same_unit(a, b, |a, b| format!("cannot subtract {b} from {a}"), span)?;
                Some(Number { value: a.value - b.value, ..a })
            }
            // The remainder of a Euclidean division is never negative, so it can be an index.
            Arithmetic::Remainder => {
                self.divisor(b, span)?;
                self.same_unit(a, b, |a, b| format!("cannot take the remainder of {a} by {b}"), span)?;
                Some(Number { value: a.value.rem_euclid(b.value), ..a })
            }
        }
    }

    /// Returns `None` if the divisor is 0, which is reported.
    fn divisor(&mut self, divisor: Number, span: Span) -> Option<()> {
        if divisor.value != 0.0 {
            return Some(());
        }
        let help = "guard it with `if`, or change the divisor";
        self.report.error_help(&codes::ARITHMETIC, span, "division by zero", help);
        None
    }
}
