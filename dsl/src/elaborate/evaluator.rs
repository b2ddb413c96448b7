//! What an expression is evaluated in, and what values are checked for.

use synnet_ir::display::format_time;
use synnet_ir::{Diagnostic, Span};

use super::report::Report;
use super::scope::{Dt, Scope};
use super::value::{List, Number, Value};
use crate::codes;
use crate::limits::{MAX_LIST_DEPTH, MAX_TIME_POWER, MAX_WHOLE};

/// Evaluates expressions in a scope.
pub(crate) struct Evaluator<'a> {
    pub(crate) scope: &'a mut Scope,
    pub(crate) report: &'a mut Report,
}

impl Evaluator<'_> {
    /// A number, if it is finite.
    pub(crate) fn finite(&mut self, number: Number, span: Span) -> Value {
        if number.value.is_finite() && number.time.abs() <= MAX_TIME_POWER {
            return Value::Number(number);
        }
        let (message, help) = if number.value.is_finite() {
            ("this is too high a power of time", "divide by a time to lower the power")
        } else if number.value.is_nan() {
            ("this has no value as a number", "numbers are finite")
        } else {
            ("this is too large for a number", "numbers are finite")
        };
        self.report.error_help(&codes::ARITHMETIC, span, message, help);
        Value::Error
    }

    /// A whole number, or `None` where that has been reported. `what` names its role.
    pub(crate) fn whole_value(&mut self, value: &Value, span: Span, what: &str) -> Option<i64> {
        match value {
            Value::Number(Number { value, time: 0 }) if value.fract() == 0.0 && value.abs() <= MAX_WHOLE => {
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

    /// A list of values, limited in depth and length.
    pub(crate) fn list(&mut self, values: Vec<Value>, repeats: bool, span: Span) -> Value {
        if !self.report.spend(values.len(), span) || values.iter().any(|value| matches!(value, Value::Error))
        {
            return Value::Error;
        }
        if let Some(learned) = values.iter().find(|value| matches!(value, Value::Learn(_))) {
            let message = format!("{} cannot be an element of a list", learned.describe());
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
                self.learned_operand(span);
                Value::Error
            }
            Value::Bool(_) | Value::None | Value::Word(_) | Value::Range(..) | Value::Distribution(_) => {
                self.wrong_type(span, "an operand", "a number or a list of numbers", value);
                Value::Error
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

    /// Reports a value where a time is meant.
    pub(crate) fn not_a_time(&mut self, what: &str, value: &Value, span: Span) {
        match value {
            Value::Error => {}
            Value::Number(Number { value, time: 0 }) => {
                // Small numbers are seconds as other tools take them.
                let text = if *value != 0.0 && value.abs() < 0.5 {
                    format_time(*value)
                } else {
                    format!("{value} ms")
                };
                self.report.error_help(
                    &codes::UNIT,
                    span,
                    format!("{what} is a time; {value} has no unit"),
                    format!("write `{text}`"),
                );
            }
            Value::Number(number) => {
                let message = format!("{what} is a time, not {}", number.describe());
                self.report.error_help(&codes::UNIT, span, message, "write a time such as `2 ms`");
            }
            other => {
                let message = format!("{what} is a time, not {}", other.describe());
                self.report.error_help(&codes::TYPE, span, message, "write a time such as `2 ms`");
            }
        }
    }

    /// Reports numbers of different units; `None` then.
    pub(crate) fn same_unit(&mut self, a: Number, b: Number, done: &str, span: Span) -> Option<()> {
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

    /// Reports a learned value within a calculation.
    pub(crate) fn learned_operand(&mut self, span: Span) {
        self.report.error_help(
            &codes::LEARN,
            span,
            "a learned value cannot be calculated with",
            "`learn` marks a whole parameter: write it before the complete expression",
        );
    }

    /// Reports that something needs the time step before it is given.
    pub(crate) fn no_dt(&mut self, span: Span, what: &str) {
        if self.scope.dt == Dt::Unset {
            self.report.error_help(
                &codes::TIME_STEP,
                span,
                format!("{what} needs the time step, which is not given above"),
                "write `dt: 10 ms;` as the first statement of the network",
            );
            // One report is enough.
            self.scope.dt = Dt::Broken;
        }
    }
}
