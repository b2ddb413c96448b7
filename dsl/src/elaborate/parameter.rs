//! What a parameter's default says about the values that it takes.

use super::evaluator::Evaluator;
use super::value::{Placed, Value};
use crate::codes;
use crate::syntax::tree::{Expr, ExprKind};

/// The value of an argument, or an error where it is of another kind than the parameter's default: a
/// default with a unit asks for a time, a list for a list, `true` or `false` for a truth value. Other
/// defaults ask for nothing.
pub(super) fn checked(eval: &mut Evaluator<'_>, name: &str, default: Option<&Expr>, placed: Placed) -> Value {
    let Placed { value, span } = placed;
    let Some(default) = default else { return value };
    match &default.kind {
        ExprKind::Number { unit: Some(_), .. } => {
            let fits = matches!(value, Value::Error | Value::List(_) | Value::Learn(_))
                || matches!(&value, Value::Number(number) if number.time == 1);
            if !fits {
                eval.not_a_time(&format!("`{name}`"), &value, span);
                return Value::Error;
            }
        }
        ExprKind::List(_) if !matches!(value, Value::Error | Value::List(_) | Value::Range(..)) => {
            let message = format!("`{name}` is a list, not {}", value.describe());
            eval.report.error_help(&codes::TYPE, span, message, "write it in brackets: `[...]`");
            return Value::Error;
        }
        ExprKind::Bool(_) if !matches!(value, Value::Error | Value::Bool(_)) => {
            let message = format!("`{name}` is a truth value, not {}", value.describe());
            eval.report.error_help(&codes::TYPE, span, message, "write `true` or `false`");
            return Value::Error;
        }
        ExprKind::List(_) | ExprKind::Bool(_) | ExprKind::Number { unit: None, .. } | ExprKind::None => {}
        ExprKind::Name(_) | ExprKind::Call { .. } | ExprKind::Comprehension { .. } => {}
        ExprKind::Index { .. } | ExprKind::Unary { .. } | ExprKind::Binary { .. } => {}
        ExprKind::If { .. } | ExprKind::Learn(_) | ExprKind::Broken => {}
    }
    value
}
