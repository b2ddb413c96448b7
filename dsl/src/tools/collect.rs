//! Collects definitions and references from a syntax tree. Names are looked up as elaboration does it, but without
//! values: both branches of an `if` and every round of a loop count.

use std::collections::HashMap;

use synnet_ir::{SourceId, Span};

use super::symbols::{Definition, DefinitionKind, Import, Meaning, Occurrence, SymbolId, Symbols};
use crate::elaborate::neuron_kind;
use crate::syntax::tree::{
    Argument, Body, Call, Element, Expr, ExprKind, Field, File, Module, Name, Network, Reference, Statement,
    StatementKind,
};
use crate::vocabulary::{self, ChainOperator, Function, LinearOption, Symbol, Unit};

/// Collects the definitions and references of a source.
pub(super) fn collect(file: &File, text: &str, source: SourceId) -> Symbols {
    let mut collector = Collector { text, source, ..Collector::default() };
    collector.file(file);
    let mut symbols = collector.symbols;
    symbols.occurrences.sort_by_key(|occurrence| (occurrence.span.start, occurrence.span.end));
    symbols.occurrences.dedup_by_key(|occurrence| occurrence.span.start);
    symbols
}

#[derive(Default)]
struct Collector<'a> {
    text: &'a str,
    source: SourceId,
    symbols: Symbols,
    /// Imports and networks of the file.
    networks: HashMap<&'a str, SymbolId>,
    /// Input, layers and instances of the present network.
    things: HashMap<&'a str, SymbolId>,
    /// Visible values, those of inner blocks last.
    values: Vec<(&'a str, SymbolId)>,
    /// Visible neurons, those of inner blocks last.
    neurons: Vec<(&'a str, SymbolId)>,
    /// The present network, by the index of its definition.
    network: Option<usize>,
}

impl<'a> Collector<'a> {
    fn file(&mut self, file: &'a File) {
        let whole = Span::new(self.source, 0, self.text.len());
        for import in &file.imports {
            let (module, is_path) = match &import.from {
                Module::Symbol(name) => (name, false),
                Module::Path(name) => (name, true),
            };
            let place = self.with_semicolon(self.since_keyword("use", module.span).to(import.name.span));
            let definition =
                self.define(DefinitionKind::Import, &import.name, place, whole, &[], &import.name.text);
            self.networks.entry(&import.name.text).or_insert(definition);
            self.occurrence(module.span, Meaning::Module(self.symbols.imports.len()));
            self.symbols.imports.push(Import {
                module: module.text.clone(),
                is_path,
                name: import.name.text.clone(),
                whole: place,
            });
        }
        // The networks of the file come first: an import of the same name is a duplicate.
        let mut declared = Vec::new();
        for network in &file.networks {
            let base = match &network.body {
                Body::Alias(call) => call.name.text.as_str(),
                Body::Block(_) => "",
            };
            let index = self.symbols.definitions.len();
            let kind = DefinitionKind::Network;
            let symbol = self.define(kind, &network.name, network.whole, whole, &network.docs, base);
            self.networks.insert(&network.name.text, symbol);
            declared.push(index);
        }
        let starts = file.networks.iter().skip(1).map(|network| network.whole.start);
        let ends = starts.chain([whole.end]);
        for ((network, index), next) in file.networks.iter().zip(declared).zip(ends) {
            // A network whose brace is missing goes on to the next one: somebody is writing it.
            let text = self.text.get(..network.whole.end as usize).unwrap_or("");
            let is_open = matches!(network.body, Body::Block(_)) && !text.ends_with('}');
            let end = if is_open { next } else { network.whole.end };
            self.symbols.definitions[index].whole.end = end;
            self.network_body(network, index, end);
        }
    }

    fn network_body(&mut self, network: &'a Network, index: usize, end: u32) {
        self.network = Some(index);
        for parameter in &network.parameters {
            let whole = parameter.default.as_ref().map_or(parameter.name.span, |default| {
                self.expr(default);
                parameter.name.span.to(default.span)
            });
            let scope = Span { start: parameter.name.span.start, end, ..network.whole };
            let symbol = self.define(DefinitionKind::Parameter, &parameter.name, whole, scope, &[], "");
            self.values.push((&parameter.name.text, symbol));
        }
        match &network.body {
            Body::Alias(call) => self.call(call),
            Body::Block(statements) => {
                self.declare_things(statements, Span { end, ..network.whole });
                self.statements(statements, end);
            }
        }
        self.network = None;
        self.things.clear();
        self.values.clear();
        self.neurons.clear();
    }

    /// Declares inputs, layers and instances of all blocks: they belong to the whole network.
    fn declare_things(&mut self, statements: &'a [Statement], scope: Span) {
        for statement in statements {
            let (kind, name, base, is_indexed) = match &statement.kind {
                StatementKind::Input { name, .. } => (DefinitionKind::Input, name, "", false),
                StatementKind::Layer { name, neuron, .. } => {
                    (DefinitionKind::Layer, &name.name, neuron.text.as_str(), name.index.is_some())
                }
                StatementKind::Net { name, call } => {
                    (DefinitionKind::Instance, &name.name, call.name.text.as_str(), name.index.is_some())
                }
                StatementKind::For { body, .. } => {
                    self.declare_things(body, scope);
                    continue;
                }
                StatementKind::If { arms, otherwise } => {
                    arms.iter().for_each(|(_, body)| self.declare_things(body, scope));
                    self.declare_things(otherwise, scope);
                    continue;
                }
                _ => continue,
            };
            let index = self.symbols.definitions.len();
            let own = self.define(kind, name, statement.span, scope, &statement.docs, base);
            let symbol = *self.things.entry(&name.text).or_insert(own);
            let definition = &mut self.symbols.definitions[index];
            (definition.symbol, definition.is_indexed) = (symbol, is_indexed);
            if let Some(last) = self.symbols.occurrences.last_mut() {
                last.meaning = Meaning::Symbol(symbol);
            }
        }
    }

    /// Walks over the statements of a block that ends at the byte `end`.
    fn statements(&mut self, statements: &'a [Statement], end: u32) {
        let (values, neurons) = (self.values.len(), self.neurons.len());
        for statement in statements {
            self.statement(statement, end);
        }
        self.values.truncate(values);
        self.neurons.truncate(neurons);
    }

    fn statement(&mut self, statement: &'a Statement, end: u32) {
        let after = Span { start: statement.span.end, end: end.max(statement.span.end), ..statement.span };
        match &statement.kind {
            StatementKind::Dt(value) | StatementKind::Input { channels: value, .. } => self.expr(value),
            StatementKind::Output { layer, quantity } => {
                self.reference(layer);
                if let Some(quantity) = quantity
                    && let Some(constant) = Symbol::of(&quantity.text)
                {
                    self.occurrence(quantity.span, Meaning::Constant(constant));
                }
            }
            StatementKind::Let { name, value } => {
                self.expr(value);
                let kind = DefinitionKind::Value;
                let symbol = self.define(kind, name, statement.span, after, &statement.docs, "");
                self.values.push((&name.text, symbol));
            }
            StatementKind::Neuron { name, base, fields } => {
                self.neuron_name(base);
                self.fields(fields);
                let kind = DefinitionKind::Neuron;
                let symbol = self.define(kind, name, statement.span, after, &statement.docs, &base.text);
                self.neurons.push((&name.text, symbol));
            }
            StatementKind::Layer { name, neuron, size, fields } => {
                self.index(name);
                self.neuron_name(neuron);
                self.expr(size);
                self.fields(fields);
            }
            StatementKind::Net { name, call } => {
                self.index(name);
                self.call(call);
            }
            StatementKind::For { name, range, body } => {
                self.expr(range);
                let scope = Span { start: range.span.end, ..statement.span };
                let symbol = self.define(DefinitionKind::Variable, name, name.span, scope, &[], "");
                self.values.push((&name.text, symbol));
                self.statements(body, statement.span.end);
                self.values.pop();
            }
            StatementKind::If { arms, otherwise } => self.conditional(arms, otherwise, statement.span.end),
            StatementKind::Assert { condition, .. } => self.expr(condition),
            StatementKind::Chain(sums) => sums.iter().flatten().for_each(|element| self.element(element)),
            StatementKind::Invalid { .. } => {}
        }
    }

    fn conditional(&mut self, arms: &'a [(Expr, Vec<Statement>)], otherwise: &'a [Statement], end: u32) {
        let starts = arms.iter().skip(1).map(|(condition, _)| condition.span.start);
        // The block of the last condition ends before that of `else`, whose brace is not in the tree.
        let last = otherwise.first().map_or(end, |statement| statement.span.start);
        for ((condition, body), next) in arms.iter().zip(starts.chain([last])) {
            self.expr(condition);
            self.statements(body, next);
        }
        self.statements(otherwise, end);
    }

    fn element(&mut self, element: &'a Element) {
        let name = &element.reference.name;
        if let (Some(Function::Sum), Some([argument])) =
            (Function::of(&name.text), element.arguments.as_deref())
            && !self.things.contains_key(name.text.as_str())
        {
            self.occurrence(name.span, Meaning::Function(Function::Sum));
            return self.summation(&argument.value);
        }
        if let Some(operator) = ChainOperator::of(&name.text) {
            self.occurrence(name.span, Meaning::Operator(operator));
            self.index(&element.reference);
        } else {
            self.reference(&element.reference);
        }
        for field in element.fields.iter().flatten() {
            if let Some(option) = LinearOption::of(&field.name.text) {
                self.occurrence(field.name.span, Meaning::Option(option));
            }
            self.expr(&field.value);
        }
        element.arguments.iter().flatten().for_each(|argument| self.expr(&argument.value));
    }

    /// Visits `h[i] for i in list`, whose `h` is a layer.
    fn summation(&mut self, expr: &'a Expr) {
        let ExprKind::Comprehension { value, name, range } = &expr.kind else { return self.expr(expr) };
        self.expr(range);
        let symbol = self.define(DefinitionKind::Variable, name, name.span, expr.span, &[], "");
        self.values.push((&name.text, symbol));
        match &value.kind {
            ExprKind::Name(layer) => self.thing(layer, value.span),
            ExprKind::Index { list, index } => {
                match &list.kind {
                    ExprKind::Name(layer) => self.thing(layer, list.span),
                    _ => self.expr(list),
                }
                self.expr(index);
            }
            _ => self.expr(value),
        }
        self.values.pop();
    }

    /// Looks up a layer, an instance or the input.
    fn reference(&mut self, reference: &'a Reference) {
        self.index(reference);
        self.thing(&reference.name.text, reference.name.span);
    }

    fn thing(&mut self, text: &str, span: Span) {
        if let Some(&symbol) = self.things.get(text) {
            return self.occurrence(span, Meaning::Symbol(symbol));
        }
        // `h0` is the flat name of `h[0]`.
        let base = text.trim_end_matches(|c: char| c.is_ascii_digit());
        let Some(&symbol) = self.things.get(base) else { return };
        if self.symbols.definitions.get(symbol.0).is_some_and(|definition| definition.is_indexed) {
            let end = span.start + base.len() as u32;
            self.occurrence(Span { end, ..span }, Meaning::Symbol(symbol));
        }
    }

    fn index(&mut self, reference: &'a Reference) {
        if let Some(index) = &reference.index {
            self.expr(index);
        }
    }

    fn neuron_name(&mut self, name: &'a Name) {
        if let Some(kind) = neuron_kind(&name.text) {
            self.occurrence(name.span, Meaning::NeuronKind(kind));
        } else if let Some(&(_, symbol)) = self.neurons.iter().rev().find(|(known, _)| *known == name.text) {
            self.occurrence(name.span, Meaning::Symbol(symbol));
        }
    }

    fn fields(&mut self, fields: &'a [Field]) {
        for field in fields {
            // Kinds share their fields: the most complex kind has them all.
            let mut known = synnet_ir::graph::NeuronKind::ALL.iter().flat_map(|&k| vocabulary::fields(k));
            if let Some(&meant) = known.find(|known| known.name() == field.name.text) {
                self.occurrence(field.name.span, Meaning::Field(meant));
            }
            self.expr(&field.value);
        }
    }

    fn call(&mut self, call: &'a Call) {
        if let Some(&symbol) = self.networks.get(call.name.text.as_str()) {
            self.occurrence(call.name.span, Meaning::Symbol(symbol));
        }
        for Argument { name, value } in &call.arguments {
            if let Some(name) = name {
                let (network, parameter) = (call.name.text.clone(), name.text.clone());
                self.occurrence(name.span, Meaning::Argument { network, parameter });
            }
            self.expr(value);
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Invalid | ExprKind::Bool(_) | ExprKind::None => {}
            ExprKind::Number { unit, .. } => {
                if let Some(unit) = unit
                    && let Some(known) = Unit::of(&unit.text)
                {
                    self.occurrence(unit.span, Meaning::Unit(known));
                }
            }
            ExprKind::Name(name) => {
                if let Some(&(_, symbol)) = self.values.iter().rev().find(|(known, _)| known == name) {
                    self.occurrence(expr.span, Meaning::Symbol(symbol));
                } else if let Some(constant) = Symbol::of(name) {
                    self.occurrence(expr.span, Meaning::Constant(constant));
                }
            }
            ExprKind::Call { name, arguments } => {
                if let Some(function) = Function::of(&name.text) {
                    self.occurrence(name.span, Meaning::Function(function));
                }
                arguments.iter().for_each(|argument| self.expr(&argument.value));
            }
            ExprKind::List(items) => items.iter().for_each(|item| self.expr(item)),
            ExprKind::Comprehension { value, name, range } => {
                self.expr(range);
                let symbol = self.define(DefinitionKind::Variable, name, name.span, expr.span, &[], "");
                self.values.push((&name.text, symbol));
                self.expr(value);
                self.values.pop();
            }
            ExprKind::Index { list, index } => [list, index].into_iter().for_each(|part| self.expr(part)),
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { left, right, .. } => {
                [left, right].into_iter().for_each(|part| self.expr(part))
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

    /// Adds a definition and its occurrence. It is a symbol of its own.
    fn define(
        &mut self,
        kind: DefinitionKind,
        name: &Name,
        whole: Span,
        scope: Span,
        docs: &[String],
        base: &str,
    ) -> SymbolId {
        let symbol = SymbolId(self.symbols.definitions.len());
        self.symbols.definitions.push(Definition {
            kind,
            name: name.text.clone(),
            span: name.span,
            whole,
            scope,
            docs: docs.to_vec(),
            network: self.network,
            symbol,
            base: base.to_owned(),
            is_indexed: false,
        });
        self.occurrence(name.span, Meaning::Symbol(symbol));
        symbol
    }

    fn occurrence(&mut self, span: Span, meaning: Meaning) {
        self.symbols.occurrences.push(Occurrence { span, meaning });
    }

    /// Returns the place from the keyword before `span`, which only blanks and comments separate.
    fn since_keyword(&self, keyword: &str, span: Span) -> Span {
        let before = self.text.get(..span.start as usize).unwrap_or("");
        before.rfind(keyword).map_or(span, |start| Span { start: start as u32, ..span })
    }

    /// Returns the place with the semicolon that follows it.
    fn with_semicolon(&self, span: Span) -> Span {
        let after = self.text.get(span.end as usize..).unwrap_or("");
        let blanks = after.len() - after.trim_start().len();
        if !after.trim_start().starts_with(';') {
            return span;
        }
        Span { end: span.end + blanks as u32 + 1, ..span }
    }
}
