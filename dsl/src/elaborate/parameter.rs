//! Checks arguments against the defaults of their parameters.

use super::evaluator::Evaluator;
use super::value::{Spanned, Value};
use crate::codes;
use crate::syntax::tree::{Expr, ExprKind};

/// Returns the value of an argument, or an error if it is of another kind than the parameter's default. A default
/// with a unit asks for a time, a list for a list, `true` or `false` for a Boolean. Other defaults ask for nothing.
pub(super) fn checked(
    eval: &mut Evaluator<'_>,
    name: &str,
    default: Option<&Expr>,
    placed: Spanned,
) -> Value {
    let Spanned { value, span } = placed;
    let Some(default) = default else { return value };
    match &default.kind {
        ExprKind::Number { unit: Some(_), .. } => {
            // Lists and learned values are checked where they are used: the elements tell whether they are times.
            let fits = matches!(value, Value::Error | Value::List(_) | Value::Learn(_))
                || matches!(&value, Value::Number(number) if number.time == 1);
            if !fits {
                eval.not_a_time(&format!("`{name}`"), &value, span);
                return Value::Error;
            }
        }
        // A range stands for the list of its elements.
        ExprKind::List(_) if !matches!(value, Value::Error | Value::List(_) | Value::Range(..)) => {
            let message = format!("`{name}` must be a list, not {}", value.describe());
            eval.report.error_help(&codes::TYPE, span, message, "write a list in brackets: `[...]`");
            return Value::Error;
        }
        ExprKind::Bool(_) if !matches!(value, Value::Error | Value::Bool(_)) => {
            let message = format!("`{name}` must be a Boolean, not {}", value.describe());
            eval.report.error_help(&codes::TYPE, span, message, "write `true` or `false`");
            return Value::Error;
        }
        // A number can become a list with one value per layer, and `none` any value: these defaults tell no type. Nor
        // do expressions, whose value depends on other parameters.
        ExprKind::List(_) | ExprKind::Bool(_) | ExprKind::Number { unit: None, .. } | ExprKind::None => {}
        ExprKind::Name(_) | ExprKind::Call { .. } | ExprKind::Comprehension { .. } => {}
        ExprKind::Index { .. } | ExprKind::Unary { .. } | ExprKind::Binary { .. } => {}
        ExprKind::If { .. } | ExprKind::Learn(_) | ExprKind::Invalid => {}
    }
    value
}
