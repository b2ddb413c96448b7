//! Expressions: precedence, and a limit on the height of trees.

use pest::iterators::Pair;
use synnet_ir::Span;

use super::grammar::Rule;
use super::parse::{TreeBuilder, parts};
use super::tree::{Binary, Expr, ExprKind, Name, Unary};
use crate::limits::MAX_EXPRESSION_HEIGHT;

const OPERATORS: &str = "the tree has every operator of the grammar";
const GRAMMAR_INVARIANT: &str = "the grammar gives the parts that it names";

impl TreeBuilder<'_> {
    /// Builds an expression from a pair of that rule.
    pub(super) fn expression(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let mut learns = Vec::new();
        let mut operands: Vec<Expr> = Vec::new();
        let mut operators: Vec<Binary> = Vec::new();
        let mut prefixes: Vec<(Unary, Span)> = Vec::new();
        for part in parts(pair) {
            let part_span = self.span(&part);
            match part.as_rule() {
                Rule::kw_learn => learns.push(part_span),
                Rule::prefix => {
                    let operator = Unary::of(part.as_str()).expect(OPERATORS);
                    prefixes.push((operator, part_span));
                }
                Rule::operator => {
                    let operator = Binary::of(part.as_str()).expect(OPERATORS);
                    // Everything that binds at least as tightly is complete now.
                    self.fold(&mut operands, &mut operators, operator.level());
                    operators.push(operator);
                }
                _ => {
                    let mut operand = self.postfix(part);
                    for (operator, start) in prefixes.drain(..).rev() {
                        let span = start.to(operand.span);
                        operand = self.node(
                            span,
                            operand.height,
                            |[operand]| ExprKind::Unary { operator, operand },
                            [operand],
                        );
                    }
                    operands.push(operand);
                }
            }
        }
        self.fold(&mut operands, &mut operators, 0);
        let mut expr = operands.pop().unwrap_or_else(|| self.broken(span));
        for start in learns.into_iter().rev() {
            let span = start.to(expr.span);
            expr = self.node(span, expr.height, |[expr]| ExprKind::Learn(expr), [expr]);
        }
        expr
    }

    /// Joins operands from the end while the operator between them is of `level` or tighter.
    fn fold(&mut self, operands: &mut Vec<Expr>, operators: &mut Vec<Binary>, level: u8) {
        while operators.last().is_some_and(|operator| operator.level() >= level) {
            let (Some(operator), Some(right), Some(left)) = (operators.pop(), operands.pop(), operands.pop())
            else {
                return;
            };
            let span = left.span.to(right.span);
            let height = left.height.max(right.height);
            let expr = self.node(
                span,
                height,
                |[left, right]| ExprKind::Binary { operator, left, right },
                [left, right],
            );
            operands.push(expr);
        }
    }

    /// Creates a node over others of the given height, or reports that the tree would grow too high.
    fn node<const N: usize>(
        &mut self,
        span: Span,
        height: u32,
        kind: impl FnOnce([Box<Expr>; N]) -> ExprKind,
        children: [Expr; N],
    ) -> Expr {
        if height >= MAX_EXPRESSION_HEIGHT {
            return self.too_deep(span);
        }
        Expr { kind: kind(children.map(Box::new)), span, height: height + 1 }
    }

    /// Creates a node as [`node`](Self::node) does, for kinds with any number of children.
    fn wide(&mut self, span: Span, height: u32, kind: ExprKind) -> Expr {
        if height >= MAX_EXPRESSION_HEIGHT {
            return self.too_deep(span);
        }
        Expr { kind, span, height: height + 1 }
    }

    fn postfix(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let mut parts = parts(pair);
        let mut expr = self.primary(parts.next().expect(GRAMMAR_INVARIANT));
        for part in parts {
            let span = expr.span.to(self.span(&part));
            let index = self.expression(self::parts(part).next().expect(GRAMMAR_INVARIANT));
            let height = expr.height.max(index.height);
            expr = self.node(span, height, |[list, index]| ExprKind::Index { list, index }, [expr, index]);
        }
        expr
    }

    fn primary(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::quantity => self.quantity(pair, span),
            Rule::list => self.list(pair, span),
            Rule::parenthesis => {
                let inner = self.expression(parts(pair).next().expect(GRAMMAR_INVARIANT));
                Expr { span, ..inner }
            }
            Rule::choice => {
                let mut expressions: Vec<Expr> = parts(pair).map(|part| self.expression(part)).collect();
                let height = height_of(&expressions);
                let otherwise = Box::new(expressions.pop().expect(GRAMMAR_INVARIANT));
                let mut rest = expressions.into_iter();
                let mut arms = Vec::new();
                while let (Some(condition), Some(value)) = (rest.next(), rest.next()) {
                    arms.push((condition, value));
                }
                self.wide(span, height, ExprKind::If { arms, otherwise })
            }
            Rule::truth => leaf(span, ExprKind::Bool(pair.as_str().starts_with("true"))),
            Rule::nothing => leaf(span, ExprKind::None),
            Rule::call_or_name => {
                let mut parts = parts(pair);
                let name = self.name(&parts.next().expect(GRAMMAR_INVARIANT));
                match parts.next() {
                    None => leaf(span, ExprKind::Name(name.text)),
                    Some(arguments) => {
                        let arguments = self.arguments(arguments);
                        let height =
                            arguments.iter().map(|argument| argument.value.height).max().unwrap_or(0);
                        self.wide(span, height, ExprKind::Call { name, arguments })
                    }
                }
            }
            rule => unreachable!("{rule:?} is none of the grammar's operands"),
        }
    }

    fn quantity(&mut self, pair: Pair<'_, Rule>, span: Span) -> Expr {
        let mut parts = parts(pair);
        let digits: String =
            parts.next().expect(GRAMMAR_INVARIANT).as_str().chars().filter(|&c| c != '_').collect();
        // Numbers beyond the range of f64 become infinite; evaluation reports them.
        let value = digits.parse().unwrap_or(f64::INFINITY);
        let unit: Option<Name> = parts.next().map(|part| self.name(&part));
        leaf(span, ExprKind::Number { value, unit })
    }

    fn list(&mut self, pair: Pair<'_, Rule>, span: Span) -> Expr {
        let mut items = Vec::new();
        for part in parts(pair) {
            if part.as_rule() == Rule::comprehension {
                let value: Expr = items.pop().expect(GRAMMAR_INVARIANT);
                return self.comprehension(part, value, span);
            }
            let item = self.expression(part);
            items.push(item);
        }
        let height = height_of(&items);
        self.wide(span, height, ExprKind::List(items))
    }

    /// Returns the list of `value for name in range`; `pair` begins at `for`.
    pub(super) fn comprehension(&mut self, pair: Pair<'_, Rule>, value: Expr, span: Span) -> Expr {
        let mut parts = parts(pair);
        let name = self.name(&parts.next().expect(GRAMMAR_INVARIANT));
        let range = self.expression(parts.next().expect(GRAMMAR_INVARIANT));
        let height = value.height.max(range.height);
        let node = |[value, range]: [Box<Expr>; 2]| ExprKind::Comprehension { value, name, range };
        self.node(span, height, node, [value, range])
    }
}

fn height_of(expressions: &[Expr]) -> u32 {
    expressions.iter().map(|expr| expr.height).max().unwrap_or(0)
}

fn leaf(span: Span, kind: ExprKind) -> Expr {
    Expr { kind, span, height: 1 }
}
