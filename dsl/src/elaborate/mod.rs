//! From trees to a graph: imports, parameters, loops, instances, neurons and connections.

mod chain;
mod evaluator;
mod expression;
mod functions;
mod library;
mod network;
mod neuron;
mod operators;
mod parameter;
mod relocate;
mod report;
mod scope;
mod statement;
pub(crate) mod unused;
mod value;

pub(crate) use library::Library;
pub use library::{Loader, NoImports};
pub(crate) use network::{Elaborator, Given};
pub(crate) use report::Report;

use crate::syntax::tree::Expr;

/// The value of an expression that stands alone.
pub(crate) fn evaluate(expr: &Expr, report: &mut Report) -> value::Placed {
    let mut scope = scope::Scope::new(scope::Dt::Unset);
    let value = evaluator::Evaluator { scope: &mut scope, report }.value(expr);
    value::Placed { value, span: expr.span }
}
