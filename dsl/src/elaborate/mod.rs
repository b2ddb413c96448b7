//! Elaborates syntax trees to a graph: imports, parameters, loops, instances, neurons and connections.

mod chain;
mod edges;
mod evaluator;
mod expression;
mod functions;
mod library;
mod network;
mod neuron;
mod operators;
mod parameter;
mod relocate;
mod reporter;
mod resolve;
mod scope;
mod statement;
mod templates;
pub(crate) mod unused;
mod value;

pub(crate) use chain::rename_connections;
pub(crate) use library::{Library, Lookup, STD};
pub use library::{Loader, NoImports};
pub(crate) use network::{Elaborator, NamedArguments};
pub(crate) use neuron::kind as neuron_kind;
pub(crate) use reporter::Reporter;
pub(crate) use scope::Argument;
pub(crate) use value::{Spanned, Value};

use crate::syntax::tree::Expr;

/// Evaluates an argument from outside.
pub(crate) fn evaluate(expr: &Expr, argument: Argument, report: &mut Reporter) -> Spanned {
    let mut scope = scope::Scope::new(scope::Dt::Unset);
    scope.argument = Some(argument);
    let value = evaluator::Evaluator { scope: &mut scope, report }.value(expr);
    Spanned { value, span: expr.span }
}
