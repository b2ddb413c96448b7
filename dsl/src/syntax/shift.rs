//! Moves the places of a syntax tree, after a change of the source before them.

use synnet_ir::Span;

use super::tree::{
    Argument, Body, Call, Element, Expr, ExprKind, Field, Import, Module, Name, Network, Reference,
    Statement, StatementKind,
};

/// Moves places by a number of bytes.
#[derive(Clone, Copy)]
pub(super) struct Shift(pub(super) i64);

impl Shift {
    pub(super) fn span(self, span: &mut Span) {
        span.start = self.offset(span.start);
        span.end = self.offset(span.end);
    }

    pub(super) fn offset(self, offset: u32) -> u32 {
        // Sources are far shorter than 4 GiB, before and after a change.
        u32::try_from(i64::from(offset) + self.0).unwrap_or(0)
    }

    pub(super) fn import(self, import: &mut Import) {
        match &mut import.from {
            Module::Symbol(name) | Module::Path(name) => self.name(name),
        }
        self.name(&mut import.name);
    }

    pub(super) fn network(self, network: &mut Network) {
        self.name(&mut network.name);
        self.span(&mut network.head);
        self.span(&mut network.whole);
        for parameter in &mut network.parameters {
            self.name(&mut parameter.name);
            parameter.default.iter_mut().for_each(|default| self.expr(default));
        }
        match &mut network.body {
            Body::Block(statements) => self.statements(statements),
            Body::Alias(call) => self.call(call),
        }
    }

    pub(super) fn statements(self, statements: &mut [Statement]) {
        statements.iter_mut().for_each(|statement| self.statement(statement));
    }

    fn statement(self, statement: &mut Statement) {
        self.span(&mut statement.span);
        match &mut statement.kind {
            StatementKind::Dt(value) => self.expr(value),
            StatementKind::Input { name, channels: value } | StatementKind::Let { name, value } => {
                self.name(name);
                self.expr(value);
            }
            StatementKind::Output { layer, quantity } => {
                self.reference(layer);
                quantity.iter_mut().for_each(|quantity| self.name(quantity));
            }
            StatementKind::Neuron { name, base, fields } => {
                self.name(name);
                self.name(base);
                self.fields(fields);
            }
            StatementKind::Layer { name, neuron, size, fields } => {
                self.reference(name);
                self.name(neuron);
                self.expr(size);
                self.fields(fields);
            }
            StatementKind::Net { name, call } => {
                self.reference(name);
                self.call(call);
            }
            StatementKind::For { name, range, body } => {
                self.name(name);
                self.expr(range);
                self.statements(body);
            }
            StatementKind::If { arms, otherwise } => {
                for (condition, body) in arms {
                    self.expr(condition);
                    self.statements(body);
                }
                self.statements(otherwise);
            }
            StatementKind::Assert { condition, .. } => self.expr(condition),
            StatementKind::Chain(sums) => sums.iter_mut().flatten().for_each(|element| self.element(element)),
            StatementKind::Invalid { .. } => {}
        }
    }

    fn name(self, name: &mut Name) {
        self.span(&mut name.span);
    }

    fn reference(self, reference: &mut Reference) {
        self.name(&mut reference.name);
        self.span(&mut reference.span);
        if let Some(index) = &mut reference.index {
            self.expr(index);
        }
    }

    fn element(self, element: &mut Element) {
        self.span(&mut element.span);
        self.reference(&mut element.reference);
        element.arguments.iter_mut().for_each(|arguments| self.arguments(arguments));
        element.fields.iter_mut().for_each(|fields| self.fields(fields));
    }

    fn fields(self, fields: &mut [Field]) {
        for field in fields {
            self.name(&mut field.name);
            self.expr(&mut field.value);
        }
    }

    fn call(self, call: &mut Call) {
        self.name(&mut call.name);
        self.span(&mut call.span);
        self.arguments(&mut call.arguments);
    }

    fn arguments(self, arguments: &mut [Argument]) {
        for argument in arguments {
            argument.name.iter_mut().for_each(|name| self.name(name));
            self.expr(&mut argument.value);
        }
    }

    pub(super) fn expr(self, expr: &mut Expr) {
        self.span(&mut expr.span);
        match &mut expr.kind {
            ExprKind::Invalid | ExprKind::Bool(_) | ExprKind::None | ExprKind::Name(_) => {}
            ExprKind::Number { unit, .. } => unit.iter_mut().for_each(|unit| self.name(unit)),
            ExprKind::Call { name, arguments } => {
                self.name(name);
                self.arguments(arguments);
            }
            ExprKind::List(items) => items.iter_mut().for_each(|item| self.expr(item)),
            ExprKind::Comprehension { value, name, range } => {
                self.expr(value);
                self.name(name);
                self.expr(range);
            }
            ExprKind::Index { list: a, index: b } | ExprKind::Binary { left: a, right: b, .. } => {
                self.expr(a);
                self.expr(b);
            }
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::If { arms, otherwise } => {
                for (condition, value) in arms {
                    self.expr(condition);
                    self.expr(value);
                }
                self.expr(otherwise);
            }
            ExprKind::Learn(inner) => self.expr(inner),
        }
    }
}
