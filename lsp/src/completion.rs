//! Completion.

use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, MarkupContent, MarkupKind,
    Position, Range, TextEdit, Uri,
};
use synnet_dsl::tools::{Definition, DefinitionKind, Symbols, std_networks};
use synnet_dsl::vocabulary::{
    ChainOperator, Dimension, Field, Function, Keyword, KeywordRole, LinearOption, Symbol, Unit, describe,
    fields,
};
use synnet_ir::graph::{NeuronKind, Quantity, Reset, SurrogateKind};

use crate::analyzed::Analyzed;
use crate::context::{Context, context};
use crate::hover::{field_text, std_docs};
use crate::location::path_of;
use crate::recipe;
use crate::workspace::Workspace;

impl Workspace {
    /// Returns what can be written at a position.
    pub fn completion(&mut self, uri: &Uri, position: Position) -> Vec<CompletionItem> {
        let path = path_of(uri);
        let (Some(analyzed), Some(offset)) = (self.analyzed(&path), self.offset(&path, position)) else {
            return Vec::new();
        };
        let Some(document) = self.documents.get(&path) else { return Vec::new() };
        if analyzed.is_recipe {
            let keys = self.environment.recipe_keys(&self.settings);
            let (items, start) = recipe::complete(&keys, document.text.as_str(), offset);
            return ranked(items, document.text.range(start, offset));
        }
        if analyzed.analysis.is_none() {
            return Vec::new();
        }
        let (context, start) = context(document.text.as_str(), offset);
        let mut items = Items {
            analyzed: &analyzed,
            symbols: &analyzed.symbols(analyzed.root),
            offset,
            list: Vec::new(),
        };
        items.add(&context);
        ranked(items.list, document.text.range(start, offset))
    }
}

/// Returns the items for the editor, in this order. They replace a range.
fn ranked(items: Vec<Item>, range: Range) -> Vec<CompletionItem> {
    let place = |(rank, item): (usize, Item)| {
        let edit = TextEdit::new(range, item.text);
        CompletionItem {
            label: item.label,
            kind: Some(item.kind),
            detail: Some(item.detail).filter(|detail| !detail.is_empty()),
            documentation: Some(item.docs).filter(|docs| !docs.is_empty()).map(|value| {
                Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value })
            }),
            // Names in scope come before functions and keywords.
            sort_text: Some(format!("{rank:04}")),
            text_edit: Some(CompletionTextEdit::Edit(edit)),
            additional_text_edits: item.import.map(|import| vec![TextEdit::new(Range::default(), import)]),
            ..CompletionItem::default()
        }
    };
    items.into_iter().enumerate().map(place).collect()
}

/// Something that can be written.
pub(crate) struct Item {
    pub(crate) label: String,
    /// The text to insert.
    pub(crate) text: String,
    pub(crate) kind: CompletionItemKind,
    pub(crate) detail: String,
    /// Markdown.
    pub(crate) docs: String,
    /// A line to insert at the top of the file.
    pub(crate) import: Option<String>,
}

struct Items<'a> {
    analyzed: &'a Analyzed,
    symbols: &'a Symbols,
    offset: usize,
    list: Vec<Item>,
}

impl Items<'_> {
    fn add(&mut self, context: &Context) {
        match context {
            Context::Nothing => {}
            Context::Item => self.keywords(&[KeywordRole::Item]),
            Context::Statement => {
                self.keywords(&[KeywordRole::Contextual, KeywordRole::Statement]);
                self.things(&[DefinitionKind::Input, DefinitionKind::Layer, DefinitionKind::Instance]);
                self.function(Function::Sum);
            }
            Context::Module => {
                self.push("std", "std::", CompletionItemKind::MODULE, "the standard library", "")
            }
            Context::Import(path) => self.importable(path.as_deref()),
            Context::Neuron => {
                self.visible(&[DefinitionKind::Neuron]);
                for kind in NeuronKind::ALL {
                    let name = kind.name();
                    self.push(name, name, CompletionItemKind::STRUCT, "neuron kind", describe(kind));
                }
            }
            Context::Network => self.networks(),
            Context::Field { neuron, set } => self.fields(neuron, set),
            Context::Option { set } => {
                for option in
                    LinearOption::ALL.iter().filter(|option| !set.contains(&option.name().to_owned()))
                {
                    let text = format!("{}: ", option.name());
                    self.push(
                        option.name(),
                        &text,
                        CompletionItemKind::PROPERTY,
                        "option of linear",
                        option.doc(),
                    );
                }
            }
            Context::Argument { network, set } => self.arguments(network, set),
            Context::Chain => {
                self.things(&[DefinitionKind::Layer, DefinitionKind::Instance, DefinitionKind::Input]);
                for operator in ChainOperator::ALL {
                    let name = operator.name();
                    self.push(name, name, CompletionItemKind::OPERATOR, "operator", operator.doc());
                }
            }
            Context::Summand => {
                self.things(&[DefinitionKind::Layer, DefinitionKind::Instance, DefinitionKind::Input]);
            }
            Context::OutputLayer => self.things(&[DefinitionKind::Layer, DefinitionKind::Instance]),
            Context::Quantity => {
                for quantity in Quantity::ALL.map(Symbol::Quantity) {
                    self.constant(quantity);
                }
            }
            Context::Unit => {
                for unit in Unit::ALL {
                    self.push(unit.name(), unit.name(), CompletionItemKind::UNIT, "unit", unit.doc());
                }
            }
            Context::Value { field } => self.values(field.as_deref()),
        }
    }

    fn push(&mut self, label: &str, text: &str, kind: CompletionItemKind, detail: &str, docs: &str) {
        if self.list.iter().any(|item| item.label == label) {
            return;
        }
        let (label, text) = (label.to_owned(), text.to_owned());
        self.list.push(Item {
            label,
            text,
            kind,
            detail: detail.to_owned(),
            docs: docs.to_owned(),
            import: None,
        });
    }

    fn keywords(&mut self, roles: &[KeywordRole]) {
        for keyword in Keyword::ALL.iter().filter(|keyword| roles.contains(&keyword.role())) {
            self.push(keyword.name(), keyword.name(), CompletionItemKind::KEYWORD, "keyword", keyword.doc());
        }
    }

    fn constant(&mut self, constant: Symbol) {
        let name = constant.name();
        self.push(name, name, CompletionItemKind::CONSTANT, "constant", constant.doc());
    }

    fn function(&mut self, function: Function) {
        let parameters = function.signature().parameters.join(", ");
        let detail = format!("{}({parameters})", function.name());
        let text = format!("{}(", function.name());
        self.push(function.name(), &text, CompletionItemKind::FUNCTION, &detail, function.doc());
    }

    /// Adds what the network at the cursor declares, in all blocks.
    fn things(&mut self, kinds: &[DefinitionKind]) {
        let symbols = self.symbols;
        // Behind an unclosed brace, the network may end before the cursor; then it is the last one above.
        let above = || {
            let mut networks = symbols.definitions.iter().enumerate();
            let is_above =
                |d: &Definition| d.kind == DefinitionKind::Network && (d.span.start as usize) < self.offset;
            networks.rfind(|(_, definition)| is_above(definition)).map(|(index, _)| index)
        };
        let network = symbols.network_at(self.offset).or_else(above);
        for definition in
            symbols.definitions.iter().filter(|d| d.network == network && kinds.contains(&d.kind))
        {
            self.definition(definition);
        }
    }

    /// Adds what is visible at the cursor, inner blocks first.
    fn visible(&mut self, kinds: &[DefinitionKind]) {
        let visible: Vec<&Definition> =
            self.symbols.visible_at(self.offset).filter(|d| kinds.contains(&d.kind)).collect();
        visible.into_iter().rev().for_each(|definition| self.definition(definition));
    }

    fn definition(&mut self, definition: &Definition) {
        let kind = match definition.kind {
            DefinitionKind::Network | DefinitionKind::Import => CompletionItemKind::CLASS,
            DefinitionKind::Neuron => CompletionItemKind::STRUCT,
            DefinitionKind::Layer | DefinitionKind::Input => CompletionItemKind::FIELD,
            DefinitionKind::Instance => CompletionItemKind::MODULE,
            DefinitionKind::Parameter | DefinitionKind::Value | DefinitionKind::Variable => {
                CompletionItemKind::VARIABLE
            }
        };
        let source = self.analyzed.sources.slice(definition.whole).lines().next().unwrap_or("");
        let text = match definition.is_indexed {
            true => format!("{}[", definition.name),
            false => definition.name.clone(),
        };
        let detail = match definition.kind {
            DefinitionKind::Network => definition.kind.describe(),
            _ => source.trim_end(),
        };
        self.push(&definition.name, &text, kind, detail, &definition.docs.join("\n"));
    }

    fn networks(&mut self) {
        let symbols = self.symbols;
        let inside = symbols.network_at(self.offset);
        for (index, definition) in symbols.definitions.iter().enumerate() {
            let is_network = matches!(definition.kind, DefinitionKind::Network | DefinitionKind::Import);
            // A network cannot contain itself.
            if is_network && Some(index) != inside {
                self.definition(definition);
            }
        }
        for (name, source) in std_networks() {
            let docs = std_docs(source, &name).unwrap_or_default();
            self.push(&name, &name, CompletionItemKind::CLASS, "from the standard library", &docs);
            // It was pushed just now unless it is imported already.
            if let Some(item) = self.list.last_mut().filter(|item| item.detail == "from the standard library")
            {
                item.import = Some(format!("use std::{name};\n"));
            }
        }
    }

    /// Adds the networks of the standard library, or of an imported file.
    fn importable(&mut self, path: Option<&str>) {
        let Some(path) = path else {
            for (name, source) in std_networks() {
                let docs = std_docs(source, &name).unwrap_or_default();
                self.push(&name, &name, CompletionItemKind::CLASS, "network", &docs);
            }
            return;
        };
        // An import that is being written has no source of its own; another one of the same file may have.
        let Some(analysis) = &self.analyzed.analysis else { return };
        let index = self.symbols.imports.iter().position(|import| import.is_path && import.module == path);
        let Some(source) = index.and_then(|index| analysis.import(self.analyzed.root, index)) else { return };
        let other = self.analyzed.symbols(source);
        for definition in other.definitions.iter().filter(|d| d.kind == DefinitionKind::Network) {
            self.definition(definition);
        }
    }

    fn fields(&mut self, neuron: &str, set: &[String]) {
        let kind = self.symbols.neuron_kind(neuron, self.offset);
        let known =
            |name: &String| fields(NeuronKind::Alif).iter().copied().find(|field| field.name() == name);
        let set: Vec<Field> = set.iter().filter_map(known).collect();
        // An unknown neuron may have all fields.
        for &field in fields(kind.unwrap_or(NeuronKind::Alif)) {
            if set.iter().any(|other| other.replaces(field)) {
                continue;
            }
            let detail = field.default_text().map_or("required".to_owned(), |text| format!("default {text}"));
            let text = format!("{}: ", field.name());
            self.push(field.name(), &text, CompletionItemKind::PROPERTY, &detail, &field_text(field));
        }
    }

    fn arguments(&mut self, network: &str, set: &[String]) {
        let Some(analysis) = &self.analyzed.analysis else { return };
        let Some(place) = analysis.network(self.analyzed.root, network) else { return };
        let other = self.analyzed.symbols(place.source);
        let Some((index, _)) = other.network(self.analyzed.sources.slice(place)) else { return };
        for parameter in other.parameters(index).filter(|parameter| !set.contains(&parameter.name)) {
            let text = format!("{}: ", parameter.name);
            let whole = self.analyzed.sources.slice(parameter.whole);
            let docs = format!("Parameter of network `{network}`.");
            self.push(&parameter.name, &text, CompletionItemKind::PROPERTY, whole, &docs);
        }
    }

    fn values(&mut self, field: Option<&str>) {
        let all = fields(NeuronKind::Alif);
        let known = all.iter().find(|known| Some(known.name()) == field);
        match known.map(|field| field.dimension()) {
            Some(Dimension::Surrogate) => {
                SurrogateKind::ALL.map(Symbol::Surrogate).into_iter().for_each(|kind| self.constant(kind));
            }
            Some(Dimension::Reset) => {
                Reset::ALL.map(Symbol::Reset).into_iter().for_each(|reset| self.constant(reset));
            }
            Some(Dimension::Time | Dimension::Number | Dimension::Count) | None => {}
        }
        if known.is_some_and(|field| field.can_be_none()) {
            let none = Keyword::None;
            self.push(none.name(), none.name(), CompletionItemKind::KEYWORD, "keyword", none.doc());
        }
        self.visible(&[DefinitionKind::Parameter, DefinitionKind::Value, DefinitionKind::Variable]);
        self.push("dt", "dt", CompletionItemKind::VARIABLE, "the time step", Keyword::Dt.doc());
        Function::ALL.iter().for_each(|function| self.function(*function));
        Symbol::all().for_each(|constant| self.constant(constant));
        self.keywords(&[KeywordRole::Value]);
        for keyword in [Keyword::Learn, Keyword::If] {
            self.push(keyword.name(), keyword.name(), CompletionItemKind::KEYWORD, "keyword", keyword.doc());
        }
    }
}
