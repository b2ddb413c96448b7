//! Unused declarations. Names are looked up in the syntax tree and not in the graph: a branch that another parameter
//! value would take counts as a use.

use std::collections::BTreeSet;

use synnet_ir::{Diagnostic, Diagnostics, Span};

use crate::codes;
use crate::syntax::tree::{
    Body, Call, Element, Expr, ExprKind, Field, File, Name, Network, Statement, StatementKind,
};

/// Returns a warning for each unused declaration of a file.
pub(crate) fn warnings(file: &File) -> Diagnostics {
    let mut warnings = Diagnostics::new();
    let mut networks = BTreeSet::new();
    // Values and neurons belong to one network, imports to all networks of the file.
    for network in &file.networks {
        let mut found = Usages::default();
        found.network(network);
        for parameter in &network.parameters {
            warn(&mut warnings, &found.values, &parameter.name, "parameter");
        }
        for name in &found.lets {
            warn(&mut warnings, &found.values, name, "value");
        }
        for name in &found.templates {
            warn(&mut warnings, &found.neurons, name, "neuron");
        }
        networks.extend(found.networks);
    }
    for import in &file.imports {
        warn(&mut warnings, &networks, &import.name, "import");
    }
    warnings
}

fn warn(warnings: &mut Diagnostics, used: &BTreeSet<&str>, name: &Name, what: &str) {
    // As in Rust, a leading underscore says that the name is unused on purpose.
    if !used.contains(name.text.as_str()) && !name.text.starts_with('_') {
        let message = format!("unused {what} `{}`", name.text);
        let warning = Diagnostic::warning(&codes::UNUSED, name.span, message);
        warnings.push(if what == "import" {
            warning.with_help("remove it")
        } else {
            let start = Span { end: name.span.start, ..name.span };
            warning.with_help("remove it, or start its name with `_`").with_fix(start, "_")
        });
    }
}

/// Declared and used names of a network.
#[derive(Default)]
struct Usages<'a> {
    values: BTreeSet<&'a str>,
    neurons: BTreeSet<&'a str>,
    networks: BTreeSet<&'a str>,
    lets: Vec<&'a Name>,
    templates: Vec<&'a Name>,
}

impl<'a> Usages<'a> {
    fn network(&mut self, network: &'a Network) {
        for default in network.parameters.iter().filter_map(|parameter| parameter.default.as_ref()) {
            self.expr(default);
        }
        match &network.body {
            Body::Block(statements) => self.statements(statements),
            Body::Alias(call) => self.call(call),
        }
    }

    fn statements(&mut self, statements: &'a [Statement]) {
        for statement in statements {
            match &statement.kind {
                StatementKind::Dt(value) | StatementKind::Input { channels: value, .. } => self.expr(value),
                StatementKind::Output { layer, .. } => self.index(layer.index.as_deref()),
                StatementKind::Let { name, value } => {
                    self.lets.push(name);
                    self.expr(value);
                }
                StatementKind::Neuron { name, base, fields } => {
                    self.templates.push(name);
                    self.neurons.insert(&base.text);
                    self.fields(fields);
                }
                StatementKind::Layer { name, neuron, size, fields } => {
                    self.index(name.index.as_deref());
                    self.neurons.insert(&neuron.text);
                    self.expr(size);
                    self.fields(fields);
                }
                StatementKind::Net { name, call } => {
                    self.index(name.index.as_deref());
                    self.call(call);
                }
                // A loop variable may be unused: a loop can merely count.
                StatementKind::For { range, body, .. } => {
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
                StatementKind::Chain(sums) => sums.iter().flatten().for_each(|element| self.element(element)),
                // After a syntax error, no warnings are reported.
                StatementKind::Invalid { .. } => {}
            }
        }
    }

    fn element(&mut self, element: &'a Element) {
        self.index(element.reference.index.as_deref());
        self.fields(element.fields.as_deref().unwrap_or(&[]));
        for argument in element.arguments.iter().flatten() {
            self.expr(&argument.value);
        }
    }

    fn call(&mut self, call: &'a Call) {
        self.networks.insert(&call.name.text);
        for argument in &call.arguments {
            self.expr(&argument.value);
        }
    }

    fn fields(&mut self, fields: &'a [Field]) {
        fields.iter().for_each(|field| self.expr(&field.value));
    }

    fn index(&mut self, index: Option<&'a Expr>) {
        if let Some(index) = index {
            self.expr(index);
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Invalid | ExprKind::Number { .. } | ExprKind::Bool(_) | ExprKind::None => {}
            ExprKind::Name(name) => {
                self.values.insert(name);
            }
            ExprKind::Call { arguments, .. } => {
                arguments.iter().for_each(|argument| self.expr(&argument.value));
            }
            ExprKind::List(items) => items.iter().for_each(|item| self.expr(item)),
            ExprKind::Comprehension { value, range, .. } => {
                self.expr(value);
                self.expr(range);
            }
            ExprKind::Index { list, index } => {
                self.expr(list);
                self.expr(index);
            }
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
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

/// Returns the names of the networks that a network uses.
pub(crate) fn networks_of(network: &Network) -> BTreeSet<&str> {
    let mut found = Usages::default();
    found.network(network);
    found.networks
}

/// Returns the names of networks of a file that other networks of the file use, among other names.
pub(crate) fn used_networks(file: &File) -> BTreeSet<&str> {
    let mut used = BTreeSet::new();
    // Nobody else is there to use a single one; its source may be long.
    let users = if file.networks.len() == 1 { &[] } else { file.networks.as_slice() };
    for network in users {
        used.extend(networks_of(network).into_iter().filter(|name| *name != network.name.text));
    }
    used
}
