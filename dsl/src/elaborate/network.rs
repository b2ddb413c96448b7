//! Elaborates one network with its arguments to a flat graph.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};

use synnet_ir::graph::{Connection, Endpoint, Input, Layer, LayerId, Output, Quantity};
use synnet_ir::{Diagnostic, Graph, Span, nearest};

use super::chain::{EndpointName, name_connections};
use super::edges::{Edges, UnresolvedConnection};
use super::evaluator::Evaluator;
use super::library::{Library, Lookup, std_has};
use super::neuron;
use super::parameter;
use super::relocate::relocate;
use super::reporter::Reporter;
use super::scope::{Dt, Scope};
use super::templates::Templates;
use super::value::{Spanned, Value};
use crate::codes;
use crate::limits::MAX_INSTANCE_DEPTH;
use crate::syntax::tree::{Argument, Body, Call, Name, Network};
use crate::vocabulary::one_of;

/// Misspelled arguments of a network that are compared with its parameters.
const MAX_SUGGESTIONS: usize = 100;

/// The handle of a layer that was not found, which has been reported.
pub(crate) const UNKNOWN: LayerId = LayerId(u32::MAX);

/// Elaborates networks to graphs. A graph can be partial: a size or channel count of 0, a time step of 0 and the
/// output [`UNKNOWN`] stand for errors that have been reported.
pub(crate) struct Elaborator<'a> {
    pub(crate) library: &'a Library,
    pub(crate) report: Reporter,
    /// The networks that are being elaborated, outermost first, by the places of their names.
    stack: Vec<Span>,
    /// Whether parameters of the outermost network may lack a value: others will set them.
    is_open: bool,
}

/// The arguments of a network, by name.
pub(crate) type NamedArguments = BTreeMap<String, Spanned>;

/// A network that is being elaborated.
pub(crate) struct Frame<'a> {
    pub(crate) network: &'a Network,
    pub(crate) scope: Scope,
    pub(crate) graph: Graph,
    /// Number of neurons of all layers so far.
    pub(crate) neurons: usize,
    pub(crate) names: BTreeMap<String, (Binding, Span)>,
    /// Visible neurons.
    pub(crate) templates: Templates,
    /// What the connections have in common.
    pub(crate) edges: Edges,
    /// Number of connections so far, those of instances included.
    pub(crate) connections: usize,
    pub(crate) connection_items: Vec<ConnectionItem>,
    pub(crate) instances: Vec<Instance>,
    pub(crate) input: Option<Span>,
    pub(crate) dt: Option<Span>,
    pub(crate) output: Option<PendingOutput>,
    /// Whether a statement has a syntax error: what seems to be missing may be declared there.
    pub(crate) has_invalid_statement: bool,
    /// Whether a declaration is unknown (its name has an error, or the condition of its block): unknown names may be
    /// it.
    pub(crate) hides_names: bool,
    /// Whether an `assert` failed or the time step differs: everything after it would fail for the same reason.
    pub(crate) is_rejected: bool,
}

/// The meaning of a name in a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Binding {
    Input,
    Layer(LayerId),
    Instance(usize),
    /// A declaration with an error that has been reported.
    Invalid,
}

/// A part of a network that gives connections. Pieces keep the order of the source.
pub(crate) enum ConnectionItem {
    Unresolved(UnresolvedConnection),
    Instance(usize),
}

/// A network inside another, already flat, whose input is not connected yet.
pub(crate) struct Instance {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) channels: usize,
    pub(crate) connections: Vec<Connection>,
    pub(crate) output: LayerId,
    pub(crate) quantity: Quantity,
    /// The sources connected to its input, and the place of that connection.
    pub(crate) alias: Option<(Vec<Endpoint>, Span)>,
}

/// An `output` statement whose layer has not been looked up yet.
pub(crate) struct PendingOutput {
    pub(crate) target: Option<EndpointName>,
    pub(crate) quantity: Option<Name>,
    pub(crate) span: Span,
}

impl<'a> Elaborator<'a> {
    /// Creates an elaborator of the networks of a library.
    pub(crate) fn new(library: &'a Library, report: Reporter) -> Self {
        Self { library, report, stack: Vec::new(), is_open: false }
    }

    /// Accepts an outermost network whose parameters have no value: whatever depends on them stays unknown, silently.
    pub(crate) fn with_unset_parameters(mut self) -> Self {
        self.is_open = true;
        self
    }

    /// Elaborates the outermost network.
    pub(crate) fn root(&mut self, network: &'a Network, given: NamedArguments) -> Option<Graph> {
        let mut graph = self.network(network, given, Dt::Unset)?;
        name_connections(&mut graph, &mut self.report);
        // Beyond a limit the graph is incomplete, and what it lacks must not be reported.
        (!self.report.is_out_of_fuel()).then_some(graph)
    }

    /// Elaborates a network with its arguments; `dt` is the step of the network around it.
    pub(crate) fn network(&mut self, network: &'a Network, given: NamedArguments, dt: Dt) -> Option<Graph> {
        self.stack.push(network.name.span);
        let graph = self.inner(network, given, dt);
        self.stack.pop();
        graph
    }

    fn inner(&mut self, network: &'a Network, given: NamedArguments, dt: Dt) -> Option<Graph> {
        // A network sees none of the values around it: arguments are all that it gets.
        let mut scope = Scope::new(dt);
        self.bind(network, given, &mut scope);
        match &network.body {
            Body::Alias(call) => {
                let target = self.lookup(&call.name)?;
                let given = self.arguments(call, Some(target), &mut scope)?;
                self.report.sites.push(call.span);
                let graph = self.network(target, given, dt);
                self.report.sites.pop();
                // An alias is the other network under its own name, with its own documentation if it has any.
                let mut graph = graph?;
                graph.name.clone_from(&network.name.text);
                graph.span = network.name.span;
                if !network.docs.is_empty() {
                    graph.docs.clone_from(&network.docs);
                }
                Some(graph)
            }
            Body::Block(statements) => {
                let mut frame = Frame::new(network, scope);
                frame.scope.declare_things(statements);
                frame.reserve();
                // Parameters keep the level outside of the block: a `let` of their name hides them.
                frame.scope.enter();
                self.statements(&mut frame, statements);
                // Without its graph, nothing more is reported about the network.
                if frame.is_rejected {
                    return None;
                }
                Some(self.finish(frame))
            }
        }
    }

    /// Gives every parameter its value, in order: a default can use the parameters before it.
    fn bind(&mut self, network: &Network, mut given: NamedArguments, scope: &mut Scope) {
        let names = || network.parameters.iter().map(|parameter| parameter.name.text.as_str());
        let known: HashSet<&str> = names().collect();
        // A parameter whose name is misspelled among the arguments is not missing as well. Of more arguments, no errors
        // are listed.
        let misspelled: HashSet<&str> = given
            .keys()
            .filter(|name| !known.contains(name.as_str()))
            .take(MAX_SUGGESTIONS)
            .filter_map(|name| nearest(name, names()))
            .collect();
        for declared in &network.parameters {
            let name = &declared.name;
            let origin = given.get(&name.text).map(|placed| placed.span);
            let value = match (given.remove(&name.text), &declared.default) {
                (Some(placed), default) => {
                    let mut eval = Evaluator { scope, report: &mut self.report };
                    parameter::checked(&mut eval, &name.text, default.as_ref(), placed)
                }
                (None, Some(default)) => Evaluator { scope, report: &mut self.report }.value(default),
                (None, None) if misspelled.contains(name.text.as_str()) => Value::Error,
                (None, None) if self.is_open && self.stack.len() == 1 => Value::Error,
                (None, None) => {
                    let message =
                        format!("missing argument `{}` of network `{}`", name.text, network.name.text);
                    let (span, help) = match self.report.sites.last() {
                        Some(&site) => (site, format!("add the argument `{}: ...`", name.text)),
                        None => {
                            let setting = match self.report.has_recipe {
                                true => format!("set `{}` in `params` of the recipe", name.text),
                                false => format!("pass `--param {}=...`", name.text),
                            };
                            (name.span, format!("{setting}, or add a default: `{} = ...`", name.text))
                        }
                    };
                    self.report.error_help(&codes::MISSING_ARGUMENT, span, message, help);
                    Value::Error
                }
            };
            if let Err(earlier) = scope.declare(&name.text, value, name.span, origin) {
                self.duplicate(name, earlier);
            }
        }
        for (name, placed) in given {
            let message = format!("network `{}` has no parameter `{name}`", network.name.text);
            let diagnostic = Diagnostic::error(&codes::UNKNOWN_FIELD, placed.span, message);
            if self.report.diagnostics.only_counts(&codes::UNKNOWN_FIELD, placed.span) {
                self.report.push(diagnostic);
                continue;
            }
            let near = nearest(&name, names());
            let mut diagnostic = diagnostic.with_suggestion(near, || match network.parameters.as_slice() {
                [] => "remove it: the network has no parameters".to_owned(),
                [only] => format!("use its only parameter, `{}`", only.name.text),
                _ => one_of(names()),
            });
            // The place covers the value too, and an argument from outside has no name in its source.
            diagnostic.fix = diagnostic.fix.filter(|_| !self.report.params.contains(&placed.span.source));
            if let Some(fix) = &mut diagnostic.fix {
                fix.span.end = fix.span.start + name.len() as u32;
            }
            self.report.push(diagnostic);
        }
    }

    /// Returns the network that a name means, or `None` after an error that has been reported.
    pub(crate) fn lookup(&mut self, name: &Name) -> Option<&'a Network> {
        match self.library.network(name.span.source, &name.text) {
            Lookup::Network(network) => {
                // Arguments do not matter: even a recursion that would end, by an `if` on a parameter, is refused.
                if self.stack.contains(&network.name.span) {
                    let message = format!("network `{}` contains itself", name.text);
                    self.report.error_help(
                        &codes::RECURSION,
                        name.span,
                        message,
                        "repeat layers with `for`, or use another network",
                    );
                    return None;
                }
                if self.stack.len() >= MAX_INSTANCE_DEPTH {
                    let message = format!("networks nest more than {MAX_INSTANCE_DEPTH} levels deep");
                    let help = "merge some of them into one";
                    self.report.error_help(&codes::TOO_LARGE, name.span, message, help);
                    return None;
                }
                Some(network)
            }
            Lookup::Invalid => None,
            Lookup::Unknown => {
                let text = &name.text;
                let error = |message| Diagnostic::error(&codes::UNKNOWN_NAME, name.span, message);
                let names = self.library.names(name.span.source);
                let near = self.report.nearest(&codes::UNKNOWN_NAME, name.span, text, names);
                self.report.push(if neuron::kind(text).is_some() {
                    error(format!("`{text}` is a neuron kind, not a network"))
                        .with_help(format!("use it in a layer: `layer h0: {text}(60) {{ ... }};`"))
                } else {
                    let diagnostic = error(format!("unknown network `{text}`"));
                    let mut diagnostic = diagnostic.with_suggestion(near, || match std_has(text) {
                        true => format!("add `use std::{text};` at the top of the file"),
                        false => "declare it with `network`, or import it with `use`".to_owned(),
                    });
                    if near.is_none() && std_has(text) {
                        let top = Span::new(name.span.source, 0, 0);
                        diagnostic = diagnostic.with_fix(top, format!("use std::{text};\n"));
                    }
                    diagnostic
                });
                None
            }
        }
    }

    /// Returns the arguments of `network` by name, or `None` after an error that has been reported and hides others.
    pub(crate) fn arguments(
        &mut self,
        call: &Call,
        network: Option<&Network>,
        scope: &mut Scope,
    ) -> Option<NamedArguments> {
        let mut given = NamedArguments::new();
        let mut unnamed: Option<Span> = None;
        for Argument { name, value } in &call.arguments {
            let mut eval = Evaluator { scope, report: &mut self.report };
            let placed = Spanned { value: eval.value(value), span: value.span };
            let Some(name) = name else {
                unnamed = Some(unnamed.map_or(value.span, |span| span.to(value.span)));
                continue;
            };
            let span = name.span;
            // The first value stays, so that a second one does not cause other errors.
            if let Entry::Vacant(entry) = given.entry(name.text.clone()) {
                entry.insert(Spanned { span: span.to(placed.span), ..placed });
            } else {
                let message = format!("the argument `{}` is set twice", name.text);
                self.report.error_help(&codes::DUPLICATE_SETTING, span, message, "remove one of them");
            }
        }
        let Some(span) = unnamed else { return Some(given) };
        // Which parameters they stand for is unknown, so nothing can be said about missing or unknown ones.
        let names = network.iter().flat_map(|network| &network.parameters).take(call.arguments.len());
        let names: Vec<String> = names.map(|parameter| format!("{}: ...", parameter.name.text)).collect();
        let names = if names.is_empty() { "name: ...".to_owned() } else { names.join(", ") };
        let message = format!("arguments of network `{}` need names", call.name.text);
        let help = format!("write `{}({names})`", call.name.text);
        self.report.error_help(&codes::ARGUMENTS, span, message, help);
        None
    }

    /// Reports a name that is declared twice.
    pub(crate) fn duplicate(&mut self, name: &Name, earlier: Span) {
        let message = format!("the name `{}` is declared twice", name.text);
        self.report.push(
            Diagnostic::error(&codes::DUPLICATE_NAME, name.span, message)
                .with_note(earlier, "first declared here")
                .with_help("rename one of them"),
        );
    }

    /// Completes the graph of a network from its items.
    fn finish(&mut self, mut frame: Frame<'a>) -> Graph {
        // Statements that were not elaborated may declare what seems to be missing.
        frame.has_invalid_statement |= self.report.is_out_of_fuel();
        frame.hides_names |= self.report.is_out_of_fuel();
        let head = frame.network.head;
        let name = &frame.network.name.text;
        if !frame.has_invalid_statement {
            if frame.scope.dt == Dt::Unset {
                let message = format!("network `{name}` has no time step");
                self.report.error_help(&codes::TIME_STEP, head, message, "add `dt: 10 ms;`");
            }
            if frame.input.is_none() {
                let message = format!("network `{name}` has no input");
                self.report.error_help(&codes::INPUT, head, message, "add `input events: 16;`");
            }
            if frame.output.is_none() {
                let message = format!("network `{name}` has no output");
                self.report.error_help(&codes::OUTPUT, head, message, "add `output layer.spikes;`");
            }
        }
        // Links need the step for their initial scale, and the output needs the layers of all statements.
        frame.graph.dt = frame.scope.dt.seconds().unwrap_or(0.0);
        self.resolve(&mut frame);
        self.output(&mut frame);
        if self.report.std.contains(&head.source)
            && let Some(site) = self.report.user_site()
        {
            relocate(&mut frame.graph, site, &self.report.std);
        }
        frame.graph
    }
}

impl<'a> Frame<'a> {
    fn new(network: &'a Network, scope: Scope) -> Self {
        let graph = Graph {
            name: network.name.text.clone(),
            docs: network.docs.clone(),
            dt: 0.0,
            input: Input { name: String::new(), channels: 0, docs: Vec::new(), span: network.name.span },
            layers: Vec::new(),
            connections: Vec::new(),
            output: Output { layer: UNKNOWN, quantity: Quantity::Spikes, span: network.name.span },
            span: network.name.span,
        };
        Self {
            network,
            scope,
            graph,
            neurons: 0,
            names: BTreeMap::new(),
            templates: Templates::new(),
            edges: Edges::default(),
            connections: 0,
            connection_items: Vec::new(),
            instances: Vec::new(),
            input: None,
            dt: None,
            output: None,
            has_invalid_statement: false,
            hides_names: false,
            is_rejected: false,
        }
    }

    /// Makes room for the layers that the statements declare outside of loops, and for a connection to each.
    fn reserve(&mut self) {
        let count = self.scope.things.len();
        self.graph.layers.reserve(count);
        self.connection_items.reserve(count);
        self.edges.reserve(count);
    }

    /// Adds a layer, and returns its handle.
    pub(crate) fn add(&mut self, layer: Layer) -> LayerId {
        self.neurons += layer.size;
        self.graph.layers.push(layer);
        LayerId(self.graph.layers.len() as u32 - 1)
    }
}
