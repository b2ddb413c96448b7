//! The statements of a network.

use synnet_ir::display::format_time;
use synnet_ir::graph::{
    Connection, Endpoint, Layer, LayerId, Leak, LeakUnit, Lif, Neuron, NeuronKind, Parameter, Surrogate,
    SurrogateKind,
};
use synnet_ir::{Diagnostic, Span, nearest};

use super::chain::{Target, flat_name, links};
use super::evaluator::Evaluator;
use super::network::{Elaborator, Frame, Instance, Named, PendingOutput, Piece, UNKNOWN};
use super::neuron::{self, Template};
use super::scope::Dt;
use super::value::{Number, Placed, Value};
use crate::codes;
use crate::limits::{MAX_LAYERS, MAX_NEURONS};
use crate::syntax::tree::{Call, Expr, Field, Name, Reference, Statement, StatementKind};
use crate::vocabulary::{ChainOperator, Keyword, listed};

impl<'a> Elaborator<'a> {
    /// Carries out statements in the innermost block.
    pub(crate) fn statements(&mut self, frame: &mut Frame<'a>, statements: &'a [Statement]) {
        for statement in statements {
            if frame.is_rejected || !self.report.spend(1, statement.span) {
                return;
            }
            self.statement(frame, statement);
        }
    }

    fn block(&mut self, frame: &mut Frame<'a>, statements: &'a [Statement]) {
        frame.scope.enter();
        let outer = std::mem::replace(&mut frame.block_templates, frame.templates.len());
        self.statements(frame, statements);
        frame.templates.truncate(frame.block_templates);
        frame.block_templates = outer;
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
                let (Placed { value, .. }, origin) = eval(self, frame).traced(value);
                if let Err(earlier) = frame.scope.declare_from(&name.text, value, name.span, origin) {
                    self.duplicate(name, earlier);
                }
            }
            StatementKind::Neuron { name, base, fields } => self.neuron(frame, name, base, fields),
            StatementKind::Layer { name, neuron, size, fields } => {
                self.layer(frame, name, neuron, size, fields, statement);
            }
            StatementKind::Net { name, call } => self.instance(frame, name, call, span),
            StatementKind::For { name, range, body } => {
                let Some(elements) = eval(self, frame).elements(range) else {
                    undecided(frame);
                    return;
                };
                for element in elements {
                    if self.report.exhausted() {
                        return;
                    }
                    frame.scope.enter();
                    // A fresh level holds no other name.
                    let _ = frame.scope.declare(&name.text, element, name.span);
                    self.block(frame, body);
                    frame.scope.leave();
                }
            }
            StatementKind::If { arms, otherwise } => {
                for (condition, body) in arms {
                    match eval(self, frame).condition(condition) {
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
            StatementKind::Assert { condition, message } => self.assert(frame, condition, message),
            StatementKind::Chain(sums) => {
                let links = links(&mut eval(self, frame), sums, &statement.docs);
                frame.pieces.extend(links.into_iter().map(|link| Piece::Link(Box::new(link))));
            }
            StatementKind::Broken { keyword, name } => broken(frame, *keyword, name.as_deref(), span),
        }
    }

    fn dt(&mut self, frame: &mut Frame<'a>, expr: &Expr, span: Span) {
        let value = eval(self, frame).value(expr);
        if let Some(earlier) = frame.dt {
            self.report.push(
                Diagnostic::error(&codes::TIME_STEP, span, "the time step is given twice")
                    .with_note(earlier, "first given here")
                    .with_help("keep one of them"),
            );
            return;
        }
        frame.dt = Some(span);
        let seconds = match value {
            Value::Number(Number { value, time: 1 }) if value > 0.0 => value,
            Value::Number(Number { value, time: 1 }) => {
                let message = format!("the time step is {}", format_time(value));
                self.report.error_help(
                    &codes::TIME_STEP,
                    expr.span,
                    message,
                    "it is longer than 0: `dt: 10 ms;`",
                );
                frame.scope.dt = Dt::Broken;
                return;
            }
            other => {
                eval(self, frame).not_a_time("`dt`", &other, expr.span);
                frame.scope.dt = Dt::Broken;
                return;
            }
        };
        if let Dt::Known(outer, place) = frame.scope.dt {
            if outer != seconds {
                let message = format!(
                    "the time step {} of network `{}` differs from {}, the step of the network around it",
                    format_time(seconds),
                    frame.network.name.text,
                    format_time(outer)
                );
                frame.is_rejected = true;
                let site = self.report.sites.last().copied().unwrap_or(span);
                self.report.push(
                    Diagnostic::error(&codes::TIME_STEP, site, message)
                        .with_note(place, "the step of the network around it")
                        .with_help("all parts of a network share one step: give the instance `dt: dt`"),
                );
            }
            return;
        }
        frame.scope.dt = Dt::Known(seconds, span);
    }

    fn input(&mut self, frame: &mut Frame<'a>, name: &Name, channels: &Expr, statement: &Statement) {
        let (channels, place) = self.size(frame, channels, "the number of channels");
        if let Some(earlier) = frame.input {
            self.report.push(
                Diagnostic::error(&codes::INPUT, statement.span, "a network has one input; this is a second")
                    .with_note(earlier, "the first")
                    .with_help("join both into one with more channels"),
            );
            frame.names.entry(name.text.clone()).or_insert((Named::Broken, name.span));
            return;
        }
        frame.input = Some(statement.span);
        frame.graph.input.name.clone_from(&name.text);
        frame.graph.input.channels = channels;
        frame.graph.input.docs.clone_from(&statement.docs);
        frame.graph.input.span = place.unwrap_or(statement.span);
        self.declare(frame, Target { name: name.text.clone(), span: name.span }, Named::Input);
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
                Diagnostic::error(&codes::OUTPUT, span, "a network has one output; this is a second")
                    .with_note(earlier, "the first")
                    .with_help("keep one of them"),
            );
            return;
        }
        frame.output = Some(PendingOutput { target, quantity: quantity.cloned(), span });
    }

    fn neuron(&mut self, frame: &mut Frame<'a>, name: &Name, base: &Name, fields: &[Field]) {
        let template = self.template(frame, base);
        let template = template.map(|template| template.with(fields, &mut eval(self, frame)));
        let taken = neuron::kind(&name.text).is_some();
        let in_block = &frame.templates[frame.block_templates..];
        let earlier = in_block.iter().find(|(other, ..)| *other == name.text).map(|(.., span)| *span);
        if taken {
            let message = format!("`{}` is a kind of neuron of the language", name.text);
            self.report.error_help(&codes::DUPLICATE_NAME, name.span, message, "choose another name");
        } else if let Some(earlier) = earlier {
            self.duplicate(name, earlier);
        } else {
            frame.templates.push((name.text.clone(), template, name.span));
        }
    }

    /// The kind or template that a name means, or `None` where that has been reported.
    fn template(&mut self, frame: &Frame<'a>, name: &Name) -> Option<Template> {
        if let Some(kind) = neuron::kind(&name.text) {
            return Some(Template::of(kind));
        }
        if let Some((_, template, _)) = frame.templates.iter().rev().find(|(other, ..)| *other == name.text) {
            return template.clone();
        }
        let kinds = NeuronKind::ALL.map(NeuronKind::name);
        let names = frame.templates.iter().map(|(name, ..)| name.as_str()).chain(kinds);
        let message = format!("no neuron has the name `{}`", name.text);
        let diagnostic = Diagnostic::error(&codes::UNKNOWN_NAME, name.span, message);
        self.report.push(match nearest(&name.text, names) {
            Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
            None => diagnostic
                .with_help(format!("the kinds are {}; others are declared with `neuron`", listed(kinds))),
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
        let built = template.map(|template| template.build(size, statement.span, &mut eval(self, frame)));
        let Some(target) = target else { return };
        if !self.room(frame, size, statement.span) {
            return;
        }
        // A neuron that could not be understood leaves a layer whose size is unknown.
        let (size, neuron) = built.map_or_else(|| (0, placeholder()), |neuron| (size, neuron));
        let layer = Layer {
            name: target.name.clone(),
            size,
            neuron,
            docs: statement.docs.clone(),
            span: place.unwrap_or(statement.span),
        };
        let id = frame.add(layer);
        self.declare(frame, target, Named::Layer(id));
    }

    /// Whether another layer fits the limits; reported where not.
    fn room(&mut self, frame: &Frame<'a>, size: usize, span: Span) -> bool {
        let neurons: usize = if frame.graph.layers.len() < MAX_LAYERS {
            frame.graph.layers.iter().map(|layer| layer.size).sum()
        } else {
            usize::MAX
        };
        if neurons.saturating_add(size) <= MAX_NEURONS {
            return true;
        }
        let message = format!(
            "network `{}` has more than {MAX_NEURONS} neurons or {MAX_LAYERS} layers",
            frame.network.name.text
        );
        self.report.error_help(&codes::TOO_LARGE, span, message, "use fewer or smaller layers");
        self.report.exhaust();
        false
    }

    /// A number of neurons or channels; 0 where it has been reported. In the standard library also the argument that
    /// it comes from.
    fn size(&mut self, frame: &mut Frame<'a>, expr: &Expr, what: &str) -> (usize, Option<Span>) {
        let (placed, _) = eval(self, frame).traced(expr);
        let argument = (placed.span != expr.span).then_some(placed.span);
        let size = eval(self, frame).whole_value(&placed.value, expr.span, what);
        let Some(size) = size else { return (0, argument) };
        let size = match usize::try_from(size) {
            Ok(size) if (1..=MAX_NEURONS).contains(&size) => size,
            _ => {
                let message = format!("{what} lies between 1 and {MAX_NEURONS}; it is {size}");
                self.report.error_help(&codes::RANGE, placed.span, message, "choose another size");
                0
            }
        };
        (size, argument)
    }

    fn instance(&mut self, frame: &mut Frame<'a>, name: &Reference, call: &Call, span: Span) {
        let target = flat_name(&mut eval(self, frame), name);
        let given = self.arguments(call, &mut frame.scope);
        let network = self.lookup(&call.name);
        if frame.scope.dt == Dt::Unset && !frame.has_broken {
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
        let Some(target) = target else { return };
        let Some(graph) = graph else {
            self.declare(frame, target, Named::Broken);
            return;
        };
        let first = frame.graph.layers.len() as u32;
        let moved = |id: LayerId| if id == UNKNOWN { UNKNOWN } else { LayerId(id.0 + first) };
        for layer in graph.layers {
            if !self.room(frame, layer.size, span) {
                return;
            }
            frame.add(Layer { name: format!("{}.{}", target.name, layer.name), ..layer });
        }
        let connections = graph.connections.into_iter().map(|connection| Connection {
            sources: connection
                .sources
                .iter()
                .map(|source| match source {
                    Endpoint::Input => Endpoint::Input,
                    Endpoint::Layer(id) => Endpoint::Layer(moved(*id)),
                })
                .collect(),
            target: moved(connection.target),
            ..connection
        });
        let index = frame.instances.len();
        frame.instances.push(Instance {
            name: target.name.clone(),
            span,
            channels: graph.input.channels,
            connections: connections.collect(),
            output: moved(graph.output.layer),
            quantity: graph.output.quantity,
            alias: None,
        });
        frame.pieces.push(Piece::Instance(index));
        self.declare(frame, target, Named::Instance(index));
    }

    /// Gives a layer, instance or input its name.
    fn declare(&mut self, frame: &mut Frame<'a>, target: Target, named: Named) {
        if ChainOperator::of(&target.name).is_some() {
            let message = format!("`{}` is an operator of the language", target.name);
            self.report.error_help(&codes::DUPLICATE_NAME, target.span, message, "choose another name");
            return;
        }
        if let Some((_, earlier)) = frame.names.get(&target.name) {
            let earlier = *earlier;
            self.duplicate(&Name { text: target.name, span: target.span }, earlier);
            return;
        }
        frame.names.insert(target.name, (named, target.span));
    }

    fn assert(&mut self, frame: &mut Frame<'a>, condition: &Expr, message: &str) {
        if eval(self, frame).condition(condition) != Some(false) {
            return;
        }
        frame.is_rejected = true;
        let diagnostic = match self.report.sites.last() {
            Some(&site) => {
                Diagnostic::error(&codes::ASSERTION, site, message).with_note(condition.span, "required here")
            }
            None => Diagnostic::error(&codes::ASSERTION, condition.span, message),
        };
        self.report.push(diagnostic.with_help("give the network other parameters"));
    }
}

fn eval<'e>(elaborator: &'e mut Elaborator<'_>, frame: &'e mut Frame<'_>) -> Evaluator<'e> {
    Evaluator { scope: &mut frame.scope, report: &mut elaborator.report }
}

/// Declares what a statement that has been reported was probably meant to declare.
fn broken(frame: &mut Frame<'_>, keyword: Option<Keyword>, name: Option<&str>, span: Span) {
    frame.has_broken = true;
    let Some(keyword) = keyword else { return };
    match (keyword, name) {
        (Keyword::Dt, _) => frame.scope.dt = Dt::Broken,
        (Keyword::Let, Some(name)) => {
            // An earlier declaration of the name serves as well.
            let _ = frame.scope.declare(name, Value::Error, span);
        }
        (Keyword::Neuron, Some(name)) => {
            frame.templates.push((name.to_owned(), None, span));
        }
        (Keyword::Layer | Keyword::Net | Keyword::Input, Some(name)) => {
            frame.names.entry(name.to_owned()).or_insert((Named::Broken, span));
        }
        (Keyword::Let | Keyword::Neuron | Keyword::Layer | Keyword::Net | Keyword::Input, None)
        | (Keyword::Output | Keyword::For | Keyword::If | Keyword::Assert, _)
        | (Keyword::Use | Keyword::Network | Keyword::In | Keyword::Else | Keyword::Learn, _)
        | (Keyword::True | Keyword::False | Keyword::None, _) => {}
    }
}

/// Notes that a block could not be decided upon.
fn undecided(frame: &mut Frame<'_>) {
    frame.has_broken = true;
    frame.hides_names = true;
}

/// Neurons that break no rule.
fn placeholder() -> Neuron {
    let leak = || Leak { unit: LeakUnit::BitShift, parameter: Parameter::uniform(1.0) };
    Neuron::Lif(Lif {
        synapses: 1,
        mem: leak(),
        syn: leak(),
        threshold: Parameter::uniform(1.0),
        bias: Parameter::uniform(0.0),
        noise_std: 0.0,
        max_spikes: 1,
        surrogate: Surrogate { kind: SurrogateKind::PiecewiseLinear, window: 0.5 },
        adaptation: None,
    })
}
