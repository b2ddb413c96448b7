//! Hover: what stands under the cursor.

use std::fmt::Write;

use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind, Position, Range, Uri};
use synnet_dsl::tools::{Definition, DefinitionKind, Meaning, Symbols, TokenKind, std_source, tokens};
use synnet_dsl::vocabulary::{self, Field, Keyword};
use synnet_ir::graph::LayerId;
use synnet_ir::{Graph, Span};

use crate::analyzed::Analyzed;
use crate::facts;
use crate::location::path_of;
use crate::recipe;
use crate::workspace::Workspace;

/// Lines of a declaration that are shown.
const MAX_LINES: usize = 24;

impl Workspace {
    /// Describes what stands at a position, and explains the diagnostics there.
    pub fn hover(&mut self, uri: &Uri, position: Position) -> Option<Hover> {
        let path = path_of(uri);
        let analyzed = self.analyzed(&path)?;
        let offset = self.offset(&path, position)?;
        let mut parts = Vec::new();
        let text = self.documents.get(&path)?.text.as_str();
        if analyzed.analysis.is_none() {
            return self.hover_recipe(&analyzed, text, offset);
        }
        let symbols = analyzed.symbols(analyzed.root);
        let occurrence = symbols.at(offset);
        let described = match occurrence {
            Some(occurrence) => self.describe(&analyzed, &symbols, &occurrence.meaning),
            None => keyword(text, offset),
        };
        parts.extend(described);
        parts.extend(self.explanations(&analyzed, offset));
        hover(&parts, occurrence.map(|occurrence| self.range(&analyzed, occurrence.span)))
    }

    /// Describes the key of a recipe, and explains the diagnostics there.
    fn hover_recipe(&self, analyzed: &Analyzed, text: &str, offset: usize) -> Option<Hover> {
        let keys = self.environment.recipe_keys(&self.settings);
        let described = recipe::describe(&keys, text, offset).filter(|_| analyzed.is_recipe);
        let (described, bytes) = described.unzip();
        let range = bytes.map(|bytes| self.range(analyzed, Span::new(analyzed.root, bytes.start, bytes.end)));
        let parts: Vec<String> = described.into_iter().chain(self.explanations(analyzed, offset)).collect();
        hover(&parts, range)
    }

    /// Explains the codes of the diagnostics at a byte.
    fn explanations(&self, analyzed: &Analyzed, offset: usize) -> Vec<String> {
        let at = offset as u32;
        let here = analyzed.diagnostics.iter().filter(|diagnostic| {
            let place = crate::diagnostics::place(analyzed, diagnostic);
            place.start <= at && at <= place.end && place.end > place.start
        });
        let mut ids: Vec<&str> = here.map(|diagnostic| diagnostic.code.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let codes = ids.into_iter().filter_map(|id| self.environment.explain(id));
        codes.map(|code| format!("**{}: {}**\n\n{}", code.id, code.title, code.explanation.trim())).collect()
    }

    fn describe(&self, analyzed: &Analyzed, symbols: &Symbols, meaning: &Meaning) -> Option<String> {
        let titled = |title: &str, doc: &str| Some(format!("```snn\n{title}\n```\n\n{doc}"));
        match meaning {
            Meaning::Symbol(symbol) => {
                let definition = symbols.definition(*symbol)?;
                match definition.kind {
                    DefinitionKind::Import => self.describe_network_of(analyzed, &definition.name),
                    _ => Some(self.describe_definition(analyzed, symbols, definition)),
                }
            }
            Meaning::Argument { network, parameter } => {
                let name = analyzed.analysis.as_ref()?.network(analyzed.root, network)?;
                let other = analyzed.symbols(name.source);
                let (index, _) = other.network(analyzed.sources.slice(name))?;
                let found = other.parameters(index).find(|d| d.name == *parameter)?;
                titled(analyzed.sources.slice(found.whole), &format!("parameter of network `{network}`"))
            }
            Meaning::Field(field) => Some(field_text(*field)),
            Meaning::NeuronKind(kind) => {
                let fields: Vec<String> =
                    vocabulary::fields(*kind).iter().map(|field| format!("`{}`", field.name())).collect();
                let doc = format!("{}\n\nFields: {}", vocabulary::describe(*kind), fields.join(", "));
                titled(kind.name(), &doc)
            }
            Meaning::Operator(operator) => titled(operator.name(), operator.doc()),
            Meaning::Option(option) => titled(option.name(), option.doc()),
            Meaning::Function(function) => {
                let parameters = function.signature().parameters.join(", ");
                let dots = if function.signature().is_variadic { ", ..." } else { "" };
                titled(&format!("{}({parameters}{dots})", function.name()), function.doc())
            }
            Meaning::Constant(constant) => titled(constant.name(), constant.doc()),
            Meaning::Unit(unit) => titled(unit.name(), unit.doc()),
            Meaning::Module(index) => {
                let import = symbols.imports.get(*index)?;
                let doc = if import.is_path { "network file" } else { "the standard library" };
                titled(&import.module, doc)
            }
        }
    }

    /// Describes a network by its name in the document: documentation, parameters and defaults.
    fn describe_network_of(&self, analyzed: &Analyzed, name: &str) -> Option<String> {
        let place = analyzed.analysis.as_ref()?.network(analyzed.root, name)?;
        let symbols = analyzed.symbols(place.source);
        let (_, definition) = symbols.network(analyzed.sources.slice(place))?;
        Some(self.describe_definition(analyzed, &symbols, definition))
    }

    fn describe_definition(&self, analyzed: &Analyzed, symbols: &Symbols, definition: &Definition) -> String {
        let mut text = format!("```snn\n{}\n```\n", head(analyzed, symbols, definition));
        for line in &definition.docs {
            let _ = write!(text, "\n{line}");
        }
        text.push('\n');
        match definition.kind {
            DefinitionKind::Network => self.add_graph(analyzed, definition, &mut text),
            DefinitionKind::Layer | DefinitionKind::Instance => {
                self.add_layers(analyzed, symbols, definition, &mut text);
            }
            DefinitionKind::Neuron => {
                if let Some(kind) = symbols.neuron_kind(&definition.name, definition.scope.start as usize) {
                    let _ = write!(text, "\nA `{}`. {}\n", kind.name(), vocabulary::describe(kind));
                }
            }
            DefinitionKind::Parameter | DefinitionKind::Value | DefinitionKind::Variable => {
                let network = definition.network.and_then(|index| symbols.definitions.get(index));
                let network = network.map_or("", |network| network.name.as_str());
                let _ = write!(text, "\n{} of network `{network}`\n", definition.kind.describe());
            }
            DefinitionKind::Import | DefinitionKind::Input => {}
        }
        text
    }

    /// Adds the summary, the layers and the budget of a network of the document.
    fn add_graph(&self, analyzed: &Analyzed, definition: &Definition, text: &mut String) {
        let Some(graph) = graphs(analyzed).find(|(graph, _)| graph.span == definition.span) else { return };
        let (graph, is_sound) = graph;
        let ids: Vec<LayerId> = graph.layers_with_ids().map(|(id, _)| id).collect();
        if is_sound {
            let _ = write!(text, "\n{}\n", facts::network(graph));
        }
        let target = self.target.as_deref().filter(|_| is_sound);
        let _ = write!(text, "\n{}", facts::layers(graph, &ids, None));
        if let Some(facts) = target.and_then(|target| target.describe_network(graph)) {
            let _ = write!(text, "\n{facts}\n");
        }
    }

    /// Adds the layers that a declaration stands for: one, one per round of a loop, or those of an instance.
    fn add_layers(&self, analyzed: &Analyzed, symbols: &Symbols, definition: &Definition, text: &mut String) {
        let spans: Vec<_> = symbols.definitions_of(definition.symbol).map(|d| d.whole).collect();
        for (graph, is_sound) in graphs(analyzed) {
            let is_meant = |name: &str, span| match definition.kind {
                DefinitionKind::Layer => spans.contains(&span),
                // An index stands between the name of an instance and the dot.
                _ => name.strip_prefix(&definition.name).is_some_and(|rest| {
                    rest.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('.')
                }),
            };
            let layers = graph.layers_with_ids();
            let ids: Vec<LayerId> =
                layers.filter(|(_, layer)| is_meant(&layer.name, layer.span)).map(|(id, _)| id).collect();
            if !ids.is_empty() {
                let target = self.target.as_deref().filter(|_| is_sound);
                let _ = write!(text, "\n{}", facts::layers(graph, &ids, target));
            }
        }
        if definition.kind == DefinitionKind::Instance
            && let Some(network) = self.describe_network_of(analyzed, &definition.base)
        {
            let _ = write!(text, "\n{network}");
        }
    }
}

/// Returns parts of Markdown as one hover; `None` if there are none.
fn hover(parts: &[String], range: Option<Range>) -> Option<Hover> {
    let contents = MarkupContent { kind: MarkupKind::Markdown, value: parts.join("\n\n---\n\n") };
    (!parts.is_empty()).then_some(Hover { contents: HoverContents::Markup(contents), range })
}

fn graphs(analyzed: &Analyzed) -> impl Iterator<Item = (&Graph, bool)> {
    let networks = analyzed.analysis.iter().flat_map(|analysis| &analysis.networks);
    networks.map(|network| (&network.graph, network.is_sound))
}

/// Returns the source of a declaration; of a network only its head, with all parameters.
fn head(analyzed: &Analyzed, symbols: &Symbols, definition: &Definition) -> String {
    let whole = analyzed.sources.slice(definition.whole);
    if definition.kind == DefinitionKind::Network && definition.base.is_empty() {
        let index = symbols.network(&definition.name).map(|(index, _)| index);
        let parameters = index.into_iter().flat_map(|index| symbols.parameters(index));
        let parameters: Vec<String> =
            parameters.map(|d| format!("    {},", analyzed.sources.slice(d.whole))).collect();
        return match parameters.is_empty() {
            true => format!("network {}", definition.name),
            false => format!("network {}(\n{}\n)", definition.name, parameters.join("\n")),
        };
    }
    let mut lines: Vec<&str> = whole.lines().take(MAX_LINES).collect();
    if whole.lines().count() > MAX_LINES {
        lines.push("...");
    }
    match definition.kind {
        DefinitionKind::Variable => format!("for {}", definition.name),
        _ => lines.join("\n"),
    }
}

/// Describes a field with its default.
pub(crate) fn field_text(field: Field) -> String {
    let default = match field.default_text() {
        Some(default) => format!("; `{default}` by default"),
        None => String::new(),
    };
    let learn = if field.is_learnable() { " `learn` before its value trains it." } else { "" };
    format!("```snn\n{}\n```\n\n{}{learn} {}{default}", field.name(), field.doc(), "Field of a neuron")
}

/// Describes the keyword at a byte.
fn keyword(text: &str, offset: usize) -> Option<String> {
    let token = tokens(text).into_iter().find(|token| token.start <= offset && offset <= token.end)?;
    let word = text.get(token.start..token.end).filter(|_| token.kind == TokenKind::Identifier)?;
    let keyword = Keyword::of(word)?;
    Some(format!("```snn\n{}\n```\n\n{}", keyword.name(), keyword.doc()))
}

/// Describes a network of the standard library that is not imported yet.
pub(crate) fn std_docs(source: &str, name: &str) -> Option<String> {
    let text = std_source(source)?;
    let before = text.split(&format!("network {name}")).next()?;
    let lines = before.lines().rev().map_while(|line| line.strip_prefix("///"));
    let mut lines: Vec<&str> = lines.map(str::trim).collect();
    lines.reverse();
    Some(lines.join("\n"))
}
