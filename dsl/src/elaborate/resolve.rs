//! Resolves the names in connections, once the whole network is known.

use synnet_ir::display::quantity_name;
use synnet_ir::graph::{Connection, Endpoint, Operator, Output, Quantity};
use synnet_ir::{Diagnostic, nearest};

use super::chain::{EndpointName, UnresolvedConnection};
use super::evaluator::Evaluator;
use super::network::{Binding, ConnectionItem, Elaborator, Frame, PendingOutput, UNKNOWN};
use super::neuron;
use super::scope::Thing;
use crate::codes;
use crate::syntax::tree::Name;
use crate::vocabulary::{ChainOperator, one_of};

impl<'a> Elaborator<'a> {
    /// Looks up the endpoints of all unresolved connections, then puts the connections into the order of the source.
    ///
    /// Endpoints come first: a connection can lead into an instance that is declared above it, whose own connections
    /// start at the sources of that connection.
    pub(super) fn resolve(&mut self, frame: &mut Frame<'a>) {
        let connection_items = std::mem::take(&mut frame.connection_items);
        let mut resolved = Vec::new();
        for item in &connection_items {
            if let ConnectionItem::UnresolvedConnection(unresolved) = item {
                let connection = self.resolve_connection(frame, unresolved);
                resolved.push(connection);
            }
        }
        let mut resolved = resolved.into_iter();
        for item in connection_items {
            match item {
                ConnectionItem::UnresolvedConnection(_) => {
                    frame.graph.connections.extend(resolved.next().flatten())
                }
                ConnectionItem::Instance(index) => self.open(frame, index),
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
        for mut connection in std::mem::take(&mut instance.connections) {
            let sources = std::mem::take(&mut connection.sources);
            connection.sources = sources
                .into_iter()
                .flat_map(|source| if source == Endpoint::Input { alias.clone() } else { vec![source] })
                .collect();
            // An input whose connection has an error leaves no source.
            if !connection.sources.is_empty() {
                frame.graph.connections.push(connection);
            }
        }
    }

    fn resolve_connection(
        &mut self,
        frame: &mut Frame<'a>,
        unresolved: &UnresolvedConnection,
    ) -> Option<Connection> {
        let mut sources = Some(Vec::new());
        // Every source is looked up, even after one with an error, so that all unknown names are reported.
        for source in &unresolved.sources {
            let endpoint = self.source(frame, source);
            match (endpoint, &mut sources) {
                (Some(endpoint), Some(sources)) => sources.push(endpoint),
                _ => sources = None,
            }
        }
        let target = self.named(frame, &unresolved.target);
        match target? {
            Binding::Layer(target) => {
                let sources = sources?;
                // Sources of different widths are reported by the check of graphs; the largest serves until then.
                let width = sources.iter().map(|source| frame.graph.width(*source)).max().unwrap_or(0);
                let operator = match &unresolved.linear {
                    None => Operator::Identity,
                    Some(options) => {
                        let layer = frame.graph.layer(target);
                        let mut eval = Evaluator { scope: &mut frame.scope, report: &mut self.report };
                        // A missing step has been reported; the initial scale needs some step.
                        let dt = if frame.graph.dt > 0.0 { frame.graph.dt } else { 1e-3 };
                        options.operator(&mut eval, width, layer, dt)
                    }
                };
                Some(Connection {
                    name: String::new(),
                    sources,
                    target,
                    delay: unresolved.delay,
                    dropout: unresolved.dropout,
                    operator,
                    docs: unresolved.docs.clone(),
                    span: unresolved.span,
                })
            }
            Binding::Instance(index) => {
                self.alias(frame, unresolved, index, sources);
                None
            }
            Binding::Input => {
                self.report.error_help(
                    &codes::INPUT,
                    unresolved.target.span,
                    "the input of the network cannot be a target",
                    "end the connection at a layer",
                );
                None
            }
            Binding::Invalid => None,
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
        if let Some(operator) = unresolved.operator {
            let message = format!("the connection to instance `{}` cannot have operators", instance.name);
            let help =
                format!("write `source -> {};`, and move the operators into its network", instance.name);
            self.report.error_help(&codes::INSTANCE, operator, message, help);
        } else if let Some((_, earlier)) = &instance.alias {
            let message = format!("the input of `{}` is connected twice", instance.name);
            self.report.push(
                Diagnostic::error(&codes::INSTANCE, unresolved.span, message)
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
            self.report.error_help(&codes::WIDTH, unresolved.span, message, "make both sizes equal");
        }
        // A source of another width stays out of the graph: inside the instance, the error would be hard to read.
        let fits = widths.iter().all(|&width| width == instance.channels);
        let sources = sources.filter(|_| fits).unwrap_or_default();
        instance.alias.get_or_insert((sources, unresolved.span));
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
        self.report.push(
            error(format!("unknown layer `{name}`")).with_suggestion(nearest(name, names), || {
                format!("declare it: `layer {name}: lif(60) {{ ... }};`")
            }),
        );
        None
    }

    /// Returns the layer or input whose spikes a source gives, or `None` after an error that has been reported.
    fn source(&mut self, frame: &Frame<'a>, source: &EndpointName) -> Option<Endpoint> {
        match self.named(frame, source)? {
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
                    self.report.error_help(&codes::INSTANCE, source.span, message, help);
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
