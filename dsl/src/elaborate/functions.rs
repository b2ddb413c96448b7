//! The functions of the language.

use synnet_ir::display::time_text;
use synnet_ir::graph::Distribution;
use synnet_ir::{Diagnostic, Span, nearest, timing};

use super::expression::Evaluator;
use super::value::{Number, Value};
use crate::codes;
use crate::syntax::tree::{Argument, Name};

/// The names of all functions.
pub(crate) const NAMES: &[&str] = &[
    "sqrt",
    "exp",
    "ln",
    "log2",
    "abs",
    "floor",
    "ceil",
    "round",
    "min",
    "max",
    "len",
    "sum",
    "is_list",
    "repeat",
    "geometric",
    "quantized",
    "uniform",
    "normal",
    "constant",
];

/// Calls a function.
pub(crate) fn call(eval: &mut Evaluator<'_>, name: &Name, arguments: &[Argument], span: Span) -> Value {
    if !NAMES.contains(&name.text.as_str()) {
        unknown(eval, name);
        return Value::Error;
    }
    if let Some(named) = arguments.iter().find_map(|argument| argument.name.as_ref()) {
        let message = format!("arguments of the function `{}` have no names", name.text);
        let help = format!("write the value alone, without `{}:`", named.text);
        eval.report.error_help(&codes::ARGUMENTS, named.span, message, help);
        return Value::Error;
    }
    let values: Vec<Value> = arguments.iter().map(|argument| eval.value(&argument.value)).collect();
    if values.iter().any(|value| matches!(value, Value::Error)) {
        return Value::Error;
    }
    if values.iter().any(|value| matches!(value, Value::Learn(_))) {
        eval.learnt_operand(span);
        return Value::Error;
    }
    dispatch(eval, &name.text, &values, span).unwrap_or(Value::Error)
}

fn unknown(eval: &mut Evaluator<'_>, name: &Name) {
    let diagnostic = Diagnostic::error(
        &codes::UNKNOWN_NAME,
        name.span,
        format!("no function has the name `{}`", name.text),
    );
    eval.report.push(match nearest(&name.text, NAMES.iter().copied()) {
        Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
        None => diagnostic.with_help(format!("the functions are {}", NAMES.join(", "))),
    });
}

fn dispatch(eval: &mut Evaluator<'_>, name: &str, values: &[Value], span: Span) -> Option<Value> {
    Some(match name {
        "sqrt" => {
            let value = one(eval, name, values, span)?;
            eval.map(value, span, &mut |eval, x| {
                if x.time % 2 != 0 || x.value < 0.0 {
                    let message = format!("{} has no square root", x.describe());
                    let help = "roots are taken of what is at least 0, and has an even power of time";
                    eval.report.error_help(&codes::ARITHMETIC, span, message, help);
                    return None;
                }
                Some(Number { value: x.value.sqrt(), time: x.time / 2 })
            })
        }
        "exp" | "ln" | "log2" => {
            let value = one(eval, name, values, span)?;
            eval.map(value, span, &mut |eval, x| transcendental(eval, name, x, span))
        }
        "floor" | "ceil" | "round" => {
            let value = one(eval, name, values, span)?;
            eval.map(value, span, &mut |eval, x| {
                let x = bare(eval, name, x, span)?;
                Some(Number { value: rounded(name, x), time: 0 })
            })
        }
        "abs" => {
            let value = one(eval, name, values, span)?;
            eval.map(value, span, &mut |_, x| Some(Number { value: x.value.abs(), ..x }))
        }
        "min" | "max" | "sum" => {
            let items = numbers(eval, name, values, span)?;
            let reduced = reduce(eval, name, &items, span)?;
            eval.finite(reduced, span)
        }
        "len" => match one(eval, name, values, span)? {
            Value::List(list) => Value::bare(list.items.len() as f64),
            Value::Range(start, end) => Value::bare((end.saturating_sub(*start)).max(0) as f64),
            other => {
                eval.wrong_type(span, "the argument of `len`", "a list", other);
                return None;
            }
        },
        "is_list" => Value::Bool(matches!(one(eval, name, values, span)?, Value::List(_))),
        "repeat" => match one(eval, name, values, span)? {
            Value::List(list) if !list.items.is_empty() => eval.list(list.items.to_vec(), true, span),
            other => {
                eval.wrong_type(span, "the argument of `repeat`", "a list with elements", other);
                return None;
            }
        },
        "geometric" => geometric(eval, values, span)?,
        "quantized" => {
            let value = one(eval, name, values, span)?;
            quantized(eval, value, span)?
        }
        "uniform" => {
            let [low, high] = plain(eval, name, values, span)?;
            if low > high {
                let message = format!("the lower bound {low} lies above the upper bound {high}");
                eval.report.error_help(&codes::RANGE, span, message, "write `uniform(low, high)`");
                return None;
            }
            Value::Distribution(Distribution::Uniform { low, high })
        }
        "normal" => {
            let [mean, std] = plain(eval, name, values, span)?;
            if std < 0.0 {
                let message = format!("the standard deviation {std} is negative");
                eval.report.error_help(&codes::RANGE, span, message, "write `normal(mean, std)`");
                return None;
            }
            Value::Distribution(Distribution::Normal { mean, std })
        }
        _ => {
            let [value] = plain(eval, name, values, span)?;
            Value::Distribution(Distribution::Constant(value))
        }
    })
}

fn rounded(name: &str, x: f64) -> f64 {
    match name {
        "floor" => x.floor(),
        "ceil" => x.ceil(),
        _ => x.round_ties_even(),
    }
}

fn transcendental(eval: &mut Evaluator<'_>, name: &str, x: Number, span: Span) -> Option<Number> {
    let x = bare(eval, name, x, span)?;
    if name != "exp" && x <= 0.0 {
        let message = format!("`{name}` needs a positive number, not {x}");
        eval.report.error_help(&codes::ARITHMETIC, span, message, "guard it with `if` or `max`");
        return None;
    }
    let value = match name {
        "exp" => x.exp(),
        "ln" => x.ln(),
        _ => x.log2(),
    };
    Some(Number { value, time: 0 })
}

/// The only argument.
fn one<'v>(eval: &mut Evaluator<'_>, name: &str, values: &'v [Value], span: Span) -> Option<&'v Value> {
    let [value] = values else {
        wrong_count(eval, name, "one argument", values.len(), span);
        return None;
    };
    Some(value)
}

fn wrong_count(eval: &mut Evaluator<'_>, name: &str, wanted: &str, found: usize, span: Span) {
    let message = format!("`{name}` takes {wanted}, not {found}");
    let help = "`docs/language.md` lists the functions with their arguments";
    eval.report.error_help(&codes::ARGUMENTS, span, message, help);
}

/// The value of a bare number.
fn bare(eval: &mut Evaluator<'_>, name: &str, x: Number, span: Span) -> Option<f64> {
    if x.time == 0 {
        return Some(x.value);
    }
    let what = format!("the argument of `{name}`");
    eval.wrong_type(span, &what, "a bare number", &Value::Number(x));
    None
}

/// Exactly `N` bare numbers.
fn plain<const N: usize>(
    eval: &mut Evaluator<'_>,
    name: &str,
    values: &[Value],
    span: Span,
) -> Option<[f64; N]> {
    if values.len() != N {
        wrong_count(eval, name, if N == 1 { "one number" } else { "two numbers" }, values.len(), span);
        return None;
    }
    let mut numbers = [0.0; N];
    for (number, value) in numbers.iter_mut().zip(values) {
        let Value::Number(x) = value else {
            eval.wrong_type(span, &format!("an argument of `{name}`"), "a bare number", value);
            return None;
        };
        *number = bare(eval, name, *x, span)?;
    }
    Some(numbers)
}

/// The numbers of one list, or of several arguments.
fn numbers(eval: &mut Evaluator<'_>, name: &str, values: &[Value], span: Span) -> Option<Vec<Number>> {
    let items: &[Value] = match values {
        [Value::List(list)] => &list.items,
        values => values,
    };
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

fn reduce(eval: &mut Evaluator<'_>, name: &str, items: &[Number], span: Span) -> Option<Number> {
    let Some((&first, rest)) = items.split_first() else {
        if name == "sum" {
            return Some(Number { value: 0.0, time: 0 });
        }
        let message = format!("`{name}` of nothing has no value");
        eval.report.error_help(&codes::ARGUMENTS, span, message, "give it numbers, or a list with elements");
        return None;
    };
    if let Some(odd) = rest.iter().find(|number| number.time != first.time) {
        let message =
            format!("`{name}` takes numbers of one unit, not {} and {}", first.describe(), odd.describe());
        eval.report.error_help(&codes::UNIT, span, message, "give all the same unit");
        return None;
    }
    let value = rest.iter().fold(first.value, |a, b| match name {
        "min" => a.min(b.value),
        "max" => a.max(b.value),
        _ => a + b.value,
    });
    Some(Number { value, ..first })
}

/// `geometric(base, k)`: time constants `(base / dt)^j * dt` for `j` from 1 to `k`, as SynNet has them
/// (Bos & Muir 2022), repeated over the neurons.
fn geometric(eval: &mut Evaluator<'_>, values: &[Value], span: Span) -> Option<Value> {
    let [base, count] = values else {
        wrong_count(eval, "geometric", "a time and a number: `geometric(2 ms, 8)`", values.len(), span);
        return None;
    };
    let Value::Number(base @ Number { time: 1, .. }) = base else {
        not_a_time(eval, "the base of `geometric`", base, span);
        return None;
    };
    let count = eval.whole_value(count, span, "the number of time constants")?;
    let Some(dt) = eval.scope.dt.seconds() else {
        eval.no_dt(span, "`geometric`");
        return None;
    };
    if base.value <= dt {
        let message = format!(
            "the base {} of `geometric` is not longer than the time step, {}",
            time_text(base.value),
            time_text(dt)
        );
        eval.report.error_help(
            &codes::TIME_CONSTANT,
            span,
            message,
            "the time constants are powers of base / dt: choose a base longer than `dt`",
        );
        return None;
    }
    if count < 1 {
        let message = format!("`geometric` makes at least one time constant, not {count}");
        eval.report.error_help(&codes::RANGE, span, message, "write `geometric(base, count)`");
        return None;
    }
    let count = usize::try_from(count).ok().filter(|&count| eval.report.spend(count, span))?;
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

/// `quantized(tau)`: the nearest time constants that whole bit shifts can express.
fn quantized(eval: &mut Evaluator<'_>, value: &Value, span: Span) -> Option<Value> {
    let Some(dt) = eval.scope.dt.seconds() else {
        eval.no_dt(span, "`quantized`");
        return None;
    };
    Some(eval.map(value, span, &mut |eval, tau| {
        if tau.time != 1 {
            not_a_time(eval, "the argument of `quantized`", &Value::Number(tau), span);
            return None;
        }
        let quantised = if tau.value > 0.0 { timing::quantized_tau(tau.value, dt) } else { 0.0 };
        if !(quantised > 0.0 && quantised.is_finite()) {
            let message = format!(
                "no bit shift can express the time constant {} at a time step of {}",
                time_text(tau.value),
                time_text(dt)
            );
            eval.report.error_help(
                &codes::TIME_CONSTANT,
                span,
                message,
                "the shortest time constant has bit shift 1: 1.44 `dt`; choose a longer one, or a shorter `dt`",
            );
            return None;
        }
        Some(Number { value: quantised, time: 1 })
    }))
}

/// Reports a value where a time is meant.
pub(crate) fn not_a_time(eval: &mut Evaluator<'_>, what: &str, value: &Value, span: Span) {
    match value {
        Value::Error => {}
        Value::Number(Number { value, time: 0 }) => {
            // Small numbers are seconds as other tools take them.
            let text =
                if *value != 0.0 && value.abs() < 0.5 { time_text(*value) } else { format!("{value} ms") };
            eval.report.error_help(
                &codes::UNIT,
                span,
                format!("{what} is a time; {value} has no unit"),
                format!("write `{text}`"),
            );
        }
        Value::Number(number) => {
            let message = format!("{what} is a time, not {}", number.describe());
            eval.report.error_help(&codes::UNIT, span, message, "write a time such as `2 ms`");
        }
        other => {
            let message = format!("{what} is a time, not {}", other.describe());
            eval.report.error_help(&codes::TYPE, span, message, "write a time such as `2 ms`");
        }
    }
}
