//! The functions of the language.

use synnet_ir::display::format_time;
use synnet_ir::graph::Distribution;
use synnet_ir::{Span, timing};

use super::evaluator::Evaluator;
use super::value::{Number, Value};
use crate::codes;
use crate::limits::MAX_LIST_ELEMENTS;
use crate::vocabulary::Function;

/// Calls a function; returns [`Value::Error`] if an error has been reported.
pub(super) fn call(eval: &mut Evaluator<'_>, function: Function, values: &[Value], span: Span) -> Value {
    // An argument with an error has been reported; whether the number of arguments fits does not matter then.
    if values.iter().any(|value| matches!(value, Value::Error)) {
        return Value::Error;
    }
    if values.iter().any(|value| matches!(value, Value::Learn(_))) {
        eval.learned_operand(span);
        return Value::Error;
    }
    let signature = function.signature();
    if !signature.accepts(values.len()) {
        let name = function.name();
        let message = format!("`{name}` takes {}, not {}", signature.takes(), values.len());
        let help = format!("write `{name}({})`", signature.parameters.join(", "));
        eval.report.error_help(&codes::ARGUMENTS, span, message, help);
        return Value::Error;
    }
    dispatch(eval, function, values, span).unwrap_or(Value::Error)
}

/// Calls a function with as many arguments as it takes.
fn dispatch(eval: &mut Evaluator<'_>, function: Function, values: &[Value], span: Span) -> Option<Value> {
    let name = function.name();
    match function {
        Function::Sqrt => Some(eval.map(values.first()?, span, &mut |eval, x| square_root(eval, x, span))),
        Function::Abs => {
            let abs = |x: Number| Number { value: x.value.abs(), ..x };
            Some(eval.map(values.first()?, span, &mut |_, x| Some(abs(x))))
        }
        Function::Exp => map_dimensionless(eval, name, values, span, f64::exp),
        Function::Ln => logarithm(eval, name, values, span, f64::ln),
        Function::Log2 => logarithm(eval, name, values, span, f64::log2),
        Function::Floor => map_dimensionless(eval, name, values, span, f64::floor),
        Function::Ceil => map_dimensionless(eval, name, values, span, f64::ceil),
        // Halves go to the even neighbor, as NumPy and IEEE 754 round.
        Function::Round => map_dimensionless(eval, name, values, span, f64::round_ties_even),
        Function::Min => reduced(eval, name, values, span, None, f64::min),
        Function::Max => reduced(eval, name, values, span, None, f64::max),
        // Only the sum of nothing has a value.
        Function::Sum => reduced(eval, name, values, span, Some(0.0), |a, b| a + b),
        Function::Len => match values.first()? {
            Value::List(list) => Some(Value::bare(list.items.len() as f64)),
            Value::Range(start, end) => Some(Value::bare((end.saturating_sub(*start)).max(0) as f64)),
            other => {
                eval.wrong_type(span, "the argument of `len`", "a list", other);
                None
            }
        },
        Function::IsList => Some(Value::Bool(matches!(values.first()?, Value::List(_)))),
        Function::Repeat => match values.first()? {
            Value::List(list) if !list.items.is_empty() => Some(Value::List(list.repeated())),
            other => {
                eval.wrong_type(span, "the argument of `repeat`", "a list with at least one element", other);
                None
            }
        },
        Function::Geometric => geometric(eval, values, span),
        Function::Quantized => quantized(eval, values.first()?, span),
        Function::Uniform => {
            let bounds = plain(eval, name, values, span)?;
            uniform(eval, bounds, span).map(Value::Distribution)
        }
        Function::Normal => {
            let moments = plain(eval, name, values, span)?;
            normal(eval, moments, span).map(Value::Distribution)
        }
        Function::Constant => {
            let [value] = plain(eval, name, values, span)?;
            Some(Value::Distribution(Distribution::Constant(value)))
        }
    }
}

/// Returns the square root of a number whose unit has one.
fn square_root(eval: &mut Evaluator<'_>, x: Number, span: Span) -> Option<Number> {
    // The root of s^2 is s; that of s is no quantity that anything here measures.
    if x.time % 2 != 0 || x.value < 0.0 {
        let message = format!("cannot take the square root of {}", x.describe());
        let help = if x.value < 0.0 {
            "guard it with `if`, or take the root of `max(x, 0)`"
        } else {
            "divide by a time first: `sqrt(t / dt)`"
        };
        eval.report.error_help(&codes::ARITHMETIC, span, message, help);
        return None;
    }
    Some(Number { value: x.value.sqrt(), time: x.time / 2 })
}

/// Returns a uniform distribution. Equal bounds are allowed: they make a constant.
fn uniform(eval: &mut Evaluator<'_>, [low, high]: [f64; 2], span: Span) -> Option<Distribution> {
    if low > high {
        let message = format!("the lower bound {low} is above the upper bound {high}");
        let help = format!("swap them: `uniform({high}, {low})`");
        eval.report.error_help(&codes::RANGE, span, message, help);
        return None;
    }
    Some(Distribution::Uniform { low, high })
}

/// Returns a normal distribution.
fn normal(eval: &mut Evaluator<'_>, [mean, std]: [f64; 2], span: Span) -> Option<Distribution> {
    if std < 0.0 {
        let message = format!("the standard deviation must be at least 0, not {std}");
        let help = format!("write `normal({mean}, {})`", -std);
        eval.report.error_help(&codes::RANGE, span, message, help);
        return None;
    }
    Some(Distribution::Normal { mean, std })
}

/// Applies a function to numbers without a unit.
fn map_dimensionless(
    eval: &mut Evaluator<'_>,
    name: &str,
    values: &[Value],
    span: Span,
    function: fn(f64) -> f64,
) -> Option<Value> {
    Some(eval.map(values.first()?, span, &mut |eval, x| {
        let x = bare(eval, name, x, span)?;
        Some(Number { value: function(x), time: 0 })
    }))
}

/// Applies a logarithm to positive numbers without a unit.
fn logarithm(
    eval: &mut Evaluator<'_>,
    name: &str,
    values: &[Value],
    span: Span,
    function: fn(f64) -> f64,
) -> Option<Value> {
    Some(eval.map(values.first()?, span, &mut |eval, x| {
        let x = bare(eval, name, x, span)?;
        if x <= 0.0 {
            let message = format!("the argument of `{name}` must be positive, not {x}");
            eval.report.error_help(&codes::ARITHMETIC, span, message, "guard it with `if`, or use `max`");
            return None;
        }
        Some(Number { value: function(x), time: 0 })
    }))
}

/// Returns the value of a number without a unit; `None` if its unit has been reported.
fn bare(eval: &mut Evaluator<'_>, name: &str, x: Number, span: Span) -> Option<f64> {
    if x.time == 0 {
        return Some(x.value);
    }
    let what = format!("the argument of `{name}`");
    eval.wrong_type(span, &what, "a number without a unit", &Value::Number(x));
    None
}

/// Returns exactly `N` numbers without a unit.
fn plain<const N: usize>(
    eval: &mut Evaluator<'_>,
    name: &str,
    values: &[Value],
    span: Span,
) -> Option<[f64; N]> {
    let mut numbers = [0.0; N];
    for (number, value) in numbers.iter_mut().zip(values) {
        let Value::Number(x) = value else {
            eval.wrong_type(span, &format!("an argument of `{name}`"), "a number without a unit", value);
            return None;
        };
        *number = bare(eval, name, *x, span)?;
    }
    Some(numbers)
}

/// Returns the numbers of one list, or of several arguments.
fn numbers(eval: &mut Evaluator<'_>, name: &str, values: &[Value], span: Span) -> Option<Vec<Number>> {
    // `max(list)` reduces its elements; in `max(a, b)` each argument is a number.
    let items: &[Value] = match values {
        [Value::List(list)] => &list.items,
        values => values,
    };
    if !eval.report.consume_fuel(items.len(), span) {
        return None;
    }
    let mut numbers = Vec::with_capacity(items.len());
    for item in items {
        let Value::Number(number) = item else {
            eval.wrong_type(span, &format!("an argument of `{name}`"), "a number", item);
            return None;
        };
        numbers.push(*number);
    }
    Some(numbers)
}

/// Reduces numbers of one unit to one; `none` is the value of no numbers, if there is one.
fn reduced(
    eval: &mut Evaluator<'_>,
    name: &str,
    values: &[Value],
    span: Span,
    none: Option<f64>,
    join: fn(f64, f64) -> f64,
) -> Option<Value> {
    let items = numbers(eval, name, values, span)?;
    let Some((&first, rest)) = items.split_first() else {
        if let Some(value) = none {
            return Some(Value::bare(value));
        }
        let message = format!("`{name}` needs at least one number");
        eval.report.error_help(
            &codes::ARGUMENTS,
            span,
            message,
            format!("write `{name}(a, b)`, or `{name}(list)` with a list that is not empty"),
        );
        return None;
    };
    if let Some(odd) = rest.iter().find(|number| number.time != first.time) {
        let message = format!("`{name}` cannot mix {} with {}", first.describe(), odd.describe());
        eval.report.error_help(&codes::UNIT, span, message, "use the same unit for all of them");
        return None;
    }
    let value = rest.iter().fold(first.value, |a, b| join(a, b.value));
    Some(eval.finite(Number { value, ..first }, span))
}

/// Evaluates `geometric(base, k)`: the time constants `(base / dt)^j * dt` for `j` from 1 to `k`, as in SynNet
/// (Bos & Muir 2022), repeated over the neurons.
fn geometric(eval: &mut Evaluator<'_>, values: &[Value], span: Span) -> Option<Value> {
    let [base, count] = values else { return None };
    let Value::Number(base @ Number { time: 1, .. }) = base else {
        eval.not_a_time("the base of `geometric`", base, span);
        return None;
    };
    // The work of the list is counted below; here only its sign matters.
    let count = eval.integer_value(count, span, "the number of time constants")?;
    let Some(dt) = eval.scope.dt.seconds() else {
        eval.no_dt(span, "`geometric`");
        return None;
    };
    if base.value <= dt {
        let message = format!(
            "the base of `geometric` must be longer than the time step of {}, not {}",
            format_time(dt),
            format_time(base.value)
        );
        eval.report.error_help(
            &codes::TIME_CONSTANT,
            span,
            message,
            "choose a longer base: the time constants are powers of `base / dt`",
        );
        return None;
    }
    if count < 1 {
        let message = format!("the number of time constants must be at least 1, not {count}");
        eval.report.error_help(
            &codes::RANGE,
            span,
            message,
            "write `geometric(base, k)` with `k` of at least 1",
        );
        return None;
    }
    if count > MAX_LIST_ELEMENTS as i64 {
        return Some(eval.long_list(span));
    }
    let count = usize::try_from(count).ok().filter(|&count| eval.report.consume_fuel(count, span))?;
    // A running product: `powi` may round differently from platform to platform.
    let ratio = base.value / dt;
    let mut factor = 1.0;
    let mut items = Vec::new();
    for _ in 0..count {
        factor *= ratio;
        match eval.finite(Number { value: factor * dt, time: 1 }, span) {
            Value::Error => return None,
            value => items.push(value),
        }
    }
    Some(eval.list(items, true, span))
}

/// Evaluates `quantized(tau)`: the nearest time constants that integer bit shifts can express.
fn quantized(eval: &mut Evaluator<'_>, value: &Value, span: Span) -> Option<Value> {
    // Bit shifts are per step, so the step decides which time constants exist.
    let Some(dt) = eval.scope.dt.seconds() else {
        eval.no_dt(span, "`quantized`");
        return None;
    };
    Some(eval.map(value, span, &mut |eval, tau| {
        if tau.time != 1 {
            eval.not_a_time("the argument of `quantized`", &Value::Number(tau), span);
            return None;
        }
        // A bit shift that rounds to 0 keeps nothing of the state: its time constant would be 0.
        let quantized = if tau.value > 0.0 { timing::quantized_tau(tau.value, dt) } else { 0.0 };
        if !(quantized > 0.0 && quantized.is_finite()) {
            let message = format!(
                "no bit shift expresses the time constant {} at a time step of {}",
                format_time(tau.value),
                format_time(dt)
            );
            eval.report.error_help(
                &codes::TIME_CONSTANT,
                span,
                message,
                "choose at least 1.44 `dt`, the time constant of bit shift 1, or a shorter `dt`",
            );
            return None;
        }
        Some(Number { value: quantized, time: 1 })
    }))
}
