//! Resolves the names in connections, once the whole network is known.

use std::rc::Rc;
use std::sync::Arc;

use synnet_ir::display::quantity_name;
use synnet_ir::graph::{Connection, Endpoint, LayerId, Linear, Operator, Output, Quantity};
use synnet_ir::{Diagnostic, Span, nearest};

use super::chain::EndpointName;
use super::edges::{Edges, EndPlace, MatrixKey, NameId, UnresolvedConnection};
use super::evaluator::Evaluator;
use super::network::{Binding, ConnectionItem, Elaborator, Frame, PendingOutput, UNKNOWN};
use super::neuron;
use super::scope::Thing;
use crate::codes;
use crate::syntax::tree::Name;
use crate::vocabulary::{ChainOperator, one_of};

/// Looks up the ends of the connections of a network.
struct Resolver<'r, 'a> {
    elaborator: &'r mut Elaborator<'a>,
    frame: &'r mut Frame<'a>,
    edges: Edges,
    /// What the names of the edges stand for; `None` for those that are not declared.
    bindings: Vec<Option<Binding>>,
}

impl Resolver<'_, '_> {
    /// Returns what a name stands for, or `None` after an error that has been reported.
    fn named(&mut self, name: NameId, place: EndPlace) -> Option<Binding> {
        self.bindings[name.index()].or_else(|| {
            let end = self.edges.end(name, place);
            self.elaborator.named(self.frame, &end)
        })
    }

    /// Returns the sources of a connection, or `None` after an error that has been reported.
    fn sources(&mut self, unresolved: &UnresolvedConnection) -> Option<Vec<Endpoint>> {
        let names = unresolved.sources.as_slice();
        let mut sources = Some(Vec::with_capacity(names.len()));
        // Every source is looked up, even after one with an error, so that all unknown names are reported.
        for (name, place) in names.iter().zip(&unresolved.place.sources) {
            let binding = self.named(*name, *place);
            let endpoint =
                binding.and_then(|binding| self.elaborator.source(self.frame, binding, place.span));
            match (endpoint, &mut sources) {
                (Some(endpoint), Some(sources)) => sources.push(endpoint),
                _ => sources = None,
            }
        }
        sources
    }

    /// Returns a connection into a layer; `None` for one into an instance, and after an error that has been reported.
    fn connection(&mut self, unresolved: &UnresolvedConnection) -> Option<Connection> {
        let place = &unresolved.place;
        if let Some(Binding::Instance(_)) = self.bindings[unresolved.target.index()] {
            return None;
        }
        let sources = self.sources(unresolved);
        match self.named(unresolved.target, place.target)? {
            Binding::Layer(target) => {
                let sources = sources?;
                let operator = self.operator(unresolved, &sources, target)?;
                Some(Connection {
                    name: String::new(),
                    sources,
                    target,
                    delay: unresolved.delay,
                    dropout: unresolved.dropout,
                    operator,
                    docs: Arc::clone(&place.docs),
                    span: place.span,
                })
            }
            Binding::Input => {
                self.elaborator.report.error_help(
                    &codes::INPUT,
                    place.target.span,
                    "the input of the network cannot be a target",
                    "end the connection at a layer",
                );
                None
            }
            Binding::Instance(_) | Binding::Invalid => None,
        }
    }

    /// Returns the operator of a connection; `None` if the source unfolds to too much.
    fn operator(
        &mut self,
        unresolved: &UnresolvedConnection,
        sources: &[Endpoint],
        target: LayerId,
    ) -> Option<Operator> {
        let Some(options) = &unresolved.linear else { return Some(Operator::Identity) };
        let (graph, edge) = (&self.frame.graph, unresolved.place.span);
        // Sources of different widths are reported by the check of graphs; the largest serves until then.
        let width = sources.iter().map(|source| graph.width(*source)).max().unwrap_or(0);
        let key = MatrixKey { options: Rc::clone(options), sources: width, target };
        if let Some(operator) = unresolved.place.same_matrix(&key) {
            return Some(operator);
        }
        let layer = graph.layer(target);
        let mut eval = Evaluator { scope: &mut self.frame.scope, report: &mut self.elaborator.report };
        // A missing step has been reported; the initial scale needs some step.
        let dt = if graph.dt > 0.0 { graph.dt } else { 1e-3 };
        let linear = options.linear(&mut eval, width, layer, dt, edge)?;
        let bytes = size_of::<Linear>() + size_of_val(linear.init.scale.as_slice());
        let (operator, is_shared) = unresolved.place.matrix(key, linear);
        (is_shared || self.elaborator.report.consume_bytes(bytes, edge)).then_some(operator)
    }
}

impl<'a> Elaborator<'a> {
    /// Looks up the endpoints of all unresolved connections, then puts the connections into the order of the source.
    ///
    /// Connections into instances come first: one can lead into an instance that is declared above it, whose own
    /// connections start at the sources of that connection.
    pub(super) fn resolve(&mut self, frame: &mut Frame<'a>) {
        let connection_items = std::mem::take(&mut frame.connection_items);
        let edges = std::mem::take(&mut frame.edges);
        // Each name is looked up once.
        let bindings: Vec<Option<Binding>> = edges
            .names()
            .iter()
            .map(|name| frame.names.get(name.as_ref()).map(|(binding, _)| *binding))
            .collect();
        let mut resolver = Resolver { elaborator: self, frame, edges, bindings };
        for item in &connection_items {
            if let ConnectionItem::Unresolved(unresolved) = item
                && let Some(Binding::Instance(index)) = resolver.bindings[unresolved.target.index()]
            {
                let sources = resolver.sources(unresolved);
                resolver.elaborator.alias(resolver.frame, unresolved, index, sources);
            }
        }
        resolver.frame.graph.connections.reserve(connection_items.len());
        for item in connection_items {
            match item {
                ConnectionItem::Unresolved(unresolved) => {
                    if let Some(connection) = resolver.connection(&unresolved) {
                        resolver.frame.graph.connections.push(connection);
                    }
                }
                ConnectionItem::Instance(index) => resolver.elaborator.open(resolver.frame, index),
            }
        }
    }

    /// Adds the connections of an instance, its input replaced by the sources connected to it.
    fn open(&mut self, frame: &mut Frame<'a>, index: usize) {
        let instance = &mut frame.instances[index];
        let Some((alias, _)) = &instance.alias else {
            // A connection to a name that has been reported may be meant for it.
            let is_known = matches!(frame.names.get(&instance.name), Some((Binding::Instance(_), _)));
            if is_known && !frame.has_invalid_statement {
                let message = format!("the input of `{}` is not connected", instance.name);
                let help = format!("add `source -> {};`", instance.name);
                self.report.error_help(&codes::INSTANCE, instance.span, message, help);
            }
            return;
        };
        let from_input = |connection: &Connection| connection.sources.contains(&Endpoint::Input);
        let repeated = instance.connections.iter().filter(|connection| from_input(connection)).count();
        // Each of them gets all of the sources.
        if !self.report.consume_fuel(repeated.saturating_mul(alias.len()), instance.span) {
            return;
        }
        for mut connection in std::mem::take(&mut instance.connections) {
            if from_input(&connection) {
                let sources = std::mem::take(&mut connection.sources);
                connection.sources = sources
                    .into_iter()
                    .flat_map(|source| if source == Endpoint::Input { alias.clone() } else { vec![source] })
                    .collect();
            }
            // An input whose connection has an error leaves no source.
            if !connection.sources.is_empty() {
                frame.graph.connections.push(connection);
            }
        }
    }

    /// Connects the input of an instance. The input is another name for its sources, so the connection has no
    /// weights.
    fn alias(
        &mut self,
        frame: &mut Frame<'a>,
        unresolved: &UnresolvedConnection,
        index: usize,
        sources: Option<Vec<Endpoint>>,
    ) {
        let widths: Vec<usize> = sources
            .iter()
            .flatten()
            .map(|source| frame.graph.width(*source))
            .filter(|&width| width > 0)
            .collect();
        let instance = &mut frame.instances[index];
        let span = unresolved.place.span;
        if let Some(operator) = unresolved.place.operator {
            let message = format!("the connection to instance `{}` cannot have operators", instance.name);
            let help =
                format!("write `source -> {};`, and move the operators into its network", instance.name);
            self.report.error_help(&codes::INSTANCE, operator, message, help);
        } else if let Some((_, earlier)) = &instance.alias {
            let message = format!("the input of `{}` is connected twice", instance.name);
            self.report.push(
                Diagnostic::error(&codes::INSTANCE, span, message)
                    .with_note(*earlier, "first connected here")
                    .with_help(format!("write a sum: `a + b -> {};`", instance.name)),
            );
        } else if let Some(width) =
            widths.iter().find(|&&width| instance.channels > 0 && width != instance.channels)
        {
            let message = format!(
                "`{}` has {} input channels, but its source has {width}",
                instance.name, instance.channels
            );
            self.report.error_help(&codes::WIDTH, span, message, "make both sizes equal");
        }
        // A source of another width stays out of the graph: inside the instance, the error would be hard to read.
        let fits = widths.iter().all(|&width| width == instance.channels);
        let sources = sources.filter(|_| fits).unwrap_or_default();
        instance.alias.get_or_insert((sources, span));
    }

    /// Returns what a name stands for, or `None` after an error that has been reported.
    fn named(&mut self, frame: &Frame<'a>, target: &EndpointName) -> Option<Binding> {
        if let Some((named, _)) = frame.names.get(&target.name) {
            return Some(*named);
        }
        if frame.hides_names || frame.scope.broken.names.contains(&target.name) {
            return None;
        }
        let name = target.name.as_str();
        let error = |message| Diagnostic::error(&codes::UNKNOWN_NAME, target.span, message);
        let what = if target.is_value {
            Some("a value")
        } else if frame.scope.things.get(name) == Some(&Thing::Neuron) {
            Some("a neuron")
        } else if neuron::kind(name).is_some() {
            Some("a neuron kind")
        } else if self.report.is_network(name) {
            Some("a network")
        } else {
            None
        };
        if let Some(what) = what {
            let help = match what {
                "a value" => {
                    "connect a layer; values are arguments of operators, as in `dropout(p)`".to_owned()
                }
                "a network" => format!("declare an instance: `net body: {name}(...);`, and connect `body`"),
                _ => format!("declare a layer: `layer h0: {name}(60) {{ ... }};`, and connect `h0`"),
            };
            self.report.push(error(format!("`{name}` is {what}, not a layer")).with_help(help));
            return None;
        }
        let operators: Vec<&str> = ChainOperator::names().collect();
        let names = frame.names.keys().map(String::as_str).chain(operators.iter().copied());
        let near = self.report.nearest(&codes::UNKNOWN_NAME, target.span, name, names);
        self.report.push(
            error(format!("unknown layer `{name}`"))
                .with_suggestion(near, || format!("declare it: `layer {name}: lif(60) {{ ... }};`")),
        );
        None
    }

    /// Returns the layer or input whose spikes a source gives, or `None` after an error that has been reported.
    fn source(&mut self, frame: &Frame<'a>, source: Binding, span: Span) -> Option<Endpoint> {
        match source {
            Binding::Input => Some(Endpoint::Input),
            Binding::Layer(id) => Some(Endpoint::Layer(id)),
            Binding::Instance(index) => {
                let instance = &frame.instances[index];
                if instance.output == UNKNOWN {
                    return None;
                }
                // Connections carry what the layer sends, whatever the network declares as its output.
                let id = instance.output;
                let gives = frame.graph.layer(id).neuron.sends();
                if instance.quantity != gives {
                    let message = format!(
                        "the output of `{}` is {}, which a connection cannot carry",
                        instance.name,
                        quantity_name(instance.quantity)
                    );
                    let help = "output `spikes` (of `expsyn`: `isyn`) from its network";
                    self.report.error_help(&codes::INSTANCE, span, message, help);
                    return None;
                }
                Some(Endpoint::Layer(id))
            }
            Binding::Invalid => None,
        }
    }

    pub(super) fn output(&mut self, frame: &mut Frame<'a>) {
        let Some(PendingOutput { target, quantity, span }) = frame.output.take() else { return };
        let Some(target) = target else { return };
        let (layer, default) = match self.named(frame, &target) {
            Some(Binding::Layer(id)) => (id, frame.graph.layer(id).neuron.sends()),
            Some(Binding::Instance(index)) => {
                (frame.instances[index].output, frame.instances[index].quantity)
            }
            Some(Binding::Input) => {
                self.report.error_help(
                    &codes::OUTPUT,
                    target.span,
                    "the input cannot be the output",
                    "name a layer: `output out;`",
                );
                return;
            }
            Some(Binding::Invalid) | None => return,
        };
        // Without a quantity, the output is what the layer sends: spikes, or the current of an `expsyn`.
        let quantity = quantity.and_then(|name| self.quantity(&name)).unwrap_or(default);
        frame.graph.output = Output { layer, quantity, span };
    }

    /// Returns the quantity that a name means, or `None` after an error that has been reported.
    fn quantity(&mut self, name: &Name) -> Option<Quantity> {
        let known = Quantity::ALL.into_iter().find(|quantity| quantity.name() == name.text);
        if known.is_none() {
            let names = Quantity::ALL.map(Quantity::name);
            let message = format!("unknown quantity `{}`", name.text);
            let diagnostic = Diagnostic::error(&codes::OUTPUT, name.span, message);
            let near = nearest(&name.text, names);
            self.report.push(diagnostic.with_suggestion(near, || one_of(names)));
        }
        known
    }
}
