//! The context of an expression, and the checks on values.

use std::ops::RangeInclusive;

use synnet_ir::display::format_time;
use synnet_ir::{Diagnostic, Span};

use super::reporter::Reporter;
use super::scope::{Dt, Scope};
use super::value::{List, Number, Value};
use crate::codes;
use crate::limits::{MAX_INTEGER, MAX_LIST_DEPTH, MAX_LIST_ELEMENTS, MAX_TIME_POWER};

/// Evaluates expressions in a scope.
pub(crate) struct Evaluator<'a> {
    pub(crate) scope: &'a mut Scope,
    pub(crate) report: &'a mut Reporter,
}

impl Evaluator<'_> {
    /// Returns a number if it is finite, and reports it otherwise.
    pub(crate) fn finite(&mut self, number: Number, span: Span) -> Value {
        // Every operation passes here, so that infinities never travel to where nobody can tell their origin.
        if number.value.is_finite() && number.time.abs() <= MAX_TIME_POWER {
            return Value::Number(number);
        }
        let (message, help) = if number.value.is_finite() {
            ("the power of time is too large", "divide by a time")
        } else if number.value.is_nan() {
            ("the result is not a number", "guard the calculation with `if`")
        } else {
            ("the number is too large", "choose numbers below 1.8e308")
        };
        self.report.error_help(&codes::ARITHMETIC, span, message, help);
        Value::Error
    }

    /// Returns an integer; `None` if another value has been reported. `what` names its role.
    pub(crate) fn integer_value(&mut self, value: &Value, span: Span, what: &str) -> Option<i64> {
        // Beyond 2^53, `f64` cannot tell neighboring integers apart.
        let limit = MAX_INTEGER as i64;
        self.whole_within(value, span, what, -limit..=limit)
    }

    /// Returns an integer of a range; `None` if another value has been reported. `what` names its role.
    pub(crate) fn whole_within(
        &mut self,
        value: &Value,
        span: Span,
        what: &str,
        range: RangeInclusive<i64>,
    ) -> Option<i64> {
        match value {
            // The range is checked before the conversion, which would saturate.
            Value::Number(Number { value, time: 0 }) if value.fract() == 0.0 => {
                let (min, max) = (*range.start(), *range.end());
                if (min as f64..=max as f64).contains(value) {
                    return Some(*value as i64);
                }
                let message = format!("{what} must be between {min} and {max}, not {value}");
                let help = format!("choose an integer from {min} to {max}");
                self.report.error_help(&codes::RANGE, span, message, help);
                None
            }
            Value::Number(Number { value, time: 0 }) => {
                let message = format!("{what} must be an integer, not {value}");
                self.report.error_help(&codes::TYPE, span, message, "use `round`, `floor` or `ceil`");
                None
            }
            other => {
                self.wrong_type(span, what, "an integer", other);
                None
            }
        }
    }

    /// Creates a list, limited in depth and length.
    pub(crate) fn list(&mut self, values: Vec<Value>, repeats: bool, span: Span) -> Value {
        if values.len() > MAX_LIST_ELEMENTS {
            return self.long_list(span);
        }
        if !self.report.consume_fuel(values.len(), span)
            || !self.report.consume_bytes(size_of_val(values.as_slice()), span)
            || values.iter().any(|value| matches!(value, Value::Error))
        {
            return Value::Error;
        }
        // A parameter is learned as a whole: the optimizer has one tensor for it.
        if values.iter().any(|value| matches!(value, Value::Learn(_))) {
            let message = "a list cannot contain a learned value";
            self.report.error_help(&codes::LEARN, span, message, "write `learn` before the list");
            return Value::Error;
        }
        match List::new(values, repeats) {
            Some(list) => Value::List(list),
            None => {
                let message = format!("lists nest more than {MAX_LIST_DEPTH} levels deep");
                let help = "use separate lists";
                self.report.error_help(&codes::TOO_LARGE, span, message, help);
                Value::Error
            }
        }
    }

    /// Reports a list that is too long.
    pub(crate) fn long_list(&mut self, span: Span) -> Value {
        let message = format!("a list has more than {MAX_LIST_ELEMENTS} elements");
        self.report.error_help(&codes::TOO_LARGE, span, message, "use a shorter list");
        Value::Error
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
            // Lists in lists are mapped as well; a repeating list stays one.
            Value::List(list) => {
                let mut mapped = Vec::with_capacity(list.items.len());
                for item in list.items.iter() {
                    if !self.report.consume_fuel(1, span) {
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
                self.learned_operand(span);
                Value::Error
            }
            Value::Bool(_) | Value::None | Value::Symbol(_) | Value::Range(..) | Value::Distribution(_) => {
                self.wrong_type(span, "an operand", "a number or a list of numbers", value);
                Value::Error
            }
        }
    }

    /// Reports a value of the wrong kind, unless it is an error already.
    pub(crate) fn wrong_type(&mut self, span: Span, what: &str, wanted: &str, found: &Value) {
        match found {
            Value::Error => {}
            // A number with a unit is a matter of units, even if a list or a Boolean is wanted.
            Value::Number(number) if number.time != 0 => {
                let message = format!("{what} must be {wanted}, not {}", found.describe());
                let help = "remove the unit, or divide by a time: `tau / dt` has no unit";
                self.report.error_help(&codes::UNIT, span, message, help);
            }
            _ => {
                let message = format!("{what} must be {wanted}, not {}", found.describe());
                self.report.error_help(&codes::TYPE, span, message, format!("write {wanted}"));
            }
        }
    }

    /// Reports a value that is not a time, unless it is an error already.
    pub(crate) fn not_a_time(&mut self, what: &str, value: &Value, span: Span) {
        match value {
            Value::Error => {}
            Value::Number(Number { value, time: 0 }) => {
                // Other tools take seconds: 0.02 was meant as 20 ms, and 20 probably as well.
                let text = if *value != 0.0 && value.abs() < 0.5 {
                    format_time(*value)
                } else {
                    format!("{value} ms")
                };
                let message = format!("{what} must be a time, but {value} has no unit");
                self.report.push(
                    Diagnostic::error(&codes::UNIT, span, message)
                        .with_help(format!("write `{text}`"))
                        .with_fix(span, text),
                );
            }
            Value::Number(number) => {
                let message = format!("{what} must be a time, not {}", number.describe());
                self.report.error_help(&codes::UNIT, span, message, "write a time such as `2 ms`");
            }
            other => {
                let message = format!("{what} must be a time, not {}", other.describe());
                self.report.error_help(&codes::TYPE, span, message, "write a time such as `2 ms`");
            }
        }
    }

    /// Checks that two numbers have the same unit; returns `None` if they do not, which is reported. `cannot` makes
    /// the message of their descriptions.
    pub(crate) fn same_unit(
        &mut self,
        a: Number,
        b: Number,
        cannot: fn(&str, &str) -> String,
        span: Span,
    ) -> Option<()> {
        if a.time == b.time {
            return Some(());
        }
        let message = cannot(&a.describe(), &b.describe());
        let diagnostic = Diagnostic::error(&codes::UNIT, span, message);
        self.report.push(match (a.time, b.time) {
            (0, 1) => diagnostic.with_help(format!("add a unit: `{} ms`", a.value)),
            (1, 0) => diagnostic.with_help(format!("add a unit: `{} ms`", b.value)),
            _ => diagnostic.with_help("use the same unit on both sides"),
        });
        None
    }

    /// Reports a learned value within a calculation.
    pub(crate) fn learned_operand(&mut self, span: Span) {
        self.report.error_help(
            &codes::LEARN,
            span,
            "a calculation cannot contain a learned value",
            "write `learn` before the whole expression",
        );
    }

    /// Reports that something needs the time step before it is known, once per network.
    pub(crate) fn no_dt(&mut self, span: Span, what: &str) {
        if self.scope.dt == Dt::Unset {
            let message = format!("{what} needs the time step, which is not set above");
            let help = "write `dt: 10 ms;` as the first statement of the network";
            self.report.error_help(&codes::TIME_STEP, span, message, help);
            // Everything else that needs the step would say the same.
            self.scope.dt = Dt::Invalid;
        }
    }
}
