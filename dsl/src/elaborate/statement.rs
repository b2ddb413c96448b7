//! Elaboration of the statements of a network.

use std::collections::btree_map::Entry;

use synnet_ir::display::format_time;
use synnet_ir::graph::{
    Endpoint, Layer, LayerId, Leak, LeakUnit, Lif, LifSpans, Neuron, NeuronKind, Parameter, Reset, Surrogate,
    SurrogateKind,
};
use synnet_ir::{Diagnostic, Graph, Span};

use super::chain::{EndpointName, flat_name, unresolved_connections};
use super::evaluator::Evaluator;
use super::network::{Binding, ConnectionItem, Elaborator, Frame, Instance, PendingOutput, UNKNOWN};
use super::neuron::{self, Template};
use super::scope::{Dt, Thing};
use super::value::{Number, Spanned, Value};
use crate::codes;
use crate::limits::{MAX_CONNECTIONS, MAX_LAYERS, MAX_NEURONS};
use crate::syntax::tree::{Call, Expr, Field, Name, Reference, Statement, StatementKind};
use crate::vocabulary::{ChainOperator, Keyword, listed};

/// Bytes of a layer that are counted as unfolded, besides its comment and its values.
const LAYER_BYTES: usize = 1_000;

impl<'a> Elaborator<'a> {
    /// Elaborates statements in the innermost block.
    pub(crate) fn statements(&mut self, frame: &mut Frame<'a>, statements: &'a [Statement]) {
        for statement in statements {
            if frame.is_rejected || !self.report.consume_fuel(1, statement.span) {
                return;
            }
            self.statement(frame, statement);
        }
    }

    fn block(&mut self, frame: &mut Frame<'a>, statements: &'a [Statement]) {
        // Values and neurons end with the block; layers and connections belong to the whole network.
        frame.scope.enter();
        frame.templates.enter();
        self.statements(frame, statements);
        frame.templates.leave();
        frame.scope.leave();
    }

    fn statement(&mut self, frame: &mut Frame<'a>, statement: &'a Statement) {
        let span = statement.span;
        match &statement.kind {
            StatementKind::Dt(value) => self.dt(frame, value, span),
            StatementKind::Input { name, channels } => self.input(frame, name, channels, statement),
            StatementKind::Output { layer, quantity } => {
                self.pending_output(frame, layer, quantity.as_ref(), span)
            }
            StatementKind::Let { name, value } => {
                let (Spanned { value, .. }, origin) = eval(self, frame).traced(value);
                eval(self, frame).shadows(name, "value");
                if let Err(earlier) = frame.scope.declare(&name.text, value, name.span, origin) {
                    self.duplicate(name, earlier);
                }
            }
            StatementKind::Neuron { name, base, fields } => self.neuron(frame, name, base, fields),
            StatementKind::Layer { name, neuron, size, fields } => {
                self.layer(frame, name, neuron, size, fields, statement);
            }
            StatementKind::Net { name, call } => self.instance(frame, name, call, span),
            StatementKind::For { name, range, body } => self.for_loop(frame, name, range, body),
            StatementKind::If { arms, otherwise } => self.conditional(frame, arms, otherwise),
            StatementKind::Assert { condition, message } => self.assert(frame, condition, message),
            StatementKind::Chain(sums) => {
                let Frame { scope, edges, .. } = &mut *frame;
                let mut eval = Evaluator { scope, report: &mut self.report };
                let unresolved = unresolved_connections(&mut eval, edges, sums, &statement.docs);
                if self.room_for_connections(frame, unresolved.len(), span) {
                    frame.connection_items.extend(unresolved.into_iter().map(ConnectionItem::Unresolved));
                }
            }
            StatementKind::Invalid { keyword, name, words } => {
                frame.scope.broken.names.extend(words.iter().cloned());
                broken(frame, *keyword, name.as_deref(), span);
            }
        }
    }

    fn for_loop(&mut self, frame: &mut Frame<'a>, name: &'a Name, range: &'a Expr, body: &'a [Statement]) {
        let Some(elements) = eval(self, frame).elements(range) else {
            undecided(frame);
            return;
        };
        for (round, element) in elements.enumerate() {
            if self.report.is_out_of_fuel() {
                return;
            }
            frame.scope.enter();
            if round == 0 {
                eval(self, frame).shadows(name, "loop variable");
            }
            // A fresh level holds no other name.
            let _ = frame.scope.declare(&name.text, element, name.span, None);
            self.block(frame, body);
            frame.scope.leave();
        }
    }

    fn conditional(
        &mut self,
        frame: &mut Frame<'a>,
        arms: &'a [(Expr, Vec<Statement>)],
        otherwise: &'a [Statement],
    ) {
        for (condition, body) in arms {
            match eval(self, frame).condition(condition) {
                // Only the chosen block is elaborated: the others may not even have a meaning.
                Some(true) => return self.block(frame, body),
                Some(false) => {}
                None => {
                    undecided(frame);
                    return;
                }
            }
        }
        self.block(frame, otherwise);
    }

    fn dt(&mut self, frame: &mut Frame<'a>, expr: &Expr, span: Span) {
        // The value is evaluated even for a second `dt:`, so that its errors are reported.
        let value = eval(self, frame).value(expr);
        if let Some(earlier) = frame.dt {
            self.report.push(
                Diagnostic::error(&codes::TIME_STEP, span, "the time step is set twice")
                    .with_note(earlier, "first set here")
                    .with_help("remove one of them"),
            );
            return;
        }
        frame.dt = Some(span);
        let seconds = match value {
            Value::Number(Number { value, time: 1 }) if Graph::DT.allows(value) => value,
            Value::Number(Number { value, time: 1 }) => {
                let (message, help) = if value > 0.0 {
                    (format!("the time step cannot be {value:e} s"), Graph::DT.remedy(value))
                } else {
                    let message = format!("the time step must be longer than 0, not {}", format_time(value));
                    (message, "write a time such as `dt: 10 ms;`")
                };
                self.report.error_help(&codes::TIME_STEP, expr.span, message, help);
                frame.scope.dt = Dt::Invalid;
                return;
            }
            other => {
                eval(self, frame).not_a_time("`dt`", &other, expr.span);
                frame.scope.dt = Dt::Invalid;
                return;
            }
        };
        match frame.scope.dt {
            // Exact equality: a step that differs in its last bit gives other decays.
            Dt::Known(outer, _) if outer == seconds => {}
            Dt::Known(outer, place) => self.report_other_dt(frame, seconds, outer, place, span),
            _ => frame.scope.dt = Dt::Known(seconds, span),
        }
    }

    /// Reports the time step of an inner network that differs from that of the network around it.
    fn report_other_dt(&mut self, frame: &mut Frame<'a>, seconds: f64, outer: f64, place: Span, span: Span) {
        let message = format!(
            "network `{}` runs at a time step of {}, but the network around it runs at {}",
            frame.network.name.text,
            format_time(seconds),
            format_time(outer)
        );
        frame.is_rejected = true;
        let takes_dt = frame
            .network
            .parameters
            .iter()
            .any(|parameter| Keyword::of(&parameter.name.text) == Some(Keyword::Dt));
        let site = self.report.sites.last().copied().unwrap_or(span);
        self.report.push(
            Diagnostic::error(&codes::TIME_STEP, site, message)
                .with_note(place, "the time step of the network around it")
                .with_help(if takes_dt {
                    "pass the time step on: add the argument `dt: dt`"
                } else {
                    "remove `dt: ...;` from the inner network"
                }),
        );
    }

    fn input(&mut self, frame: &mut Frame<'a>, name: &Name, channels: &Expr, statement: &Statement) {
        let (channels, place) = self.size(frame, channels, "the number of channels");
        if let Some(earlier) = frame.input {
            self.report.push(
                Diagnostic::error(&codes::INPUT, statement.span, "a network cannot have two inputs")
                    .with_note(earlier, "first declared here")
                    .with_help("declare one input with the channels of both"),
            );
            // Connections from the second input are not errors of their own.
            frame.names.entry(name.text.clone()).or_insert((Binding::Invalid, name.span));
            return;
        }
        frame.input = Some(statement.span);
        frame.graph.input.name.clone_from(&name.text);
        frame.graph.input.channels = channels;
        frame.graph.input.docs.clone_from(&statement.docs);
        frame.graph.input.span = place.unwrap_or(statement.span);
        let target = EndpointName { name: name.text.clone(), span: name.span, is_value: false };
        self.declare(frame, name, target, Binding::Input);
    }

    fn pending_output(
        &mut self,
        frame: &mut Frame<'a>,
        layer: &Reference,
        quantity: Option<&Name>,
        span: Span,
    ) {
        let target = flat_name(&mut eval(self, frame), layer);
        if let Some(earlier) = &frame.output {
            let earlier = earlier.span;
            self.report.push(
                Diagnostic::error(&codes::OUTPUT, span, "a network cannot have two outputs")
                    .with_note(earlier, "first declared here")
                    .with_help("remove one of them"),
            );
            return;
        }
        frame.output = Some(PendingOutput { target, quantity: quantity.cloned(), span });
    }

    fn neuron(&mut self, frame: &mut Frame<'a>, name: &Name, base: &Name, fields: &[Field]) {
        let template = self.template(frame, base);
        let template = template.map(|template| template.with(fields, &mut eval(self, frame)));
        let taken = neuron::kind(&name.text).is_some();
        if taken {
            let message = format!("the name `{}` is taken by a neuron kind", name.text);
            self.report.error_help(&codes::DUPLICATE_NAME, name.span, message, "choose another name");
        } else if let Some(earlier) = frame.templates.declared(&name.text) {
            self.duplicate(name, earlier);
        } else {
            frame.templates.declare(&name.text, template, name.span);
        }
    }

    /// Returns the kind or template that a name means, or `None` after an error that has been reported.
    fn template(&mut self, frame: &Frame<'a>, name: &Name) -> Option<Template> {
        if let Some(kind) = neuron::kind(&name.text) {
            return Some(Template::of(kind));
        }
        if let Some(template) = frame.templates.get(&name.text) {
            return template.clone();
        }
        let kinds = NeuronKind::ALL.map(NeuronKind::name);
        let names = frame.templates.names().chain(kinds);
        if frame.scope.broken.names.contains(&name.text) {
            return None;
        }
        let error = |message| Diagnostic::error(&codes::UNKNOWN_NAME, name.span, message);
        let text = &name.text;
        self.report.push(if self.report.is_network(text) {
            error(format!("`{text}` is a network, not a neuron"))
                .with_help(format!("use it as an instance: `net body: {text}(...);`"))
        } else if frame.scope.place(text).is_some() {
            error(format!("`{text}` is a value, not a neuron"))
                .with_help(format!("choose one of {}, or declare a neuron with `neuron`", listed(kinds)))
        } else if let Some(thing @ (Thing::Input | Thing::Layer | Thing::Instance)) =
            frame.scope.things.get(text)
        {
            error(format!("`{text}` is {}, not a neuron", thing.describe()))
                .with_help(format!("choose one of {}, or declare a neuron with `neuron`", listed(kinds)))
        } else if frame.scope.things.get(text) == Some(&Thing::Neuron) {
            error(format!("neuron `{text}` is not visible here"))
                .with_help("declare it above, in this block or in one around it")
        } else {
            let near = self.report.nearest(&codes::UNKNOWN_NAME, name.span, text, names);
            error(format!("unknown neuron `{text}`")).with_suggestion(near, || {
                format!("choose one of {}, or declare it with `neuron`", listed(kinds))
            })
        });
        None
    }

    fn layer(
        &mut self,
        frame: &mut Frame<'a>,
        name: &Reference,
        neuron: &Name,
        size: &Expr,
        fields: &[Field],
        statement: &Statement,
    ) {
        let target = flat_name(&mut eval(self, frame), name);
        let template = self.template(frame, neuron);
        let (size, place) = self.size(frame, size, "the size of a layer");
        let template = template.map(|template| template.with(fields, &mut eval(self, frame)));
        let built = template.map(|template| template.build(size, neuron.span, &mut eval(self, frame)));
        let Some(target) = target else {
            // A layer whose index has an error may have any name.
            frame.hides_names = true;
            return;
        };
        if !self.room(frame, size, statement.span) {
            return;
        }
        let docs: usize = statement.docs.iter().map(String::len).sum();
        if !self.report.consume_bytes(LAYER_BYTES + docs, statement.span) {
            return;
        }
        // Without its neuron, the number of input columns is unknown too: a size of 0 keeps the widths from being
        // checked.
        let (size, neuron) = built.map_or_else(|| (0, placeholder()), |neuron| (size, neuron));
        let layer = Layer {
            name: target.name.clone(),
            size,
            neuron,
            docs: statement.docs.clone(),
            span: place.unwrap_or(statement.span),
            name_span: name.span,
        };
        let id = frame.add(layer);
        self.declare(frame, &name.name, target, Binding::Layer(id));
    }

    /// Returns whether another layer fits the limits. Reports it if not, and ends all work.
    fn room(&mut self, frame: &Frame<'a>, size: usize, span: Span) -> bool {
        if frame.graph.layers.len() < MAX_LAYERS && frame.neurons.saturating_add(size) <= MAX_NEURONS {
            return true;
        }
        let limit = if frame.graph.layers.len() < MAX_LAYERS {
            format!("{MAX_NEURONS} neurons")
        } else {
            format!("{MAX_LAYERS} layers")
        };
        let message = format!("network `{}` has more than {limit}", frame.network.name.text);
        self.report.error_help(&codes::TOO_LARGE, span, message, "use fewer or smaller layers");
        // What comes after this layer is missing from the graph; its absence must not be reported.
        self.report.exhaust_fuel();
        false
    }

    /// Returns whether more connections fit the limit. Reports it if not, and ends all work.
    fn room_for_connections(&mut self, frame: &mut Frame<'a>, count: usize, span: Span) -> bool {
        frame.connections = frame.connections.saturating_add(count);
        if frame.connections <= MAX_CONNECTIONS {
            return true;
        }
        let message =
            format!("network `{}` has more than {MAX_CONNECTIONS} connections", frame.network.name.text);
        let help = "connect larger layers instead of many small ones";
        self.report.error_help(&codes::TOO_LARGE, span, message, help);
        self.report.exhaust_fuel();
        false
    }

    /// Returns a number of neurons or channels, 0 after an error that has been reported; in the standard library also
    /// the argument that it comes from.
    fn size(&mut self, frame: &mut Frame<'a>, expr: &Expr, what: &str) -> (usize, Option<Span>) {
        let (placed, origin) = eval(self, frame).traced(expr);
        let argument = (placed.span != expr.span).then_some(placed.span);
        // A value from the command line is wrong there, and not where the network uses it.
        let outside = origin.filter(|origin| self.report.params.contains(&origin.source));
        let span = outside.unwrap_or(placed.span);
        let size = eval(self, frame).whole_within(&placed.value, span, what, 1..=MAX_NEURONS as i64);
        (size.and_then(|size| usize::try_from(size).ok()).unwrap_or(0), argument)
    }

    fn instance(&mut self, frame: &mut Frame<'a>, name: &Reference, call: &Call, span: Span) {
        let target = flat_name(&mut eval(self, frame), name);
        let network = self.lookup(&call.name);
        let given = self.arguments(call, network, &mut frame.scope);
        // Its statements are elaborated now, so a `dt:` below would come too late.
        if frame.scope.dt == Dt::Unset && !frame.has_invalid_statement {
            eval(self, frame).no_dt(span, "an instance");
        }
        let graph = match (network, given) {
            (Some(network), Some(given)) => {
                self.report.sites.push(call.span);
                let graph = self.network(network, given, frame.scope.dt);
                self.report.sites.pop();
                graph
            }
            _ => None,
        };
        let Some(target) = target else {
            frame.hides_names = true;
            return;
        };
        let Some(graph) = graph else {
            self.declare(frame, &name.name, target, Binding::Invalid);
            return;
        };
        // They move into this network, one level after the other.
        if !self.report.consume_fuel(graph.layers.len() + graph.connections.len(), span)
            || !self.room_for_connections(frame, graph.connections.len(), span)
        {
            return;
        }
        // The layers of the instance follow those that exist; its own handles count from 0.
        let first = frame.graph.layers.len() as u32;
        let moved = |id: LayerId| if id == UNKNOWN { UNKNOWN } else { LayerId(id.0 + first) };
        for layer in graph.layers {
            if !self.room(frame, layer.size, span) {
                return;
            }
            frame.add(Layer { name: format!("{}.{}", target.name, layer.name), ..layer });
        }
        let mut connections = graph.connections;
        for connection in &mut connections {
            connection.target = moved(connection.target);
            for source in &mut connection.sources {
                if let Endpoint::Layer(id) = source {
                    *id = moved(*id);
                }
            }
        }
        let index = frame.instances.len();
        frame.instances.push(Instance {
            name: target.name.clone(),
            span,
            channels: graph.input.channels,
            connections,
            output: moved(graph.output.layer),
            quantity: graph.output.quantity,
            alias: None,
        });
        // Its connections keep their place among those of the network: the graph lists them in source order.
        frame.connection_items.push(ConnectionItem::Instance(index));
        self.declare(frame, &name.name, target, Binding::Instance(index));
    }

    /// Gives a layer, instance or input its name. `written` is the name without its index.
    fn declare(&mut self, frame: &mut Frame<'a>, written: &Name, target: EndpointName, named: Binding) {
        let taken = if ChainOperator::of(&target.name).is_some() {
            Some("an operator of connections")
        } else if Keyword::of(&written.text).is_some() {
            // `input -> linear -> h0` would be read as an `input` statement.
            Some("a statement")
        } else {
            None
        };
        if let Some(taken) = taken {
            let message = format!("the name `{}` is taken by {taken}", written.text);
            self.report.error_help(&codes::DUPLICATE_NAME, target.span, message, "choose another name");
            // Connections that use the name have the same mistake.
            frame.scope.broken.names.insert(written.text.clone());
            frame.hides_names = true;
            return;
        }
        match frame.names.entry(target.name) {
            Entry::Vacant(entry) => {
                entry.insert((named, target.span));
            }
            Entry::Occupied(mut entry) => {
                let text = entry.key().clone();
                let (known, earlier) = entry.get_mut();
                self.duplicate(&Name { text, span: target.span }, *earlier);
                // Which of two different things the name stands for in connections is unknown.
                if !matches!((*known, named), (Binding::Layer(_), Binding::Layer(_))) {
                    *known = Binding::Invalid;
                }
            }
        }
    }

    fn assert(&mut self, frame: &mut Frame<'a>, condition: &Expr, message: &str) {
        if eval(self, frame).condition(condition) != Some(false) {
            return;
        }
        // The network relies on the requirement: whatever follows could only fail in ways that are harder to read.
        frame.is_rejected = true;
        let message = format!("requirement not met: {message}");
        let diagnostic = match self.report.sites.last() {
            Some(&site) => Diagnostic::error(&codes::ASSERTION, site, message)
                .with_note(condition.span, "required here")
                .with_help("change the arguments"),
            None => Diagnostic::error(&codes::ASSERTION, condition.span, message)
                .with_help("change the values that the condition uses"),
        };
        self.report.push(diagnostic);
    }
}

fn eval<'e>(elaborator: &'e mut Elaborator<'_>, frame: &'e mut Frame<'_>) -> Evaluator<'e> {
    Evaluator { scope: &mut frame.scope, report: &mut elaborator.report }
}

/// Declares what a statement with an error was meant to declare, so that its uses are not errors as well.
fn broken(frame: &mut Frame<'_>, keyword: Option<Keyword>, name: Option<&str>, span: Span) {
    frame.has_invalid_statement = true;
    // An unknown statement declares what is among its words, if anything.
    let Some(keyword) = keyword else { return };
    match (keyword, name) {
        (Keyword::Dt, _) => frame.scope.dt = Dt::Invalid,
        (Keyword::Let, Some(name)) => {
            // An earlier declaration of the name serves as well.
            let _ = frame.scope.declare(name, Value::Error, span, None);
        }
        (Keyword::Neuron, Some(name)) => {
            frame.templates.declare(name, None, span);
        }
        (Keyword::Layer | Keyword::Net | Keyword::Input, Some(name)) => {
            frame.names.entry(name.to_owned()).or_insert((Binding::Invalid, span));
        }
        // A name that could not be understood may be any.
        (Keyword::Let, None) => frame.scope.broken.hides_values = true,
        (Keyword::Neuron | Keyword::Layer | Keyword::Net | Keyword::Input, None) => frame.hides_names = true,
        (Keyword::Output | Keyword::For | Keyword::If | Keyword::Assert, _)
        | (Keyword::Use | Keyword::Network | Keyword::In | Keyword::Else | Keyword::Learn, _)
        | (Keyword::True | Keyword::False | Keyword::None, _) => {}
    }
}

/// Notes that it is unknown whether a block is elaborated.
fn undecided(frame: &mut Frame<'_>) {
    frame.has_invalid_statement = true;
    frame.hides_names = true;
}

/// Returns neurons that break no rule.
fn placeholder() -> Neuron {
    let leak = || Leak { unit: LeakUnit::BitShift, parameter: Parameter::uniform(1.0) };
    Neuron::Lif(Lif {
        synapses: 1,
        mem: Some(leak()),
        syn: Some(leak()),
        threshold: Parameter::uniform(1.0),
        bias: Parameter::uniform(0.0),
        noise_std: 0.0,
        reset: Reset::Subtract,
        max_spikes: 1,
        surrogate: Surrogate { kind: SurrogateKind::PiecewiseLinear, window: 0.5 },
        adaptation: None,
        spans: LifSpans::default(),
    })
}
