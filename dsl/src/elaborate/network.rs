//! One network with its arguments, to a flat graph.

use std::collections::BTreeMap;

use synnet_ir::display::quantity_name;
use synnet_ir::graph::{Connection, Endpoint, Input, Layer, LayerId, Operator, Output, Quantity};
use synnet_ir::{Diagnostic, Graph, Span, nearest};

use super::chain::{Link, Target, name_connections};
use super::evaluator::Evaluator;
use super::library::{Library, Lookup};
use super::neuron::{self, Template};
use super::parameter;
use super::relocate::relocate;
use super::report::Report;
use super::scope::{Dt, Scope};
use super::value::{Placed, Value};
use crate::codes;
use crate::limits::MAX_INSTANCE_DEPTH;
use crate::syntax::tree::{Argument, Body, Call, Name, Network};
use crate::vocabulary::{ChainOperator, listed};

/// The handle of a layer that could not be found.
pub(crate) const UNKNOWN: LayerId = LayerId(u32::MAX);

/// Turns networks into graphs. A graph may be partial: a size or channel count of 0, a step of 0 and an
/// output [`UNKNOWN`] are what could not be understood and has been reported.
pub(crate) struct Elaborator<'a> {
    pub(crate) library: &'a Library,
    pub(crate) report: Report,
    /// The networks that are being elaborated, outermost first.
    stack: Vec<Span>,
}

/// Arguments of a network by name.
pub(crate) type Given = BTreeMap<String, Placed>;

/// A network in the making.
pub(crate) struct Frame<'a> {
    pub(crate) network: &'a Network,
    pub(crate) scope: Scope,
    pub(crate) graph: Graph,
    pub(crate) names: BTreeMap<String, (Named, Span)>,
    /// Neurons in sight, those of inner blocks last; `None` for one that has been reported.
    pub(crate) templates: Vec<(String, Option<Template>, Span)>,
    /// Where the neurons of the innermost block start.
    pub(crate) block_templates: usize,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) instances: Vec<Instance>,
    pub(crate) input: Option<Span>,
    pub(crate) dt: Option<Span>,
    pub(crate) output: Option<PendingOutput>,
    /// Whether a statement could not be understood: what seems to be missing may stand there.
    pub(crate) has_broken: bool,
    /// Whether a block could not be decided upon: what it declares is unknown.
    pub(crate) hides_names: bool,
    /// Whether a requirement is not met on which everything else rests.
    pub(crate) is_rejected: bool,
}

/// What a name of the network stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Named {
    Input,
    Layer(LayerId),
    Instance(usize),
    /// Something that has been reported.
    Broken,
}

/// A source of connections, in the order of the text.
pub(crate) enum Piece {
    Link(Box<Link>),
    Instance(usize),
}

/// A network inside another, already flat; its input is still open.
pub(crate) struct Instance {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) channels: usize,
    pub(crate) connections: Vec<Connection>,
    pub(crate) output: LayerId,
    pub(crate) quantity: Quantity,
    /// What stands for its input, once a connection says so.
    pub(crate) alias: Option<(Vec<Endpoint>, Span)>,
}

/// An `output` statement, before its layer is looked up.
pub(crate) struct PendingOutput {
    pub(crate) target: Option<Target>,
    pub(crate) quantity: Option<Name>,
    pub(crate) span: Span,
}

impl<'a> Elaborator<'a> {
    /// An elaborator over the networks of a library.
    pub(crate) fn new(library: &'a Library, report: Report) -> Self {
        Self { library, report, stack: Vec::new() }
    }

    /// Elaborates the outermost network.
    pub(crate) fn root(&mut self, network: &'a Network, given: Given) -> Option<Graph> {
        let mut graph = self.network(network, given, Dt::Unset)?;
        name_connections(&mut graph);
        Some(graph)
    }

    /// Elaborates a network with its arguments; `dt` is the step of the network around it.
    pub(crate) fn network(&mut self, network: &'a Network, given: Given, dt: Dt) -> Option<Graph> {
        self.stack.push(network.name.span);
        let graph = self.inner(network, given, dt);
        self.stack.pop();
        graph
    }

    fn inner(&mut self, network: &'a Network, given: Given, dt: Dt) -> Option<Graph> {
        let mut scope = Scope::new(dt);
        self.bind(network, given, &mut scope);
        match &network.body {
            Body::Alias(call) => {
                let given = self.arguments(call, &mut scope)?;
                let target = self.lookup(&call.name)?;
                self.report.sites.push(call.span);
                let graph = self.network(target, given, dt);
                self.report.sites.pop();
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
                frame.scope.enter();
                self.statements(&mut frame, statements);
                if frame.is_rejected {
                    return None;
                }
                Some(self.finish(frame))
            }
        }
    }

    /// Gives every parameter its value.
    fn bind(&mut self, network: &Network, mut given: Given, scope: &mut Scope) {
        for declared in &network.parameters {
            let name = &declared.name;
            let origin = given.get(&name.text).map(|placed| placed.span);
            let value = match (given.remove(&name.text), &declared.default) {
                (Some(placed), default) => {
                    let mut eval = Evaluator { scope, report: &mut self.report };
                    parameter::checked(&mut eval, &name.text, default.as_ref(), placed)
                }
                (None, Some(default)) => Evaluator { scope, report: &mut self.report }.value(default),
                (None, None) => {
                    let message =
                        format!("network `{}` needs a value for `{}`", network.name.text, name.text);
                    let (span, help) = match self.report.sites.last() {
                        Some(&site) => (site, format!("add `{}: ...` to the arguments", name.text)),
                        None => (
                            name.span,
                            format!(
                                "give one with `--param {}=...`, or give the parameter a default: `{} = ...`",
                                name.text, name.text
                            ),
                        ),
                    };
                    self.report.error_help(&codes::MISSING_ARGUMENT, span, message, help);
                    Value::Error
                }
            };
            if let Err(earlier) = scope.declare_from(&name.text, value, name.span, origin) {
                self.duplicate(name, earlier);
            }
        }
        for (name, placed) in given {
            let message = format!("network `{}` has no parameter `{name}`", network.name.text);
            let names = || network.parameters.iter().map(|parameter| parameter.name.text.as_str());
            let diagnostic = Diagnostic::error(&codes::UNKNOWN_FIELD, placed.span, message);
            self.report.push(match nearest(&name, names()) {
                Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
                None if network.parameters.is_empty() => diagnostic.with_help("it has no parameters"),
                None => diagnostic
                    .with_help(format!("its parameters are {}", names().collect::<Vec<_>>().join(", "))),
            });
        }
    }

    /// The network that a name means, or `None` where that has been reported.
    pub(crate) fn lookup(&mut self, name: &Name) -> Option<&'a Network> {
        match self.library.network(name.span.source, &name.text) {
            Lookup::Network(network) => {
                if self.stack.contains(&network.name.span) {
                    let message = format!("network `{}` contains itself", name.text);
                    self.report.error_help(
                        &codes::RECURSION,
                        name.span,
                        message,
                        "a network is built from others; use `for` to repeat layers",
                    );
                    return None;
                }
                if self.stack.len() >= MAX_INSTANCE_DEPTH {
                    let message = format!("networks nest more than {MAX_INSTANCE_DEPTH} deep");
                    let help = "join some of them into one";
                    self.report.error_help(&codes::TOO_LARGE, name.span, message, help);
                    return None;
                }
                Some(network)
            }
            Lookup::Broken => None,
            Lookup::Unknown => {
                let message = format!("no network has the name `{}`", name.text);
                let diagnostic = Diagnostic::error(&codes::UNKNOWN_NAME, name.span, message);
                self.report.push(match nearest(&name.text, self.library.names(name.span.source)) {
                    Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
                    None if self.library.std_has(&name.text) => {
                        diagnostic.with_help(format!("add `use std::{};` at the top of the file", name.text))
                    }
                    None if neuron::kind(&name.text).is_some() => diagnostic.with_help(format!(
                        "`{0}` is a neuron: write `layer name: {0}(size) {{ ... }};`",
                        name.text
                    )),
                    None => diagnostic.with_help("declare it with `network`, or import it with `use`"),
                });
                None
            }
        }
    }

    /// The arguments of a network by name, or `None` where they have been reported.
    pub(crate) fn arguments(&mut self, call: &Call, scope: &mut Scope) -> Option<Given> {
        let mut given = Given::new();
        for Argument { name, value } in &call.arguments {
            let mut eval = Evaluator { scope, report: &mut self.report };
            let placed = Placed { value: eval.value(value), span: value.span };
            let Some(name) = name else {
                self.report.error_help(
                    &codes::ARGUMENTS,
                    value.span,
                    "arguments of a network have names",
                    format!("write `{}(name: value)`", call.name.text),
                );
                continue;
            };
            let span = name.span;
            if given.insert(name.text.clone(), Placed { span: span.to(placed.span), ..placed }).is_some() {
                let message = format!("the argument `{}` is given twice", name.text);
                self.report.error_help(&codes::CONFLICT, span, message, "keep one of them");
            }
        }
        Some(given)
    }

    /// Reports a name that is declared twice.
    pub(crate) fn duplicate(&mut self, name: &Name, earlier: Span) {
        let message = format!("the name `{}` is given twice", name.text);
        self.report.push(
            Diagnostic::error(&codes::DUPLICATE_NAME, name.span, message)
                .with_note(earlier, "first given here")
                .with_help("rename one of them"),
        );
    }

    /// Joins the pieces of a network to its graph.
    fn finish(&mut self, mut frame: Frame<'a>) -> Graph {
        // Statements that were not carried out may declare what seems to be missing.
        frame.has_broken |= self.report.exhausted();
        frame.hides_names |= self.report.exhausted();
        let head = frame.network.head;
        let name = &frame.network.name.text;
        if !frame.has_broken {
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
        frame.graph.dt = frame.scope.dt.seconds().unwrap_or(0.0);
        self.resolve(&mut frame);
        self.output(&mut frame);
        if self.report.std.contains(&head.source)
            && let Some(site) = self.report.own_site()
        {
            relocate(&mut frame.graph, site, &self.report.std);
        }
        frame.graph
    }

    /// Looks up the ends of all links, then puts the connections into the order of the text.
    fn resolve(&mut self, frame: &mut Frame<'a>) {
        let pieces = std::mem::take(&mut frame.pieces);
        let mut resolved = Vec::new();
        for piece in &pieces {
            if let Piece::Link(link) = piece {
                let connection = self.link(frame, link);
                resolved.push(connection);
            }
        }
        let mut resolved = resolved.into_iter();
        for piece in pieces {
            match piece {
                Piece::Link(_) => frame.graph.connections.extend(resolved.next().flatten()),
                Piece::Instance(index) => self.open(frame, index),
            }
        }
    }

    /// Replaces the input of an instance by what is connected to it.
    fn open(&mut self, frame: &mut Frame<'a>, index: usize) {
        let instance = &mut frame.instances[index];
        let Some((alias, _)) = &instance.alias else {
            if !frame.has_broken {
                let message = format!("nothing is connected to the input of `{}`", instance.name);
                let help = format!("add `source -> {};`", instance.name);
                self.report.error_help(&codes::INSTANCE, instance.span, message, help);
            }
            return;
        };
        for mut connection in std::mem::take(&mut instance.connections) {
            let sources = std::mem::take(&mut connection.sources);
            connection.sources = sources
                .into_iter()
                .flat_map(|source| if source == Endpoint::Input { alias.clone() } else { vec![source] })
                .collect();
            // An input that could not be connected leaves no source.
            if !connection.sources.is_empty() {
                frame.graph.connections.push(connection);
            }
        }
    }

    fn link(&mut self, frame: &mut Frame<'a>, link: &Link) -> Option<Connection> {
        let mut sources = Some(Vec::new());
        for source in &link.sources {
            let endpoint = self.source(frame, source);
            match (endpoint, &mut sources) {
                (Some(endpoint), Some(sources)) => sources.push(endpoint),
                _ => sources = None,
            }
        }
        let target = self.named(frame, &link.target);
        match target? {
            Named::Layer(target) => {
                let sources = sources?;
                let width = sources.iter().map(|source| frame.graph.width(*source)).max().unwrap_or(0);
                let operator = match &link.linear {
                    None => Operator::Identity,
                    Some(options) => {
                        let layer = frame.graph.layer(target);
                        let mut eval = Evaluator { scope: &mut frame.scope, report: &mut self.report };
                        // An unknown step has been reported; any other serves as well.
                        let dt = if frame.graph.dt > 0.0 { frame.graph.dt } else { 1e-3 };
                        options.operator(&mut eval, width, layer, dt)
                    }
                };
                Some(Connection {
                    name: String::new(),
                    sources,
                    target,
                    delay: link.delay,
                    dropout: link.dropout,
                    operator,
                    docs: link.docs.clone(),
                    span: link.span,
                })
            }
            Named::Instance(index) => {
                self.alias(frame, link, index, sources);
                None
            }
            Named::Input => {
                self.report.error_help(
                    &codes::INPUT,
                    link.target.span,
                    "the input receives nothing",
                    "connect to a layer",
                );
                None
            }
            Named::Broken => None,
        }
    }

    /// Connects an instance's input, which is nothing but another name of its sources.
    fn alias(&mut self, frame: &mut Frame<'a>, link: &Link, index: usize, sources: Option<Vec<Endpoint>>) {
        let widths: Vec<usize> = sources
            .iter()
            .flatten()
            .map(|source| frame.graph.width(*source))
            .filter(|&width| width > 0)
            .collect();
        let instance = &mut frame.instances[index];
        if let Some(operator) = link.operator {
            let message = format!("the input of `{}` is another name for its source", instance.name);
            let help = format!(
                "write `source -> {};` and put operators inside its network, or a layer between",
                instance.name
            );
            self.report.error_help(&codes::INSTANCE, operator, message, help);
        } else if let Some((_, earlier)) = &instance.alias {
            let message = format!("the input of `{}` is connected twice", instance.name);
            self.report.push(
                Diagnostic::error(&codes::INSTANCE, link.span, message)
                    .with_note(*earlier, "first connected here")
                    .with_help(format!("write a sum: `a + b -> {};`", instance.name)),
            );
        } else if let Some(width) =
            widths.iter().find(|&&width| instance.channels > 0 && width != instance.channels)
        {
            let message = format!(
                "`{}` takes {} channels, but its source has {width}",
                instance.name, instance.channels
            );
            self.report.error_help(&codes::WIDTH, link.span, message, "make both the same size");
        }
        let fits = widths.iter().all(|&width| width == instance.channels);
        let sources = sources.filter(|_| fits).unwrap_or_default();
        instance.alias.get_or_insert((sources, link.span));
    }

    /// What a name stands for, or `None` where that has been reported.
    fn named(&mut self, frame: &Frame<'a>, target: &Target) -> Option<Named> {
        if let Some((named, _)) = frame.names.get(&target.name) {
            return Some(*named);
        }
        if frame.hides_names {
            return None;
        }
        let message = format!("no layer has the name `{}`", target.name);
        let diagnostic = Diagnostic::error(&codes::UNKNOWN_NAME, target.span, message);
        let operators: Vec<&str> = ChainOperator::names().collect();
        let names = frame.names.keys().map(String::as_str).chain(operators.iter().copied());
        self.report.push(match nearest(&target.name, names) {
            Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
            None => {
                diagnostic.with_help(format!("declare it: `layer {}: lif(size) {{ ... }};`", target.name))
            }
        });
        None
    }

    /// The layer or input whose spikes a name stands for.
    fn source(&mut self, frame: &Frame<'a>, source: &Target) -> Option<Endpoint> {
        match self.named(frame, source)? {
            Named::Input => Some(Endpoint::Input),
            Named::Layer(id) => Some(Endpoint::Layer(id)),
            Named::Instance(index) => {
                let instance = &frame.instances[index];
                if instance.output == UNKNOWN {
                    return None;
                }
                let id = instance.output;
                let gives = frame.graph.layer(id).neuron.sends();
                if instance.quantity != gives {
                    let message = format!(
                        "`{}` gives {}, which connections cannot carry",
                        instance.name,
                        quantity_name(instance.quantity)
                    );
                    let help =
                        "only spikes (and currents of `expsyn`) travel along connections: let it give those";
                    self.report.error_help(&codes::INSTANCE, source.span, message, help);
                    return None;
                }
                Some(Endpoint::Layer(id))
            }
            Named::Broken => None,
        }
    }

    fn output(&mut self, frame: &mut Frame<'a>) {
        let Some(PendingOutput { target, quantity, span }) = frame.output.take() else { return };
        let Some(target) = target else { return };
        let (layer, default) = match self.named(frame, &target) {
            Some(Named::Layer(id)) => (id, frame.graph.layer(id).neuron.sends()),
            Some(Named::Instance(index)) => (frame.instances[index].output, frame.instances[index].quantity),
            Some(Named::Input) => {
                self.report.error_help(
                    &codes::OUTPUT,
                    target.span,
                    "the input cannot be the output",
                    "name a layer",
                );
                return;
            }
            Some(Named::Broken) | None => return,
        };
        let quantity = quantity.and_then(|name| self.quantity(&name)).unwrap_or(default);
        frame.graph.output = Output { layer, quantity, span };
    }

    /// The quantity that a name means, or `None` where that has been reported.
    fn quantity(&mut self, name: &Name) -> Option<Quantity> {
        let known = Quantity::ALL.into_iter().find(|quantity| quantity.name() == name.text);
        if known.is_none() {
            let names = Quantity::ALL.map(Quantity::name);
            let message = format!("a layer has no quantity `{}`", name.text);
            let diagnostic = Diagnostic::error(&codes::OUTPUT, name.span, message);
            self.report.push(match nearest(&name.text, names) {
                Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
                None => diagnostic.with_help(format!("the quantities are {}", listed(names))),
            });
        }
        known
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
            names: BTreeMap::new(),
            templates: Vec::new(),
            block_templates: 0,
            pieces: Vec::new(),
            instances: Vec::new(),
            input: None,
            dt: None,
            output: None,
            has_broken: false,
            hides_names: false,
            is_rejected: false,
        }
    }

    /// Adds a layer and returns its handle.
    pub(crate) fn add(&mut self, layer: Layer) -> LayerId {
        self.graph.layers.push(layer);
        LayerId(self.graph.layers.len() as u32 - 1)
    }
}
